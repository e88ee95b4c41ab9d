package web

import (
	"net/http"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// healthPage says whether the system does its work.
type healthPage struct {
	Version string
	Engine  string
	Workers []supervise.Status
	Ill     int // workers that do not run
	Quiet   int // senders that are silent
	Index   pipeline.IndexState
	History telemetry.Stats
	Behind  uint64 // records that are not matched yet
	Senders []senderLine
	Share   *pipeline.Share // the processes that share the work; nil = one does all
	Feeds   []collect.View  // those with an alarm
	Counts  intel.Counts
	Totals  alert.Totals
	Problem string // what of this page could not be read
}

// senderLine is one source of events.
type senderLine struct {
	telemetry.Source
	Refusals []countOf
	Kinds    []countOf
}

// Gone counts the processes that nothing was heard of lately.
func (p healthPage) Gone() (n int) {
	if p.Share == nil {
		return 0
	}
	for _, one := range p.Share.Processes {
		if !one.Live {
			n++
		}
	}
	return n
}

func (healthPage) template() string { return "health" }
func (healthPage) title() string    { return "Health" }

func (s *server) showHealth(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	ctx := r.Context()
	p := healthPage{Version: s.cfg.Version, Engine: s.cfg.Engine, Index: s.cfg.Index()}
	if s.cfg.Workers != nil {
		p.Workers = s.cfg.Workers()
	}
	for _, w := range p.Workers {
		if w.State == supervise.BackingUp || w.State == supervise.Degraded {
			p.Ill++
		}
	}
	if s.cfg.Senders != nil {
		for _, src := range s.cfg.Senders() {
			p.Senders = append(p.Senders, s.sender(src))
			if src.Silent {
				p.Quiet++
			}
		}
	}
	var err error
	if p.History, err = s.cfg.History.Stats(ctx); err != nil {
		p.Problem = "The history does not answer; the log has the details."
		if errs.KindOf(err) == errs.Unavailable {
			p.Problem = errs.Public(err)
		}
		s.cfg.Log.ErrorContext(ctx, "history statistics failed", "error", err)
	}
	if s.cfg.Share != nil {
		p.Share = s.cfg.Share(ctx)
	} else if s.cfg.Matched != nil {
		if done := s.cfg.Matched(); p.History.Last > done {
			p.Behind = uint64(p.History.Last - done)
		}
	}
	if p.Counts, err = s.cfg.Intel.Counts(ctx); err != nil {
		return nil, err
	}
	if p.Totals, err = s.cfg.Alerts.Totals(ctx); err != nil {
		return nil, err
	}
	views, err := s.cfg.Collect.Feeds(ctx)
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		if v.Known && alarming(v.State.Health) {
			p.Feeds = append(p.Feeds, v)
		}
	}
	return p, nil
}

func (s *server) sender(src telemetry.Source) senderLine {
	line := senderLine{Source: src}
	narrow := func(m map[string]int64) map[string]int {
		out := map[string]int{}
		for k, n := range m {
			out[k] = int(n)
		}
		return out
	}
	line.Refusals, line.Kinds = ranked(narrow(src.Refused)), ranked(narrow(src.Formats))
	return line
}
