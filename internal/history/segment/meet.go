package segment

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/bits"
	"os"
	"sort"
)

// meetBytes is how much of a file is read at once: as much as stays in the cache of a
// core while it is asked.
const meetBytes = 128 << 10

// meeting asks pages of traces for those wanted. A page holds what lies from its first on,
// up to the first of the next.
type meeting struct {
	file   *os.File
	pages  []page
	end    uint32 // of the last page
	wanted []uint64
	// ask asks the p-th page for the traces wanted of it, the i-th up to the one before to.
	// A badPage says that it is malformed.
	ask func(p int, page []byte, i, to int) error
	buf []byte
	to  []int // per page of a run
}

// each asks each page that may hold a wanted trace, in order. It is where a look back spends
// its time.
func (m *meeting) each(ctx context.Context) error {
	if len(m.pages) == 0 {
		return nil
	}
	i := sort.Search(len(m.wanted), func(i int) bool { return m.wanted[i] >= uint64(m.pages[0].first) })
	for p := 0; i < len(m.wanted); {
		if err := ctx.Err(); err != nil {
			return err
		}
		p += max(sort.Search(len(m.pages)-p, func(k int) bool { return uint64(m.pages[p+k].first) > m.wanted[i] })-1, 0)
		end := m.run(p, i)
		if end == p { // the next begins before it
			return badPage("its pages are not in order")
		}
		if err := m.askRun(p, end, i); err != nil {
			return err
		}
		p, i = end-1, m.to[end-p-1]
	}
	return nil
}

// run notes up to where traces are wanted of a page and of those behind it, as far as they
// are wanted as well and can be read at once, and returns the first page beyond.
func (m *meeting) run(p, i int) (end int) {
	m.to = m.to[:0]
	for end = p; end < len(m.pages) && (end == p || int64(m.ends(end))-int64(m.pages[p].off) <= meetBytes); end++ {
		to := i
		for to < len(m.wanted) && (end+1 == len(m.pages) || m.wanted[to] < uint64(m.pages[end+1].first)) {
			to++
		}
		if to == i {
			break
		}
		m.to, i = append(m.to, to), to
	}
	return end
}

// ends returns where a page ends.
func (m *meeting) ends(p int) uint32 {
	if p+1 < len(m.pages) {
		return m.pages[p+1].off
	}
	return m.end
}

// askRun reads and asks pages from the p-th up to the one before end, for wanted traces from
// the i-th on.
func (m *meeting) askRun(p, end, i int) error {
	at := int64(m.pages[p].off)
	buf, err := readAt(m.file, at, int64(m.ends(end-1)), &m.buf)
	if err != nil {
		return err
	}
	for k, to := range m.to {
		from, next := int64(m.pages[p+k].off)-at, int64(m.ends(p+k))-at
		if from < 0 || next < from || next > int64(len(buf)) {
			return badPage("a page ends before it begins")
		}
		page := buf[from:next]
		if crc32.Checksum(page, castagnoli) != m.pages[p+k].crc {
			return badPage("the checksum of a page does not fit")
		}
		if err := m.ask(p+k, page, i, to); err != nil {
			return err
		}
		i = to
	}
	return nil
}

// volumeMeeting is what a volume holds of what is wanted.
type volumeMeeting struct {
	meeting
	v     *volume
	met   [][]met // per segment
	total int
	sets  []byte
}

// errMany ends a meeting of which the answer would be too large to keep.
var errMany = errors.New("too many are met")

// meet returns, per segment, which of the wanted traces it holds; nil when that are
// too many.
func (v *volume) meet(ctx context.Context, wanted []uint64) ([][]met, error) {
	m := volumeMeeting{v: v, met: make([][]met, len(v.bound))}
	m.meeting = meeting{file: v.file, pages: v.traces, end: v.tracEnd, wanted: wanted, ask: m.page}
	err := m.each(ctx)
	if why, bad := err.(badPage); bad {
		return nil, badVolume(v.file.Name(), string(why))
	}
	if errors.Is(err, errMany) {
		return nil, nil
	}
	return m.met, err
}

