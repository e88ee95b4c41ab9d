package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/vedette-soc/vedette/format"
)

// chunk walks the records of one chunk. Names and templates are kept once in a
// chunk and referred to by their offset from its start.
type chunk struct {
	data      []byte // shorter than chunkSize where the file is cut off
	number    int
	pos       int
	free      int    // where the records end
	trusted   bool   // the header is sound: free and the record numbers hold
	last      uint64 // number of the last record
	work      int    // steps left
	names     map[uint32]*name
	templates map[uint32]*template
	render    renderer
}

// open begins with a chunk and returns what is wrong with it as a whole; it is
// sound when both checksums hold. The records are read all the same, each judged
// by itself. In a file that was not closed, checksums may be old.
func (c *chunk) open(data []byte, number int, dirty bool) (faults []*format.Fault, sound bool) {
	if c.names == nil {
		c.names, c.templates = map[uint32]*name{}, map[uint32]*template{}
		c.render.chunk = c
	}
	clear(c.names)
	clear(c.templates)
	c.data, c.number, c.pos, c.last, c.work = data, number, chunkHeader, 0, someWork+maxWork*len(data)
	c.free = int(binary.LittleEndian.Uint32(data[48:]))
	sum := crc32.Update(crc32.ChecksumIEEE(data[:120]), crc32.IEEETable, data[128:chunkHeader])
	c.trusted = sum == binary.LittleEndian.Uint32(data[124:]) && c.free >= chunkHeader && c.free <= chunkSize
	part := "header"
	switch {
	case !c.trusted:
		c.free = chunkSize
	case c.free > len(data):
		return nil, false
	case crc32.ChecksumIEEE(data[chunkHeader:c.free]) != binary.LittleEndian.Uint32(data[52:]):
		part = "records"
	default:
		return nil, true
	}
	if !dirty {
		faults = append(faults, format.Faultf("checksum", "the checksum of the chunk's %s is wrong; the records that are whole are read", part))
	}
	return faults, false
}

// missing is how many bytes of records are cut off.
func (c *chunk) missing() int {
	if !c.trusted && len(c.data) < chunkSize {
		return chunkSize - len(c.data)
	}
	return c.free - len(c.data)
}

// next returns the next record, or damage; ok is false at the end.
func (c *chunk) next(limit int) (r format.Record, ok bool) {
	end := min(c.free, len(c.data))
	if c.pos < end {
		size, id := c.at(c.pos, end)
		if size > 0 {
			return c.read(size, id, limit), true
		}
		if blank(c.data[c.pos:end]) || end < c.free && c.cut() {
			c.pos = end // not damage: room, or what is reported as cut off
			return r, false
		}
		return c.resync(end), true
	}
	// Windows writes the header of a chunk after its records: what goes on in
	// sequence behind the end belongs to the log.
	if size, id := c.at(c.pos, len(c.data)); size > 0 && c.last > 0 && id == c.last+1 {
		return c.read(size, id, limit), true
	}
	c.pos = len(c.data)
	return r, false
}

// at returns the size and number of the record at pos, 0 when there is none that
// is whole before end.
func (c *chunk) at(pos, end int) (size int, id uint64) {
	if end-pos < recordMin || string(c.data[pos:pos+4]) != recordMagic {
		return 0, 0
	}
	n := binary.LittleEndian.Uint32(c.data[pos+4:])
	if n < recordMin || int64(n) > int64(end-pos) || binary.LittleEndian.Uint32(c.data[pos+int(n)-4:]) != n {
		return 0, 0
	}
	id = binary.LittleEndian.Uint64(c.data[pos+8:])
	if id > math.MaxInt64 || !c.trusted && id <= c.last {
		return 0, 0 // of an earlier use of the chunk
	}
	return int(n), id
}

// cut says whether the record at pos begins like one that the end of the file
// cuts off.
func (c *chunk) cut() bool {
	rest := c.data[c.pos:]
	if len(rest) < 8 {
		return bytes.HasPrefix([]byte(recordMagic), rest[:min(len(rest), 4)])
	}
	n := binary.LittleEndian.Uint32(rest[4:])
	return string(rest[:4]) == recordMagic && int64(n) > int64(len(rest)) && n <= chunkSize
}

// resync passes over damage up to the next record that is whole.
func (c *chunk) resync(end int) format.Record {
	from := c.pos
	for c.pos < end {
		i := bytes.Index(c.data[c.pos+1:end], []byte(recordMagic))
		if i < 0 {
			c.pos = end
			break
		}
		c.pos += 1 + i
		if size, _ := c.at(c.pos, end); size > 0 {
			break
		}
	}
	return format.Record{
		Place: fmt.Sprintf("chunk %d, after record %d", c.number, c.last),
		Fault: format.Faultf("bad-record", "%d bytes at %d are not a whole record", c.pos-from, from),
	}
}

func (c *chunk) read(size int, id uint64, limit int) format.Record {
	from, to := c.pos+recordHeader, c.pos+size-4
	c.pos += size
	c.last = id
	r := format.Record{Number: int(id)}
	text, fault := c.render.record(from, to, limit)
	if fault != nil {
		r.Fault, r.Place = fault, fmt.Sprintf("chunk %d, record %d", c.number, id)
		return r
	}
	r.Data = bytes.Clone(text)
	return r
}

// stepBytes is how many bytes of text count as one step of work.
const stepBytes = 16

// spend counts steps: tokens, values, and text by its length. It is false when
// the chunk took more than any honest one does; offsets let a small file ask for
// the same work without end.
func (c *chunk) spend(steps int) bool {
	c.work -= steps
	return c.work >= 0
}
