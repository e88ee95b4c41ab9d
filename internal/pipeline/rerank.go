package pipeline

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Rerank tells alerts what changed of the organisation and of indicators, so that
// only the incidents they touch are ranked anew.
type Rerank struct {
	Alerts  *alert.Service
	Intel   *intel.Service
	Org     *org.Service
	Exposed *Exposed // nil = nothing is known of vulnerabilities
	Leaked  *Leaked  // nil = nothing is known of leaked accounts
	Marks   telemetry.CheckpointStore
	Changed func(incidents []string) // told which were ranked anew; may be nil

	news    chan struct{}
	cves    chan struct{}
	ranked  *org.Index // the profile with which alerts were ranked last; nil = not known
	version int        // of it
	leaks   *leakMark
}

// NewRerank returns a Rerank.
func NewRerank(r Rerank) *Rerank {
	r.news, r.cves, r.leaks = make(chan struct{}, 1), make(chan struct{}, 1), &leakMark{}
	return &r
}

// rankedWith is the name under which the version of the profile is kept with which
// alerts were ranked: a profile that came in while the process died is ranked after
// the next start.
const rankedWith = "ranked with profile"

// rerankRest is the least time between two looks at new intelligence: a feed comes in
// many pieces.
const rerankRest = 2 * time.Second

// Renew tells Run that there is new intelligence. It never waits.
func (r *Rerank) Renew() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// RenewTargets tells Run that something else is known of vulnerabilities. It never waits.
func (r *Rerank) RenewTargets() {
	select {
	case r.cves <- struct{}{}:
	default:
	}
}

// Run is a worker: it acts on new intelligence, and on what is learnt of vulnerabilities,
// until ctx is done. What came while it did not run it sees when it begins.
func (r *Rerank) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	act := func(do func(context.Context) error) error {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(rerankRest):
		}
		return nil
	}
	if err := act(func(ctx context.Context) error { return errors.Join(r.Indicators(ctx), r.Targets(ctx), r.Leaks(ctx)) }); err != nil {
		return err
	}
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-r.news:
			err = act(r.Indicators)
		case <-r.cves:
			err = act(r.Targets)
		}
		if err != nil {
			return err
		}
	}
}

// Targets acts on what is known now of vulnerabilities: every alert of an attack on one
// whose target is judged otherwise with it.
func (r *Rerank) Targets(ctx context.Context) error {
	if r.Exposed == nil {
		return nil
	}
	alerts, err := r.Alerts.Targeted(ctx)
	if err != nil {
		return fmt.Errorf("list attacks on vulnerabilities: %w", err)
	}
	f := alert.Facts{Targets: map[string]alert.Alert{}}
	for part := range slices.Chunk(alerts, 500) {
		now := make([]alert.Detection, len(part))
		for i, a := range part {
			now[i] = a.Detection
			now[i].Target = nil
		}
		if err := r.Exposed.Fill(ctx, now); err != nil {
			return err
		}
		for i, a := range part {
			if a.Detection.Target.Differs(now[i].Target) {
				a.Detection = now[i]
				f.Targets[a.Fingerprint] = a
			}
		}
	}
	return r.renew(ctx, f)
}

// Profile acts on the profile as it is now: every host and account that it describes
// unlike the one with which alerts were ranked last.
func (r *Rerank) Profile(ctx context.Context) error {
	now, version := r.Org.Edition()
	if r.ranked == nil {
		seq, err := r.Marks.Checkpoint(ctx, rankedWith)
		if err != nil {
			return fmt.Errorf("read with which profile alerts were ranked: %w", err)
		}
		r.version = int(seq)
		if r.ranked, err = r.Org.At(ctx, r.version); err != nil {
			return fmt.Errorf("read the profile with which alerts were ranked: %w", err)
		}
	}
	if version == r.version {
		return nil
	}
	all, err := r.Alerts.Entities(ctx)
	if err != nil {
		return fmt.Errorf("list what alerts are about: %w", err)
	}
	f := alert.Facts{Entities: map[alert.Who]bool{}, Describe: func(w alert.Who) alert.Entity { return describe(w, now) }, Target: r.Exposed.again(ctx)}
	for _, who := range all {
		if !reflect.DeepEqual(describe(who, r.ranked), describe(who, now)) {
			f.Entities[who] = true
		}
	}
	if err := r.renew(ctx, f); err != nil {
		return err
	}
	r.ranked, r.version = now, version
	return r.Marks.SaveCheckpoint(ctx, rankedWith, telemetry.Seq(version))
}

// Indicators acts on new intelligence: every indicator that alerts rest on and whose
// confidence or names are others now.
func (r *Rerank) Indicators(ctx context.Context) error {
	reasons, err := r.Alerts.Indicators(ctx)
	if err != nil {
		return fmt.Errorf("list what alerts rest on: %w", err)
	}
	var ids []string
	for id := range reasons {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	f := alert.Facts{Reasons: map[string]alert.Reason{}}
	for part := range slices.Chunk(ids, 500) {
		rows, err := r.Intel.ByIDs(ctx, part)
		if err != nil {
			return fmt.Errorf("read indicators that alerts rest on: %w", err)
		}
		for id, row := range rows {
			was, is := reasons[id], reasons[id]
			is.Confidence, is.Names, is.Sources = row.Confidence, row.Names, nil
			for _, a := range row.Sources {
				if !a.Withdrawn {
					is.Sources = append(is.Sources, a.Source)
				}
			}
			if is.Confidence != was.Confidence || !slices.Equal(is.Names, was.Names) {
				f.Reasons[id] = is
			}
		}
	}
	return r.renew(ctx, f)
}

func (r *Rerank) renew(ctx context.Context, f alert.Facts) error {
	if len(f.Entities)+len(f.Reasons)+len(f.Targets)+len(f.Leaks) == 0 {
		return nil
	}
	done, err := r.Alerts.Renew(ctx, f)
	if len(done.Ranked) > 0 && r.Changed != nil {
		r.Changed(done.Ranked)
	}
	return err
}
