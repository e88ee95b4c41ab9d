package segment

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// notes are the postings of one segment that has no sidecar yet, in memory:
// about 150 bytes per distinct value and 8 per posting. Guarded by History.mu;
// changed only under History.noting.
type notes struct {
	part           *part
	last           telemetry.Seq // the last record noted
	index          map[telemetry.Key]uint32
	values         notedList
	entries        []entry
	sources        []string
	oldest, newest int64 // seconds, of events
	timed          bool  // there are any
}

// entry is one posting; before is 1 + the index of the key's posting before it.
type entry struct{ row, before uint32 }

// noted is one distinct value.
type noted struct {
	key   telemetry.Key
	typ   indicator.Type
	text  string
	head  uint32 // 1 + the index of its last posting
	count uint32
	sighting
}

// sighting is when and by whom a value was seen. Days hold nothing while all
// was on the day of first.
type sighting struct {
	first, last int64  // seconds
	sources     uint64 // a bit per place in notes.sources
	days        []dayCount
}

type dayCount struct {
	day   int64 // since 1970
	count uint64
}

// notedList grows without moving what is in it: who has a copy of the list may read the
// type and text of its values while others are added.
type notedList struct {
	blocks [][]noted // each of notedBlock
	n      int
}

const notedBlock = 512

func (l *notedList) at(i uint32) *noted { return &l.blocks[i/notedBlock][i%notedBlock] }

// add returns the place of another value, its zero.
func (l *notedList) add() (i uint32, v *noted) {
	if l.n%notedBlock == 0 {
		l.blocks = append(l.blocks, make([]noted, notedBlock))
	}
	l.n++
	i = uint32(l.n - 1)
	return i, l.at(i)
}

// all yields the values with their places.
func (l *notedList) all(yield func(uint32, *noted) bool) {
	for i := range uint32(l.n) {
		if !yield(i, l.at(i)) {
			return
		}
	}
}

const (
	// sourcesKept bounds the senders of one segment that are told apart.
	sourcesKept  = 63
	otherSources = "(other)"
	daySeconds   = 24 * 60 * 60
)

func dayOf(second int64) int64 {
	if second < 0 {
		second -= daySeconds - 1
	}
	return second / daySeconds
}

func newNotes(p *part) *notes {
	return &notes{part: p, last: p.first - 1, index: map[telemetry.Key]uint32{}}
}

func (n *notes) add(row uint32, note telemetry.Note) {
	at, source := second(note.Time), n.source(note.Source)
	if !note.Time.IsZero() {
		if !n.timed {
			n.oldest, n.newest, n.timed = at, at, true
		}
		n.oldest, n.newest = min(n.oldest, at), max(n.newest, at)
	}
	for _, v := range note.Values {
		var d *noted
		if i, ok := n.index[v.Key]; ok {
			d = n.values.at(i)
		} else {
			n.index[v.Key], d = n.values.add()
			// What the event holds is a part of its record: keep no more of it.
			*d = noted{key: v.Key, typ: v.Type, text: strings.Clone(v.Text), sighting: sighting{first: at, last: at}}
		}
		if d.head > 0 && n.entries[d.head-1].row == row {
			continue
		}
		n.entries = append(n.entries, entry{row, d.head})
		d.head = uint32(len(n.entries))
		d.see(at, source, d.count)
		d.count++
	}
}

// second bounds a time to what the sidecar can hold.
func second(t time.Time) int64 {
	const most = 1 << 40
	return min(max(t.Unix(), -most), most)
}

// source returns the bit of a sender.
func (n *notes) source(name string) uint64 {
	for i, s := range n.sources {
		if s == name || i == sourcesKept {
			return 1 << i
		}
	}
	if len(n.sources) == sourcesKept {
		name = otherSources
	}
	n.sources = append(n.sources, strings.Clone(name))
	return 1 << (len(n.sources) - 1)
}

// see counts one event; before is how many were counted already.
func (s *sighting) see(at int64, source uint64, before uint32) {
	day := dayOf(at)
	if s.days == nil && before > 0 && day != dayOf(s.first) {
		s.days = []dayCount{{dayOf(s.first), uint64(before)}}
	}
	if s.days != nil {
		i, ok := slices.BinarySearchFunc(s.days, day, func(d dayCount, day int64) int { return cmp.Compare(d.day, day) })
		if !ok {
			s.days = slices.Insert(s.days, i, dayCount{day: day})
		}
		s.days[i].count++
	}
	s.first, s.last, s.sources = min(s.first, at), max(s.last, at), s.sources|source
}

// find adds where key is, newest first, at most limit in all.
func (n *notes) find(key telemetry.Key, limit int, f *telemetry.Found) {
	v, ok := n.index[key]
	if !ok {
		return
	}
	for i := n.values.at(v).head; i > 0; i = n.entries[i-1].before {
		if len(f.Seqs) < limit {
			f.Seqs = append(f.Seqs, n.part.first+telemetry.Seq(n.entries[i-1].row))
		}
		f.Count++
	}
}

// rows appends the records of a value, ascending.
func (n *notes) rows(value uint32, dst []uint32) []uint32 {
	from := len(dst)
	for i := n.values.at(value).head; i > 0; i = n.entries[i-1].before {
		dst = append(dst, n.entries[i-1].row)
	}
	slices.Reverse(dst[from:])
	return dst
}
