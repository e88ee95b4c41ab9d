package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

// Searcher puts questions to the history, the newest records first.
type Searcher struct {
	History PastHistory
	Decoder *Decoder
}

var _ hunt.Searcher = Searcher{}

// foundKept bounds the events one answer carries.
const foundKept = 10_000

// search is one question at work.
type search struct {
	Searcher
	ask     hunt.Ask
	cover   func(t indicator.Type, value string) bool
	reach   *match.Reach
	literal []byte
	tally   *hunt.Tally
	answer  hunt.Answer
	end     time.Time // of the budget; zero = none
	found   []hunt.Found
	kept    int // of found, from newer parts
}

// Search implements hunt.Searcher.
func (s Searcher) Search(ctx context.Context, ask hunt.Ask, tell func(hunt.Answer)) (hunt.Answer, error) {
	start := time.Now()
	ask.Limit = min(max(ask.Limit, 0), foundKept)
	w := search{Searcher: s, ask: ask, literal: []byte(ask.Query.Literal()), tally: hunt.NewTally(ask)}
	w.cover, w.reach = ask.Query.Cover()
	if ask.Budget > 0 {
		w.end = start.Add(ask.Budget)
	}
	parts, err := s.History.Parts(ctx)
	if err != nil {
		return w.answer, err
	}
	for _, p := range parts {
		w.answer.Kept += p.Records
	}
	for i := len(parts) - 1; i >= 0 && w.answer.Partial == ""; i-- {
		if w.outside(parts[i]) {
			continue
		}
		if err := w.part(ctx, parts[i]); err != nil {
			return w.answer, err
		}
		if tell != nil {
			tell(w.result(start))
		}
	}
	return w.result(start), nil
}

func (w *search) result(start time.Time) hunt.Answer {
	a := w.tally.Answer()
	a.Looked, a.Read, a.Missed, a.Kept, a.Partial = w.answer.Looked, w.answer.Read, w.answer.Missed, w.answer.Kept, w.answer.Partial
	a.Took = time.Since(start).Round(time.Millisecond).String()
	a.Found = slices.Clone(w.found)
	slices.SortStableFunc(a.Found, func(x, y hunt.Found) int { return y.Time.Compare(x.Time) })
	return a
}

// outside says that no event of a part lies in the time asked for.
func (w *search) outside(p telemetry.Part) bool {
	if p.Noted < p.End-1 || p.From.IsZero() { // what is not noted yet has a time unknown
		return false
	}
	return !w.ask.Since.IsZero() && p.To.Add(time.Second).Before(w.ask.Since) || !w.ask.Until.IsZero() && p.From.After(w.ask.Until)
}

// part searches one part: what is noted by its values when the question allows,
// the rest record by record.
func (w *search) part(ctx context.Context, p telemetry.Part) error {
	w.answer.Looked += p.Records
	w.kept = len(w.found)
	from := p.First
	if w.cover != nil && p.Noted >= p.First {
		from = p.Noted + 1
		if err := w.byValues(ctx, p); err != nil {
			return err
		}
	}
	if err := w.scan(ctx, from, p.End); err != nil {
		return err
	}
	w.trim(0)
	return nil
}

// trim keeps the newest answers of the part at hand, which is read forwards: as
// many as there is room for, and some slack.
func (w *search) trim(slack int) {
	if over := len(w.found) - w.ask.Limit; over > slack {
		w.found = slices.Delete(w.found, w.kept, min(w.kept+over, len(w.found)))
	}
}

func (w *search) byValues(ctx context.Context, p telemetry.Part) error {
	s, err := w.History.Sift(ctx, p, telemetry.Pick{Value: w.cover, Reach: w.reach, Until: p.Noted})
	if errs.KindOf(err) == errs.NotFound {
		w.answer.Missed += p.Records
		return nil
	}
	if err != nil {
		return err
	}
	w.answer.Missed += s.Missed
	for len(s.Seqs) > 0 && !w.late(ctx) {
		n := min(readBatch, len(s.Seqs))
		records, missed, err := fetch(ctx, w.History, s.Seqs[:n])
		if err != nil {
			return err
		}
		w.answer.Missed += missed
		s.Seqs = s.Seqs[n:]
		w.look(records)
	}
	return ctx.Err()
}

