package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// running returns the versions of the rules that run, by id.
func (r *Retro) running() map[string]int {
	out := map[string]int{}
	if r.Rules == nil {
		return out
	}
	set := r.Rules.state.Load()
	for i, m := range set.meta {
		if !set.engine.Rule(i).Silent {
			out[m.ID] = m.Version
		}
	}
	for i, m := range set.corrMeta {
		if !set.correlations[i].Silent {
			out[m.ID] = m.Version
		}
	}
	return out
}

// lookWithRules reads every record from j.Next on and looks at it with the rules
// of a job. What their correlations remember is kept with the job.
func (r *Retro) lookWithRules(ctx context.Context, j hunt.Job, tell func(hunt.Job) error) (hunt.Job, error) {
	set, err := r.ruleSetOf(ctx, j.Rules)
	if err != nil {
		return j, err
	}
	f := newRuleFinder(nil, set)
	if j.Memory != "" {
		if err := f.memory.Restore([]byte(j.Memory)); err != nil {
			r.Log.WarnContext(ctx, "the correlations of a look back begin anew", "job", j.ID, "error", err)
		}
	}
	l := retroLook{Retro: r, job: &j, tell: tell, told: time.Now()}
	glance := newRuleGlance(r.Decoder, set)
	for j.Next <= j.Until {
		if err := l.give(ctx); err != nil {
			return j, err
		}
		if err := l.ruleBatch(ctx, f, glance); err != nil {
			return j, err
		}
		if time.Since(l.told) < retroTell {
			continue
		}
		if err := l.remember(f); err != nil {
			return j, err
		}
		if err := l.say(true); err != nil {
			return j, err
		}
	}
	if err := l.closed(ctx, f); err != nil {
		return j, err
	}
	j.Memory = ""
	return j, nil
}

// closed judges, behind the last record, the windows that are over by now. For those
// that are still open events may come, which this job will not see.
func (l *retroLook) closed(ctx context.Context, f *ruleFinder) error {
	var found []alert.Detection
	for _, m := range f.raised(f.memory.Pass(time.Now().Add(-lateness))) {
		own, ok := eventOf(ctx, l.History.Read, l.Decoder, m.alarm.Events[len(m.alarm.Events)-1])
		if !ok { // it left the history meanwhile
			l.job.Missed++
			continue
		}
		own.org = l.Org
		found = append(found, byRules(&own, []ruleMatch{m})...)
	}
	return l.found(ctx, found)
}

// found counts what was found and keeps it, in batches.
func (l *retroLook) found(ctx context.Context, found []alert.Detection) error {
	l.job.Events += len(found)
	for len(found) > 0 {
		n := min(retroBatch, len(found))
		if err := l.take(ctx, found[:n]); err != nil {
			return err
		}
		found = found[n:]
	}
	return nil
}

func (l *retroLook) remember(f *ruleFinder) error {
	if len(f.eye.set.correlations) == 0 {
		return nil
	}
	state, err := f.memory.State()
	l.job.Memory = string(state)
	return err
}

// ruleBatch looks at the next records.
func (l *retroLook) ruleBatch(ctx context.Context, f *ruleFinder, glance *ruleGlance) error {
	j := l.job
	from := telemetry.Seq(j.Next)
	records, err := l.History.Read(ctx, from, readBatch)
	if errs.CodeOf(err) == "history_damaged" {
		return l.skip(ctx, from)
	}
	if err != nil {
		return err
	}
	if len(records) == 0 {
		j.Missed += telemetry.Missing(l.History, from, telemetry.Seq(j.Until)+1)
		j.Next = j.Until + 1
		return nil
	}
	j.Missed += telemetry.Missing(l.History, from, min(records[0].Seq, telemetry.Seq(j.Until)+1))
	var found []alert.Detection
	for i := range records {
		if records[i].Seq > telemetry.Seq(j.Until) {
			break
		}
		j.Records++
		if glance.nothing(&records[i]) {
			continue
		}
		ev, ok := l.Decoder.read(records[i])
		if !ok {
			continue
		}
		a := about{ev: &ev, id: EventRef(records[i].Seq), org: l.Org}
		found = append(found, byAlarms(ctx, l.History.Read, l.Decoder, &a, f.take(&ev, a.id, f.eye.look(&ev, nil)))...)
	}
	f.forget()
	if err := l.found(ctx, found); err != nil {
		return err
	}
	j.Next = uint64(records[len(records)-1].Seq) + 1
	return nil
}

// skip passes over a record that cannot be read, and with it over what is damaged
// together with it.
func (l *retroLook) skip(ctx context.Context, from telemetry.Seq) error {
	at := from
	for step := telemetry.Seq(1); at <= telemetry.Seq(l.job.Until); step = min(2*step, 256) {
		at += step
		if _, err := l.History.Read(ctx, at, 1); errs.CodeOf(err) != "history_damaged" {
			if err != nil {
				return err
			}
			break
		}
	}
	at = min(at, telemetry.Seq(l.job.Until)+1)
	l.job.Missed += int(at - from)
	l.job.Next = uint64(at)
	return nil
}

// ruleSetOf compiles the rules of a job that still run, with the rules their
// correlations ask for.
func (r *Retro) ruleSetOf(ctx context.Context, ids []string) (*ruleSet, error) {
	live, err := r.Rules.detect.Running(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	want := map[string]bool{}
	for _, id := range ids {
		want[id] = true
	}
	options := r.Rules.options()
	options.LogSources = false // they were counted when the events came
	return compileRules(only(live, want), options, &compilers{})
}

// only keeps the wanted rules; those that their correlations ask for are kept
// silent.
func only(live detect.Live, want map[string]bool) detect.Live {
	out := live
	out.Sigma.Rules, out.Sigma.Correlations = nil, nil
	asked := map[string]bool{}
	// A correlation may ask for correlations: until nothing more is asked for.
	for grown := true; grown; {
		grown = false
		for _, c := range live.Sigma.Correlations {
			if !want[c.ID] && !asked[c.ID] && !asked[c.Name] {
				continue
			}
			for _, name := range c.Rules {
				if !asked[name] {
					asked[name], grown = true, true
				}
			}
		}
	}
	for _, c := range live.Sigma.Correlations {
		if want[c.ID] || asked[c.ID] || asked[c.Name] {
			c.Silent = c.Silent || !want[c.ID]
			out.Sigma.Correlations = append(out.Sigma.Correlations, c)
		}
	}
	for _, rule := range live.Sigma.Rules {
		if want[rule.ID] || asked[rule.ID] || asked[rule.Name] {
			rule.Silent = rule.Silent || !want[rule.ID]
			out.Sigma.Rules = append(out.Sigma.Rules, rule)
		}
	}
	return out
}
