package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match/pattern"
	"github.com/vedette-soc/vedette/misp"
)

// PastHistory is a history that can be searched backwards.
type PastHistory interface {
	telemetry.History
	telemetry.Past
}

// Retro matches what is new against all that is kept: the events that hold
// something go through the detection of live events, so that what is found is a
// detection like any other, with the same id, marked as found by looking back.
//
// A job begins when the new index is in effect, and ends with the last record
// that had arrived by then: what came before the swap is its part, what comes
// after it that of Events. None is left out, and one that both saw counts once.
type Retro struct {
	History  PastHistory
	Decoder  *Decoder
	Matcher  *Matcher
	Rules    *Rules // nil = none
	Intel    *intel.Service
	Org      *org.Service
	Exposed  *Exposed      // nil = nothing is known of vulnerabilities
	Leaked   *Leaked       // nil = nothing is known of leaked accounts
	Suppress *Suppressions // nil = nothing is let pass
	Alerts   *alert.Service
	Warnings func() *misp.WarningSet
	Changed  func(incidents []string) // may be nil
	Started  <-chan struct{}          // the first index is built
	Matched  func() telemetry.Seq     // up to where live matching is
	// Elsewhere waits until all matchers of other processes know what is in effect here,
	// and returns the last record that one may have looked at without; nil = there are none.
	Elsewhere func(ctx context.Context, since intel.Stamp) (telemetry.Seq, error)
	Log       *slog.Logger
}

var _ hunt.Past = (*Retro)(nil)

const (
	// retroChanges bounds how many indicators get an index of their own; more are
	// looked for with the whole live index.
	retroChanges = 100_000
	// retroPart bounds the records of one part of the history that one job reads;
	// the rest is counted.
	retroPart = 20_000
	// retroBatch is how many records are read and grouped in one transaction: live
	// events wait for no more.
	retroBatch = 250
	// reachMost is how many indicators are looked for by what they can touch; with
	// more it is as quick to ask about every value.
	reachMost = 1_000_000
	// retroTell is how often progress is made durable.
	retroTell = 500 * time.Millisecond
)

// place is up to where everything is in a job.
type place struct {
	Intel intel.Stamp    `json:"intel"`
	Rules map[string]int `json:"rules"` // versions of those that run, by id
}

// Look implements hunt.Past.
func (r *Retro) Look(ctx context.Context, j hunt.Job, tell func(hunt.Job) error) (hunt.Job, error) {
	if j.Until == 0 {
		return j, nil
	}
	if r.Elsewhere != nil { // what others have in hand is not in any part yet
		if err := r.await(ctx, telemetry.Seq(j.Until)); err != nil {
			return j, err
		}
	}
	if j.Kind == hunt.Rules {
		return r.lookWithRules(ctx, j, tell)
	}
	x, err := r.wanted(ctx, j)
	if err != nil {
		return j, err
	}
	l := retroLook{Retro: r, job: &j, tell: tell, told: time.Now(), detector: detector{matcher: r.Matcher, org: r.Org, warnings: r.Warnings}}
	from, until := telemetry.Seq(j.Next), telemetry.Seq(j.Until)
	if j.Kind == hunt.Patterns {
		err = l.inText(ctx, from, until, x.text)
		return j, err
	}
	pick := x.pick()
	err = r.eachPart(ctx, from, until, func(ctx context.Context, p telemetry.Part) (telemetry.Sifted, error) {
		return r.siftPart(ctx, p, from, until, pick())
	}, l.part)
	return j, err
}

// retroLook is one job at work.
type retroLook struct {
	*Retro
	detector
	job  *hunt.Job
	tell func(hunt.Job) error
	told time.Time
	// watch remembers of patterns over several events what this job has met.
	watch pattern.Watch
	// text, when it is not nil, is all that the job looks for.
	text *pattern.Set
}

// part looks at what was found in one part.
func (l *retroLook) part(ctx context.Context, p telemetry.Part, s telemetry.Sifted) error {
	j := l.job
	end := min(p.End, telemetry.Seq(j.Until)+1)
	j.Values += s.Values
	seqs := s.Seqs
	for len(seqs) > 0 {
		n := min(retroBatch, len(seqs))
		if err := l.give(ctx); err != nil {
			return err
		}
		if err := l.batch(ctx, seqs[:n], end); err != nil {
			return err
		}
		l.reach(min(seqs[n-1]+1, end))
		if err := l.say(false); err != nil {
			return err
		}
		seqs = seqs[n:]
	}
	l.reach(end)
	if telemetry.IsSparse(l.History) {
		j.Records += p.Records
	}
	j.Missed += s.Missed
	j.Records -= min(s.Missed, j.Records)
	j.Left += s.Left
	return l.say(false)
}

