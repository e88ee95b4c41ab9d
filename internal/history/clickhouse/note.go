package clickhouse

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

const (
	// notesRows is when collected notes are sent, and notesEvery how long they wait.
	notesRows  = 200_000
	notesEvery = time.Second
	// wordsKnown bounds the keys that are known to stand in words.
	wordsKnown = 2_000_000
)

// The marks of postings that belong to no value.
const (
	markOldest = 1 + iota
	markNewest
	markUntimed
)

// notes are collected for one insert. Guarded by History.noting.
type notes struct {
	last           telemetry.Seq // the last record noted
	records        int           // noted and not sent
	stretch        uint64        // of these
	postings       []byte        // rows of marks are still to come
	words, traces  []byte
	rows           int
	oldest, newest int64
	timed          bool
	first          telemetry.Seq            // of those not sent
	types          map[string]bool          // that are new
	known          map[telemetry.Key]uint64 // 1 + the stretch in whose words a value stands
	scratch        []uint64
	place          []byte
}

// flush is notes on their way.
type flush struct {
	first, last    telemetry.Seq
	stretch        uint64
	postings       []byte
	words, traces  []byte
	types          map[string]bool
	oldest, newest int64
	timed          bool
}

func newNotes(last telemetry.Seq) *notes {
	return &notes{last: last, known: map[telemetry.Key]uint64{}}
}

// Note implements telemetry.History. Notes become durable, and Noted moves on, within
// a second, when enough have been collected, or when somebody asks.
func (h *History) Note(ctx context.Context, seq telemetry.Seq, n telemetry.Note) error {
	h.noting.Lock()
	defer h.noting.Unlock()
	c := h.notes
	if seq <= c.last {
		return nil
	}
	h.mu.RLock()
	next := h.next
	h.mu.RUnlock()
	if seq >= next {
		return errs.New(errs.Conflict, "note_unknown", "Record %d cannot be noted: the history does not hold it.", seq)
	}
	if c.records > 0 && (c.rows >= notesRows || c.stretch != h.indexOf(seq)) {
		if err := h.flushLocked(ctx); err != nil {
			return err
		}
	}
	if c.records == 0 {
		c.first, c.stretch = seq, h.indexOf(seq)
	}
	c.add(seq, n)
	return nil
}

func (c *notes) add(seq telemetry.Seq, n telemetry.Note) {
	c.post(seq, n)
	for i, v := range n.Values {
		if v.Type != "" && c.known[v.Key] != c.stretch+1 && !before(n.Values[:i], v.Key) {
			c.word(v)
		}
	}
}

// before says whether a key stands among values.
func before(values []telemetry.Value, key telemetry.Key) bool {
	return slices.ContainsFunc(values, func(w telemetry.Value) bool { return w.Key == key })
}

// post files which values a record holds.
func (c *notes) post(seq telemetry.Seq, n telemetry.Note) {
	c.last = seq
	c.records++
	at := second(n.Time)
	if !n.Time.IsZero() {
		if !c.timed {
			c.oldest, c.newest, c.timed = at, at, true
		}
		c.oldest, c.newest = min(c.oldest, at), max(c.newest, at)
	}
	for i, v := range n.Values {
		if before(n.Values[:i], v.Key) {
			continue
		}
		c.postings = appendPosting(c.postings, 0, v.Key, seq, at, n.Source)
		c.rows++
	}
}

// word files a value that is new in its stretch. A second time does no harm.
func (c *notes) word(v telemetry.Value) {
	if len(c.known) >= wordsKnown {
		clear(c.known)
	}
	c.known[v.Key] = c.stretch + 1
	if c.types == nil {
		c.types = map[string]bool{}
	}
	c.types[string(v.Type)] = true
	c.place = match.Place(v.Type, v.Text, c.place[:0])
	b := appendString(appendUint64(c.words, c.stretch), v.Type)
	b = appendString(appendString(b, c.place), v.Text)
	c.words = appendUint64(b, uint64(v.Key))
	c.scratch = match.Traces(v.Type, v.Text, c.scratch[:0])
	for _, t := range c.scratch {
		c.traces = binary.LittleEndian.AppendUint32(appendUint64(appendUint64(c.traces, c.stretch), t), uint32(v.Key))
	}
}

