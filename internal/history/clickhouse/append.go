package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

const (
	// blockRecords and blockBytes are when a block is full; a larger one comes of a
	// single caller.
	blockRecords = 100_000
	blockBytes   = 32 << 20
)

// tries are the pauses before an insert without an answer is sent again.
var tries = [...]time.Duration{0, 50 * time.Millisecond, 500 * time.Millisecond}

// triesWithin is how long it is tried.
const triesWithin = 10 * time.Second

// request is what one caller wants kept.
type request struct {
	first   telemetry.Seq // the number it must have; 0 = the next
	records []telemetry.Record
	done    chan error
}

// block is records of one stretch: one insert, which is done or not done.
type block struct {
	first   telemetry.Seq
	records int
	rows    []byte
}

func (b *block) last() telemetry.Seq { return b.first + telemetry.Seq(b.records) - 1 }

// token names a block, so that ClickHouse knows it when it comes again.
func (b *block) token() string {
	return fmt.Sprintf("events-%d-%d-%016x", b.first, b.records, xxhash.Sum64(b.rows))
}

// Append implements telemetry.History. After an error the records may be kept all the
// same: the answer may have been lost.
func (h *History) Append(ctx context.Context, records []telemetry.Record) (telemetry.Seq, error) {
	return h.append(ctx, &request{records: records})
}

// AppendAt is Append of records with their numbers, from first on, all of which must
// come after those that are kept.
func (h *History) AppendAt(ctx context.Context, first telemetry.Seq, records []telemetry.Record) error {
	_, err := h.append(ctx, &request{first: first, records: records})
	return err
}

func (h *History) append(ctx context.Context, r *request) (telemetry.Seq, error) {
	if len(r.records) == 0 {
		h.mu.RLock()
		defer h.mu.RUnlock()
		return h.next, nil
	}
	if h.shared {
		return 0, errs.New(errs.Conflict, "history_shared", "Several processes put events into this history; they go there through the transport.")
	}
	r.done = make(chan error, 1)
	select {
	case h.requests <- r:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-h.stop:
		return 0, errs.New(errs.Unavailable, "history_closed", "The server is stopping.")
	}
	// The writer has the records now, which are the caller's: wait for it.
	return r.first, <-r.done
}

// write is the goroutine that appends: what arrives while a block is on its way goes
// into the next one.
func (h *History) write() {
	for {
		var batch []*request
		select {
		case r := <-h.requests:
			batch = h.collect(r)
		case <-h.stop:
			return
		}
		err := h.insert(batch)
		for _, r := range batch {
			r.done <- err
		}
	}
}

// collect takes the requests that wait, up to a full block.
func (h *History) collect(r *request) []*request {
	batch, records, size := []*request{r}, len(r.records), weight(r)
	for r.first == 0 && records < blockRecords && size < blockBytes {
		select {
		case r = <-h.requests:
			batch, records, size = append(batch, r), records+len(r.records), size+weight(r)
		default:
			return batch
		}
	}
	return batch
}

func weight(r *request) int {
	n := 0
	for i := range r.records {
		n += len(r.records[i].Raw) + len(r.records[i].Context)
	}
	return n
}

// insert keeps the records of all requests, or none that anybody is told of.
func (h *History) insert(batch []*request) error {
	ctx := h.life
	if err := h.resend(ctx); err != nil {
		return err
	}
	h.mu.RLock()
	next := h.next
	h.mu.RUnlock()
	var blocks []block
	for _, r := range batch {
		switch {
		case r.first == 0:
			r.first = next
		case r.first < next:
			return errs.New(errs.Conflict, "history_ahead", "The ClickHouse history already holds records up to %d; record %d cannot be put behind them.", next-1, r.first)
		}
		blocks = h.encode(blocks, r)
		next = r.first + telemetry.Seq(len(r.records))
	}
	h.pending = blocks
	return h.resend(ctx)
}

// encode appends the records of a request as blocks of one stretch each.
func (h *History) encode(blocks []block, r *request) []block {
	for i := range r.records {
		seq := r.first + telemetry.Seq(i)
		if n := len(blocks); n == 0 || blocks[n-1].last()+1 != seq || h.indexOf(blocks[n-1].first) != h.indexOf(seq) {
			blocks = append(blocks, block{first: seq})
		}
		b := &blocks[len(blocks)-1]
		b.rows = appendRecord(b.rows, seq, &r.records[i])
		b.records++
	}
	return blocks
}

// The times that a DateTime64(6) can be, in microseconds.
const earliest, latest = -2208988800_000000, 9000000000_000000

func appendRecord(b []byte, seq telemetry.Seq, r *telemetry.Record) []byte {
	b = appendUint64(b, uint64(seq))
	b = appendUint64(b, uint64(min(max(r.Received.UnixMicro(), earliest), latest)))
	b = appendString(appendString(b, r.Source), r.Format)
	return appendString(appendString(b, r.Context), r.Raw)
}

// resend sends the blocks that are not known to be kept, in order, until each is. What
// has no answer after some tries stays for the next call: its numbers are taken as
// long as nobody knows.
func (h *History) resend(ctx context.Context) error {
	for len(h.pending) > 0 {
		b := &h.pending[0]
		err := h.send(ctx, insert("events", b.rows, "seq", "received", "source", "format", "context", "raw"), b.token())
		if said, ok := errors.AsType[*exception](err); ok {
			return h.refused(ctx, said)
		}
		if err != nil {
			return err
		}
		h.kept(b)
		h.pending = h.pending[1:]
	}
	h.pending = nil
	return nil
}

// send sends one block of data under a token until there is an answer.
func (h *History) send(ctx context.Context, q question, token string) error {
	q.settings = map[string]string{
		"insert_deduplicate": "1", "insert_deduplication_token": token, "deduplicate_blocks_in_dependent_materialized_views": "1",
		// One block, so that it is all or nothing, and an answer only when it is on disk.
		"async_insert": "0", "max_insert_block_size": "100000000", "min_insert_block_size_rows": "100000000", "min_insert_block_size_bytes": "10000000000",
	}
	var err error
	start := time.Now()
	for _, pause := range tries {
		if time.Since(start) > triesWithin {
			break // it hangs: who waits had better know
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		err = h.client.exec(ctx, q)
		if _, ok := errors.AsType[*exception](err); ok || err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// refused forgets what the server refused; numbers of which it has kept some all the
// same are not given again.
func (h *History) refused(ctx context.Context, said *exception) error {
	b := h.pending[0]
	rows, err := h.client.rows(ctx, question{
		sql:    "SELECT max(seq), count() FROM events WHERE seq >= {first:UInt64} FORMAT RowBinary",
		params: params{"first": number(b.first)},
	})
	if err != nil {
		return err // not known yet
	}
	var last, n uint64
	for rows.more() {
		last, n = rows.uint64(), rows.uint64()
	}
	if err := rows.close(); err != nil {
		return err
	}
	h.pending = nil
	if n > 0 {
		h.kept(&block{first: b.first, records: int(last - uint64(b.first) + 1)})
	}
	if errs.KindOf(said) == errs.Internal {
		return errs.New(errs.Unavailable, "clickhouse_refused", "ClickHouse does not take the events; Vedette's log says why.").Because(said)
	}
	return said
}

// kept counts a block that is durable.
func (h *History) kept(b *block) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.stretchLocked(h.indexOf(b.first), b.first)
	s.last = b.last()
	s.records += b.records
	h.next = b.last() + 1
}

// Skip lets the next record have a number above seq. Call it before anything is
// appended.
func (h *History) Skip(seq telemetry.Seq) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next = max(h.next, seq+1)
}
