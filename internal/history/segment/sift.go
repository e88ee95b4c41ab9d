package segment

import (
	"context"
	"slices"
	"sort"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

func (h *History) siftSidecar(ctx context.Context, p *part, pick telemetry.Pick) (telemetry.Sifted, error) {
	w := sifting{h: h, side: p.sidecar, pick: pick}
	w.wanted = w.side.wants(pick.Type)
	var within spans
	if pick.Reach != nil && w.side.edges != nil {
		there, err := h.met(ctx, p, pick.Reach)
		if err != nil {
			return w.s, err
		}
		if within, err = w.spannedBy(pick.Reach, there); err != nil {
			return w.s, err
		}
	}
	for i, b := range w.side.words {
		if !w.wanted[b.typ] || within != nil && within[i] == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return w.s, err
		}
		var near []match.Span
		if within != nil {
			near = within[i]
		}
		if err := w.block(b, near); err != nil {
			return w.s, err
		}
	}
	return sifted(w.s, w.side.part.first, w.rows, pick), nil
}

// sifting holds the values of one sidecar against what is wanted.
type sifting struct {
	h      *History
	side   *sidecar
	pick   telemetry.Pick
	wanted []bool // per type of the sidecar
	s      telemetry.Sifted
	rows   []uint32
	words  wordReader
	page   []byte
	place  []byte
	asked  map[match.Wanted]bool // values asked about before any block
}

// spannedBy returns where what is in reach lies, given which wanted traces there are.
// Where an indicator touches only itself, it is asked about at once instead: one page
// of postings tells whether it is there, and a block of values need not be read.
func (w *sifting) spannedBy(r *match.Reach, there []met) (spans, error) {
	blocks := make(spans, len(w.side.words))
	for _, n := range r.Always() {
		w.side.spanned(n, blocks)
	}
	for _, m := range there {
		own, known, only := r.Itself(m.wanted())
		if known && (only || m.lone()) {
			found, err := w.itself(own)
			if err != nil {
				return nil, err
			}
			if found && m.lone() {
				continue
			}
		}
		r.Spans(m.wanted(), func(span match.Span) {
			if !only || span.Type != own.Type {
				w.side.spanned(span, blocks)
			}
		})
	}
	return blocks, nil
}

// itself asks about an indicator as a value, if it is there.
func (w *sifting) itself(own match.Wanted) (found bool, err error) {
	t := slices.Index(w.side.types, string(own.Type))
	if t < 0 {
		return false, nil
	}
	list, err := w.side.list(telemetry.KeyOf(own.Type, own.Value), &w.page)
	if err != nil || list.p == nil || !w.wanted[t] || w.asked[own] {
		return list.p != nil, err
	}
	if w.asked == nil {
		w.asked = map[match.Wanted]bool{}
	}
	w.asked[own] = true
	w.s.Values++
	if w.pick.Value(own.Type, own.Value) {
		err = w.collect(&list)
	}
	return true, err
}

// block asks about the values of a block that lie within spans; without any, about all.
func (w *sifting) block(b wordBlock, near []match.Span) error {
	values, err := w.words.read(w.h.decoder, w.side, b)
	if err != nil {
		return err
	}
	t := indicator.Type(w.side.types[b.typ])
	if near == nil {
		near = []match.Span{{}} // where all of them lie
	}
	slices.SortFunc(near, func(a, b match.Span) int { return strings.Compare(a.From, b.From) })
	done := 0 // spans may overlap: each value is asked about once
	for _, span := range near {
		i := done
		if span.From != "" {
			i += sort.Search(len(values)-done, func(k int) bool { return !w.before(t, values[done+k], span.From) })
		}
		for ; i < len(values) && (span.To == "" || w.before(t, values[i], span.To)); i++ {
			if err := w.ask(t, values[i]); err != nil {
				return err
			}
		}
		done = max(done, i)
	}
	return nil
}

// before says that the place of a value lies before another.
func (w *sifting) before(t indicator.Type, value, place string) bool {
	w.place = match.Place(t, value, w.place[:0])
	return string(w.place) < place
}

func (w *sifting) ask(t indicator.Type, value string) error {
	if len(w.asked) > 0 && w.asked[match.Wanted{Type: t, Value: value}] {
		return nil
	}
	w.s.Values++
	if !w.pick.Value(t, value) {
		return nil
	}
	list, err := w.side.list(telemetry.KeyOf(t, value), &w.page)
	if err != nil {
		return err
	}
	return w.collect(&list)
}

// collect takes in the rows of a value.
func (w *sifting) collect(list *input) error {
	there := list.p != nil
	rows, ok := w.side.allRows(list)
	if !there && !ok {
		return badSidecar(w.side.file.Name(), "a word has no postings")
	}
	w.rows = append(w.rows, rows...)
	return nil
}