func appendPosting(b []byte, mark byte, key telemetry.Key, seq telemetry.Seq, at int64, source string) []byte {
	b = appendUint64(append(b, mark), uint64(key))
	b = appendUint64(appendUint64(b, uint64(seq)), uint64(at))
	return appendString(b, source)
}

// second bounds a time to what every engine holds.
func second(t time.Time) int64 {
	const most = 1 << 40
	return min(max(t.Unix(), -most), most)
}

// settleNotes makes all notes durable.
func (h *History) settleNotes(ctx context.Context) error {
	h.noting.Lock()
	defer h.noting.Unlock()
	return h.flushLocked(ctx)
}

// marked are the postings with the rows that say how far they reach.
func (c *notes) marked() []byte {
	if !c.timed {
		return appendPosting(c.postings, markUntimed, 0, c.last, 0, "")
	}
	return appendPosting(appendPosting(c.postings, markOldest, 0, c.last, c.oldest, ""), markNewest, 0, c.last, c.newest, "")
}

// flushLocked sends what was collected. What has no answer stays, and comes again as
// it was before anything else.
func (h *History) flushLocked(ctx context.Context) error {
	if err := h.sendNotes(ctx); err != nil {
		return err
	}
	c := h.notes
	if c.records == 0 {
		return nil
	}
	f := &flush{first: c.first, last: c.last, stretch: c.stretch, postings: c.marked(), words: c.words, traces: c.traces, types: c.types, oldest: c.oldest, newest: c.newest, timed: c.timed}
	h.unsent = f
	*c = notes{last: c.last, known: c.known, scratch: c.scratch, place: c.place}
	return h.sendNotes(ctx)
}

// sendNotes sends words and traces first: once there are postings, they are there.
func (h *History) sendNotes(ctx context.Context) error {
	f := h.unsent
	if f == nil {
		return nil
	}
	for _, q := range []question{
		insert("words", f.words, "stretch", "type", "place", "text", "key"),
		insert("traces", f.traces, "stretch", "trace", "key"),
		insert("postings", f.postings, "mark", "key", "seq", "at", "source"),
	} {
		if len(q.body) == 0 {
			continue
		}
		token := fmt.Sprintf("notes-%d-%d-%016x", f.first, f.last, xxhash.Sum64(q.body))
		if err := h.sendNote(ctx, q, token); err != nil {
			return err
		}
	}
	h.unsent = nil
	h.mu.Lock()
	defer h.mu.Unlock()
	h.noted = f.last
	s := h.stretchLocked(f.stretch, f.first)
	if f.timed {
		if !s.timed {
			s.oldest, s.newest, s.timed = f.oldest, f.newest, true
		}
		s.oldest, s.newest = min(s.oldest, f.oldest), max(s.newest, f.newest)
	}
	for t := range f.types {
		h.types[t] = true
	}
	return nil
}

// sendNote is send with an error that says that it is about notes.
func (h *History) sendNote(ctx context.Context, q question, token string) error {
	err := h.send(ctx, q, token)
	if _, ok := errors.AsType[*exception](err); ok && errs.KindOf(err) == errs.Internal {
		return errs.New(errs.Unavailable, "clickhouse_refused", "ClickHouse does not take the notes of events; Vedette's log says why.").Because(err)
	}
	return err
}

// keepNoting makes notes durable that nobody asked for. A failure is the next caller's.
func (h *History) keepNoting() {
	tick := time.NewTicker(notesEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(h.life, answerWithin)
		if err := h.settleNotes(ctx); err != nil {
			h.log.Warn("notes of events are not kept yet", "error", err)
		}
		cancel()
	}
}
