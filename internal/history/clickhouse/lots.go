package clickhouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sync/errgroup"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

const (
	// sharedStretch is how many numbers a stretch covers in a database that several
	// processes write to: lots seldom use all of theirs.
	sharedStretch = 1 << 29
	// sharedWindow is how many inserts such a database recognises when they come again.
	sharedWindow = 10_000
	ownWindow    = 1000
	// putTogether is how many lots are sent side by side.
	putTogether = 4
)

var (
	_ telemetry.LotKeeper = (*History)(nil)
	_ telemetry.Sparse    = (*History)(nil)
)

// Sparse implements telemetry.Sparse: lots seldom use all of their numbers.
func (h *History) Sparse() bool { return h.shared }

// PutLots implements telemetry.LotKeeper. The token of an insert is the number of its
// first record, so that ClickHouse counts one that comes again soon once; of a lot that
// was handed out before it is looked first whether it is there.
func (h *History) PutLots(ctx context.Context, lots []telemetry.Noted) error {
	if err := h.putWords(ctx, lots); err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(putTogether)
	for _, l := range lots {
		all.Go(func() error {
			if err := h.putEvents(ctx, l); err != nil {
				return fmt.Errorf("keep lot %d: %w", l.Number, err)
			}
			if err := h.putPostings(ctx, l); err != nil {
				return fmt.Errorf("note lot %d: %w", l.Number, err)
			}
			return nil
		})
	}
	return all.Wait()
}

// putWords files the values of lots, and their traces. A second time does no harm.
func (h *History) putWords(ctx context.Context, lots []telemetry.Noted) error {
	h.noting.Lock() // also while they are sent: what is known is there
	defer h.noting.Unlock()
	c := h.notes
	for _, l := range lots {
		for i := range l.Notes {
			c.stretch = h.indexOf(l.Number.First() + telemetry.Seq(i))
			for _, v := range l.Notes[i].Values {
				if v.Type != "" && c.known[v.Key] != c.stretch+1 {
					c.word(v)
				}
			}
		}
	}
	words, traces := c.words, c.traces
	c.words, c.traces = nil, nil
	for _, q := range []question{insert("words", words, "stretch", "type", "place", "text", "key"), insert("traces", traces, "stretch", "trace", "key")} {
		if len(q.body) == 0 {
			continue
		}
		if err := h.sendNote(ctx, q, fmt.Sprintf("words-%016x", xxhash.Sum64(q.body))); err != nil {
			clear(c.known) // they may not be there
			return err
		}
	}
	return nil
}

// putEvents keeps the records of a lot: one insert, or two where it lies across stretches.
func (h *History) putEvents(ctx context.Context, l telemetry.Noted) error {
	for _, b := range h.encode(nil, &request{first: l.Number.First(), records: l.Records}) {
		if l.Again() {
			there, err := h.there(ctx, "SELECT toUInt64(count()) FROM events WHERE seq >= {first:UInt64} AND seq <= {last:UInt64} FORMAT RowBinary", b.first, b.last())
			if err != nil {
				return err
			}
			if there {
				continue
			}
		}
		err := h.send(ctx, insert("events", b.rows, "seq", "received", "source", "format", "context", "raw"), fmt.Sprintf("lot-%d", b.first))
		if err != nil {
			return h.plain(err)
		}
	}
	return nil
}

// putPostings keeps which records of a lot hold a value.
func (h *History) putPostings(ctx context.Context, l telemetry.Noted) error {
	for from := 0; from < len(l.Notes); {
		first := l.Number.First() + telemetry.Seq(from)
		to := from
		part := newNotes(0)
		part.stretch = h.indexOf(first)
		for to < len(l.Notes) && h.indexOf(l.Number.First()+telemetry.Seq(to)) == part.stretch {
			part.post(l.Number.First()+telemetry.Seq(to), l.Notes[to])
			to++
		}
		from = to
		if l.Again() {
			there, err := h.there(ctx, "SELECT toUInt64(count()) FROM postings WHERE mark IN (1, 2, 3) AND key = 0 AND seq >= {first:UInt64} AND seq <= {last:UInt64} FORMAT RowBinary", part.last, part.last)
			if err != nil {
				return err
			}
			if there {
				continue
			}
		}
		q := insert("postings", part.marked(), "mark", "key", "seq", "at", "source")
		if err := h.sendNote(ctx, q, fmt.Sprintf("lot-%d", first)); err != nil {
			return err
		}
	}
	return nil
}

// there says whether a question counts any row. An insert is all or nothing.
func (h *History) there(ctx context.Context, sql string, first, last telemetry.Seq) (bool, error) {
	rows, err := h.client.rows(ctx, question{sql: sql, params: params{"first": number(first), "last": number(last)}})
	if err != nil {
		return false, err
	}
	n := uint64(0)
	for rows.more() {
		n = rows.uint64()
	}
	return n > 0, rows.close()
}

// plain is an error of an insert as people can act on it.
func (h *History) plain(err error) error {
	if _, ok := errors.AsType[*exception](err); ok && errs.KindOf(err) == errs.Internal {
		return errs.New(errs.Unavailable, "clickhouse_refused", "ClickHouse does not take the events; Vedette's log says why.").Because(err)
	}
	return err
}

// Learn makes known what other processes put, so that it can be read and is asked about.
// Call it with each lot once, when it is durable.
func (h *History) Learn(extents []telemetry.Extent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range extents {
		if e.Records == 0 {
			continue
		}
		s := h.stretchLocked(h.indexOf(e.First), e.First)
		s.first, s.last = min(s.first, e.First), max(s.last, e.Last)
		s.records += e.Records
		if !e.Newest.IsZero() {
			oldest, newest := second(e.Oldest), second(e.Newest)
			if !s.timed {
				s.oldest, s.newest, s.timed = oldest, newest, true
			}
			s.oldest, s.newest = min(s.oldest, oldest), max(s.newest, newest)
		}
		h.next, h.noted = max(h.next, e.Last+1), max(h.noted, e.Last)
		for _, t := range e.Types {
			h.types[string(t)] = true
		}
	}
}

// Highest is the highest number that is taken, as the database says.
func (h *History) Highest(ctx context.Context) (telemetry.Seq, error) {
	rows, err := h.client.rows(ctx, question{sql: "SELECT max(seq) FROM events FORMAT RowBinary"})
	if err != nil {
		return 0, err
	}
	var last telemetry.Seq
	for rows.more() {
		last = telemetry.Seq(rows.uint64())
	}
	return last, rows.close()
}