// reach notes that the records before next are done.
func (l *retroLook) reach(next telemetry.Seq) {
	if n := uint64(next); n > l.job.Next {
		if !telemetry.IsSparse(l.History) { // else numbers say nothing of records
			l.job.Records += int(n - l.job.Next)
		}
		l.job.Next = n
	}
}

// say makes durable how far the job is, when it is time.
func (l *retroLook) say(now bool) error {
	if !now && time.Since(l.told) < retroTell {
		return nil
	}
	l.told = time.Now()
	if l.text != nil {
		state, err := l.watch.State()
		if err != nil {
			return err
		}
		l.job.Memory = string(state)
	}
	return l.tell(*l.job)
}

// batch takes the detections of some records.
func (l *retroLook) batch(ctx context.Context, seqs []telemetry.Seq, end telemetry.Seq) error {
	var found []alert.Detection
	if i := slices.IndexFunc(seqs, func(s telemetry.Seq) bool { return s >= end }); i >= 0 {
		seqs = seqs[:i]
	}
	records, missed, err := fetch(ctx, l.History, seqs)
	if err != nil {
		return err
	}
	l.job.Missed += missed
	for _, r := range records {
		l.job.Events++
		ev, ok := l.Decoder.Decode(r)
		if !ok {
			continue
		}
		ds, err := l.event(ctx, &about{ev: &ev, id: EventRef(r.Seq), org: l.Org})
		if err != nil {
			return fmt.Errorf("detect in event %d: %w", r.Seq, err)
		}
		found = append(found, ds...)
	}
	return l.take(ctx, found)
}

// event returns what is to be said of an event.
func (l *retroLook) event(ctx context.Context, a *about) (out []alert.Detection, err error) {
	set := l.text
	if set == nil {
		set = l.matcher.patterns.set.Load()
		if out, err = l.indicators(ctx, a); err != nil {
			return nil, err
		}
	}
	whole, parts, err := l.patterns(ctx, set, a)
	if err != nil {
		return nil, err
	}
	complete, err := l.complete(ctx, &l.watch, a, parts)
	return append(append(out, whole...), complete...), err
}

// take keeps what was found, as found by looking back.
func (r *Retro) takePast(ctx context.Context, j *hunt.Job, found []alert.Detection) error {
	if len(found) == 0 {
		return nil
	}
	now := time.Now()
	for i := range found {
		past(&found[i], now)
	}
	if err := r.Suppress.Pass(ctx, found); err != nil {
		return err
	}
	if err := r.Exposed.Fill(ctx, found); err != nil {
		return err
	}
	r.Leaked.Fill(found)
	taken, err := r.Alerts.Take(ctx, found, nil)
	if err != nil {
		return err
	}
	j.Found += taken.New
	j.Known += len(found) - taken.New
	j.Changed(taken.Incidents)
	if len(taken.Incidents) > 0 && r.Changed != nil {
		r.Changed(taken.Incidents)
	}
	return nil
}

func (l *retroLook) take(ctx context.Context, found []alert.Detection) error {
	return l.takePast(ctx, l.job, found)
}

// past marks a detection as found by looking back.
func past(d *alert.Detection, now time.Time) {
	d.Past = true
	d.Late = max(0, now.Sub(d.Time)).Round(time.Second)
	if before := d.Known.Sub(d.Time); !d.Known.IsZero() && before > 0 {
		d.Summary = strings.TrimSuffix(d.Summary, ".") + fmt.Sprintf(", %s before the %s was known here", span(before), d.Reason.Kind.Word())
	}
}

// span is a duration as people say it.
func span(d time.Duration) string {
	one := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	switch {
	case d >= 48*time.Hour:
		return one(int(d/(24*time.Hour)), "day")
	case d >= 2*time.Hour:
		return one(int(d/time.Hour), "hour")
	case d >= 2*time.Minute:
		return one(int(d/time.Minute), "minute")
	}
	return one(max(1, int(d/time.Second)), "second")
}
