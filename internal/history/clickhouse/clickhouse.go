// Package clickhouse is an event history in a ClickHouse server, reached with plain
// HTTP: for more events than one machine keeps.
//
// [Open] takes the server and makes the tables; the rest is as [telemetry.History]
// and [telemetry.Past] say. Promises: Append returns nil only after ClickHouse has
// answered that the records are on its disk; an insert whose answer was lost is sent
// again as the same block, which ClickHouse counts once; one process at a time appends
// to a database. When the server does not answer, every call gives an
// errs.Unavailable, and what was not acknowledged is for the sender to send again.
//
// Numbers are cut into stretches. Each is a partition of every table, so that an
// insert is all or nothing, and retention drops whole stretches. Notes are collected
// for a moment, at most a second; whoever asks sees all that was noted before.
package clickhouse

import (
	"context"
	"fmt"
	"log/slog"
	"sort"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Config says where the history is.
type Config struct {
	URL      string      // http://user@host:8123/database
	Password errs.Secret // of the user
	CA       string      // PEM file of the authorities of the server's certificate; "" = the system's
	// Home names who appends. A database that has another home is refused; "" = it is
	// not looked at.
	Home string
	// Stretch is how many records are one partition, 10 million when 0. It holds for
	// new databases: one that is there keeps its own.
	Stretch uint64
	// Shared: several processes put lots (PutLots), and nobody appends. The one that
	// reads learns of them (Learn).
	Shared bool
	// Blind: nobody reads; what the tables hold is not looked at.
	Blind bool
	Log   *slog.Logger
}

const defaultStretch = 10_000_000

// History implements telemetry.History and telemetry.Past in a database.
type History struct {
	client *client
	log    *slog.Logger
	size   uint64 // numbers a stretch covers
	shared bool

	requests chan *request
	stop     chan struct{} // closed by Close
	ended    sync.WaitGroup
	life     context.Context // of inserts
	die      context.CancelFunc
	pending  []block // sent, not answered; owned by the goroutine write

	noting sync.Mutex // held while notes are collected and sent
	notes  *notes     // guarded by noting
	unsent *flush     // guarded by noting; sent, not answered

	mu        sync.RWMutex
	next      telemetry.Seq // guarded by mu; the number of the next record
	noted     telemetry.Seq // guarded by mu; durably
	stretches []stretch     // guarded by mu; oldest first
	types     map[string]bool
	reaches   reaches
}

var (
	_ telemetry.History = (*History)(nil)
	_ telemetry.Past    = (*History)(nil)
	_ telemetry.Fetcher = (*History)(nil)
)

// stretch is what is known of the records of one partition.
type stretch struct {
	index          uint64 // records index*size+1 to (index+1)*size
	first, last    telemetry.Seq
	records        int
	oldest, newest int64 // seconds, of the noted events
	timed          bool  // there are any
}

// Open makes the tables where they are absent and reads how far the history is.
func Open(ctx context.Context, c Config) (*History, error) {
	client, err := newClient(c)
	if err != nil {
		return nil, err
	}
	h := &History{
		client: client, log: c.Log, shared: c.Shared, requests: make(chan *request), stop: make(chan struct{}),
		types: map[string]bool{},
	}
	h.life, h.die = context.WithCancel(context.WithoutCancel(ctx))
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	switch h.size = c.Stretch; {
	case h.size == 0 && c.Shared:
		h.size = sharedStretch
	case h.size == 0:
		h.size = defaultStretch
	}
	if err := h.prepare(ctx, c.Home); err != nil {
		h.die()
		client.close()
		return nil, err
	}
	if c.Blind {
		h.next, h.notes = 1, newNotes(0)
	} else if err := h.load(ctx); err != nil {
		h.die()
		client.close()
		return nil, err
	}
	h.ended.Go(h.write)
	h.ended.Go(h.keepNoting)
	return h, nil
}

// Close sends what is left of the notes and ends. What cannot be sent is noted again
// by the caller after the next Open.
func (h *History) Close() error {
	limit := time.AfterFunc(closeWithin, h.die)
	defer limit.Stop()
	close(h.stop)
	h.ended.Wait()
	if err := h.settleNotes(h.life); err != nil {
		h.log.Warn("the last notes were not kept; they are made again", "error", err)
	}
	h.die()
	h.client.close()
	return nil
}

// closeWithin bounds how long Close waits for the server.
const closeWithin = 10 * time.Second

// indexOf is the stretch of a record.
func (h *History) indexOf(seq telemetry.Seq) uint64 { return (uint64(seq) - 1) / h.size }

// atLocked returns the place of the stretch with an index, or where it would be.
func (h *History) atLocked(index uint64) (int, bool) {
	i := sort.Search(len(h.stretches), func(i int) bool { return h.stretches[i].index >= index })
	return i, i < len(h.stretches) && h.stretches[i].index == index
}

// stretchLocked returns the stretch with an index, which is made when it is new.
func (h *History) stretchLocked(index uint64, first telemetry.Seq) *stretch {
	i, ok := h.atLocked(index)
	if !ok {
		h.stretches = append(h.stretches, stretch{})
		copy(h.stretches[i+1:], h.stretches[i:])
		h.stretches[i] = stretch{index: index, first: first, last: first - 1}
	}
	return &h.stretches[i]
}

// load reads what the tables hold.
func (h *History) load(ctx context.Context) error {
	if !h.shared { // else there is always one
		if err := h.client.quiet(ctx); err != nil {
			return err
		}
	}
	// The very expression of the partition, in which a parameter would be another one: so
	// the server answers from what it knows of partitions, and reads no event.
	sql := fmt.Sprintf("SELECT toUInt64(intDiv(seq - 1, %d)) AS i, min(seq), max(seq), count() FROM events GROUP BY i ORDER BY i FORMAT RowBinary", h.size)
	rows, err := h.client.rows(ctx, question{sql: sql})
	if err != nil {
		return err
	}
	h.next = 1
	for rows.more() {
		s := stretch{index: rows.uint64(), first: telemetry.Seq(rows.uint64()), last: telemetry.Seq(rows.uint64()), records: int(rows.uint64())}
		h.stretches = append(h.stretches, s)
		h.next = s.last + 1
	}
	if err := rows.close(); err != nil {
		return err
	}
	return h.loadNotes(ctx)
}

// loadNotes reads how far notes reach.
func (h *History) loadNotes(ctx context.Context) error {
	rows, err := h.client.rows(ctx, question{sql: `SELECT toUInt64(intDiv(seq - 1, {size:UInt64})) AS i, max(seq), min(at), max(at), toUInt64(countIf(mark = 1))
FROM postings WHERE mark > 0 GROUP BY i ORDER BY i FORMAT RowBinary`, params: params{"size": number(h.size)}})
	if err != nil {
		return err
	}
	for rows.more() {
		index, last, oldest, newest, timed := rows.uint64(), telemetry.Seq(rows.uint64()), rows.int64(), rows.int64(), rows.uint64()
		h.noted = last
		if i, ok := h.atLocked(index); ok && timed > 0 {
			s := &h.stretches[i]
			s.oldest, s.newest, s.timed = oldest, newest, true
		}
	}
	if err := rows.close(); err != nil {
		return err
	}
	if h.shared { // lots come whole
		h.noted = h.next - 1
	}
	h.notes = newNotes(h.noted)
	types, err := h.client.rows(ctx, question{sql: `SELECT DISTINCT type FROM words FORMAT RowBinary`})
	if err != nil {
		return err
	}
	for types.more() {
		h.types[types.string()] = true
	}
	return types.close()
}

// statsWithin is how long Stats waits: who asks how things are does not want to wait
// for what hangs.
const statsWithin = 5 * time.Second

// Stats implements telemetry.History. What it knows without the server it tells also
// with an error.
func (h *History) Stats(ctx context.Context) (telemetry.Stats, error) {
	s := telemetry.Stats{Engine: "clickhouse"}
	h.mu.RLock()
	for _, p := range h.stretches {
		s.Records += p.records
	}
	if len(h.stretches) > 0 {
		s.First, s.Last = h.stretches[0].first, h.next-1
	}
	h.mu.RUnlock()
	ctx, cancel := context.WithTimeout(ctx, statsWithin)
	defer cancel()
	rows, err := h.client.rows(ctx, question{sql: `SELECT toUInt64(sum(bytes_on_disk)), toUInt64(sumIf(rows, table = 'events')) FROM system.parts WHERE database = currentDatabase() AND active FORMAT RowBinary`})
	if err != nil {
		return s, err
	}
	for rows.more() {
		s.Bytes = int64(rows.uint64())
		if n := int(rows.uint64()); h.shared { // others put events as well
			s.Records = n
		}
	}
	if err := rows.close(); err != nil || s.Records == 0 {
		return s, err
	}
	rows, err = h.client.rows(ctx, question{sql: `SELECT toUnixTimestamp64Micro(received) FROM events WHERE seq = {first:UInt64} FORMAT RowBinary`, params: params{"first": number(s.First)}})
	if err != nil {
		return s, err
	}
	for rows.more() {
		s.Oldest = time.UnixMicro(rows.int64()).UTC()
	}
	return s, rows.close()
}

// Noted implements telemetry.History.
func (h *History) Noted() telemetry.Seq {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.noted
}
