package evtx_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format/evtx"
	"github.com/vedette-soc/vedette/format/evtxtest"
)

const (
	header    = 4096
	chunkSize = 65536
	perChunk  = 20
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// small is a file of three chunks with twenty process starts each.
func small(dirty bool) []byte {
	w := evtxtest.Writer{Dirty: dirty}
	for i := range 3 * perChunk {
		if i > 0 && i%perChunk == 0 {
			w.Cut()
		}
		w.Add(evtxtest.Process(uint64(1000+i), at, `C:\Windows\a.exe`, "a.exe"))
	}
	return w.Bytes()
}

// chunkOf returns the n-th chunk of a file, from 1.
func chunkOf(file []byte, n int) []byte {
	return file[header+(n-1)*chunkSize : header+n*chunkSize]
}

// recordOf returns where the n-th record of a chunk begins, from 1.
func recordOf(chunk []byte, n int) int {
	pos := 512
	for range n - 1 {
		pos += int(binary.LittleEndian.Uint32(chunk[pos+4:]))
	}
	return pos
}

// span lists numbers from a to b.
func span(a, b int) []int {
	var out []int
	for ; a <= b; a++ {
		out = append(out, a)
	}
	return out
}

// numbers reads a file as far as it goes.
func numbers(t testing.TB, in io.Reader) (ids []int, faults []string, end error) {
	t.Helper()
	for r := evtx.Container().Open(in, 1<<20); ; {
		rec, err := r.Next()
		switch {
		case err == io.EOF:
			return ids, faults, nil
		case err != nil:
			return ids, faults, err
		case rec.Fault != nil:
			if rec.Place == "" || rec.Fault.Error() == "" {
				t.Errorf("damage without place or text: %+v", rec)
			}
			faults = append(faults, rec.Place+": "+rec.Fault.Reason)
		default:
			ids = append(ids, rec.Number)
		}
	}
}

var le = binary.LittleEndian

var all = span(1, 3*perChunk)

func without(from, to int) []int { return slices.Concat(span(1, from-1), span(to+1, 3*perChunk)) }

// damages are ways to harm a small file, the records that are left, and what is
// said of the others.
var damages = []struct {
	name   string
	dirty  bool
	harm   func(f []byte) []byte
	ids    []int
	faults []string
}{
	{"Whole", false, func(f []byte) []byte { return f }, all, nil},
	{"Room", false, func(f []byte) []byte { return append(f, make([]byte, 3*chunkSize+100)...) }, all, nil},
	{"NotClosed", true, func(f []byte) []byte { return f }, all, nil},
	{"HeaderChecksum", false, func(f []byte) []byte { f[30]++; return f }, all, []string{"file header: checksum"}},
	{"Counts", true, func(f []byte) []byte { le.PutUint16(f[42:], 1); le.PutUint64(f[16:], 0); return f }, all, []string{"file header: checksum"}},
	{"ChunkHeaderChecksum", false, func(f []byte) []byte { chunkOf(f, 2)[100]++; return f }, all, []string{"chunk 2: checksum"}},
	{"ChunkHeaderLies", false, func(f []byte) []byte {
		le.PutUint32(chunkOf(f, 2)[48:], 0xffffffff)
		evtxtest.Seal(chunkOf(f, 2))
		return f
	}, all, []string{"chunk 2: checksum"}},
	{"RecordsChecksum", false, func(f []byte) []byte { chunkOf(f, 2)[52]++; return f }, all, []string{"chunk 2: checksum"}},
	// Windows writes the header after the records.
	{"StaleEnd", true, func(f []byte) []byte {
		k := chunkOf(f, 3)
		le.PutUint32(k[48:], uint32(recordOf(k, 11)))
		evtxtest.Seal(k)
		return f
	}, all, nil},
	{"OldRecordsBehindEnd", false, func(f []byte) []byte {
		k := chunkOf(f, 3)
		le.PutUint32(k[48:], uint32(recordOf(k, 11)))
		le.PutUint64(k[recordOf(k, 11)+8:], 7) // of an earlier use of the chunk
		evtxtest.Seal(k)
		return f
	}, span(1, 50), nil},
	{"RecordMagic", false, func(f []byte) []byte {
		k := chunkOf(f, 2)
		k[recordOf(k, 5)]++
		return f
	}, without(25, 25), []string{"chunk 2: checksum", "chunk 2, after record 24: bad-record"}},
	{"RecordSize", false, func(f []byte) []byte {
		k := chunkOf(f, 2)
		le.PutUint32(k[recordOf(k, 5)+4:], 0xfffffff0)
		return f
	}, without(25, 25), []string{"chunk 2: checksum", "chunk 2, after record 24: bad-record"}},
	{"RecordSizeCopy", false, func(f []byte) []byte {
		k := chunkOf(f, 2)
		k[recordOf(k, 6)-4]++
		return f
	}, without(25, 25), []string{"chunk 2: checksum", "chunk 2, after record 24: bad-record"}},
	{"RecordNumber", false, func(f []byte) []byte {
		k := chunkOf(f, 2)
		k[recordOf(k, 5)+15] = 0xff
		return f
	}, without(25, 25), []string{"chunk 2: checksum", "chunk 2, after record 24: bad-record"}},
	{"LastRecord", false, func(f []byte) []byte {
		k := chunkOf(f, 2)
		k[recordOf(k, 20)]++
		return f
	}, without(40, 40), []string{"chunk 2: checksum", "chunk 2, after record 39: bad-record"}},
	{"RecordXML", false, func(f []byte) []byte {
		k := chunkOf(f, 2)
		k[recordOf(k, 5)+28] = 0xee
		return f
	}, without(25, 25), []string{"chunk 2: checksum", "chunk 2, record 25: bad-xml"}},
	// The first record of a chunk defines the template of all others.
	{"Template", false, func(f []byte) []byte {
		k := chunkOf(f, 2)
		k[recordOf(k, 1)+24+4+10+24+4] = 0xee
		return f
	}, without(21, 40), append([]string{"chunk 2: checksum"}, templateFaults(21, 40)...)},
	{"FirstRecord", false, func(f []byte) []byte {
		k := chunkOf(f, 2)
		k[recordOf(k, 1)]++ // its template stays
		return f
	}, without(21, 21), []string{"chunk 2: checksum", "chunk 2, after record 0: bad-record"}},
	{"ZerosInRecords", false, func(f []byte) []byte {
		k := chunkOf(f, 2)
		clear(k[recordOf(k, 5):recordOf(k, 10)])
		return f
	}, without(25, 29), []string{"chunk 2: checksum", "chunk 2, after record 24: bad-record"}},
	{"ChunkMagic", false, func(f []byte) []byte { chunkOf(f, 2)[0]++; return f }, without(21, 40), []string{"chunk 2: bad-chunk"}},
	{"ChunkOfZeros", false, func(f []byte) []byte { clear(chunkOf(f, 2)); return f }, without(21, 40), []string{"chunk 3: bad-chunk"}},
	{"LastChunkMagic", false, func(f []byte) []byte { chunkOf(f, 3)[0]++; return f }, span(1, 40), []string{"chunk 3: bad-chunk"}},
	{"Inserted", false, func(f []byte) []byte {
		return slices.Insert(f, header+chunkSize, bytes.Repeat([]byte("x"), 1000)...)
	}, all, []string{"chunk 2: bad-chunk"}},
	{"LostRoom", false, func(f []byte) []byte { return slices.Delete(f, header+2*chunkSize-5000, header+2*chunkSize) }, all, nil},
	{"LostRecords", false, func(f []byte) []byte {
		k := header + chunkSize
		return slices.Delete(f, k+recordOf(chunkOf(f, 2), 11), k+chunkSize)
	}, without(31, 40), []string{"chunk 2: truncated"}},
	{"TwoFiles", false, func(f []byte) []byte { return append(f, f...) }, append(span(1, 60), all...), []string{"chunk 4: bad-chunk"}},
	{"HeaderOnly", false, func(f []byte) []byte { return f[:header] }, nil, nil},
	{"PartOfHeader", false, func(f []byte) []byte { return f[:100] }, nil, []string{"file header: truncated"}},
	{"PartOfChunkHeader", false, func(f []byte) []byte { return f[:header+chunkSize+100] }, span(1, 20), []string{"chunk 2: truncated"}},
	{"PartOfRecord", false, func(f []byte) []byte { return f[:header+chunkSize+recordOf(chunkOf(f, 2), 11)+50] }, span(1, 30), []string{"chunk 2: truncated"}},
	{"PartOfRoom", false, func(f []byte) []byte { return f[:len(f)-1000] }, all, nil},
}

func TestDamage(t *testing.T) {
	for _, c := range damages {
		t.Run(c.name, func(t *testing.T) {
			f := c.harm(small(c.dirty))
			ids, faults, err := numbers(t, bytes.NewReader(f))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.ids, ids); diff != "" {
				t.Errorf("records: -want +got\n%s", diff)
			}
			if diff := cmp.Diff(c.faults, faults); diff != "" {
				t.Errorf("damage: -want +got\n%s", diff)
			}
		})
	}
}

