// Package stix reads STIX 2.0 and 2.1: bundles, TAXII envelopes, lists and bare
// objects. Indicators become claims, everything else that is knowledge goes to
// the sink as an object. [Parser] implements collect.Parser.
package stix

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/stix"
)

// Parser reads STIX.
type Parser struct{}

// Kind returns "stix".
func (Parser) Kind() string { return "stix" }

// Recognise knows STIX by its type names and ids.
func (Parser) Recognise(_ string, head []byte) int {
	s := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
			return -1
		}
		return r
	}, string(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))))
	if s == "" || s[0] != '{' && s[0] != '[' {
		return 0
	}
	switch {
	case strings.Contains(s, `"type":"bundle"`):
		return 100
	case strings.Contains(s, `"id":"bundle--`), strings.Contains(s, `"spec_version":"2.`):
		return 95
	case strings.Contains(s, `"objects":[`) && strings.Contains(s, `--`):
		return 80
	case strings.Contains(s, `"id":"`) && strings.Contains(s, `--`) && strings.Contains(s, `"type":"`):
		return 60
	}
	return 0
}

// Parse implements collect.Parser. What an indicator indicates, and how it is
// marked, may stand after it, so the claims are held until the end, or until they
// fill in.Memory(): then those held go out with what is known of them.
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	in.Reader = &guarded{ctx: ctx, r: in.Reader}
	head := make([]byte, 512)
	n, err := io.ReadFull(in.Reader, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return readError(in.Name, err)
	}
	head = head[:n]
	if len(bytes.TrimSpace(head)) == 0 {
		return nil
	}
	if collect.LooksLikeHTML(head) {
		return errs.New(errs.Invalid, "web_page",
			"%s, line 1: this looks like a web page, not STIX; check the address and whether it needs a login.", in.Name)
	}
	b := newBundle(in, out)
	err = stix.DecodeBundle(io.MultiReader(bytes.NewReader(head), in.Reader), stix.Limits{}, b.object)
	if broken, ok := errors.AsType[*stix.DecodeError](err); ok {
		if flushed := b.flush(); flushed != nil {
			return flushed
		}
		return readError(in.Name, broken)
	}
	if err != nil {
		return err
	}
	return b.flush()
}

// readError tells a broken connection from a broken document.
func readError(name string, err error) error {
	if broken, ok := errors.AsType[readFailure](err); ok {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errs.KindOf(err) != errs.Internal {
			return broken.error
		}
		return errs.New(errs.Unavailable, "read_broken_off", "%s: reading broke off; get it again.", name).Because(err)
	}
	if broken, ok := errors.AsType[*stix.DecodeError](err); ok {
		return errs.New(errs.Invalid, "stix_broken", "%s, line %d (byte %d): not STIX from here on (%v); the %d objects before it were read. Get the file again or repair it.",
			name, broken.Line, broken.Offset, broken.Err, broken.Read)
	}
	return err
}

// readFailure marks errors that come from the reader, not from the document.
type readFailure struct{ error }

func (r readFailure) Unwrap() error { return r.error }

// guarded ends reading when the context does.
type guarded struct {
	ctx context.Context
	r   io.Reader
}

func (g *guarded) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, readFailure{err}
	}
	n, err := g.r.Read(p)
	if err != nil && err != io.EOF {
		err = readFailure{err}
	}
	return n, err
}

// layerOf says what kind of evidence an indicator's labels make it.
func layerOf(labels []string) indicator.Layer {
	for _, l := range labels {
		if l == "anomalous-activity" || l == "attack-pattern" {
			return indicator.IOA
		}
	}
	return indicator.IOC
}
