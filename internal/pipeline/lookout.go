package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
)

const (
	// lanes is how many groups of lots a matcher has in hand: one is looked at while
	// the other becomes durable.
	lanes = 2
	// lotsTaken is how many lots are a group at most.
	lotsTaken = 4
	// triesAlone is after how many times a lot is looked at by itself, and its attempts
	// are counted; attemptsMost is when it is kept apart: it ended everybody who tried.
	triesAlone   = 3
	attemptsMost = 10
	// lookoutPause is the first pause after something failed, lookoutPauseMost the last.
	lookoutPause     = 200 * time.Millisecond
	lookoutPauseMost = 10 * time.Second
	// queuePause is how long it waits after the queue did not answer.
	queuePause = time.Second
)

// Lookout is a matcher beside others: it takes lots of events from a queue, makes them
// and what they hold durable, and hands what it found to the keeper. It remembers
// nothing from one lot to the next. A lot is done only once all of it is durable; what
// it left half done another does again, and all of that counts once.
type Lookout struct {
	Name     string // of this process
	Queue    telemetry.LotQueue
	Keeper   telemetry.LotKeeper
	Findings telemetry.LotFindings
	Decoder  *Decoder
	Matcher  *Matcher
	Rules    *Rules
	Org      *org.Service
	Warnings func() *misp.WarningSet
	Ready    <-chan struct{} // the first index is built
	Alive    time.Duration   // how often it says that it still has its lots
	// Rate bounds the events a second that are looked at; 0 = no bound.
	Rate int
	Log  *slog.Logger

	counts lookoutCounts
	pace   pace
}

// Run is a worker: it takes lots until ctx is done.
func (w *Lookout) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	for _, ready := range []<-chan struct{}{w.Ready, w.Rules.Ready()} {
		select {
		case <-ready:
		case <-ctx.Done():
			return nil
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, lanes)
	for range lanes {
		go func() {
			err := w.lane(ctx)
			stop() // the other one as well
			failed <- err
		}()
	}
	var first error
	for range lanes {
		if err := <-failed; first == nil {
			first = err
		}
	}
	return first
}

// lane takes one group of lots after the other.
func (w *Lookout) lane(ctx context.Context) error {
	crew := newCrew(w.Decoder, w.Rules, detector{matcher: w.Matcher, org: w.Org, warnings: w.Warnings})
	for ctx.Err() == nil {
		start := time.Now()
		lots, err := w.Queue.TakeLots(ctx, lotsTaken)
		w.counts.waited.Add(int64(time.Since(start)))
		if err != nil {
			if ctx.Err() != nil || errs.IsFatal(err) {
				return unlessDone(ctx, err)
			}
			w.fail(ctx, "no events come from the queue", err)
			select {
			case <-ctx.Done():
			case <-time.After(queuePause):
			}
			continue
		}
		if err := w.take(ctx, crew, lots); err != nil {
			return err
		}
	}
	return nil
}

// take does lots: together, but those that came often before one by one.
func (w *Lookout) take(ctx context.Context, crew *crew, lots []telemetry.Lot) error {
	alive, stop := context.WithCancel(ctx)
	defer stop()
	go w.hold(alive, lots)
	var group []*telemetry.Lot
	var alone [][]*telemetry.Lot
	for i := range lots {
		if lots[i].Tries > triesAlone || len(lots[i].Records) == 0 {
			alone = append(alone, []*telemetry.Lot{&lots[i]})
		} else {
			group = append(group, &lots[i])
		}
	}
	for _, g := range append([][]*telemetry.Lot{group}, alone...) {
		if len(g) == 0 {
			continue
		}
		if err := w.insist(ctx, crew, g); err != nil {
			for i := range lots { // also those that are done, to which it says nothing any more
				lots[i].Hand.Return()
			}
			return unlessDone(ctx, err)
		}
	}
	return nil
}

// hold says that lots take longer.
func (w *Lookout) hold(ctx context.Context, lots []telemetry.Lot) {
	tick := time.NewTicker(w.Alive)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for i := range lots {
				_ = lots[i].Hand.Working() // when the connection is away, somebody else gets them
			}
		}
	}
}

