package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/errs"
)

// decode undoes the transfer's Content-Encoding under the size limits. A body
// that is itself a .gz or .zip file is left alone: see WalkReader.
func (c *Client) decode(resp *http.Response, u *url.URL) (io.Reader, error) {
	raw := &counted{r: &named{resp.Body, u}}
	var body io.Reader
	switch enc := strings.ToLower(resp.Header.Get("Content-Encoding")); enc {
	case "", "identity":
		return &budget{r: raw, name: u.Redacted(), left: c.cfg.MaxBytes, limit: c.cfg.MaxBytes}, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, badEncoding(u, enc, err)
		}
		body = z
	case "zstd":
		z, err := newZstd(raw)
		if err != nil {
			return nil, badEncoding(u, enc, err)
		}
		body = z
	default:
		return nil, errs.New(errs.Invalid, "fetch_encoding", "%s answers in encoding %q, which was not asked for.", u.Redacted(), shorten(enc))
	}
	return &budget{r: body, in: raw, name: u.Redacted(), left: c.cfg.MaxBytes, limit: c.cfg.MaxBytes, ratio: c.cfg.MaxRatio}, nil
}

func badEncoding(u *url.URL, enc string, err error) error {
	return errs.New(errs.Unavailable, "fetch_encoding_broken", "%s says its answer is %s, but it is not; try again later.", u.Redacted(), enc).Because(err)
}

// newZstd reads one stream at a time on the caller's goroutine, with a window
// that a hostile header cannot blow up.
func newZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(128<<20))
}

// named gives errors of the connection the address they came from.
type named struct {
	r io.Reader
	u *url.URL
}

func (n *named) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		code, hint := "fetch_broken_off", "broke off in the middle; try again."
		if errors.Is(err, context.DeadlineExceeded) {
			code, hint = "fetch_timeout", "did not finish in time; try again, or allow it more time."
		}
		err = errs.New(errs.Unavailable, code, "%s %s", n.u.Redacted(), hint).Because(err)
	}
	return k, err
}

type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// budget ends a stream with an errs.Invalid once it is longer than allowed, in
// bytes or in proportion to what was received.
type budget struct {
	r     io.Reader
	in    *counted // nil: no ratio
	name  string
	left  int64
	limit int64
	ratio int64
	out   int64
	err   error
}

// ratioFrom is the output below which a ratio means nothing.
const ratioFrom = 16 << 20

func (b *budget) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	b.out += int64(n)
	if int64(n) > b.left {
		n = int(b.left)
		b.err = errs.New(errs.Invalid, "too_large", "%s is larger than the limit of %d bytes; raise the limit if it is really meant.", b.name, b.limit)
		err = b.err
	} else if b.in != nil && b.ratio > 0 && b.out > ratioFrom && b.out > b.ratio*max(b.in.n, 1) {
		b.err = errs.New(errs.Invalid, "compression_bomb", "%s expands to more than %d times its size; it looks like a decompression bomb. Unpack it by hand if you trust it.", b.name, b.ratio)
		err = b.err
	} else if err != nil && !errors.Is(err, io.EOF) {
		if _, ours := errors.AsType[*errs.Error](err); !ours {
			err = errs.New(errs.Invalid, "archive_broken", "%s is damaged or incomplete after %d bytes; get it again.", b.name, b.out).Because(err)
		}
	}
	b.left -= int64(n)
	return n, err
}
