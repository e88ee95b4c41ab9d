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

// Seen implements telemetry.Past. Each volume, and each segment that none binds, costs
// one read, so many are asked side by side: what takes time is the disk, where it was
// not read lately.
func (h *History) Seen(ctx context.Context, key telemetry.Key) (telemetry.Seen, error) {
	sum, failed, err := h.seen(ctx, key)
	for _, f := range failed {
		h.forsake(f.volume, f.err)
	}
	if err != nil {
		return telemetry.Seen{}, err
	}
	return sum.result(), nil
}

const (
	// seenReaders is how many reads are under way at once for one question.
	seenReaders = 8
	// seenEach is how many reads are worth another reader.
	seenEach = 4
)

// failed is a volume that could not be read.
type failed struct {
	volume *volume
	err    error
}

func (h *History) seen(ctx context.Context, key telemetry.Key) (*summary, []failed, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	q := question{h: h, key: key, units: h.unitsLocked()}
	sums := make([]summary, min(seenReaders, 1+len(q.units)/seenEach))
	errs := make([]error, len(sums))
	var wg sync.WaitGroup
	for i := 1; i < len(sums); i++ {
		wg.Go(func() { errs[i] = q.ask(ctx, &sums[i]) })
	}
	errs[0] = q.ask(ctx, &sums[0])
	wg.Wait()
	var bad []failed
	for i := range sums {
		bad = append(bad, sums[i].failed...)
		if errs[i] != nil {
			return nil, bad, errs[i]
		}
	}
	for i := range sums[1:] {
		sums[0].join(&sums[1+i])
	}
	return &sums[0], bad, nil
}

// unitsLocked returns what a question reads once: the first segment of each volume,
// and each segment that none binds.
func (h *History) unitsLocked() []int {
	var units []int
	for i, p := range h.segments {
		if p.volume == nil || p.begins() {
			units = append(units, i)
		}
	}
	return units
}

// question is one key on its way through the units. The asker holds History.mu.
type question struct {
	h     *History
	key   telemetry.Key
	units []int
	next  atomic.Int64
}

// ask sums up units that no other reader has taken.
func (q *question) ask(ctx context.Context, sum *summary) error {
	sum.days, sum.sources = map[int64]uint64{}, map[string]bool{}
	var scratch []byte
	for k := int(q.next.Add(1)) - 1; k < len(q.units); k = int(q.next.Add(1)) - 1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		i, n := q.units[k], 1
		if v := q.h.segments[i].volume; v != nil {
			parts := q.h.segments[i : i+len(v.bound)]
			err := v.seen(q.key, parts, sum, &scratch)
			if err == nil {
				continue
			}
			sum.failed = append(sum.failed, failed{v, err})
			n = len(parts)
		}
		for _, p := range q.h.segments[i : i+n] {
			if err := q.h.seenIn(p, q.key, sum, &scratch); err != nil {
				return err
			}
		}
	}
	return nil
}

// seenIn adds what a segment knows of a key.
func (h *History) seenIn(p *part, key telemetry.Key, sum *summary, scratch *[]byte) error {
	switch {
	case p.sidecar != nil:
		return p.sidecar.seen(key, sum, scratch)
	case h.notes != nil && h.notes.part == p:
		n := h.notes
		sum.since(n.oldest, n.timed)
		if i, ok := n.index[key]; ok {
			v := n.values.at(i)
			sum.add(v.sighting, uint64(v.count), n.sources)
		}
	}
	return nil
}

// seen adds what a volume knows of a key.
func (v *volume) seen(key telemetry.Key, parts []*part, sum *summary, scratch *[]byte) error {
	s, err := v.find(key, scratch)
	if err != nil {
		return err
	}
	for _, p := range parts {
		sum.since(p.sidecar.oldest, p.sidecar.timed())
	}
	if s.count == 0 {
		return nil
	}
	sum.add(s.sighting, s.count, nil)
	for _, n := range s.senders {
		sum.sources[v.sources[n]] = true
	}
	return nil
}

// timed says that there are events of which the time is known.
func (s *sidecar) timed() bool { return s.oldest != 0 || s.newest != 0 }

// seen adds what a closed segment knows of a key.
func (s *sidecar) seen(key telemetry.Key, sum *summary, scratch *[]byte) error {
	sum.since(s.oldest, s.timed())
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
	failed      []failed
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
