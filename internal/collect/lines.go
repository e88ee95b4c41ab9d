package collect

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/vedette-soc/vedette/internal/errs"
)

// MaxLine is the longest line a line-based parser looks at, in bytes.
const MaxLine = 64 << 10

// NotUTF8 is the fault of a line, and the drop reason of a value, in another
// encoding than UTF-8.
const NotUTF8 = "not-utf-8"

// Lines reads text line by line in bounded memory, whatever the input: a byte
// order mark is taken off (UTF-16 is converted), line ends may be LF or CRLF, and
// a line beyond MaxLine is cut, its rest read and forgotten.
type Lines struct {
	ctx    context.Context
	name   string
	r      *bufio.Reader
	text   string
	number int
	fault  string
	err    error
}

// Lines prepares in for reading by line. It fails with an errs.Invalid when the
// input begins like a web page: then the address answers with an error or login
// page instead of a list.
func (in Input) Lines(ctx context.Context) (*Lines, error) {
	r := transform.NewReader(in.Reader, unicode.BOMOverride(transform.Nop))
	l := &Lines{ctx: ctx, name: in.Name, r: bufio.NewReaderSize(r, MaxLine)}
	head, err := l.r.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, l.readError(err)
	}
	if LooksLikeHTML(head) {
		return nil, errs.New(errs.Invalid, "web_page",
			"%s, line 1: this looks like a web page, not a list; check the address and whether it needs a login.", in.Name)
	}
	return l, nil
}

// LooksLikeHTML reports whether head begins like a web page.
func LooksLikeHTML(head []byte) bool {
	s := bytes.ToLower(bytes.TrimLeft(head, " \t\r\n\xef\xbb\xbf"))
	for bytes.HasPrefix(s, []byte("<!--")) {
		_, after, ok := bytes.Cut(s, []byte("-->"))
		if !ok {
			return true
		}
		s = bytes.TrimLeft(after, " \t\r\n")
	}
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<title", "<script", "<meta"} {
		if bytes.HasPrefix(s, []byte(tag)) {
			return true
		}
	}
	return false
}

// Next advances to the next line; false at the end, after which Err says why.
func (l *Lines) Next() bool {
	if l.err != nil {
		return false
	}
	if l.number&0x3ff == 0 && l.ctx.Err() != nil {
		l.err = l.ctx.Err()
		return false
	}
	line, err := l.r.ReadSlice('\n')
	l.text, l.fault = string(bytes.TrimRight(line, "\r\n")), ""
	for errors.Is(err, bufio.ErrBufferFull) {
		l.fault = "line-too-long"
		_, err = l.r.ReadSlice('\n')
	}
	if err != nil {
		l.err = err
		if len(line) == 0 {
			return false
		}
	}
	l.number++
	if l.fault == "" {
		l.fault = fault(l.text)
	}
	if l.fault != "" {
		l.text = strings.ToValidUTF8(l.text, "\uFFFD")
	}
	return true
}

func fault(s string) string {
	switch {
	case strings.IndexByte(s, 0) >= 0:
		return "binary"
	case !utf8.ValidString(s):
		return NotUTF8
	}
	return ""
}

// Text returns the current line without its end. Bytes that are not UTF-8 stand
// as U+FFFD.
func (l *Lines) Text() string { return l.text }

// Number returns the current line's number, from 1.
func (l *Lines) Number() int { return l.number }

// Fault returns a drop reason if something is wrong with the current line:
// "line-too-long", "binary" (it has a NUL byte) or NotUTF8. Of the last kind a
// parser may still use what has no U+FFFD in it.
func (l *Lines) Fault() string { return l.fault }

// Err returns what ended the reading, nil at the proper end.
func (l *Lines) Err() error {
	if l.err == nil || errors.Is(l.err, io.EOF) {
		return nil
	}
	return l.readError(l.err)
}

func (l *Lines) readError(err error) error {
	if _, ok := errors.AsType[*errs.Error](err); ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errs.New(errs.Unavailable, "read_broken_off", "%s, line %d: reading broke off; get the file again.", l.name, l.number+1).Because(err)
}
