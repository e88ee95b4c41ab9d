package segment

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Seen implements telemetry.Past. Each segment costs one read, so many are asked side
// by side: what takes time is the disk, where it was not read lately.
func (h *History) Seen(ctx context.Context, key telemetry.Key) (telemetry.Seen, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	sums := make([]summary, min(seenReaders, 1+len(h.segments)/seenEach))
	failed := make([]error, len(sums))
	var next atomic.Int64
	var wg sync.WaitGroup
	ask := func(i int) { failed[i] = h.seenLocked(ctx, key, &sums[i], &next) }
	for i := 1; i < len(sums); i++ {
		wg.Go(func() { ask(i) })
	}
	ask(0)
	wg.Wait()
	if i := slices.IndexFunc(failed, func(err error) bool { return err != nil }); i >= 0 {
		return telemetry.Seen{}, failed[i]
	}
	for i := range sums[1:] {
		sums[0].join(&sums[1+i])
	}
	return sums[0].result(), nil
}

const (
	// seenReaders is how many reads are under way at once for one question.
	seenReaders = 8
	// seenEach is how many segments are worth another reader.
	seenEach = 16
)

// seenLocked sums up segments that no other reader has taken. The caller holds mu.
func (h *History) seenLocked(ctx context.Context, key telemetry.Key, sum *summary, next *atomic.Int64) error {
	sum.days, sum.sources = map[int64]uint64{}, map[string]bool{}
	var scratch []byte
	for i := int(next.Add(1)) - 1; i < len(h.segments); i = int(next.Add(1)) - 1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch p := h.segments[i]; {
		case p.sidecar != nil:
			if err := p.sidecar.seen(key, sum, &scratch); err != nil {
				return err
			}
		case h.notes != nil && h.notes.part == p:
			n := h.notes
			sum.since(n.oldest, n.timed)
			if i, ok := n.index[key]; ok {
				sum.add(n.values[i].sighting, uint64(n.values[i].count), n.sources)
			}
		}
	}
	return nil
}

// seen adds what a closed segment knows of a key.
func (s *sidecar) seen(key telemetry.Key, sum *summary, scratch *[]byte) error {
	sum.since(s.oldest, s.oldest != 0 || s.newest != 0)
	list, err := s.list(key, scratch)
	if err != nil || list.p == nil {
		return err
	}
	count := list.uvarint()
	seen, ok := readSighting(&list)
	if !ok {
		return badSidecar(s.file.Name(), "a page does not decode")
	}
	sum.add(seen, count, s.sources)
	return nil
}

// summary adds up sightings of segments.
type summary struct {
	count       uint64
	first, last int64
	oldest      int64
	any         bool
	days        map[int64]uint64
	sources     map[string]bool
}

func (s *summary) since(oldest int64, has bool) {
	if has && (!s.any || oldest < s.oldest) {
		s.oldest, s.any = oldest, true
	}
}

// join adds what another reader found.
func (s *summary) join(o *summary) {
	s.since(o.oldest, o.any)
	if o.count == 0 {
		return
	}
	if s.count == 0 {
		s.first, s.last = o.first, o.last
	}
	s.first, s.last = min(s.first, o.first), max(s.last, o.last)
	s.count += o.count
	for day, n := range o.days {
		s.days[day] += n
	}
	for name := range o.sources {
		s.sources[name] = true
	}
}

func (s *summary) add(seen sighting, count uint64, sources []string) {
	if s.count == 0 {
		s.first, s.last = seen.first, seen.last
	}
	s.first, s.last = min(s.first, seen.first), max(s.last, seen.last)
	s.count += count
	if len(seen.days) == 0 {
		s.days[dayOf(seen.first)] += count
	}
	for _, d := range seen.days {
		s.days[d.day] += d.count
	}
	for mask := seen.sources; mask != 0; mask &= mask - 1 {
		if i := bits.TrailingZeros64(mask); i < len(sources) {
			s.sources[sources[i]] = true
		}
	}
}

func (s *summary) result() telemetry.Seen {
	out := telemetry.Seen{Count: int(s.count)}
	if s.any {
		out.Since = time.Unix(s.oldest, 0).UTC()
	}
	if s.count == 0 {
		return out
	}
	out.First, out.Last = time.Unix(s.first, 0).UTC(), time.Unix(s.last, 0).UTC()
	for d, n := range s.days {
		out.Days = append(out.Days, telemetry.SeenDay{Day: time.Unix(d*daySeconds, 0).UTC().Format(time.DateOnly), Count: int(n)})
	}
	slices.SortFunc(out.Days, func(a, b telemetry.SeenDay) int { return cmp.Compare(a.Day, b.Day) })
	for name := range s.sources {
		out.Sources = append(out.Sources, name)
	}
	slices.Sort(out.Sources)
	return out
}
