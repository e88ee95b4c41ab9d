// Package evtxtest writes small EVTX files for tests: whole ones, and such that
// no Windows would write.
//
//	var w evtxtest.Writer
//	w.Add(evtxtest.Process(7, time.Now(), `C:\Windows\a.exe`, "a.exe /c dir"))
//	file := w.Bytes()
//
// Promise: what is not asked to be wrong is as the format has it, with names and
// templates written once a chunk and all checksums right.
package evtxtest

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

const (
	fileHeader   = 4096
	chunkSize    = 64 << 10
	chunkHeader  = 512
	recordHeader = 24
)

// Writer writes one file. The zero value is ready.
type Writer struct {
	Dirty  bool // the file is marked as not closed
	chunks [][]byte
	id     uint64
	chunk  *chunk
}

// Add writes a record with this content and returns its number. It begins a new
// chunk when the record does not fit. It panics on a record that fits in none.
func (w *Writer) Add(content ...Node) uint64 {
	if w.chunk == nil {
		w.chunk = newChunk(w.id + 1)
	}
	w.id++
	if !w.chunk.add(w.id, content) {
		w.Cut()
		w.chunk = newChunk(w.id)
		if !w.chunk.add(w.id, content) {
			panic("evtxtest: a record larger than a chunk")
		}
	}
	return w.id
}

// Cut ends the chunk: the next record begins a new one.
func (w *Writer) Cut() {
	if w.chunk != nil {
		w.chunks = append(w.chunks, w.chunk.close(w.id))
		w.chunk = nil
	}
}

// Chunk adds a chunk as it is: 64 KiB of anything.
func (w *Writer) Chunk(data []byte) {
	w.Cut()
	w.chunks = append(w.chunks, data)
}

// Bytes returns the file.
func (w *Writer) Bytes() []byte {
	w.Cut()
	out := make([]byte, fileHeader, fileHeader+len(w.chunks)*chunkSize)
	copy(out, "ElfFile\x00")
	le := binary.LittleEndian
	le.PutUint64(out[16:], uint64(max(len(w.chunks)-1, 0)))
	le.PutUint64(out[24:], w.id+1)
	le.PutUint32(out[32:], 128)
	le.PutUint16(out[36:], 1)
	le.PutUint16(out[38:], 3)
	le.PutUint16(out[40:], fileHeader)
	le.PutUint16(out[42:], uint16(len(w.chunks)))
	if w.Dirty {
		le.PutUint32(out[120:], 1)
	}
	le.PutUint32(out[124:], crc32.ChecksumIEEE(out[:120]))
	for _, c := range w.chunks {
		out = append(out, c...)
	}
	return out
}

// Seal makes the checksums of a chunk right again after a test changed it.
func Seal(data []byte) {
	le := binary.LittleEndian
	if free := int(le.Uint32(data[48:])); free >= chunkHeader && free <= len(data) {
		le.PutUint32(data[52:], crc32.ChecksumIEEE(data[chunkHeader:free]))
	}
	le.PutUint32(data[124:], crc32.Update(crc32.ChecksumIEEE(data[:120]), crc32.IEEETable, data[128:chunkHeader]))
}

// chunk is a chunk being written.
type chunk struct {
	buf       []byte
	last      int // where the last record begins
	names     map[string]uint32
	templates map[*Template]uint32
}

func newChunk(first uint64) *chunk {
	c := &chunk{buf: make([]byte, chunkHeader, chunkSize), names: map[string]uint32{}, templates: map[*Template]uint32{}}
	copy(c.buf, "ElfChnk\x00")
	binary.LittleEndian.PutUint64(c.buf[8:], first)
	binary.LittleEndian.PutUint64(c.buf[24:], first)
	binary.LittleEndian.PutUint32(c.buf[40:], 128)
	return c
}

// add appends a record; ok is false, and nothing added, when it does not fit.
// What it noted of names and templates is void then: the chunk must be closed.
func (c *chunk) add(id uint64, content []Node) (ok bool) {
	from := len(c.buf)
	c.buf = append(c.buf, "\x2a\x2a\x00\x00\x00\x00\x00\x00"...)
	c.u64(id)
	c.u64(Ticks(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
	x := writer{c, false}
	x.raw(0x0f, 1, 1, 0)
	x.content(content)
	x.raw(0)
	for (len(c.buf)-from)%8 != 4 {
		x.raw(0)
	}
	size := uint32(len(c.buf) - from + 4)
	c.u32(size)
	if len(c.buf) > chunkSize {
		c.buf = c.buf[:from]
		return false
	}
	binary.LittleEndian.PutUint32(c.buf[from+4:], size)
	c.last = from
	return true
}

func (c *chunk) u16(n uint16) { c.buf = binary.LittleEndian.AppendUint16(c.buf, n) }
func (c *chunk) u32(n uint32) { c.buf = binary.LittleEndian.AppendUint32(c.buf, n) }
func (c *chunk) u64(n uint64) { c.buf = binary.LittleEndian.AppendUint64(c.buf, n) }

func (c *chunk) close(last uint64) []byte {
	le := binary.LittleEndian
	if len(c.buf) > chunkHeader {
		last = le.Uint64(c.buf[c.last+8:])
	}
	le.PutUint64(c.buf[16:], last)
	le.PutUint64(c.buf[32:], last)
	le.PutUint32(c.buf[44:], uint32(c.last))
	le.PutUint32(c.buf[48:], uint32(len(c.buf)))
	out := make([]byte, chunkSize)
	copy(out, c.buf)
	Seal(out)
	return out
}

// Ticks is a time as Windows counts it: 100 ns since 1601.
func Ticks(t time.Time) uint64 { return uint64(t.UnixNano()/100) + 116_444_736_000_000_000 }
