package app

import (
	"context"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// into is where events go that this process takes in itself: the history, or the queue
// of those who match.
func (s *System) into() telemetry.Appender {
	if t := s.opt.tenure; t != nil {
		return t.queue
	}
	return s.history
}

// buildGatherer builds what takes the findings of matchers, where there are any.
func (s *System) buildGatherer() {
	t := s.opt.tenure
	if t == nil {
		return
	}
	t.gatherer = &pipeline.Gatherer{
		Events: s.events, Findings: t.store.Queue(), History: s.server, Begin: t.queue.Base(), Patient: 4 * s.opt.Config.Transport.Redeliver,
		Counted: s.intake.DecodedAll,
	}
}

// elsewhere is how looking back waits for the matchers of other processes.
func (s *System) elsewhere() func(context.Context, intel.Stamp) (telemetry.Seq, error) {
	if t := s.opt.tenure; t != nil {
		return t.everywhere
	}
	return nil
}

// senders is the health of every sender, wherever it sends to.
func (s *System) senders() func() []telemetry.Source {
	if t := s.opt.tenure; t != nil {
		return t.senders(s.intake.Sources)
	}
	return s.intake.Sources
}

// share tells how the processes are that share the work; nil where one does all.
func (s *System) share() func(context.Context) *pipeline.Share {
	if t := s.opt.tenure; t != nil {
		return t.health
	}
	return nil
}

// dead is what the transport keeps apart, where there is one.
func (s *System) dead() pipeline.DeadLetters {
	d := pipeline.DeadLetters{Record: s.store.Queue().Record}
	if t := s.opt.tenure; t != nil {
		d.Lots = t.queue
	}
	return d
}

// findMatcher takes the matcher that this process has for events, where it matches as
// well as keeps: one index is enough. Else it makes one, which the caller runs.
func (s *System) findMatcher(file string) {
	if m := s.others(); m != nil {
		s.matcher, s.ready = m.matcher, m.ready
		return
	}
	s.matcher, s.ready = pipeline.NewMatcher(s.intel, file, s.opt.Log), make(chan struct{})
}

// others is what this process matches events with, beside keeping; nil = it does not.
func (s *System) others() *System {
	if t := s.opt.tenure; t != nil {
		return t.matching
	}
	return nil
}
