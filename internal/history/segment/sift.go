package segment

import (
	"cmp"
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
		if within == nil {
			return sifted(w.s, w.side.part.first, w.rows, pick), nil
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
	asked  []own // values asked about before any block, by their keys
}

// own is an indicator that is in reach, as a value.
type own struct {
	match.Wanted
	key  telemetry.Key
	met  met
	only bool // no other value of its type is touched
}

func byKey(a, b own) int { return cmp.Compare(a.key, b.key) }

// spannedBy returns where what is in reach lies, given which wanted traces there are; nil is
// nowhere. Where an indicator touches only itself, it is asked about at once instead: one page
// of postings tells whether it is there, and a block of values need not be read. These pages
// are read in order.
func (w *sifting) spannedBy(r *match.Reach, there []met) (spans, error) {
	var blocks spans
	for _, n := range r.Always() {
		w.side.spanned(n, &blocks)
	}
	for _, m := range there {
		itself, known, only := r.Itself(m.wanted())
		if known && (only || m.lone()) {
			w.asked = append(w.asked, own{itself, telemetry.KeyOf(itself.Type, itself.Value), m, only})
			continue
		}
		r.Spans(m.wanted(), func(span match.Span) { w.side.spanned(span, &blocks) })
	}
	slices.SortFunc(w.asked, byKey)
	for i, o := range w.asked {
		found, err := w.itself(o, i > 0 && w.asked[i-1].Wanted == o.Wanted)
		if err != nil {
			return nil, err
		}
		if found && o.met.lone() {
			continue
		}
		r.Spans(o.met.wanted(), func(span match.Span) {
			if !o.only || span.Type != o.Type {
				w.side.spanned(span, &blocks)
			}
		})
	}
	return blocks, nil
}

// itself asks about an indicator as a value, if it is there and was not asked about before.
func (w *sifting) itself(o own, before bool) (found bool, err error) {
	t := slices.Index(w.side.types, string(o.Type))
	if t < 0 {
		return false, nil
	}
	list, err := w.side.list(o.key, &w.page)
	if err != nil || list.p == nil || !w.wanted[t] || before {
		return list.p != nil, err
	}
	w.s.Values++
	if w.pick.Value(o.Type, o.Value) {
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
	key := telemetry.KeyOf(t, value)
	if _, asked := slices.BinarySearchFunc(w.asked, own{key: key}, byKey); asked {
		return nil
	}
	w.s.Values++
	if !w.pick.Value(t, value) {
		return nil
	}
	list, err := w.side.list(key, &w.page)
	if err != nil {
		return err
	}
	return w.collect(&list)
}

// collect takes in the rows of a value.
func (w *sifting) collect(list *input) error {
	var ok bool
	if w.rows, ok = w.side.allRows(list, w.rows); !ok {
		return badSidecar(w.side.file.Name(), "a word has no postings, or they do not decode")
	}
	return nil
}
