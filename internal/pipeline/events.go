package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/match/pattern"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
)

// Consumer is the name under which Events keeps its place.
const Consumer = "match"

// readBatch is how many records are matched and grouped in one transaction.
const readBatch = 2000

// Events reads stored records in order and turns them into incidents. What it
// has done is durable with its place, so that a crash neither loses nor doubles
// a detection.
type Events struct {
	History     telemetry.History
	Checkpoints telemetry.CheckpointStore
	Decoder     *Decoder
	Matcher     *Matcher
	Rules       *Rules                // nil = none
	Memories    telemetry.MemoryStore // of correlations; nil = they forget at a restart
	Org         *org.Service
	Exposed     *Exposed      // nil = nothing is known of vulnerabilities
	Leaked      *Leaked       // nil = nothing is known of leaked accounts
	Suppress    *Suppressions // nil = nothing is let pass
	// Strangers takes note of hosts of ours that no asset names; nil = nobody asks.
	Strangers *org.Strangers
	Alerts    *alert.Service
	Warnings  func() *misp.WarningSet
	Changed   func(incidents []string) // told after each batch that changed incidents; may be nil
	Ready     <-chan struct{}          // the first index is built
	Arrived   <-chan struct{}          // something was appended; may be nil
	// Decoded is told once of each record that could be read; may be nil.
	Decoded func(source, format string, at, received time.Time)
	Log     *slog.Logger

	crew         *crew
	rules        *ruleFinder
	watch        pattern.Watch // of patterns over several events
	watchTold    bool          // it was told something since it was made durable
	watching     detector
	rememberNext time.Time
	taken        bool          // something since then
	place        telemetry.Seq // the last record done
	noted        telemetry.Seq // the last record noted
	shown        atomic.Uint64 // place, for Matched
}

// EventRef names a stored event.
func EventRef(s telemetry.Seq) ref.Ref {
	return ref.Ref{Kind: ref.Event, ID: strconv.FormatUint(uint64(s), 10)}
}

// KeyOf is the key under which history finds an observable.
func KeyOf(t indicator.Type, value string) telemetry.Key {
	return telemetry.KeyOf(t, value)
}

// Run is a worker: it follows the history until ctx is done.
func (w *Events) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
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
	w.place, w.noted = place, w.History.Noted()
	w.show()
	if err := w.recall(ctx); err != nil {
		return err
	}
	defer w.remember(context.WithoutCancel(ctx), true)
	return w.follow(ctx)
}

// follow reads and looks at one batch while the one before it becomes durable.
func (w *Events) follow(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	batches, gone := make(chan *batch), make(chan struct{})
	defer func() {
		stop()
		<-gone
	}()
	w.crew = newCrew(w.Decoder, w.Rules, detector{matcher: w.Matcher, org: w.Org, warnings: w.Warnings})
	go func(from, place telemetry.Seq) {
		defer close(gone)
		defer close(batches)
		w.readOn(ctx, from, place, batches)
	}(min(w.place, w.noted)+1, w.place)
	tick := time.NewTicker(rememberEvery) // when nothing comes any more
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.remember(ctx, false)
		case b, more := <-batches:
			if !more {
				return nil
			}
			if b.err == nil {
				b.err = w.commit(ctx, b)
			}
			switch {
			case ctx.Err() != nil:
				return nil
			case b.err != nil:
				return b.err
			}
		}
	}
}

// readOn sends what there is from a record on, looked at, until ctx is done or
// something fails. Records up to place were done before a crash; they are only to
// be noted again.
func (w *Events) readOn(ctx context.Context, from, place telemetry.Seq, to chan<- *batch) {
	for {
		records, err := w.History.Read(ctx, from, readBatch)
		b := &batch{err: err}
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && len(records) == 0:
			select {
			case <-ctx.Done():
				return
			case <-w.Arrived:
			case <-time.After(500 * time.Millisecond):
			}
			continue
		case err == nil:
			from = records[len(records)-1].Seq + 1
			b = w.crew.look(ctx, records, place)
		}
		failed := b.err != nil // once sent, b is the receiver's
		select {
		case to <- b:
		case <-ctx.Done():
			return
		}
		if failed {
			return
		}
	}
}

