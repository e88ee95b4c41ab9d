package segment

import (
	"cmp"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// cursor goes through pages of one sidecar, one page in memory at a time.
type cursor struct {
	side    *sidecar
	place   int // of the segment in the volume
	pages   []page
	end     uint32 // of the last page
	next    int
	buf     []byte
	in      input
	at      uint64
	met     int      // so many keys or traces
	senders []uint32 // number in the volume per sender of the sidecar
	grouped bool     // the pages hold groups
	group   loneGroup
	left    int   // of the group
	lones   lones // of traces that are not grouped
}

// traceCursor goes through the traces of a sidecar.
func (s *sidecar) traceCursor(place int) *cursor {
	return &cursor{side: s, place: place, pages: s.traces, end: s.tracesEnd, grouped: s.grouped}
}

// lone says that no two values of the segment have the trace.
func (c *cursor) lone() bool {
	if c.grouped {
		return c.group.lone(c.group.n - c.left - 1)
	}
	return c.lones.has(c.met - 1)
}

// step goes to the next key or trace; more is false behind the last. Errors are of the
// place.
func (c *cursor) step() (more bool, err error) {
	if len(c.in.p) == 0 && c.left == 0 {
		if c.next == len(c.pages) {
			return false, nil
		}
		buf, err := c.side.pageOf(c.pages, c.next, c.end, &c.buf)
		if err != nil {
			return false, &looseError{c.place, err}
		}
		c.next, c.in, c.at, c.group = c.next+1, input{p: buf}, 0, loneGroup{}
	}
	c.met++
	if c.grouped {
		return c.stepGroup()
	}
	c.at += c.in.uvarint()
	if c.in.bad {
		return false, c.bad()
	}
	return true, nil
}

// stepGroup goes to the next trace of a group, or to the first of the next.
func (c *cursor) stepGroup() (more bool, err error) {
	if c.left == 0 {
		if !c.group.next(&c.in) {
			return false, c.bad()
		}
		c.left = c.group.n
	}
	c.at = c.group.trace(c.group.n - c.left)
	c.left--
	return true, nil
}

func (c *cursor) bad() error {
	return &looseError{c.place, badSidecar(c.side.file.Name(), "a page does not decode")}
}

// merging goes through several sidecars in order. With as many as a volume binds,
// looking at each head is as quick as a heap.
type merging struct {
	ctx     context.Context
	cursors []*cursor // those that are not at their end
	met     int
}

// begin steps to the first of each.
func (m *merging) begin(all []*cursor) error {
	for _, c := range all {
		more, err := c.step()
		if err != nil {
			return err
		}
		if more {
			m.cursors = append(m.cursors, c)
		}
	}
	return nil
}

// least calls fn with each cursor at the smallest value, and steps on with them. More
// is false when nothing is left.
func (m *merging) least(fn func(*cursor) error) (at uint64, more bool, err error) {
	if len(m.cursors) == 0 {
		return 0, false, nil
	}
	if m.met++; m.met%4096 == 0 && m.ctx.Err() != nil {
		return 0, false, m.ctx.Err()
	}
	at = m.cursors[0].at
	for _, c := range m.cursors[1:] {
		at = min(at, c.at)
	}
	left := m.cursors[:0]
	for _, c := range m.cursors {
		more := true
		if c.at == at {
			if err := fn(c); err != nil {
				return 0, false, err
			}
			if more, err = c.step(); err != nil {
				return 0, false, err
			}
		}
		if more {
			left = append(left, c)
		}
	}
	m.cursors = left
	return at, true, nil
}

// encodeVolume writes the volume of sidecars, oldest first. The same sidecars make the
// same bytes.
func encodeVolume(ctx context.Context, w io.Writer, sides []*sidecar) error {
	e := pageWriter{w: w, most: volumePage}
	sources, keys, err := encodeSightings(ctx, &e, sides)
	if err != nil {
		return err
	}
	pages := e.pages
	e.pages = nil
	sets, err := encodeTraceSets(ctx, &e, sides, keys)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	var tail []byte
	for _, s := range sides {
		tail = le.AppendUint64(tail, uint64(s.part.first))
		tail = le.AppendUint64(tail, uint64(s.size))
		tail = le.AppendUint32(tail, s.sum)
		traced := uint32(0)
		if s.edges != nil {
			traced = 1
		}
		tail = le.AppendUint32(tail, traced)
	}
	tail = appendPages(appendPages(tail, pages), e.pages)
	names := binary.AppendUvarint(nil, uint64(len(sources)))
	for _, s := range sources {
		names = appendBytes(names, s)
	}
	tail = append(tail, names...)
	start := len(tail)
	for _, n := range []int{len(sides), len(pages), len(e.pages), len(names), int(sets)} {
		tail = le.AppendUint32(tail, uint32(n))
	}
	crc := crc32.Checksum(tail[:start+20], castagnoli)
	tail = append(le.AppendUint32(tail, crc), volumeMagic...)
	_, err = w.Write(tail)
	return err
}

// encodeSightings merges what sidecars know of each key, and returns the senders, and
// how many keys each has.
func encodeSightings(ctx context.Context, e *pageWriter, sides []*sidecar) (sources []string, keys []int, err error) {
	number := map[string]uint32{}
	cursors := make([]*cursor, len(sides))
	for i, s := range sides {
		c := &cursor{side: s, place: i, pages: s.pages, end: s.end}
		for _, name := range s.sources {
			n, ok := number[name]
			if !ok {
				n = uint32(len(sources))
				number[name], sources = n, append(sources, name)
			}
			c.senders = append(c.senders, n)
		}
		cursors[i] = c
	}
	m := merging{ctx: ctx}
	if err := m.begin(cursors); err != nil {
		return nil, nil, err
	}
	var sum sighted
	for {
		sum.reset()
		at, more, err := m.least(func(c *cursor) error { return c.sight(&sum) })
		if err != nil {
			return nil, nil, err
		}
		if !more {
			for _, c := range cursors {
				keys = append(keys, c.met)
			}
			return sources, keys, e.flush()
		}
		sum.tidy()
		e.list = sum.append(e.list[:0])
		e.key(telemetry.Key(at))
		e.buf = appendBytes(e.buf, e.list)
		if err := e.turn(); err != nil {
			return nil, nil, err
		}
	}
}

// sight adds what the sidecar knows of the key at which the cursor is.
func (c *cursor) sight(sum *sighted) error {
	list := input{p: c.in.take(c.in.uvarint())}
	count := list.uvarint()
	s, ok := readSighting(&list)
	if c.in.bad || !ok || count == 0 {
		return c.bad()
	}
	sum.add(s, count, c.senders)
	sum.in |= 1 << c.place
	return nil
}

func (s *sighted) reset() { *s = sighted{senders: s.senders[:0]} }

// add takes in the sighting of a segment.
func (s *sighted) add(o sighting, count uint64, numbers []uint32) {
	for i, n := range numbers {
		if o.sources>>i&1 != 0 && !slices.Contains(s.senders, n) {
			s.senders = append(s.senders, n)
		}
	}
	day := dayOf(o.first)
	if s.count == 0 {
		s.first, s.last, s.days = o.first, o.last, o.days
	} else if s.days != nil || o.days != nil || day != dayOf(s.first) {
		if s.days == nil {
			s.days = []dayCount{{dayOf(s.first), s.count}}
		}
		if o.days == nil {
			o.days = []dayCount{{day, count}}
		}
		s.join(o.days)
	}
	s.count += count
	s.first, s.last = min(s.first, o.first), max(s.last, o.last)
}

// join adds the events of days.
func (s *sighted) join(days []dayCount) {
	for _, d := range days {
		i, ok := slices.BinarySearchFunc(s.days, d.day, func(d dayCount, day int64) int { return cmp.Compare(d.day, day) })
		if ok {
			s.days[i].count += d.count
		} else {
			s.days = slices.Insert(s.days, i, d)
		}
	}
}

// tidy makes what was added fit to be written: a single day is that of first.
func (s *sighted) tidy() {
	slices.Sort(s.senders)
	if len(s.days) == 1 && s.days[0] == (dayCount{dayOf(s.first), s.count}) {
		s.days = nil
	}
}
