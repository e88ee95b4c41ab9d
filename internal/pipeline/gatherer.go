package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

const (
	// lotsGathered is how many lots become one transaction at most.
	lotsGathered = 16
	// gatherEvery is how often the keeper looks for more.
	gatherEvery = 100 * time.Millisecond
)

// Gatherer is the keeper of what matchers found: it takes it in the order of the lots,
// lets correlations see what they ask for, and turns it into incidents. That a lot was
// taken is durable with what came of it, so that a crash neither loses nor doubles a
// detection. A lot that is missing is waited for, for a while; when it comes later, it
// is taken then.
type Gatherer struct {
	Events   *Events // whose place it moves, and whose memory it has
	Findings telemetry.LotFindings
	// History learns what others put into it, and brings the events that correlations
	// ask for.
	History interface {
		Learn(extents []telemetry.Extent)
		telemetry.Fetcher
	}
	Begin   telemetry.LotNumber // lots come after it
	Patient time.Duration       // how long a missing lot is waited for
	Counted func(telemetry.Decoded)

	place   telemetry.LotNumber
	missing time.Time // since when the next lot is missed

	taken, late, skipped, buried, anew atomic.Int64
	mu                                 sync.Mutex
	lots                               map[string]int64 // guarded by mu: lots by matcher
}

// Run is a worker: it takes what was found until ctx is done.
func (g *Gatherer) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	w := g.Events
	for _, ready := range w.needs() {
		select {
		case <-ready:
		case <-ctx.Done():
			return nil
		}
	}
	place, err := w.Checkpoints.Checkpoint(ctx, Consumer)
	if err != nil {
		return fmt.Errorf("read the place in the history: %w", err)
	}
	g.place = max(telemetry.LotOf(max(place, 1)), g.Begin)
	g.missing = time.Time{}
	w.place, w.noted = place, place
	w.show()
	if err := w.recall(ctx); err != nil {
		return err
	}
	defer w.remember(context.WithoutCancel(ctx), true)
	for ctx.Err() == nil {
		more, err := g.step(ctx)
		if err != nil {
			return unlessDone(ctx, err)
		}
		if more {
			continue
		}
		w.remember(ctx, false)
		select {
		case <-ctx.Done():
		case <-time.After(gatherEvery):
		}
	}
	return nil
}

// step takes what is there, and returns whether there may be more.
func (g *Gatherer) step(ctx context.Context) (bool, error) {
	list, err := g.Findings.Found(ctx, lotsGathered)
	if err != nil {
		return false, fmt.Errorf("read what matchers found: %w", err)
	}
	ready, to := g.ready(list, time.Now())
	if len(ready) == 0 {
		return false, nil
	}
	if err := g.take(ctx, ready, to); err != nil {
		return false, err
	}
	return len(list) == lotsGathered, nil
}

// ready returns those lots whose turn it is, and up to where they go: those that follow
// each other, and those that come late. A lot that is missing holds up the ones behind
// it until it has been waited for long enough.
func (g *Gatherer) ready(list []telemetry.LotFound, now time.Time) ([]telemetry.LotFound, telemetry.LotNumber) {
	to := g.place
	for i, f := range list {
		switch {
		case f.Number <= to: // late
		case f.Number == to+1:
			to++
			g.missing = time.Time{}
		case g.missing.IsZero():
			g.missing = now
			return list[:i], to
		case now.Sub(g.missing) < g.Patient:
			return list[:i], to
		default:
			g.skipped.Add(int64(f.Number - to - 1))
			g.Events.Log.Warn("events are missed: a matcher has had them for too long, or the stream has lost them", "from", to+1, "to", f.Number-1)
			to = f.Number
			g.missing = time.Time{}
		}
	}
	return list, to
}