// needs is what must be ready before the first event is looked at.
func (w *Events) needs() []<-chan struct{} {
	if w.Rules == nil {
		return []<-chan struct{}{w.Ready}
	}
	return []<-chan struct{}{w.Ready, w.Rules.Ready()}
}

// show tells how far the worker is: matched, and findable.
func (w *Events) show() { w.shown.Store(uint64(min(w.place, w.noted))) }

// Matched is the last record that was matched and can be found; safe for
// concurrent use.
func (w *Events) Matched() telemetry.Seq { return telemetry.Seq(w.shown.Load()) }

// commit takes one batch that was looked at, in order.
func (w *Events) commit(ctx context.Context, b *batch) error {
	if w.rules != nil {
		if err := w.renew(ctx, b.set); err != nil {
			return err
		}
		w.rules.note(b.sources)
	}
	var found []alert.Detection
	for i := range b.looked {
		l := &b.looked[i]
		if l.fresh && telemetry.Imported(l.record.Source) {
			found = append(found, l.old()...)
		} else if l.fresh {
			if w.Decoded != nil {
				w.Decoded(l.record.Source, l.event.Format, l.claimed, l.record.Received)
			}
			found = append(found, l.found...)
			if len(l.partly.sights) > 0 {
				complete, err := w.watching.complete(ctx, &w.watch, &l.about, l.partly)
				if err != nil {
					return fmt.Errorf("hold event %d against patterns: %w", l.record.Seq, err)
				}
				found, w.watchTold = append(found, complete...), true
			}
			if w.Strangers != nil {
				strangers(&l.event, w.Org.Index(), w.Strangers.Note)
			}
			if w.rules != nil {
				matches := w.rules.take(&l.event, l.about.id, l.sight)
				if len(matches) > 0 {
					l.complete(w.Decoder)
				}
				found = append(found, byAlarms(ctx, w.History.Read, w.Decoder, &l.about, matches)...)
			}
		}
		if seq := l.record.Seq; seq > w.noted {
			if err := w.History.Note(ctx, seq, l.note); err != nil {
				return fmt.Errorf("note event %d: %w", seq, err)
			}
			w.noted = seq
		}
	}
	last := b.looked[len(b.looked)-1].record.Seq
	if last <= w.place {
		w.show()
		return nil
	}
	if err := w.Suppress.Pass(ctx, found); err != nil {
		return err
	}
	if err := w.Exposed.Fill(ctx, found); err != nil {
		return err
	}
	w.Leaked.Fill(found)
	taken, err := w.Alerts.Take(ctx, found, &alert.Mark{Consumer: Consumer, Seq: uint64(last)})
	if err != nil {
		return err
	}
	w.place, w.taken = last, true
	w.show()
	w.remember(ctx, false)
	if len(taken.Incidents) > 0 && w.Changed != nil {
		w.Changed(taken.Incidents)
	}
	return nil
}

// Note notes again what the history does not know for good: where there is no
// worker that runs, values of the newest records are found only then. It raises
// nothing.
func (w *Events) Note(ctx context.Context) error {
	c := newCrew(w.Decoder, w.Rules, detector{matcher: w.Matcher, org: w.Org, warnings: w.Warnings})
	for from := w.History.Noted() + 1; ; {
		records, err := w.History.Read(ctx, from, readBatch)
		if err != nil || len(records) == 0 {
			return err
		}
		from = records[len(records)-1].Seq + 1
		b := c.look(ctx, records, from)
		if b.err != nil {
			return b.err
		}
		for i := range b.looked {
			if err := w.History.Note(ctx, b.looked[i].record.Seq, b.looked[i].note); err != nil {
				return fmt.Errorf("note event %d: %w", b.looked[i].record.Seq, err)
			}
		}
	}
}