// insist does a group until it is done: a store that is away is waited for. Only the end
// of this worker, or of the process, is an error.
func (w *Lookout) insist(ctx context.Context, crew *crew, group []*telemetry.Lot) error {
	for pause := lookoutPause; ; pause = min(2*pause, lookoutPauseMost) {
		err := w.group(ctx, crew, group)
		if err == nil {
			w.counts.problem.Store(nil)
			return nil
		}
		if ctx.Err() != nil || errs.IsFatal(err) || errs.IsPermanent(err) {
			return err
		}
		w.fail(ctx, "events wait: what was found in them cannot be kept yet", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		for _, l := range group {
			l.Tries++ // a part of it may be done
		}
	}
}

// group does lots once.
func (w *Lookout) group(ctx context.Context, crew *crew, group []*telemetry.Lot) error {
	if why, err := w.hopeless(ctx, group); err != nil || why != "" {
		if err != nil {
			return err
		}
		return w.bury(ctx, group[0], why)
	}
	start := time.Now()
	noted, found := make([]telemetry.Noted, len(group)), make([]telemetry.LotFound, len(group))
	events := 0
	for i, l := range group {
		var err error
		if noted[i], found[i], err = w.look(ctx, crew, l); err != nil {
			return err
		}
		events += len(l.Records)
	}
	w.counts.looked.Add(int64(time.Since(start)))
	start = time.Now()
	w.pace.wait(ctx, w.Rate, events)
	w.counts.rested.Add(int64(time.Since(start)))
	start = time.Now()
	defer func() { w.counts.kept.Add(int64(time.Since(start))) }()
	if err := w.Keeper.PutLots(ctx, noted); err != nil {
		return err
	}
	if err := w.Findings.PutFound(ctx, found); err != nil {
		return fmt.Errorf("keep what was found: %w", err)
	}
	var all sync.WaitGroup
	for _, l := range group {
		w.count(l)
		all.Go(func() {
			if err := l.Hand.Done(ctx); err != nil { // it comes again, and counts once
				w.Log.WarnContext(ctx, "a lot that is done comes again", "lot", l.Number, "error", err)
			}
		})
	}
	all.Wait()
	return nil
}

// look looks at the events of one lot.
func (w *Lookout) look(ctx context.Context, crew *crew, l *telemetry.Lot) (telemetry.Noted, telemetry.LotFound, error) {
	records := make([]telemetry.Stored, len(l.Records))
	for i := range records {
		records[i] = telemetry.Stored{Seq: l.Number.First() + telemetry.Seq(i), Record: l.Records[i]}
	}
	b := crew.look(ctx, records, 0)
	if b.err != nil {
		return telemetry.Noted{}, telemetry.LotFound{}, b.err
	}
	noted := telemetry.Noted{Lot: l, Notes: make([]telemetry.Note, len(b.looked))}
	t, x := newTeller(), w.Org.Index()
	t.Followed = b.set.followed
	for i := range b.looked {
		noted.Notes[i] = b.looked[i].note
		t.add(&b.looked[i], x)
	}
	data, err := t.data(noted.Extent(), b.sources)
	return noted, telemetry.LotFound{Number: l.Number, Matcher: w.Name, Records: len(l.Records), Data: data}, err
}

// hopeless says why a lot is to be kept apart, "" when it is not.
func (w *Lookout) hopeless(ctx context.Context, group []*telemetry.Lot) (string, error) {
	l := group[0]
	if len(l.Records) == 0 {
		return "it is no lot of events", nil
	}
	if len(group) > 1 || l.Tries <= triesAlone {
		return "", nil
	}
	n, err := w.Findings.Attempt(ctx, l.Number)
	if err != nil || n <= attemptsMost {
		return "", err
	}
	return fmt.Sprintf("it was begun with %d times, and never done", n-1), nil
}

// bury keeps a lot apart. The keeper is told first, so that it does not wait for it.
func (w *Lookout) bury(ctx context.Context, l *telemetry.Lot, why string) error {
	t := newTeller()
	t.Buried = why
	data, err := t.data(telemetry.Extent{First: l.Number.First(), Last: l.Number.First()}, nil)
	if err != nil {
		return err
	}
	if err := w.Findings.PutFound(ctx, []telemetry.LotFound{{Number: l.Number, Matcher: w.Name, Data: data}}); err != nil {
		return fmt.Errorf("keep what was found: %w", err)
	}
	if err := l.Hand.Bury(ctx, why); err != nil { // it comes again; others need not wait for it
		w.fail(ctx, "a lot of events cannot be kept apart", err)
		return nil
	}
	w.Log.ErrorContext(ctx, "a lot of events is kept apart", "lot", l.Number, "why", why)
	w.counts.buried.Add(1)
	return nil
}
