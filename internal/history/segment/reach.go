package segment

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/match"
)

// spans are, per block of words, where what is in reach lies in it; nil = nowhere.
type spans [][]match.Span

// spansMost bounds the spans of a block: with more it is looked at as a whole.
const spansMost = 64

func (s spans) add(i int, span match.Span) {
	if len(s[i]) == spansMost {
		s[i], span = s[i][:0], match.Span{} // in which all of them lie
	}
	s[i] = append(s[i], span)
}

// met is a wanted trace that a segment holds: its place among those wanted, and, if a
// volume tells, whether it is lone.
type met uint64

func metAt(wanted int, lone bool) met {
	m := met(wanted) << 1
	if lone {
		m |= 1
	}
	return m
}

func (m met) wanted() int { return int(m >> 1) }
func (m met) lone() bool  { return m&1 != 0 }

// met returns which wanted traces a segment holds: by its volume, which is asked once
// for all its segments, else by its own traces.
func (h *History) met(ctx context.Context, p *part, r *match.Reach) ([]met, error) {
	if p.volume == nil {
		return p.sidecar.met(ctx, h.asked.wantedOf(r))
	}
	place := slices.IndexFunc(p.volume.bound, func(b bound) bool { return b.first == p.first })
	there, err := h.asked.of(ctx, p.volume, r)
	if errs.CodeOf(err) == "history_volume_damaged" {
		h.forsake(p.volume, err)
	}
	if err != nil || there == nil {
		return p.sidecar.met(ctx, h.asked.wantedOf(r))
	}
	return there[place], nil
}

// spanned marks the blocks that hold anything of a span. An edge lies behind all that
// is before it, or is the beginning of that as well where it was cut off.
func (s *sidecar) spanned(span match.Span, blocks *spans) {
	t := slices.Index(s.types, string(span.Type))
	if t < 0 {
		return
	}
	first, _ := slices.BinarySearchFunc(s.words, uint32(t), func(w wordBlock, t uint32) int { return cmp.Compare(w.typ, t) })
	end := first + sort.Search(len(s.words)-first, func(i int) bool { return s.words[first+i].typ > uint32(t) })
	if first == end {
		return
	}
	from := span.From[:min(len(span.From), edgeBytes)]
	i := first + sort.Search(end-first-1, func(k int) bool { return s.edges[first+k+1] >= from })
	for ; i < end && (i == first || span.To == "" || s.edges[i] < span.To); i++ {
		if *blocks == nil {
			*blocks = make(spans, len(s.words))
		}
		blocks.add(i, span)
	}
}

// wants says which types are asked about.
func (s *sidecar) wants(want func(indicator.Type) bool) []bool {
	wanted := make([]bool, len(s.types))
	for i, t := range s.types {
		wanted[i] = want == nil || want(indicator.Type(t))
	}
	return wanted
}
