package org

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// StrangerStore keeps unknown hosts.
type StrangerStore interface {
	Strangers(ctx context.Context) ([]Stranger, error)
	// KeepStrangers keeps hosts in place of what was kept of them, and forgets others, in
	// one transaction.
	KeepStrangers(ctx context.Context, kept []Stranger, gone []netip.Addr) error
	// AnswerStranger keeps one host with what was said of it, and records act.
	AnswerStranger(ctx context.Context, h Stranger, act ref.Act) error
}

// Recall makes the hosts outlast the process: it reads those that are kept, and Run
// keeps what comes. Call it once, before anything else.
func (s *Strangers) Recall(ctx context.Context, store StrangerStore) error {
	list, err := store.Strangers(ctx)
	if err != nil {
		return fmt.Errorf("read unknown hosts: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin()
	s.store = store
	for _, h := range list {
		s.hosts[h.Address] = &h
	}
	return nil
}

// keepEvery is how often what was seen is kept: what a process that is killed saw since
// then is not counted.
const keepEvery = 30 * time.Second

// Run is a worker: it keeps what changed until ctx is done, and then once more.
func (s *Strangers) Run(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return s.Keep(last)
		case <-tick.C:
			if err := s.Keep(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// Keep makes durable what changed since the last time.
func (s *Strangers) Keep(ctx context.Context) error {
	s.mu.Lock()
	store, changed := s.store, s.changed
	var kept []Stranger
	var gone []netip.Addr
	if store != nil {
		s.changed = map[netip.Addr]bool{}
		for a := range changed {
			if h := s.hosts[a]; h != nil {
				kept = append(kept, h.copied())
			} else {
				gone = append(gone, a)
			}
		}
	}
	s.mu.Unlock()
	if len(kept)+len(gone) == 0 {
		return nil
	}
	err := store.KeepStrangers(ctx, kept, gone)
	if err != nil {
		s.mu.Lock()
		for a := range changed {
			s.changed[a] = true
		}
		s.mu.Unlock()
		return fmt.Errorf("keep unknown hosts: %w", err)
	}
	return nil
}

// Answer keeps what a person says of an unknown host: it is not asked about again. An
// empty answer takes it back.
func (s *Strangers) Answer(ctx context.Context, a netip.Addr, answer StrangerAnswer, why string) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	if why = strings.TrimSpace(why); len(why) > 500 {
		return errs.New(errs.Invalid, "reason_length", "A reason has at most 500 characters.")
	}
	if answer != "" && answer != Ordinary && answer != Ignored {
		return errs.New(errs.Invalid, "host_answer_unknown", "%q is no answer: say ordinary or ignored.", answer)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[a.Unmap()]
	if h == nil {
		return errs.New(errs.NotFound, "host_unknown", "The host %s was not seen, or not for long.", a)
	}
	said := 0
	for _, other := range s.hosts {
		if other.Answer != "" {
			said++
		}
	}
	if answer != "" && said >= maxAnswered {
		return errs.New(errs.Conflict, "hosts_too_many", "%d hosts were answered one by one, the limit: write their network into the profile with dynamic: true, and none of it is asked about.", said)
	}
	is := h.copied()
	is.Answer, is.Why, is.By = answer, why, ref.ActorFrom(ctx).Name
	if s.store != nil {
		act := ref.Act{Actor: ref.ActorFrom(ctx), Verb: "org.host", Target: ref.Ref{Kind: ref.Profile, ID: "current"}, Reason: why, Detail: map[string]any{"address": a.String(), "answer": answer}}
		if err := s.store.AnswerStranger(ctx, is, act); err != nil {
			return err
		}
	}
	*h = is
	s.changed[h.Address] = true // what Keep may be writing now does not know of it
	return nil
}
