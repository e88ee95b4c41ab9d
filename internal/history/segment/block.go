package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// A block is what is compressed as one: it is cut when it holds blockRaw bytes
// or blockRecords records, so that reading one record decodes little.
const (
	blockRaw     = 256 << 10
	blockRecords = 4096
	// maxRecord bounds one record with its context; maxBlock what a reader
	// allocates for a block, which a single largest record may fill.
	maxRecord = 32 << 20
	maxBlock  = blockRaw + 2*maxRecord
)

// origin is what records of a block share: kept once per block.
type origin struct {
	source, format string
	context        []byte
}

func (o *origin) of(r *telemetry.Record) bool {
	return o.source == r.Source && o.format == r.Format &&
		(o.context == nil) == (r.Context == nil) && bytes.Equal(o.context, r.Context)
}

// builder gathers records into one block.
//
// Form: uvarint number of origins; each origin as source, format (uvarint length
// and bytes) and context (uvarint 0 when nil, else length+1 and bytes); then per
// record the varint microseconds since the record before, the uvarint index of
// its origin, and its raw bytes (uvarint length and bytes).
type builder struct {
	origins        []origin
	table, rows    []byte
	count          uint32
	last           int // origin of the last record
	previous       int64
	oldest, newest int64 // microseconds
}

func (b *builder) reset() {
	clear(b.origins)
	*b = builder{origins: b.origins[:0], table: b.table[:0], rows: b.rows[:0]}
}

func (b *builder) full() bool {
	return b.count >= blockRecords || len(b.rows)+len(b.table) >= blockRaw
}

func (b *builder) add(r *telemetry.Record) {
	at := r.Received.UnixMicro()
	if b.count == 0 {
		b.oldest, b.newest = at, at
	}
	b.oldest, b.newest = min(b.oldest, at), max(b.newest, at)
	b.rows = binary.AppendVarint(b.rows, at-b.previous)
	b.previous = at
	b.rows = binary.AppendUvarint(b.rows, uint64(b.origin(r)))
	b.rows = appendBytes(b.rows, r.Raw)
	b.count++
}

func (b *builder) origin(r *telemetry.Record) int {
	if b.count > 0 && b.origins[b.last].of(r) {
		return b.last
	}
	for i := range b.origins {
		if b.origins[i].of(r) {
			b.last = i
			return i
		}
	}
	b.origins = append(b.origins, origin{r.Source, r.Format, r.Context})
	b.table = appendBytes(b.table, r.Source)
	b.table = appendBytes(b.table, r.Format)
	if r.Context == nil {
		b.table = append(b.table, 0)
	} else {
		b.table = binary.AppendUvarint(b.table, uint64(len(r.Context))+1)
		b.table = append(b.table, r.Context...)
	}
	b.last = len(b.origins) - 1
	return b.last
}

// bytes appends the block to dst.
func (b *builder) bytes(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b.origins)))
	dst = append(dst, b.table...)
	return append(dst, b.rows...)
}

func appendBytes[T string | []byte](dst []byte, s T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

var errBlock = errors.New("the block does not decode")

// input reads the form that builder writes; bad is set at the first fault.
type input struct {
	p   []byte
	bad bool
}

func (in *input) uvarint() uint64 {
	v, n := binary.Uvarint(in.p)
	if n <= 0 {
		in.bad, in.p = true, nil
		return 0
	}
	in.p = in.p[n:]
	return v
}

func (in *input) varint() int64 {
	v, n := binary.Varint(in.p)
	if n <= 0 {
		in.bad, in.p = true, nil
		return 0
	}
	in.p = in.p[n:]
	return v
}

func (in *input) take(n uint64) []byte {
	if n > uint64(len(in.p)) {
		in.bad, in.p = true, nil
		return nil
	}
	s := in.p[:n:n]
	in.p = in.p[n:]
	return s
}

// parseBlock reads count records, the first of which has number first. Their
// bytes are parts of p.
func parseBlock(p []byte, first telemetry.Seq, count uint32) ([]telemetry.Stored, error) {
	in := input{p: p}
	n := in.uvarint()
	if in.bad || n > uint64(count) {
		return nil, errBlock
	}
	origins := make([]origin, n)
	for i := range origins {
		o := &origins[i]
		o.source = string(in.take(in.uvarint()))
		o.format = string(in.take(in.uvarint()))
		if k := in.uvarint(); k > 0 {
			o.context = in.take(k - 1)
		}
	}
	if in.bad {
		return nil, errBlock
	}
	out := make([]telemetry.Stored, count)
	at := int64(0)
	for i := range out {
		at += in.varint()
		k := in.uvarint()
		raw := in.take(in.uvarint())
		if in.bad || k >= n {
			return nil, errBlock
		}
		o := &origins[k]
		out[i] = telemetry.Stored{Seq: first + telemetry.Seq(i), Record: telemetry.Record{
			Received: time.UnixMicro(at).UTC(), Source: o.source, Format: o.format, Context: o.context, Raw: raw,
		}}
	}
	if len(in.p) > 0 {
		return nil, errBlock
	}
	return out, nil
}
