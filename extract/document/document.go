// Package document makes an [extract.Text] of a file: a PDF, a web page, a Word
// document, a mail, Markdown, AsciiDoc or plain text.
//
// [Read] recognises the kind by its first bytes. Everything is bounded: how large a
// file may be, how much it may unpack to, how deep it may nest. It never panics; an
// error says what is wrong with the file and what helps.
package document

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/extract"
)

// The bounds.
const (
	MaxFile = 64 << 20 // bytes of a file
	MaxText = 8 << 20  // bytes of its text; what is beyond is cut, see ErrCut
)

// ErrCut comes with a text that was too long and lacks its end.
var ErrCut = errors.New("the text is longer than 8 MiB; only its beginning was read")

// A Failure is a file that cannot be read.
type Failure struct {
	Kind   string // "PDF"
	What   string // what is wrong
	Remedy string // what helps
	Err    error
}

func (f *Failure) Error() string {
	s := fmt.Sprintf("the %s cannot be read: %s; %s", f.Kind, f.What, f.Remedy)
	if f.Err != nil {
		s += " (" + f.Err.Error() + ")"
	}
	return s
}

func (f *Failure) Unwrap() error { return f.Err }

// Kind names what a file is: "pdf", "docx", "html", "eml" or "text".
func Kind(data []byte) string {
	head := data[:min(len(data), 4096)]
	switch {
	case bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-")):
		return "pdf"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "docx"
	case isHTML(head):
		return "html"
	case isMail(head):
		return "eml"
	}
	return "text"
}

// Read makes a text of a file. With ErrCut the text is usable.
func Read(data []byte) (extract.Text, error) {
	if len(data) > MaxFile {
		return extract.Text{}, &Failure{Kind: "file", What: "it is larger than 64 MiB", Remedy: "split it, or save its text"}
	}
	var t extract.Text
	var err error
	switch Kind(data) {
	case "pdf":
		t, err = readPDF(data)
	case "docx":
		t, err = readDOCX(data)
	case "html":
		t, err = readHTML(data)
	case "eml":
		t, err = readMail(data)
	default:
		t, err = readText(data)
	}
	if err != nil {
		return extract.Text{}, err
	}
	return cut(t)
}

func cut(t extract.Text) (extract.Text, error) {
	t.Body = strings.ToValidUTF8(t.Body, "\ufffd")
	if len(t.Body) <= MaxText {
		return t, nil
	}
	at := MaxText
	for at > 0 && !utf8.RuneStart(t.Body[at]) {
		at--
	}
	t.Body = t.Body[:at]
	for i, h := range t.Headings {
		if h.At >= at {
			t.Headings = t.Headings[:i]
			break
		}
	}
	for i, l := range t.Links {
		if l.To > at {
			t.Links = t.Links[:i]
			break
		}
	}
	return t, ErrCut
}

// readText takes text as it is, in UTF-8, UTF-16 or Latin-1.
func readText(data []byte) (extract.Text, error) {
	if bytes.IndexByte(data[:min(len(data), 4096)], 0) >= 0 && !bytes.HasPrefix(data, []byte("\xff\xfe")) && !bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return extract.Text{}, &Failure{Kind: "file", What: "it is binary and no PDF, Word document, web page or mail", Remedy: "save it as one of these or as text"}
	}
	return extract.Text{Body: decode(data)}, nil
}

func decode(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		big := data[0] == 0xfe
		units := make([]uint16, 0, len(data)/2)
		for i := 2; i+1 < len(data); i += 2 {
			if big {
				units = append(units, uint16(data[i])<<8|uint16(data[i+1]))
			} else {
				units = append(units, uint16(data[i+1])<<8|uint16(data[i]))
			}
		}
		return strings.ReplaceAll(string(utf16.Decode(units)), "\r\n", "\n")
	}
	if invalid(data) > len(data)/1000+3 {
		rs := make([]rune, len(data))
		for i, b := range data {
			rs[i] = rune(b)
		}
		return strings.ReplaceAll(string(rs), "\r\n", "\n")
	}
	return strings.ToValidUTF8(strings.ReplaceAll(string(data), "\r\n", "\n"), "\ufffd")
}

// invalid counts the bytes that are no UTF-8.
func invalid(data []byte) int {
	n := 0
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			n++
		}
		data = data[size:]
	}
	return n
}
