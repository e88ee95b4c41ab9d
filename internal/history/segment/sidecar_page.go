package segment

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
	"os"
	"sort"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// page reads a page of postings into scratch.
func (s *sidecar) page(i int, scratch *[]byte) ([]byte, error) {
	return s.pageOf(s.pages, i, s.end, scratch)
}

// pageOf reads one of several pages, the last of which stops at end.
func (s *sidecar) pageOf(pages []page, i int, end uint32, scratch *[]byte) ([]byte, error) {
	buf, err := readPage(s.file, pages, i, end, scratch)
	if why, bad := err.(badPage); bad {
		return nil, badSidecar(s.file.Name(), string(why))
	}
	return buf, err
}

// badPage says why a page is not believed.
type badPage string

func (b badPage) Error() string { return string(b) }

const errPage = badPage("a page does not decode")

// readPage reads one of several pages into scratch, which it may replace by a larger
// one; the last of them stops at end.
func readPage(f *os.File, pages []page, i int, end uint32, scratch *[]byte) ([]byte, error) {
	if i+1 < len(pages) {
		end = pages[i+1].off
	}
	buf, err := readAt(f, int64(pages[i].off), int64(end), scratch)
	if err == nil && crc32.Checksum(buf, castagnoli) != pages[i].crc {
		err = badPage("the checksum of a page does not fit")
	}
	return buf, err
}

// readAt reads what lies between two offsets into scratch, which it may replace by a
// larger one.
func readAt(f *os.File, from, to int64, scratch *[]byte) ([]byte, error) {
	if to < from {
		return nil, badPage("a page ends before it begins")
	}
	size := int(to - from)
	if cap(*scratch) < size {
		*scratch = make([]byte, max(size, 2*pageBytes))
	}
	buf := (*scratch)[:size]
	if _, err := f.ReadAt(buf, from); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return buf, nil
}

// pageAt returns the page in which a key must be, if it is there; -1 when there is none. Keys
// are hashes and lie evenly: the page is near where it would be if they lay quite so.
func pageAt(pages []page, key telemetry.Key) int {
	near, _ := bits.Mul64(uint64(key), uint64(len(pages)))
	from, to := int(near), int(near) // of those that begin behind the key, the first lies in between
	for step := 1; from > 0 && pages[from-1].first > key; step *= 2 {
		from, to = max(from-step, 0), from
	}
	for step := 1; to < len(pages) && pages[to].first <= key; step *= 2 {
		from, to = to, min(to+step, len(pages))
	}
	return from + sort.Search(to-from, func(i int) bool { return pages[from+i].first > key }) - 1
}

// inPage looks for key in a page; false says that the page is malformed.
func inPage(buf []byte, key telemetry.Key) (input, bool) {
	for at := telemetry.Key(0); len(buf) > 0; {
		step, n := longUvarint(buf)
		if n <= 0 {
			return input{}, false
		}
		at += telemetry.Key(step)
		in := input{p: buf[n:]}
		list := in.take(in.uvarint())
		if in.bad {
			return input{}, false
		}
		if at >= key {
			if at > key {
				list = nil
			}
			return input{p: list}, true
		}
		buf = in.p
	}
	return input{}, true
}

// longUvarint is binary.Uvarint for numbers that mostly take several bytes: up to eight are
// read at once.
func longUvarint(p []byte) (v uint64, n int) {
	if len(p) < 8 {
		return binary.Uvarint(p)
	}
	v = binary.LittleEndian.Uint64(p)
	ends := ^v & 0x8080808080808080
	if ends == 0 {
		return binary.Uvarint(p)
	}
	v &= (ends ^ (ends - 1)) & 0x7f7f7f7f7f7f7f7f // up to the first byte that ends a number
	v = v&0x007f007f007f007f | v&0x7f007f007f007f00>>1
	v = v&0x00003fff00003fff | v&0x3fff00003fff0000>>2
	return v&0x000000000fffffff | v&0x0fffffff00000000>>4, bits.TrailingZeros64(ends)/8 + 1
}

// rows adds ascending rows, of which only the last ones may be wanted.
func (s *sidecar) rows(in input, limit int, f *telemetry.Found) bool {
	rows, ok := s.allRows(&in, nil)
	f.Count += len(rows)
	for i := len(rows) - 1; i >= 0 && len(f.Seqs) < limit; i-- {
		f.Seqs = append(f.Seqs, s.part.first+telemetry.Seq(rows[i]))
	}
	return ok
}
