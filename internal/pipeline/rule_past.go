package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
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

// Try implements detect.Past. Events count by their own time; correlations see them in
// the order in which they came, as live ones do, and judge at the end what is open.
func (p RulePast) Try(ctx context.Context, live detect.Live, b detect.Backtest, tell func(detect.Backtest)) (detect.Backtest, error) {
	set, err := compileRules(live, sigma.Options{Pipelines: p.Pipelines, Placeholders: p.Org.Index().Profile.Placeholders}, &compilers{})
	if err != nil {
		return b, fmt.Errorf("compile the rule: %w", err)
	}
	t := trial{Backtest: b, org: p.Org, finder: newRuleFinder(nil, set), days: map[string]*detect.Day{}, who: map[string]int{}}
	if !t.works() {
		return b, fmt.Errorf("compile the rule: %s", whyRefused(set.refused))
	}
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
			t.alarms(t.finder.raised(t.finder.memory.End()))
			return t.result(), nil
		}
		for i := range records {
			if ev, ok := p.Decoder.read(records[i]); ok {
				if ev.Time.Sub(records[i].Received) > telemetry.Ahead {
					ev.Time = records[i].Received
				}
				t.look(&ev, EventRef(records[i].Seq))
			}
		}
		t.finder.forget() // what it counts for pages of live rules
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
	org    *org.Service
	finder *ruleFinder
	days   map[string]*detect.Day
	who    map[string]int
}

// works says whether what is tried could be compiled.
func (t *trial) works() bool {
	set := t.finder.eye.set
	for i := range set.correlations {
		if set.correlations[i].ID == t.Rule {
			return t.finder.memory.Has(i)
		}
	}
	return slices.ContainsFunc(set.meta, func(r detect.Rule) bool { return r.ID == t.Rule })
}

func whyRefused(list []detect.Refusal) string {
	if len(list) == 0 {
		return "it cannot be used"
	}
	return list[len(list)-1].Why
}

func (t *trial) look(ev *event.Event, id ref.Ref) {
	if ev.Time.Before(t.From) || !ev.Time.Before(t.To) {
		return
	}
	t.Events++
	t.day(ev.Time).Events++
	seen := t.finder.eye.look(ev, nil)
	if _, correlation := t.correlation(); correlation {
		t.alarms(t.finder.take(ev, id, seen))
		return
	}
	if len(seen.matches)+len(seen.excepted) == 0 {
		return
	}
	t.Matches++
	if len(seen.matches) == 0 {
		t.Excepted++
		return
	}
	t.day(ev.Time).Matches++
	entity := cmp.Or(settle(ev, t.org.Index()).entity.Name, ev.Fields.String("event.dataset"))
	s := detect.Sample{Event: id.ID, Time: ev.Time, Who: entity, Why: []string{}}
	for _, w := range seen.matches[0].why {
		s.Why = append(s.Why, evidence(w))
	}
	t.note(s)
}

// correlation returns what is tried when it is one.
func (t *trial) correlation() (*sigma.Correlation, bool) {
	list := t.finder.eye.set.correlations
	i := slices.IndexFunc(list, func(c sigma.Correlation) bool { return c.ID == t.Rule })
	if i < 0 {
		return nil, false
	}
	return &list[i], true
}

// alarms counts those of the correlation that is tried, by group: each at the last event
// it rests on.
func (t *trial) alarms(matches []ruleMatch) {
	for _, m := range matches {
		if m.alarm == nil || m.meta.ID != t.Rule {
			continue
		}
		c, _ := t.correlation()
		t.Matches++
		t.day(m.alarm.Last).Matches++
		s := detect.Sample{Event: m.alarm.Events[len(m.alarm.Events)-1], Time: m.alarm.Last, Who: cmp.Or(strings.Join(m.alarm.Group, ", "), c.Title)}
		s.Why = append(s.Why, fmt.Sprintf("%g within %s", m.alarm.Count, m.alarm.Last.Sub(m.alarm.First).Round(time.Second)))
		for i, name := range c.GroupBy {
			s.Why = append(s.Why, name+"="+m.alarm.Group[i])
		}
		t.note(s)
	}
}

// day returns the counts of the day of a time.
func (t *trial) day(at time.Time) *detect.Day {
	key := at.UTC().Format(time.DateOnly)
	if t.days[key] == nil {
		t.days[key] = &detect.Day{Day: key}
	}
	return t.days[key]
}

// note keeps what matched, the latest of it.
func (t *trial) note(s detect.Sample) {
	if len(t.who) < maxEntities || t.who[s.Who] > 0 {
		t.who[s.Who]++
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
