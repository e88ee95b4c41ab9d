package web

import (
	"cmp"
	"slices"

	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/report"
)

// mark is a place of a finding in the text.
type mark struct {
	from, to int
	item     int // place in findings
	first    bool
}

// pieces cuts a text at the places of findings. Where places overlap the shorter
// one shows: a name inside the sentence that speaks for a technique.
func pieces(text string, findings []report.Finding) []piece {
	var marks []mark
	for i, f := range findings {
		for n, p := range f.Places {
			if p.From >= 0 && p.From < p.To && p.To <= len(text) {
				marks = append(marks, mark{p.From, p.To, i, n == 0})
			}
		}
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(a.from-b.from, b.to-a.to, a.item-b.item) })
	w := marker{text: text, findings: findings, opened: map[int]bool{}}
	var open []mark
	for _, m := range marks {
		open = w.close(open, m.from)
		w.upTo(m.from, open)
		open = append(open, m)
	}
	open = w.close(open, len(text))
	w.upTo(len(text), open)
	return w.out
}

// marker writes pieces from left to right.
type marker struct {
	text     string
	findings []report.Finding
	at       int
	opened   map[int]bool // findings whose first place has been written
	out      []piece
}

// close ends the places that end before a point, in the order of their ends.
func (w *marker) close(open []mark, before int) []mark {
	for len(open) > 0 {
		i := 0
		for j, m := range open {
			if m.to < open[i].to {
				i = j
			}
		}
		if open[i].to > before {
			return open
		}
		w.upTo(open[i].to, open)
		open = slices.Delete(open, i, i+1)
	}
	return open
}

// upTo writes the text up to a point, under the shortest of the open places.
func (w *marker) upTo(to int, open []mark) {
	if to <= w.at {
		return
	}
	text := w.text[w.at:to]
	w.at = to
	if len(open) == 0 {
		w.out = append(w.out, piece{Text: text})
		return
	}
	best := open[0]
	for _, m := range open {
		if m.to-m.from <= best.to-best.from {
			best = m
		}
	}
	f := w.findings[best.item]
	p := piece{Text: text, Item: f.Seq, Class: "m-" + string(f.Kind)}
	if f.Suppressed != "" {
		p.Class += " m-doubt"
	}
	if f.State != report.Proposed {
		p.Class += " m-" + string(f.State)
	}
	if f.Kind == extract.Observable {
		p.Text = defangedText(text)
	}
	if !w.opened[f.Seq] && best.first {
		p.First, w.opened[f.Seq] = true, true
	}
	w.out = append(w.out, p)
}

// defangedText is a spelling that nobody can click: as the author wrote it when
// that is so, else defanged.
func defangedText(s string) string {
	if plain := indicator.Refang(s); plain != s {
		return s
	}
	return indicator.Defang(s)
}
