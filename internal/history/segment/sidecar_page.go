package segment

import (
	"fmt"
	"hash/crc32"
	"os"

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

// readPage reads one of several pages into scratch, which it may replace by a larger
// one; the last of them stops at end.
func readPage(f *os.File, pages []page, i int, end uint32, scratch *[]byte) ([]byte, error) {
	if i+1 < len(pages) {
		end = pages[i+1].off
	}
	size := int(end) - int(pages[i].off)
	if size < 0 {
		return nil, badPage("a page ends before it begins")
	}
	if cap(*scratch) < size {
		*scratch = make([]byte, max(size, 2*pageBytes))
	}
	buf := (*scratch)[:size]
	if _, err := f.ReadAt(buf, int64(pages[i].off)); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	if crc32.Checksum(buf, castagnoli) != pages[i].crc {
		return nil, badPage("the checksum of a page does not fit")
	}
	return buf, nil
}

// inPage looks for key in a page; false says that the page is malformed.
func inPage(buf []byte, key telemetry.Key) (input, bool) {
	in := input{p: buf}
	for at := telemetry.Key(0); len(in.p) > 0; {
		at += telemetry.Key(in.uvarint())
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
	}
	return input{}, !in.bad
}

// rows adds ascending rows, of which only the last ones may be wanted.
func (s *sidecar) rows(in input, limit int, f *telemetry.Found) bool {
	rows, ok := s.allRows(&in)
	f.Count += len(rows)
	for i := len(rows) - 1; i >= 0 && len(f.Seqs) < limit; i-- {
		f.Seqs = append(f.Seqs, s.part.first+telemetry.Seq(rows[i]))
	}
	return ok
}