func templateFaults(from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, "chunk 2, record "+string(rune('0'+i/10))+string(rune('0'+i%10))+": bad-template")
	}
	return out
}

// TestTruncated cuts a file at every 512 bytes, and at every byte of its end: what
// is whole is read, and what is missing is said.
func TestTruncated(t *testing.T) {
	f := small(false)
	ends := map[int]int{} // record by where it ends
	for n := 1; n <= 3; n++ {
		for i := 1; i <= perChunk; i++ {
			ends[header+(n-1)*chunkSize+recordOf(chunkOf(f, n), i+1)] = (n-1)*perChunk + i
		}
	}
	var sizes []int
	for size := 0; size < len(f); size += 512 {
		sizes = append(sizes, size)
	}
	last := header + 2*chunkSize + recordOf(chunkOf(f, 3), perChunk)
	for size := last - 50; size < last+600; size++ {
		sizes = append(sizes, size)
	}
	for _, size := range sizes {
		whole := 0
		for end, id := range ends {
			if end <= size {
				whole = max(whole, id)
			}
		}
		ids, faults, err := numbers(t, bytes.NewReader(f[:size]))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(span(1, whole), ids); diff != "" {
			t.Errorf("%d bytes: -want +got\n%s", size, diff)
		}
		if size <= header {
			continue
		}
		n := (size - header) / chunkSize
		cut := size > header+n*chunkSize && size < header+n*chunkSize+recordOf(chunkOf(f, n+1), perChunk+1)
		if cut != (len(faults) == 1) {
			t.Errorf("%d bytes, cut within records %v: damage %q", size, cut, faults)
		}
	}
}

