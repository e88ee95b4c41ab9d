package segment

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// A segment's log is a head and frames.
//
//	head:  "VEDSEG\x00\x01" (the last byte is the version), u64 number of the first record, u32 CRC-32C of both
//	frame: u32 marker, u32 CRC-32C of all that follows, u64 first number, u64 synced,
//	       i64 oldest, i64 newest (Unix microseconds), u32 records, u32 length decoded, u32 length, zstd block
//
// All numbers are little-endian. synced is the length of the log that was
// durable before the frame was written: it tells a tail torn in a crash from
// damage to records that had been acknowledged.
const (
	magic       = "VEDSEG\x00\x01"
	headSize    = len(magic) + 12
	frameMarker = 0x4d524656 // "VFRM"
	frameSize   = 52
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendHead(dst []byte, first telemetry.Seq) []byte {
	start := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(first))
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

func validHead(p []byte, first telemetry.Seq) bool {
	return len(p) >= headSize && bytes.Equal(p[:headSize], appendHead(nil, first))
}

// frame is one decoded frame header and where it lies.
type frame struct {
	off            int64
	first          telemetry.Seq
	synced         int64
	oldest, newest int64
	count, raw     uint32
	payload        []byte
}

func (f *frame) end() int64 { return f.off + frameSize + int64(len(f.payload)) }

// appendFrame writes the frame f; f.off is not used.
func appendFrame(dst []byte, f *frame) []byte {
	start := len(dst)
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, frameMarker)
	dst = le.AppendUint32(dst, 0)
	dst = le.AppendUint64(dst, uint64(f.first))
	dst = le.AppendUint64(dst, uint64(f.synced))
	dst = le.AppendUint64(dst, uint64(f.oldest))
	dst = le.AppendUint64(dst, uint64(f.newest))
	dst = le.AppendUint32(dst, f.count)
	dst = le.AppendUint32(dst, f.raw)
	dst = le.AppendUint32(dst, uint32(len(f.payload)))
	dst = append(dst, f.payload...)
	le.PutUint32(dst[start+4:], crc32.Checksum(dst[start+8:], castagnoli))
	return dst
}

// parseFrame reads the frame at the start of p, which lies at off.
func parseFrame(p []byte, off int64) (frame, bool) {
	if len(p) < frameSize {
		return frame{}, false
	}
	le := binary.LittleEndian
	size := le.Uint32(p[48:])
	if le.Uint32(p) != frameMarker || uint64(size) > uint64(len(p)-frameSize) {
		return frame{}, false
	}
	p = p[:frameSize+int(size)]
	if le.Uint32(p[4:]) != crc32.Checksum(p[8:], castagnoli) {
		return frame{}, false
	}
	f := frame{
		off: off, first: telemetry.Seq(le.Uint64(p[8:])), synced: int64(le.Uint64(p[16:])),
		oldest: int64(le.Uint64(p[24:])), newest: int64(le.Uint64(p[32:])),
		count: le.Uint32(p[40:]), raw: le.Uint32(p[44:]), payload: p[frameSize:],
	}
	return f, f.count > 0 && f.count <= blockRecords && f.raw <= maxBlock
}

// scan finds the frames of a log. Frames that are damaged, though they were
// durable once, leave a gap in the numbers. end is where the last good frame
// ends; what follows is a torn tail that was never acknowledged.
func scan(log []byte, first telemetry.Seq) (frames []frame, end int64) {
	off, next := int64(headSize), first
	for off < int64(len(log)) {
		f, ok := parseFrame(log[off:], off)
		if ok && f.first == next {
			frames, off, next = append(frames, f), f.end(), f.first+telemetry.Seq(f.count)
			continue
		}
		f, ok = resume(log, off, next)
		if !ok {
			break
		}
		off = f.off
		next = f.first
	}
	return frames, off
}

// resume returns the first good frame after damage at off when some later frame
// proves that what lay at off had been durable.
func resume(log []byte, off int64, next telemetry.Seq) (frame, bool) {
	var marker [4]byte
	binary.LittleEndian.PutUint32(marker[:], frameMarker)
	var found *frame
	for at := off + 1; ; at++ {
		i := bytes.Index(log[min(at, int64(len(log))):], marker[:])
		if i < 0 {
			return frame{}, false
		}
		at += int64(i)
		f, ok := parseFrame(log[at:], at)
		if !ok || f.first < next {
			continue
		}
		if found == nil {
			found = &f
		}
		if f.synced > off {
			return *found, true
		}
		at = f.end() - 1
	}
}