// late says that the time is up, and notes it.
func (w *search) late(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	if w.end.IsZero() || time.Now().Before(w.end) {
		return false
	}
	w.answer.Partial = fmt.Sprintf("The answer was cut off after %s: older records were not looked at. Narrow the time, or ask for a value.", w.ask.Budget)
	return true
}

// scan reads records one after the other.
func (w *search) scan(ctx context.Context, from, end telemetry.Seq) error {
	for from < end && !w.late(ctx) {
		records, err := w.History.Read(ctx, from, min(readBatch, int(end-from)))
		if errs.CodeOf(err) == "history_damaged" {
			w.answer.Missed++
			from++
			continue
		}
		if err != nil || len(records) == 0 {
			return err
		}
		from = records[len(records)-1].Seq + 1
		for len(records) > 0 && records[len(records)-1].Seq >= end {
			records = records[:len(records)-1]
		}
		w.look(w.likely(records))
	}
	return ctx.Err()
}

// likely leaves out records that cannot be answers by their bytes.
func (w *search) likely(records []telemetry.Stored) []telemetry.Stored {
	if len(w.literal) == 0 {
		return records
	}
	var small []byte
	out := records[:0:0]
	for _, r := range records {
		small = lower(small[:0], r.Raw)
		if bytes.Contains(small, w.literal) {
			out = append(out, r)
		}
	}
	return out
}

// lower appends p with ASCII letters made small.
func lower(dst, p []byte) []byte {
	dst = append(dst, p...)
	for i, c := range dst {
		if c-'A' < 26 {
			dst[i] = c + 'a' - 'A'
		}
	}
	return dst
}

// look decodes records side by side and counts the answers, in order.
func (w *search) look(records []telemetry.Stored) {
	w.answer.Read += len(records)
	events := make([]*event.Event, len(records))
	hands := min(runtime.GOMAXPROCS(0), 1+len(records)/portion)
	var all sync.WaitGroup
	for h := range hands {
		all.Go(func() {
			for i := h; i < len(records); i += hands {
				events[i] = w.one(records[i])
			}
		})
	}
	all.Wait()
	for i, ev := range events {
		if ev == nil {
			continue
		}
		w.tally.Add(ev)
		if w.kept >= w.ask.Limit {
			continue
		}
		w.found = append(w.found, hunt.Found{ID: strconv.FormatUint(uint64(records[i].Seq), 10), Time: ev.Time, Source: records[i].Source, Event: ev})
	}
	w.trim(len(records))
}

// one returns the event of a record when it is an answer.
func (w *search) one(r telemetry.Stored) *event.Event {
	decode := w.Decoder.read
	if w.ask.Query.Observes() {
		decode = w.Decoder.Decode
	}
	ev, ok := decode(r)
	if !ok || !w.ask.Since.IsZero() && ev.Time.Before(w.ask.Since) || !w.ask.Until.IsZero() && ev.Time.After(w.ask.Until) || !w.ask.Query.Matches(&ev) {
		return nil
	}
	return &ev
}

// presentIn is how many of the newest records Present looks at.
const presentIn = 20_000

// Present implements hunt.Searcher.
func (s Searcher) Present(ctx context.Context, fields []string, since time.Time) (n int, have map[string]int, err error) {
	stats, err := s.History.Stats(ctx)
	if err != nil {
		return 0, nil, err
	}
	have = map[string]int{}
	from := telemetry.Seq(1)
	if stats.Last > presentIn {
		from = stats.Last - presentIn + 1
	}
	for {
		records, err := s.History.Read(ctx, from, readBatch)
		if errs.CodeOf(err) == "history_damaged" && from < stats.Last {
			from++
			continue
		}
		if err != nil || len(records) == 0 {
			return n, have, err
		}
		from = records[len(records)-1].Seq + 1
		for _, r := range records {
			ev, ok := s.Decoder.read(r)
			if !ok || ev.Time.Before(since) {
				continue
			}
			n++
			for _, f := range fields {
				if len(ev.Fields.Strings(f)) > 0 {
					have[f]++
				}
			}
		}
	}
}
