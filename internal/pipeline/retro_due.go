package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Ready implements hunt.Past.
func (r *Retro) Ready(ctx context.Context) error {
	ready := []<-chan struct{}{r.Started}
	if r.Rules != nil {
		ready = append(ready, r.Rules.Ready())
	}
	for _, c := range ready {
		select {
		case <-c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Due implements hunt.Past.
func (r *Retro) Due(ctx context.Context, was []byte) ([]hunt.Job, []byte, error) {
	var before place
	if len(was) > 0 {
		if err := json.Unmarshal(was, &before); err != nil {
			return nil, nil, fmt.Errorf("read the place of looking back: %w", err)
		}
	}
	now := place{Intel: before.Intel, Rules: r.running()}
	since := r.Matcher.Since()
	turned := since.Seq != before.Intel.Seq || since.Token != before.Intel.Token
	if turned {
		now.Intel = since
	}
	kept, err := json.Marshal(now)
	if err != nil {
		return nil, nil, err
	}
	fresh := newRules(before.Rules, now.Rules)
	var elsewhere telemetry.Seq
	if r.Elsewhere != nil && (turned || len(fresh) > 0) {
		if elsewhere, err = r.Elsewhere(ctx, since); err != nil {
			return nil, nil, err
		}
	}
	stats, err := r.History.Stats(ctx)
	if err != nil || stats.Records == 0 && elsewhere == 0 {
		return nil, kept, err
	}
	var jobs []hunt.Job
	if turned {
		if jobs, err = r.indicatorJobs(ctx, before.Intel); err != nil {
			return nil, nil, err
		}
	}
	if len(was) > 0 && len(fresh) > 0 {
		jobs = append(jobs, hunt.Job{Kind: hunt.Rules, Rules: fresh, Wants: len(fresh)})
	}
	for i := range jobs {
		jobs[i].From, jobs[i].Until = uint64(stats.First), uint64(max(stats.Last, elsewhere))
	}
	return jobs, kept, nil
}

// indicatorJobs makes jobs of what began to be live since a moment; none when nothing did.
func (r *Retro) indicatorJobs(ctx context.Context, since intel.Stamp) ([]hunt.Job, error) {
	changed, _, told, err := r.Intel.Changes(ctx, since, retroChanges)
	if err != nil {
		return nil, err
	}
	if !told {
		return r.allLive(), nil
	}
	n, texts := 0, map[intel.Key]string{}
	for _, c := range changed {
		if c.Live {
			n++
		}
		if c.Live && c.Type == indicator.Pattern {
			texts[c.Key] = c.Value
		}
	}
	b, err := json.Marshal(since)
	if err != nil {
		return nil, err
	}
	return jobsFor(hunt.Job{Kind: hunt.Indicators, Since: string(b), Wants: n}, texts), nil
}

// allLive makes jobs of all that is live.
func (r *Retro) allLive() []hunt.Job {
	return jobsFor(hunt.Job{Kind: hunt.AllLive, Wants: r.Matcher.State().Indicators}, r.Matcher.patterns.live())
}

// jobsFor returns the job of indicators, and one of those among them that are patterns
// to be sought in text.
func jobsFor(j hunt.Job, patterns map[intel.Key]string) []hunt.Job {
	if j.Wants == 0 {
		return nil
	}
	jobs := []hunt.Job{j}
	if n := len(inText(patterns)); n > 0 {
		jobs = append(jobs, hunt.Job{Kind: hunt.Patterns, Since: j.Since, Wants: n})
	}
	return jobs
}

// newRules returns the ids of rules that did not run before, or in another version.
func newRules(before, now map[string]int) []string {
	var out []string
	for id, version := range now {
		if had, ok := before[id]; !ok || had != version {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// All implements hunt.Past.
func (r *Retro) All(ctx context.Context) ([]hunt.Job, error) {
	stats, err := r.History.Stats(ctx)
	jobs := r.allLive()
	if len(jobs) == 0 { // nothing is live, which is told as well
		jobs = []hunt.Job{{Kind: hunt.AllLive}}
	}
	for i := range jobs {
		jobs[i].From, jobs[i].Until = uint64(stats.First), uint64(stats.Last)
	}
	return jobs, err
}
