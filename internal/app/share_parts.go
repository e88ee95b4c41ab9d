package app

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/obs"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/misp"
)

// matchName is the directory of the matcher's index within the data directory.
const matchName = "match"

// receiving builds the receivers, which put what they get into the stream.
func (s *share) receiving(l *Listening) ([]supervise.Worker, error) {
	opt := s.opt
	if most := s.queue.MaxEvent(); opt.Config.Intake.MaxEvent > most {
		opt.Log.Warn("events larger than NATS takes are refused; raise its max_payload, or lower intake.max_event", "bytes", most)
		opt.Config.Intake.MaxEvent = most
	}
	sys := &System{opt: opt, store: s.store, identity: identity.New(s.store.Identities()), intake: telemetry.NewIntake(s.queue, 0), changes: newChanges()}
	sys.intake.Expect(opt.Config.Intake.Silence)
	sys.recallSenders()
	var err error
	if sys.formats, err = Formats(opt.Config.Formats.Directory); err != nil {
		return nil, err
	}
	conf, err := tlsConfig(opt.Config.TLS.Certificate, opt.Config.TLS.Key)
	if err != nil {
		return nil, err
	}
	s.intake = sys.intake
	return sys.intakeStage(l, conf)
}

// matchers builds what looks at events.
func (s *share) matchers(ctx context.Context) ([]supervise.Worker, error) {
	c, log := s.opt.Config, s.opt.Log
	sys := &System{opt: s.opt, store: s.store, ready: make(chan struct{})}
	s.matching = sys
	h, err := s.openHistory(ctx, true)
	if err != nil {
		return nil, err
	}
	sys.history, sys.server = h, h
	lists, err := content.WarningLists()
	if err != nil {
		return nil, err
	}
	if sys.warnings, err = WarningLists(c.Warnings.Directory, lists, log); err != nil {
		return nil, err
	}
	sys.org = org.New(s.store.Org())
	if err := sys.org.Load(ctx); err != nil {
		return nil, err
	}
	sys.intel = intel.New(s.store.Intel(), s.store.Knowledge(), s.store.Ledger())
	if sys.formats, err = Formats(c.Formats.Directory); err != nil {
		return nil, err
	}
	sys.decoder = pipeline.NewDecoder(sys.formats)
	pipelines, err := Pipelines()
	if err != nil {
		return nil, err
	}
	sys.detect = detect.New(detect.Config{Store: s.store.Rules(), Tuning: s.store.RuleTuning()})
	sys.rules = pipeline.NewRules(sys.detect, sys.org, alike(pipelines, sys.formats), log)
	dir := filepath.Join(c.Data, matchName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	sys.matcher = pipeline.NewMatcher(sys.intel, filepath.Join(dir, indexName), log)
	s.lookout = &pipeline.Lookout{
		Name: s.id, Queue: s.queue, Keeper: h, Findings: s.store.Queue(), Decoder: sys.decoder, Matcher: sys.matcher, Rules: sys.rules, Org: sys.org,
		Warnings: func() *misp.WarningSet { return sys.warnings }, Ready: sys.ready, Alive: c.Transport.Redeliver / 3, Rate: c.Transport.Rate, Log: log.With("component", "match"),
	}
	return []supervise.Worker{
		{Name: "news", Run: s.news},
		{Name: "matcher index", Run: func(ctx context.Context) error { return sys.matcher.Run(ctx, sys.ready) }},
		{Name: "matcher rules", Run: sys.rules.Run},
		{Name: "matcher", Run: s.lookout.Run},
	}, nil
}

// toldRules is when a matcher was told of how many announcements of rules.
type toldRules struct {
	told int64
	at   time.Time
}

// rulesTold is how often something was announced that rules depend on.
func rulesTold(news map[string]int64) int64 { return news["rules.changed"] + news["org.changed"] }

// knows is up to where the matcher knows what the keeper changed.
func (s *share) knows() pipeline.Known {
	k := pipeline.Known{Intel: s.matching.matcher.Since().Seq}
	last := s.told.Load()
	if last == nil || s.matching.rules.State().AsOf.After(last.at) {
		if last != nil {
			s.done.Store(last.told)
		}
	}
	k.Rules = s.done.Load()
	return k
}

// newsEvery is how often a matcher asks whether the keeper changed something.
const newsEvery = time.Second

// news brings what the keeper announces to this matcher.
func (s *share) news(ctx context.Context) error {
	ctx = asSystem(ctx)
	tick := time.NewTicker(newsEvery)
	defer tick.Stop()
	var known map[string]int64
	for {
		asked := time.Now()
		now, err := s.store.Queue().News(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if !maps.Equal(now, known) {
			if now["org.changed"] != known["org.changed"] {
				if err := s.matching.org.Load(ctx); err != nil {
					return err
				}
			}
			if now["org.changed"] != known["org.changed"] || now["rules.changed"] != known["rules.changed"] {
				s.matching.rules.Renew()
				s.told.Store(&toldRules{told: rulesTold(now), at: asked})
			}
			if now["intel.changed"] != known["intel.changed"] {
				s.matching.matcher.Renew()
			}
			known = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// privateListener serves the figures of a process that keeps nothing.
func (s *share) privateListener(l *Listening) (supervise.Worker, error) {
	sys := &System{opt: s.opt, intake: s.intake}
	var tables []obs.Table
	if s.intake != nil {
		tables = sys.senderTables()
	}
	p, err := listen("private", s.opt.Config.Private.Listen, obs.Private(s.gauges(), tables...), nil, s.opt.Log)
	if err != nil {
		return supervise.Worker{}, err
	}
	l.Private = baseURL(p, false)
	return p.worker(), nil
}

// gauges are the figures of a process that receives or matches.
func (s *share) gauges() []obs.Gauge {
	var out []obs.Gauge
	add := func(name, help string, read func() float64) {
		out = append(out, obs.Gauge{Name: name, Help: help, Read: read})
	}
	if s.intake != nil {
		add("transport_put_lots", "Lots of events put into the stream since the start.", func() float64 { return float64(s.queue.Counts().Put) })
		add("transport_put_events", "Events in them.", func() float64 { return float64(s.queue.Counts().Records) })
		add("transport_put_retried", "Lots put again because no answer came.", func() float64 { return float64(s.queue.Counts().Retried) })
		add("transport_put_refused", "Times that senders were told to come again.", func() float64 { return float64(s.queue.Counts().Refused) })
	}
	if w := s.lookout; w != nil {
		add("matcher_lots", "Lots of events done since the start.", func() float64 { return float64(w.State().Lots) })
		add("matcher_events", "Events in them.", func() float64 { return float64(w.State().Events) })
		add("matcher_again", "Lots that had been handed out before.", func() float64 { return float64(w.State().Again) })
		add("matcher_buried", "Lots kept apart.", func() float64 { return float64(w.State().Buried) })
		add("matcher_failures", "Times that a group of lots could not be kept.", func() float64 { return float64(w.State().Failures) })
		add("matcher_waited_seconds", "Time spent waiting for lots, of all lanes.", func() float64 { return w.State().Waited.Seconds() })
		add("matcher_looked_seconds", "Time spent looking at events, of all lanes.", func() float64 { return w.State().Looked.Seconds() })
		add("matcher_kept_seconds", "Time spent waiting for the stores, of all lanes.", func() float64 { return w.State().Kept.Seconds() })
		add("index_indicators", "Indicators in the live index.", func() float64 { return float64(s.matching.matcher.State().Indicators) })
	}
	return out
}
