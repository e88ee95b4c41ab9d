package segment

import (
	"context"
	"fmt"
	"hash/crc32"
	"math/bits"
	"sort"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// meetBytes is how much of a volume is read at once: as much as stays in the cache of
// a core while it is asked.
const meetBytes = 128 << 10

// meeting asks the traces of a volume for those wanted.
type meeting struct {
	v      *volume
	wanted []uint64 // ascending
	met    [][]met
	total  int
	buf    []byte
}

// meet returns, per segment, which of the wanted traces it holds; nil when that are
// too many. It is where a look back through volumes spends its time.
func (v *volume) meet(ctx context.Context, wanted []uint64) ([][]met, error) {
	m := meeting{v: v, wanted: wanted, met: make([][]met, len(v.bound))}
	for p, i := 0, 0; i < len(wanted); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var err error
		if p, i = m.next(p, i); p == len(v.traces) {
			break
		}
		if p, i, err = m.run(p, i); err != nil {
			return nil, err
		}
		if m.total > metMost {
			return nil, nil
		}
	}
	return m.met, nil
}

func highOf(trace uint64) telemetry.Key { return telemetry.Key(trace &^ lowMask) }

// next returns the first page, from the p-th on, in which a wanted trace, from the i-th
// on, may be, and the first of these; there is no such page beyond the last.
func (m *meeting) next(p, i int) (int, int) {
	pages := m.v.traces
	for p < len(pages) && i < len(m.wanted) {
		switch high := highOf(m.wanted[i]); {
		case pages[p].first == high:
			return p, i
		case pages[p].first < high:
			p += sort.Search(len(pages)-p, func(k int) bool { return pages[p+k].first >= high })
		default:
			i += sort.Search(len(m.wanted)-i, func(k int) bool { return m.wanted[i+k] >= uint64(pages[p].first) })
		}
	}
	return len(pages), i
}

// after returns the first wanted trace beyond a page.
func (m *meeting) after(p, i int) int {
	for i < len(m.wanted) && highOf(m.wanted[i]) == m.v.traces[p].first {
		i++
	}
	return i
}

// ends returns where a page ends.
func (m *meeting) ends(p int) uint32 {
	if p+1 < len(m.v.traces) {
		return m.v.traces[p+1].off
	}
	return m.v.tracEnd
}

// run asks a page and those behind it, as far as they are wanted as well and can be read
// at once. It returns the first page and the first wanted trace beyond.
func (m *meeting) run(p, i int) (int, int, error) {
	pages := m.v.traces
	end, to := p+1, m.after(p, i)
	for end < len(pages) && to < len(m.wanted) && pages[end].first == highOf(m.wanted[to]) && int64(m.ends(end))-int64(pages[p].off) <= meetBytes {
		to = m.after(end, to)
		end++
	}
	size := int64(m.ends(end-1)) - int64(pages[p].off)
	if size < 0 {
		return p, i, badVolume(m.v.file.Name(), "a page ends before it begins")
	}
	if int64(cap(m.buf)) < size {
		m.buf = make([]byte, size)
	}
	buf := m.buf[:size]
	if _, err := m.v.file.ReadAt(buf, int64(pages[p].off)); err != nil {
		return p, i, fmt.Errorf("read %s: %w", m.v.file.Name(), err)
	}
	for at := pages[p].off; p < end; p++ {
		from, next := int64(pages[p].off-at), int64(m.ends(p))-int64(at)
		if pages[p].off < at || next < from || next > size {
			return p, i, badVolume(m.v.file.Name(), "a page ends before it begins")
		}
		page := buf[from:next]
		if crc32.Checksum(page, castagnoli) != pages[p].crc {
			return p, i, badVolume(m.v.file.Name(), "the checksum of a page does not fit")
		}
		var ok bool
		if i, ok = m.page(page, pages[p].first, i); !ok {
			return p, i, badVolume(m.v.file.Name(), "a page does not decode")
		}
	}
	return end, i, nil
}

// page asks a page for the traces wanted of it, from the i-th on, and returns the first
// beyond; false says that it is malformed.
func (m *meeting) page(page []byte, high telemetry.Key, i int) (int, bool) {
	sets, ok := readTraceSets(page, setBits(len(m.met)))
	if !ok {
		return i, false
	}
	for ; i < len(m.wanted) && highOf(m.wanted[i]) == high; i++ {
		at := sets.find(uint32(m.wanted[i]) & lowMask)
		if at < 0 {
			continue
		}
		in, lone := sets.at(at)
		if in == 0 || bits.Len64(in) > len(m.met) {
			return i, false
		}
		m.total += bits.OnesCount64(in)
		for ; in != 0; in &= in - 1 {
			n := bits.TrailingZeros64(in)
			m.met[n] = append(m.met[n], metAt(i, lone))
		}
	}
	return i, true
}
