package jetstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// A message is the version and a zstd frame of the number of records and the records:
// of each the time in microseconds, then source, format, context and raw bytes, each
// after its length.
const (
	lotVersion = 1
	// unpackedMost bounds a lot once it is unpacked.
	unpackedMost = 256 << 20
)

var errLot = errors.New("this is no lot of events")

// packer packs lots; it belongs to one goroutine.
type packer struct {
	z   *zstd.Encoder
	raw []byte
}

func newPacker() (*packer, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	return &packer{z: z}, err
}

// pack returns records as the data of a message.
func (p *packer) pack(records []telemetry.Record) []byte {
	b := binary.AppendUvarint(p.raw[:0], uint64(len(records)))
	for i := range records {
		r := &records[i]
		b = binary.AppendVarint(b, r.Received.UnixMicro())
		b = appendBytes(b, r.Source)
		b = appendBytes(b, r.Format)
		b = appendBytes(b, r.Context)
		b = appendBytes(b, r.Raw)
	}
	p.raw = b
	if cap(p.raw) > 16<<20 { // one that was very large must not stay
		p.raw = nil
	}
	return p.z.EncodeAll(b, []byte{lotVersion})
}

func appendBytes[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// unpacker reads lots; it belongs to one goroutine.
type unpacker struct{ z *zstd.Decoder }

func newUnpacker() (*unpacker, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(unpackedMost), zstd.WithDecoderMaxWindow(8<<20))
	return &unpacker{z}, err
}

// unpack returns the records of a message. They share its unpacked bytes.
func (u *unpacker) unpack(data []byte) ([]telemetry.Record, error) {
	if len(data) == 0 || data[0] != lotVersion {
		return nil, errLot
	}
	b, err := u.z.DecodeAll(data[1:], nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLot, err)
	}
	return read(b)
}

// read returns the records of a frame that was unpacked.
func read(b []byte) ([]telemetry.Record, error) {
	c := cursor{b: b}
	n := c.uvarint()
	if n > telemetry.LotRecords || n == 0 {
		return nil, errLot
	}
	records := make([]telemetry.Record, n)
	for i := range records {
		r := &records[i]
		r.Received = time.UnixMicro(c.varint()).UTC()
		r.Source, r.Format = string(c.bytes()), string(c.bytes())
		if r.Context = c.bytes(); len(r.Context) == 0 {
			r.Context = nil
		}
		r.Raw = c.bytes()
	}
	if c.bad || len(c.b) > 0 {
		return nil, errLot
	}
	return records, nil
}

// cursor reads what pack wrote.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) uvarint() uint64 {
	n, k := binary.Uvarint(c.b)
	c.skip(k)
	return n
}

func (c *cursor) varint() int64 {
	n, k := binary.Varint(c.b)
	c.skip(k)
	return n
}

// skip goes over k bytes; k <= 0 says that there was no number.
func (c *cursor) skip(k int) {
	if k <= 0 {
		c.bad, c.b = true, nil
		return
	}
	c.b = c.b[k:]
}

func (c *cursor) bytes() []byte {
	n := c.uvarint()
	if n > math.MaxInt32 || n > uint64(len(c.b)) {
		c.bad, c.b = true, nil
		return nil
	}
	out := c.b[:n:n]
	c.b = c.b[n:]
	return out
}
