package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"strings"

	"github.com/ledongthuc/pdf"

	"github.com/vedette-soc/vedette/extract"
)

const (
	maxPages  = 3000
	maxGlyphs = 400_000 // of a page
)

// readPDF puts the text of every page together from its glyphs.
func readPDF(data []byte) (t extract.Text, err error) {
	fail := func(what string, err error) (extract.Text, error) {
		return extract.Text{}, &Failure{Kind: "PDF", What: what, Remedy: "print it to a new PDF, or save its text", Err: err}
	}
	defer func() {
		if r := recover(); r != nil {
			t, err = fail("its structure is damaged", fmt.Errorf("%v", r))
		}
	}()
	if i := bytes.Index(data, []byte("%PDF-")); i > 0 {
		data = data[i:]
	}
	r, err := pdf.NewReader(bytes.NewReader(data), int64(len(data)))
	if errors.Is(err, pdf.ErrInvalidPassword) {
		return fail("it is protected by a password", nil)
	}
	if err != nil {
		return fail("its structure is damaged", err)
	}
	pages := r.NumPage()
	if pages > maxPages {
		return fail(fmt.Sprintf("it has %d pages, more than 3,000", pages), nil)
	}
	var b strings.Builder
	lost := 0
	for i := 1; i <= pages && b.Len() <= MaxText; i++ {
		t.Pages = append(t.Pages, b.Len())
		if err := readPage(&b, r.Page(i)); err != nil {
			lost++
		}
	}
	t.Body = b.String()
	if strings.TrimSpace(t.Body) == "" {
		if lost > 0 {
			return fail("no page could be read", nil)
		}
		return extract.Text{}, &Failure{Kind: "PDF", What: "there is no text in it, only pictures", Remedy: "run text recognition (OCR) over it first"}
	}
	return t, nil
}

// readPage is one page; a damaged one does not cost the others.
func readPage(b *strings.Builder, p pdf.Page) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	if p.V.IsNull() {
		return io.ErrUnexpectedEOF
	}
	glyphs := p.Content().Text
	if len(glyphs) > maxGlyphs {
		glyphs = glyphs[:maxGlyphs]
	}
	for _, l := range linesOf(glyphs) {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return nil
}

// line is glyphs of one height.
type line struct {
	y      float64
	glyphs []pdf.Text
}

// linesOf puts glyphs into lines by their height, and blanks where there is room.
func linesOf(glyphs []pdf.Text) []string {
	var lines []*line
	for _, g := range glyphs {
		if math.IsNaN(g.X) || math.IsNaN(g.Y) || g.S == "" {
			continue
		}
		var last *line
		if n := len(lines); n > 0 {
			last = lines[n-1]
		}
		if last == nil || math.Abs(last.y-g.Y) > max(g.FontSize*0.4, 1) {
			last = &line{y: g.Y}
			lines = append(lines, last)
		}
		last.glyphs = append(last.glyphs, g)
	}
	sort.SliceStable(lines, func(i, j int) bool { return lines[i].y > lines[j].y })
	var out []string
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		for i+1 < len(lines) && math.Abs(lines[i+1].y-l.y) < 1 { // the cells of a row
			i++
			l.glyphs = append(l.glyphs, lines[i].glyphs...)
		}
		if s := l.text(); strings.TrimSpace(s) != "" {
			out = append(out, s)
		}
	}
	return out
}

func (l *line) text() string {
	sort.SliceStable(l.glyphs, func(i, j int) bool { return l.glyphs[i].X < l.glyphs[j].X })
	var b strings.Builder
	end := math.Inf(-1)
	for _, g := range l.glyphs {
		size := max(g.FontSize, 1)
		if gap := g.X - end; b.Len() > 0 && gap > 0.18*size && !strings.HasSuffix(b.String(), " ") && g.S != " " {
			b.WriteByte(' ')
		}
		b.WriteString(g.S)
		end = g.X + g.W
	}
	return strings.TrimRight(b.String(), " ")
}
