package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/sigma"
)

// RulePast tries rules over what the history keeps.
type RulePast struct {
	History   telemetry.History
	Decoder   *Decoder
	Org       *org.Service
	Pipelines []sigma.Pipeline
}

var _ detect.Past = RulePast{}

const (
	samplesKept  = 20
	entitiesKept = 20
	tellEvery    = 2 * time.Second
)

// Try implements detect.Past. Events count by their own time.
func (p RulePast) Try(ctx context.Context, rules sigma.Collection, b detect.Backtest, tell func(detect.Backtest)) (detect.Backtest, error) {
	engine, err := sigma.Compile(rules, sigma.Options{Pipelines: p.Pipelines, Placeholders: p.Org.Index().Profile.Placeholders})
	if err != nil {
		return b, fmt.Errorf("compile the rule: %w", err)
	}
	t := trial{Backtest: b, org: p.Org, matcher: engine.Matcher(), days: map[string]*detect.Day{}, who: map[string]int{}}
	stats, err := p.History.Stats(ctx)
	if err != nil {
		return b, err
	}
	first, err := receivedFrom(ctx, p.History, stats, b.From)
	if err != nil {
		return b, err
	}
	told := time.Now()
	for from := first; ; {
		records, err := p.History.Read(ctx, from, readBatch)
		if err != nil {
			return b, err
		}
		if len(records) == 0 {
			return t.result(), nil
		}
		for i := range records {
			if ev, ok := p.Decoder.read(records[i]); ok {
				t.look(&ev, records[i].Seq)
			}
		}
		from = records[len(records)-1].Seq + 1
		if stats.Last >= first {
			t.Progress = min(float64(from-first)/float64(stats.Last-first+1), .99)
		}
		if time.Since(told) > tellEvery {
			tell(t.result())
			told = time.Now()
		}
	}
}

// receivedFrom finds the first record received at or after a time: records are
// in the order in which they were received.
func receivedFrom(ctx context.Context, h telemetry.History, s telemetry.Stats, at time.Time) (telemetry.Seq, error) {
	var failed error
	n := sort.Search(int(s.Last-s.First+1), func(i int) bool {
		r, err := h.Read(ctx, s.First+telemetry.Seq(i), 1)
		if err != nil {
			failed = err
		}
		return len(r) == 0 || !r[0].Received.Before(at)
	})
	return s.First + telemetry.Seq(n), failed
}

// trial is one back-test while it runs.
type trial struct {
	detect.Backtest
	org     *org.Service
	matcher *sigma.Matcher
	days    map[string]*detect.Day
	who     map[string]int
}

func (t *trial) look(ev *event.Event, seq telemetry.Seq) {
	if ev.Time.Before(t.From) || !ev.Time.Before(t.To) {
		return
	}
	key := ev.Time.UTC().Format(time.DateOnly)
	day := t.days[key]
	if day == nil {
		day = &detect.Day{Day: key}
		t.days[key] = day
	}
	t.Events++
	day.Events++
	hits := t.matcher.Event(ev)
	if len(hits) == 0 || hits[0].Rule != 0 {
		return
	}
	t.Matches++
	if len(hits) > 1 {
		t.Excepted++
		return
	}
	day.Matches++
	entity := settle(ev, t.org.Index()).entity.Name
	if entity == "" {
		entity = ev.Fields.String("event.dataset")
	}
	if len(t.who) < maxEntities || t.who[entity] > 0 {
		t.who[entity]++
	}
	s := detect.Sample{Event: strconv.FormatUint(uint64(seq), 10), Time: ev.Time, Who: entity, Why: []string{}}
	for _, w := range t.matcher.Why(hits[0]) {
		s.Why = append(s.Why, evidence(w))
	}
	t.Samples = append(t.Samples, s)
	if len(t.Samples) > 2*samplesKept {
		t.Samples = slices.Delete(t.Samples, 0, samplesKept)
	}
}

// maxEntities bounds how many entities are counted apart.
const maxEntities = 50_000

// result is what there is so far.
func (t *trial) result() detect.Backtest {
	b := t.Backtest
	b.Days, b.Entities = nil, nil
	for _, d := range t.days {
		b.Days = append(b.Days, *d)
	}
	slices.SortFunc(b.Days, func(a, c detect.Day) int { return cmp.Compare(a.Day, c.Day) })
	for _, name := range most(t.who, entitiesKept) {
		b.Entities = append(b.Entities, detect.Count{Value: name, N: t.who[name]})
	}
	b.Samples = slices.Clone(t.Samples[max(0, len(t.Samples)-samplesKept):])
	slices.Reverse(b.Samples)
	return b
}