// TestBrokenInput: what came before an error of the input is read, and the error
// is not taken for the end.
func TestBrokenInput(t *testing.T) {
	broken := errors.New("the cable was cut")
	f := small(false)
	for _, size := range []int{100, header, header + 100, header + chunkSize + recordOf(chunkOf(f, 2), 11)} {
		in := io.MultiReader(bytes.NewReader(f[:size]), iotest.ErrReader(broken))
		ids, faults, err := numbers(t, in)
		if want := map[bool]int{true: 30, false: 0}[size > header+chunkSize]; !errors.Is(err, broken) || len(ids) != want || len(faults) > 0 {
			t.Errorf("%d bytes: %d records, want %d; damage %q, error %v", size, len(ids), want, faults, err)
		}
	}
}

// TestFlippedBytes changes every byte of a chunk's records in turn: the records
// around it are read unchanged, whatever it was.
func TestFlippedBytes(t *testing.T) {
	var w evtxtest.Writer
	for i := range 4 {
		w.Add(evtxtest.Process(uint64(i+1), at, `C:\Windows\a.exe`, "a.exe"))
	}
	f := w.Bytes()
	want := records(t, bytes.NewReader(f))
	k := chunkOf(f, 1)
	for pos := recordOf(k, 2); pos < recordOf(k, 3); pos++ {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			k[pos] ^= flip
			got := records(t, bytes.NewReader(f))
			k[pos] ^= flip
			if got[len(got)-1] != want[3] || !slices.Contains(got, want[2]) || !slices.Contains(got, want[0]) {
				t.Fatalf("byte %d ^ %#x: %q", pos, flip, got)
			}
		}
	}
}