// noteOf is what the history notes of an event.
func noteOf(ev *event.Event, source string) telemetry.Note {
	n := telemetry.Note{Time: ev.Time, Source: source, Values: make([]telemetry.Value, len(ev.Observables))}
	for i, o := range ev.Observables {
		n.Values[i] = telemetry.Value{Key: KeyOf(o.Type, o.Value), Type: o.Type, Text: o.Value}
	}
	return n
}

// Decoder reads stored records back into events. Safe for concurrent use.
type Decoder struct {
	rec     *format.Recogniser
	streams sync.Pool // of *format.Stream, which know names that came before
}

// NewDecoder returns a Decoder of the formats rec knows.
func NewDecoder(rec *format.Recogniser) *Decoder { return &Decoder{rec: rec} }

// Decode returns the event of a record, with its observables. ok is false for a
// record that carries none, such as a header. A record that is not what it was
// declared to be is read as text, so that what stands in it is still searched. An
// event without a time of its own gets the time of its arrival.
func (d *Decoder) Decode(r telemetry.Stored) (event.Event, bool) {
	ev, ok := d.read(r)
	if ok {
		ev.Observables = format.Observables(&ev, match.Scan)
	}
	return ev, ok
}

// Brief is Decode for who mostly needs no more than b: with brief the event is as
// format.Stream.Brief says.
func (d *Decoder) Brief(r telemetry.Stored, b *format.Brief) (ev event.Event, brief, ok bool) {
	ev, ok, err := d.as(r, r.Format, r.Context, func(s *format.Stream) (ev event.Event, ok bool, err error) {
		ev, brief, ok, err = s.Brief(r.Raw, b)
		return ev, ok, err
	})
	if err != nil { // of the record, or a bug of reading it briefly
		ev, ok = d.Decode(r)
		return ev, false, ok
	}
	if ok {
		locate(&ev, r)
		ev.Observables = format.Observables(&ev, match.Scan)
	}
	return ev, brief, ok
}

// read is Decode without the observables.
func (d *Decoder) read(r telemetry.Stored) (event.Event, bool) {
	decode := func(s *format.Stream) (event.Event, bool, error) { return s.Decode(r.Raw) }
	ev, ok, err := d.as(r, r.Format, r.Context, decode)
	if err != nil {
		ev, ok, err = d.as(r, "text", nil, decode)
	}
	if err != nil || !ok {
		return event.Event{}, false
	}
	locate(&ev, r)
	return ev, true
}

// locate says where and, if it does not say so itself, when an event came.
func locate(ev *event.Event, r telemetry.Stored) {
	if ev.Time.IsZero() {
		ev.Time = r.Received
	}
	ev.Origin = event.Origin{File: r.Source, Line: int(r.Seq)}
}

// as reads a record in a format, "" = recognised.
func (d *Decoder) as(r telemetry.Stored, name string, context []byte, read func(*format.Stream) (event.Event, bool, error)) (event.Event, bool, error) {
	stream, ok := d.streams.Get().(*format.Stream)
	if !ok {
		stream, _ = d.rec.Stream("")
	}
	if stream.Restart(name, context) != nil && stream.Restart("", nil) != nil {
		return event.Event{}, false, nil
	}
	stream.Arrival = r.Received
	ev, ok, err := safely(stream, read)
	var broken *panicked
	if !errors.As(err, &broken) {
		d.streams.Put(stream)
	}
	return ev, ok, err
}

// panicked is a bug of a decoder; what it had in hand is not used again.
type panicked struct{ what any }

func (p *panicked) Error() string { return fmt.Sprintf("decode: %v", p.what) }

// safely turns a panic of a decoder into an error: one record that finds a bug must
// not stop all that come after it.
func safely(stream *format.Stream, read func(*format.Stream) (event.Event, bool, error)) (ev event.Event, ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{p}
		}
	}()
	return read(stream)
}
