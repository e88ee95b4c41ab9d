package segment

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"sort"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// within returns which blocks of words hold what is in reach.
func (s *sidecar) within(ctx context.Context, r *match.Reach) ([]bool, error) {
	blocks := make([]bool, len(s.words))
	for _, n := range r.Always() {
		s.spanned(n, blocks)
	}
	var scratch []byte
	wanted := r.Traces()
	for i := 0; i < len(wanted); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := sort.Search(len(s.traces), func(p int) bool { return uint64(s.traces[p].first) > wanted[i] }) - 1
		if p < 0 {
			if len(s.traces) == 0 {
				break
			}
			i += sort.Search(len(wanted)-i, func(k int) bool { return wanted[i+k] >= uint64(s.traces[0].first) })
			continue
		}
		buf, err := s.pageOf(s.traces, p, s.tracesEnd, &scratch)
		if err != nil {
			return nil, err
		}
		i = meet(buf, wanted, i, func(k int) {
			r.Spans(k, func(span match.Span) { s.spanned(span, blocks) })
		})
		if p+1 < len(s.traces) { // what lies between two pages is nowhere
			next := uint64(s.traces[p+1].first)
			i += sort.Search(len(wanted)-i, func(k int) bool { return wanted[i+k] >= next })
		} else {
			break
		}
	}
	return blocks, nil
}

// meet calls fn with each wanted trace, from the i-th on, that a page holds, and
// returns the first beyond the page. It is where a look back spends its time.
func meet(page []byte, wanted []uint64, i int, fn func(int)) int {
	at := uint64(0)
	for len(page) > 0 && i < len(wanted) {
		step, n := uint64(page[0]), 1
		if len(page) >= 3 && step >= 0x80 && page[1] >= 0x80 && page[2] < 0x80 { // nearly all
			step, n = step&0x7f|uint64(page[1]&0x7f)<<7|uint64(page[2])<<14, 3
		} else if step >= 0x80 {
			if step, n = binary.Uvarint(page); n <= 0 {
				return i
			}
		}
		page = page[n:]
		at += step
		for i < len(wanted) && wanted[i] < at {
			i++
		}
		for ; i < len(wanted) && wanted[i] == at; i++ {
			fn(i)
		}
	}
	return i
}

// spanned marks the blocks that hold anything of a span. An edge lies behind all that
// is before it, or is the beginning of that as well where it was cut off.
func (s *sidecar) spanned(span match.Span, blocks []bool) {
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
		blocks[i] = true
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
