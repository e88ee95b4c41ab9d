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
	pages := pagesOf(r, maxPages)
	if len(pages) > maxPages {
		return fail("it has more than 3,000 pages", nil)
	}
	var b strings.Builder
	lost := 0
	for _, p := range pages {
		if b.Len() > MaxText {
			break
		}
		t.Pages = append(t.Pages, b.Len())
		if err := readPage(&b, p); err != nil {
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
	if widthless(glyphs) {
		s, err := p.GetPlainText(nil)
		if err != nil {
			return err
		}
		b.WriteString(strings.TrimLeft(s, "\n"))
		b.WriteByte('\n')
		return nil
	}
	for _, l := range linesOf(glyphs, roomOf(glyphs)) {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return nil
}

// widthless says whether the widths of most glyphs are unknown, so that blanks
// cannot be told from kerning; then the order of the page's own strings is better.
func widthless(glyphs []pdf.Text) bool {
	n := 0
	for _, g := range glyphs {
		if g.W == 0 {
			n++
		}
	}
	return 2*n > len(glyphs)
}

// roomOf is how much room between two glyphs, as a part of their size, makes a
// blank: little, unless the page writes its blanks out.
func roomOf(glyphs []pdf.Text) float64 {
	blanks := 0
	for _, g := range glyphs {
		if g.S == " " {
			blanks++
		}
	}
	if 20*blanks > len(glyphs) {
		return 0.6
	}
	return 0.18
}

// line is glyphs of one height.
type line struct {
	y      float64
	glyphs []pdf.Text
}

// linesOf puts glyphs into lines by their height, and blanks where there is room.
func linesOf(glyphs []pdf.Text, room float64) []string {
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
		if s := l.text(room); strings.TrimSpace(s) != "" {
			out = append(out, s)
		}
	}
	return out
}

func (l *line) text(room float64) string {
	sort.SliceStable(l.glyphs, func(i, j int) bool { return l.glyphs[i].X < l.glyphs[j].X })
	var b strings.Builder
	end := math.Inf(-1)
	for _, g := range l.glyphs {
		size := max(g.FontSize, 1)
		if gap := g.X - end; b.Len() > 0 && gap > room*size && !strings.HasSuffix(b.String(), " ") && g.S != " " {
			b.WriteByte(' ')
		}
		b.WriteString(g.S)
		end = g.X + g.W
	}
	return strings.TrimRight(b.String(), " ")
}
