package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/vedette-soc/vedette/extract"
)

const (
	maxPart  = 128 << 20 // bytes that a part of a document may unpack to
	maxParts = 10_000
	maxDepth = 400
)

var errBomb = errors.New("a part unpacks to more than 128 MiB")

func readDOCX(data []byte) (extract.Text, error) {
	fail := func(what string, err error) (extract.Text, error) {
		return extract.Text{}, &Failure{Kind: "Word document", What: what, Remedy: "open it in a word processor and save it again, or save its text", Err: err}
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fail("the archive is damaged", err)
	}
	if len(z.File) > maxParts {
		return fail("it has more than 10,000 parts", nil)
	}
	w := &writer{}
	w.t.Headings = []extract.Heading{}
	found := false
	for _, name := range []string{"word/document.xml", "word/footnotes.xml", "word/endnotes.xml"} {
		f, err := z.Open(name)
		if err != nil {
			continue
		}
		found = true
		err = w.part(f)
		_ = f.Close()
		if err != nil {
			return fail("its text cannot be unpacked", err)
		}
	}
	if !found {
		return fail("it is an archive without a word/document.xml", nil)
	}
	w.t.Body = w.b.String()
	return w.t, nil
}

// writer collects the text of a Word document.
type writer struct {
	b       strings.Builder
	t       extract.Text
	style   string
	start   int
	cells   int
	inTable int
}

func (w *writer) part(r io.Reader) error {
	limited := &io.LimitedReader{R: r, N: maxPart}
	d := xml.NewDecoder(limited)
	d.Strict = false
	d.Entity = map[string]string{}
	depth, text := 0, false
	for w.b.Len() <= MaxText+1 {
		t, err := d.RawToken()
		if limited.N <= 0 {
			return errBomb
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return errors.New("it nests deeper than 400 elements")
			}
			text = t.Name.Local == "t" || t.Name.Local == "delText" && false
			w.open(t)
		case xml.EndElement:
			depth--
			text = false
			w.close(t.Name.Local)
		case xml.CharData:
			if text {
				w.b.Write(t)
			}
		}
	}
	return nil
}

func (w *writer) open(t xml.StartElement) {
	switch t.Name.Local {
	case "p":
		w.style, w.start = "", w.b.Len()
	case "pStyle":
		for _, a := range t.Attr {
			if a.Name.Local == "val" {
				w.style = a.Value
			}
		}
	case "tab":
		w.b.WriteByte(' ')
	case "br", "cr":
		w.b.WriteByte('\n')
	case "noBreakHyphen":
		w.b.WriteByte('-')
	case "tbl":
		w.inTable++
	case "tr":
		w.cells = 0
	case "tc":
		if w.cells > 0 {
			w.b.WriteString(" | ")
		}
		w.cells++
	}
}

func (w *writer) close(name string) {
	switch name {
	case "p":
		if level, ok := strings.CutPrefix(w.style, "Heading"); ok && w.b.Len() > w.start {
			n := 1
			if level != "" && level[0] >= '1' && level[0] <= '6' {
				n = int(level[0] - '0')
			}
			w.t.Headings = append(w.t.Headings, extract.Heading{At: w.start, Level: n, Title: strings.TrimSpace(w.b.String()[w.start:])})
		}
		if w.inTable == 0 {
			w.b.WriteByte('\n')
		} else {
			w.b.WriteByte(' ')
		}
	case "tr":
		w.b.WriteByte('\n')
	case "tbl":
		w.inTable = max(w.inTable-1, 0)
	}
}
