package app

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// presence tells of this process every now and then.
func (s *share) presence(ctx context.Context) error {
	tick := time.NewTicker(presenceEvery)
	defer tick.Stop()
	for {
		b, err := json.Marshal(s.self())
		if err == nil {
			err = s.store.Queue().TellOf(ctx, store.Process{ID: s.id, Role: string(s.role), Data: b})
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// self is what this process tells of itself.
func (s *share) self() pipeline.Process {
	p := pipeline.Process{ID: s.id, Role: string(s.role), Host: s.host, Version: s.opt.Version, Started: s.since}
	if w := s.lookout; w != nil {
		state := w.State()
		p.Match, p.Index, p.Rules, p.Knows = &state, s.matching.matcher.State().Indicators, s.matching.rules.State().Rules, s.knows()
	}
	if s.intake != nil {
		c := s.queue.Counts()
		p.Intake = &pipeline.Put{Lots: c.Put, Events: c.Records, Retried: c.Retried, Refused: c.Refused}
		p.Senders = s.intake.Sources()
		p.Senders = p.Senders[:min(len(p.Senders), sendersTold)]
	}
	for _, w := range s.tree.Status() {
		if w.State == supervise.BackingUp || w.State == supervise.Degraded {
			p.Troubles = append(p.Troubles, w)
		}
	}
	return p
}

// health is how the processes are that share the work. What cannot be asked is a problem
// that it names.
func (t *tenure) health(ctx context.Context) *pipeline.Share {
	out := &pipeline.Share{Processes: []pipeline.Process{}}
	if t.gatherer != nil {
		out.Gathered = t.gatherer.State()
	}
	state, err := t.queue.State(ctx)
	out.Pending, out.Handed, out.Redelivered, out.Dead = state.Pending, state.Handed, state.Redelivered, state.Dead
	out.Bytes, out.MaxBytes, out.Replicas = state.Bytes, state.MaxBytes, state.Replicas
	q := t.store.Queue()
	lease, failed := q.Lease(ctx)
	err = errors.Join(err, failed)
	out.Keeper, out.Since = lease.Holder, lease.Since
	var oldest time.Time
	out.Backlog, oldest, failed = q.Backlog(ctx)
	err = errors.Join(err, failed)
	if !oldest.IsZero() {
		out.Lag = max(0, time.Since(oldest))
	}
	out.Processes, failed = t.processes(ctx)
	if err = errors.Join(err, failed); err != nil {
		out.Problem = "NATS or the database does not answer; the log has the details."
		t.opt.Log.WarnContext(ctx, "how the transport is cannot be told", "error", err)
	}
	return out
}

// processes returns what each process told last. One is live when what it told was new
// lately; of one that was never looked at before, that is not known yet.
func (t *tenure) processes(ctx context.Context) ([]pipeline.Process, error) {
	list, err := t.store.Queue().Processes(ctx, processMost)
	out := make([]pipeline.Process, 0, len(list))
	t.mu.Lock()
	defer t.mu.Unlock()
	known := map[string]heard{}
	for _, l := range list {
		var p pipeline.Process
		if json.Unmarshal(l.Data, &p) != nil { // of another version
			p = pipeline.Process{ID: l.ID, Role: l.Role}
		}
		h, ok := t.heard[l.ID]
		if !ok || !h.told.Equal(l.At) {
			h = heard{told: l.At, at: time.Now()}
		}
		known[l.ID] = h
		p.Told, p.Live = l.At, time.Since(h.at) < processLive
		out = append(out, p)
	}
	if err == nil {
		t.heard = known
	}
	return out, err
}

// senders joins what the receivers tell of their senders.
func (t *tenure) senders(own func() []telemetry.Source) func() []telemetry.Source {
	return func() []telemetry.Source {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		list, err := t.processes(ctx)
		if err != nil {
			t.opt.Log.WarnContext(ctx, "what receivers tell of senders is not known", "error", err)
		}
		return pipeline.JoinSenders(list, own())
	}
}
