package receiver

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/errs"
)

const (
	// maxRatio is how many times its size a body may expand to, once it is
	// larger than ratioFrom. Repetitive logs reach about 50.
	maxRatio  = 200
	ratioFrom = 8 << 20
	// maxWindow bounds what a zstd header may make a decoder allocate; RFC 8878
	// asks for at least 8 MiB.
	maxWindow = 16 << 20
)

// Body reads a request's body decompressed and within its limits.
type Body struct {
	in    io.Reader // decompressed
	raw   counted   // as sent
	limit int64
	out   int64
	ratio bool
	end   func()
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

// Open opens the body of a request; close it.
func (d *Door) Open(w http.ResponseWriter, r *http.Request) (*Body, error) {
	if r.ContentLength > d.MaxBody {
		return nil, tooLarge(d.MaxBody)
	}
	// What is sent is bounded as well; MaxBytesReader also makes the server end
	// the connection instead of reading the rest.
	b := &Body{raw: counted{r: http.MaxBytesReader(w, r.Body, d.MaxBody+1)}, limit: d.MaxBody, end: func() {}}
	in := bufio.NewReader(&b.raw)
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if encoding == "" || encoding == "identity" {
		encoding = packed(in)
	}
	switch encoding {
	case "":
		b.in = in
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, d.Broken("", err)
		}
		b.in, b.ratio = z, true
	case "zstd":
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, d.Broken("", err)
		}
		b.in, b.ratio, b.end = z, true, z.Close
	default:
		return nil, errs.New(errs.Invalid, "encoding_unknown", "Content-Encoding %s is not understood; use gzip, zstd or none.", shorten(encoding))
	}
	return b, nil
}

// packed tells by its first bytes how a body is compressed whose sender did not say
// so: a packed file that is posted as it lies there.
func packed(in *bufio.Reader) string {
	head, _ := in.Peek(4) // what is wrong with it the reader will tell
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")):
		return "gzip"
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return "zstd"
	}
	return ""
}

// Close gives back what decompression holds.
func (b *Body) Close() { b.end() }

// Read implements io.Reader. An error beside io.EOF is one that Broken explains.
func (b *Body) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	b.out += int64(n)
	switch {
	case b.out > b.limit:
		return 0, tooLarge(b.limit)
	case b.ratio && b.out > ratioFrom && b.out > maxRatio*b.raw.n:
		return 0, errs.New(errs.Invalid, "compression_bomb", "The body expands to more than %d times its size, as no log does.", maxRatio)
	}
	return n, err
}

func tooLarge(limit int64) error {
	return errs.New(errs.Invalid, "body_too_large", "The body is larger than %d bytes after decompression; send it in parts.", limit)
}

// Broken names what went wrong while a body was read. What was read of it since
// the last batch is not kept: the sender has to send it again in any case.
// What broke off is counted for source, unless it is empty.
func (d *Door) Broken(source string, err error) error {
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return tooLarge(d.MaxBody)
	}
	if _, ours := errors.AsType[*errs.Error](err); ours {
		return err
	}
	if source != "" {
		d.Intake.Refuse(source, Half, 1)
	}
	return errs.New(errs.Invalid, "body_broken", "The body is damaged or broke off; send it again.").Because(err)
}