// take makes incidents of what was found in lots, up to a place.
func (g *Gatherer) take(ctx context.Context, list []telemetry.LotFound, to telemetry.LotNumber) error {
	w := g.Events
	all := make([]told, len(list))
	extents := make([]telemetry.Extent, len(list))
	for i, f := range list {
		if err := json.Unmarshal(f.Data, &all[i]); err != nil {
			return fmt.Errorf("read what %s found in lot %d: %w", f.Matcher, f.Number, err)
		}
		extents[i] = all[i].Extent
	}
	if w.rules != nil {
		if err := w.renew(ctx, w.Rules.state.Load()); err != nil {
			return err
		}
	}
	found, err := g.found(ctx, all)
	if err != nil {
		return err
	}
	if err := w.Suppress.Pass(ctx, found); err != nil {
		return err
	}
	if err := w.Exposed.Fill(ctx, found); err != nil {
		return err
	}
	w.Leaked.Fill(found)
	lots := make([]uint64, len(list))
	for i, f := range list {
		lots[i] = uint64(f.Number)
	}
	place := max(w.place, to.Last())
	taken, err := w.Alerts.Take(ctx, found, &alert.Mark{Consumer: Consumer, Seq: uint64(place), Lots: lots})
	if err != nil {
		return err
	}
	g.History.Learn(extents) // once each: a second time would count twice
	g.taking(list, all, to)
	w.place, w.noted, w.taken = place, place, true
	w.show()
	w.remember(ctx, false)
	if len(taken.Incidents) > 0 && w.Changed != nil {
		w.Changed(taken.Incidents)
	}
	return nil
}

// one reads one kept event.
func (g *Gatherer) one(ctx context.Context, seq telemetry.Seq, _ int) ([]telemetry.Stored, error) {
	return g.History.Fetch(ctx, []telemetry.Seq{seq})
}

// found returns the detections of lots, with those of correlations and of patterns over
// several events.
func (g *Gatherer) found(ctx context.Context, all []told) ([]alert.Detection, error) {
	w := g.Events
	var found []alert.Detection
	var correlates, partly []telemetry.Seq
	for i := range all {
		found = append(found, all[i].Found...)
		correlates, partly = append(correlates, g.correlates(&all[i])...), append(partly, all[i].Partly...)
	}
	if w.rules != nil {
		err := g.again(ctx, correlates, w.Decoder.read, func(a *about) error {
			found = append(found, byAlarms(ctx, g.one, w.Decoder, a, w.rules.correlated(a.ev, a.id))...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	err := g.again(ctx, partly, w.Decoder.Decode, func(a *about) error {
		_, parts, err := w.watching.patterns(ctx, w.Matcher.patterns.set.Load(), a)
		if err != nil {
			return err
		}
		complete, err := w.watching.complete(ctx, &w.watch, a, parts)
		found, w.watchTold = append(found, complete...), true
		return err
	})
	return found, err
}

// correlates returns the events of a lot that correlations may want to know of: those
// its matcher marked, or, when that followed other correlations, all of them. A change
// of rules reaches processes one after the other.
func (g *Gatherer) correlates(t *told) []telemetry.Seq {
	if f := g.Events.rules; f == nil || t.Followed == f.eye.set.followed || t.Buried != "" {
		return t.Correlates
	}
	g.anew.Add(1)
	var all []telemetry.Seq
	for seq := t.Extent.First; seq <= t.Extent.Last; seq++ {
		all = append(all, seq)
	}
	return all
}

// again reads events once more for what needs those that came before them.
func (g *Gatherer) again(ctx context.Context, seqs []telemetry.Seq, read func(telemetry.Stored) (event.Event, bool), fn func(*about) error) error {
	if len(seqs) == 0 {
		return nil
	}
	records, err := g.History.Fetch(ctx, seqs)
	if err != nil {
		return fmt.Errorf("read events that are one of several: %w", err)
	}
	for _, r := range records {
		ev, ok := read(r)
		if !ok || telemetry.Imported(r.Source) {
			continue
		}
		if ev.Time.Sub(r.Received) > telemetry.Ahead {
			ev.Time = r.Received
		}
		if err := fn(&about{ev: &ev, id: EventRef(r.Seq), org: g.Events.Org}); err != nil {
			return err
		}
	}
	return nil
}
