package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/vedette-soc/vedette/format"
)

// file reads one EVTX file, chunk after chunk.
type file struct {
	in     io.Reader
	max    int // bytes of a record's text
	begun  bool
	dirty  bool // not closed by Windows: counts and checksums may be old
	chunk  chunk
	buf    []byte
	rest   []byte          // of buf, behind the chunk, to be read next
	number int             // of the chunk, from 1
	zeros  int             // chunks of zeros just before
	faults []format.Record // to be given before the chunk's next record
	after  []format.Record // to be given after its last
	err    error           // what ends the file, once all is given
}

// Next implements format.Records.
func (f *file) Next() (format.Record, error) {
	if !f.begun {
		f.begun = true
		f.header()
	}
	for {
		if len(f.faults) > 0 {
			r := f.faults[0]
			f.faults = f.faults[1:]
			return r, nil
		}
		if r, ok := f.chunk.next(f.max); ok {
			return r, nil
		}
		switch {
		case len(f.after) > 0:
			f.faults, f.after = f.after, nil
		case f.err != nil:
			return format.Record{}, f.err
		default:
			f.advance()
		}
	}
}

// header reads the file's header. Nothing in it is needed to read the chunks:
// what is wrong with it is reported, no more.
func (f *file) header() {
	h := make([]byte, fileHeader)
	n, err := io.ReadFull(f.in, h)
	if err != nil {
		f.end(err, n, "file header")
		return
	}
	const dirty = 1
	f.dirty = binary.LittleEndian.Uint32(h[120:])&dirty != 0
	if crc32.ChecksumIEEE(h[:120]) != binary.LittleEndian.Uint32(h[124:]) {
		f.fault("file header", format.Faultf("checksum", "the checksum of the header is wrong; the records are read all the same"))
	} else if major := binary.LittleEndian.Uint16(h[38:]); major != 3 {
		f.fault("file header", format.Faultf("version", "version %d of the format is unknown; its records are read as those of version 3", major))
	}
}

func (f *file) fault(place string, fault *format.Fault) {
	f.faults = append(f.faults, format.Record{Place: place, Fault: fault})
}

// end notes that the input ended after n bytes of a part of the file.
func (f *file) end(err error, n int, part string) {
	f.err = ended(err)
	if n > 0 && f.err == io.EOF {
		f.fault(part, format.Faultf("truncated", "the file ends %d bytes into it; what comes after is missing", n))
	}
}

// advance reads the next chunk. One of zeros is room that Windows reserved,
// unless chunks follow it.
func (f *file) advance() {
	if f.buf == nil {
		f.buf = make([]byte, chunkSize)
	}
	f.number++
	n, err := f.fill(copy(f.buf, f.rest))
	f.rest = nil
	if n >= chunkHeader && !f.valid() && !blank(f.buf[:n]) {
		n, err = f.realign(n, err)
	}
	data, place := f.buf[:n], fmt.Sprintf("chunk %d", f.number)
	switch {
	case n >= chunkHeader && f.valid():
		f.err = ended(err)
		f.open(data, place)
	case err == nil: // zeros, or no chunk, which realign reported
		if blank(data) {
			f.zeros++
		}
	case n >= chunkHeader || blank(data):
		f.err = ended(err)
	default:
		f.end(err, n, place)
	}
}

// fill reads up to a whole block behind the have bytes that are there, and
// returns what io.ReadFull does.
func (f *file) fill(have int) (n int, err error) {
	n, err = io.ReadFull(f.in, f.buf[have:])
	if have > 0 && errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return have + n, err
}

// ended is what the end of the input inside of a block means for the file.
func ended(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}

func (f *file) valid() bool { return string(f.buf[:len(chunkMagic)]) == chunkMagic }

// realign looks for the next chunk in a block of n bytes that does not begin
// with one: after a part of the file was lost, all chunks lie at other places.
// It returns what fill does.
func (f *file) realign(n int, err error) (int, error) {
	f.fault(fmt.Sprintf("chunk %d", f.number), format.Faultf("bad-chunk", "there is no chunk where one should begin; going on with the next"))
	i := bytes.Index(f.buf[:n], []byte(chunkMagic))
	if i < 0 {
		return n, err
	}
	f.number++
	if n = copy(f.buf, f.buf[i:n]); err != nil {
		return n, err
	}
	return f.fill(n)
}

// open begins to read records from a chunk, which may be cut off: by the end of
// the file, or by the next chunk where a part of this one was lost.
func (f *file) open(data []byte, place string) {
	if f.zeros > 0 {
		f.fault(place, format.Faultf("bad-chunk", "the %d chunks before it hold nothing but zeros", f.zeros))
		f.zeros = 0
	}
	faults, sound := f.chunk.open(data, f.number, f.dirty)
	cut := f.err == io.EOF
	from := chunkHeader
	if sound {
		from = f.chunk.free
	}
	if i := bytes.Index(data[from:], []byte(chunkMagic)); i >= 0 {
		f.rest, f.err, cut = data[from+i:], nil, true
		faults, _ = f.chunk.open(data[:from+i], f.number, f.dirty)
	}
	for _, fault := range faults {
		f.fault(place, fault)
	}
	if missing := f.chunk.missing(); missing > 0 && cut {
		f.after = append(f.after, format.Record{Place: place, Fault: format.Faultf("truncated", "it is cut off %d bytes before its records end; they are missing", missing)})
	}
}

func blank(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
