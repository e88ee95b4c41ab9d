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
	wanted := w.side.wants(pick.Type)
	var within spans
	if pick.Reach != nil && w.side.edges != nil {
		var err error
		if within, err = h.within(ctx, p, pick.Reach); err != nil {
			return w.s, err
		}
	}
	for i, b := range w.side.words {
		if !wanted[b.typ] || within != nil && within[i] == nil {
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
	h             *History
	side          *sidecar
	pick          telemetry.Pick
	s             telemetry.Sifted
	rows          []uint32
	packed, plain []byte
	values        []string
	place         []byte
}

// block asks about the values of a block that lie within spans; without any, about all.
func (w *sifting) block(b wordBlock, near []match.Span) error {
	var err error
	if w.packed, err = w.side.word(b, w.packed); err != nil {
		return err
	}
	if w.plain, err = w.h.decoder.DecodeAll(w.packed, w.plain[:0]); err != nil || len(w.plain) != int(b.plain) {
		return badSidecar(w.side.file.Name(), "its words do not decode")
	}
	w.values = w.values[:0]
	if !eachWord(string(w.plain), b.count, func(v string) { w.values = append(w.values, v) }) {
		return badSidecar(w.side.file.Name(), "its words do not decode")
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
			i += sort.Search(len(w.values)-done, func(k int) bool { return !w.before(t, w.values[done+k], span.From) })
		}
		for ; i < len(w.values) && (span.To == "" || w.before(t, w.values[i], span.To)); i++ {
			if err := w.ask(t, w.values[i]); err != nil {
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

func (w *sifting) ask(t indicator.Type, value string) (err error) {
	w.s.Values++
	if w.pick.Value(t, value) {
		w.rows, err = w.side.collect(t, value, w.rows)
	}
	return err
}