// page asks a page, as meeting says.
func (m *volumeMeeting) page(p int, page []byte, i, to int) error {
	t, ok := readTraceSets(page)
	if !ok {
		return errPage
	}
	f := finder{traceSets: &t}
	sets := setsReader{volumeMeeting: m, traceSets: &t}
	for first := uint64(m.pages[p].first); i < to && m.wanted[i]-first <= lowMask; i++ {
		at := f.find(uint32(m.wanted[i] - first))
		if at < 0 {
			continue
		}
		in := uint64(1) << (t.heads[at] & headPlace)
		if t.heads[at]&headSeveral != 0 {
			var err error
			if in, err = sets.of(at); err != nil {
				return err
			}
		}
		if in == 0 || bits.Len64(in) > len(m.met) {
			return errPage
		}
		if m.total += bits.OnesCount64(in); m.total > metMost {
			return errMany
		}
		for ; in != 0; in &= in - 1 {
			n := bits.TrailingZeros64(in)
			m.met[n] = append(m.met[n], metAt(i, t.lone(at)))
		}
	}
	return nil
}

// setsReader reads the sets of a page, for traces in ascending order.
type setsReader struct {
	*volumeMeeting
	*traceSets
	at, before int    // the last trace asked about, and how many before it are in several
	sets       []byte // with the checksum; nil = none read yet
	from       int    // the first of sets
}

// of returns the segments of a trace that is in several.
func (r *setsReader) of(at int) (uint64, error) {
	r.before += r.several(r.at, at)
	r.at = at
	width := setBytes(len(r.met))
	if from := r.before / setsEach * setsEach; r.sets == nil || from != r.from {
		r.from = from
		each := min(r.before-from+r.several(at, r.n), setsEach)
		off := int64(r.v.tracEnd) + int64(r.setsOff) + int64(from/setsEach*(setsEach*width+4))
		end := off + int64(each*width+4)
		if end > r.v.setsEnd {
			return 0, errPage
		}
		var err error
		if r.sets, err = readAt(r.v.file, off, end, &r.volumeMeeting.sets); err != nil {
			return 0, err
		}
		sum := len(r.sets) - 4
		if crc32.Checksum(r.sets[:sum], castagnoli) != binary.LittleEndian.Uint32(r.sets[sum:]) {
			return 0, badPage("the checksum of its sets does not fit")
		}
	}
	set := r.sets[(r.before-r.from)*width:]
	if width == 4 {
		return uint64(binary.LittleEndian.Uint32(set)), nil
	}
	return binary.LittleEndian.Uint64(set), nil
}

// sideMeeting is what a sidecar holds of what is wanted.
type sideMeeting struct {
	meeting
	there []met
}

// met returns which wanted traces a segment holds.
func (s *sidecar) met(ctx context.Context, w *wanted) ([]met, error) {
	m := sideMeeting{meeting: meeting{file: s.file, pages: s.traces, end: s.tracesEnd, wanted: w.traces}}
	m.ask = m.page
	if !s.grouped {
		m.ask = func(_ int, page []byte, i, _ int) error {
			w.meet(page, i, func(k int) { m.there = append(m.there, metAt(k, false)) })
			return nil
		}
	}
	err := m.each(ctx)
	if why, bad := err.(badPage); bad {
		err = badSidecar(s.file.Name(), string(why))
	}
	return m.there, err
}

// page asks a page of groups, as meeting says.
func (m *sideMeeting) page(_ int, page []byte, i, to int) error {
	in := input{p: page}
	for g := (loneGroup{}); i < to && len(in.p) > 0; {
		if !g.next(&in) {
			return errPage
		}
		for ; i < to && m.wanted[i]>>lowBits <= g.high; i++ {
			if m.wanted[i]>>lowBits < g.high {
				continue
			}
			if at := g.find(uint32(m.wanted[i]) & lowMask); at >= 0 {
				m.there = append(m.there, metAt(i, g.lone(at)))
			}
		}
	}
	return nil
}
