package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/vedette-soc/vedette/internal/obs"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/responder/edl"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/web"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
)

// Listening is where a started system answers; empty where it does not.
type Listening struct {
	Web, Intake, Devices, Private string   // base URLs
	Syslog, Lumberjack            []string // addresses: UDP, TCP, TLS, as far as they are on
}

// Run listens, starts every worker, calls started (which may be nil), and serves
// until ctx is done or a part fails for good. Then it stops in stages: intake,
// pipeline, faces. Close the system afterwards.
func (s *System) Run(ctx context.Context, started func(Listening) error) error {
	l, stages, err := s.stages()
	if err != nil {
		return err
	}
	// What the start took is given back: catalogue, rules and names are read then.
	settled := time.AfterFunc(3*time.Second, func() {
		if err := s.store.Relax(ctx); err != nil && ctx.Err() == nil {
			s.opt.Log.WarnContext(ctx, "memory not given back", "error", err)
		}
		debug.FreeOSMemory()
	})
	defer settled.Stop()
	s.tree = supervise.New(s.opt.Log, stages...)
	if started != nil {
		if err := started(l); err != nil {
			return err
		}
	}
	return s.tree.Run(ctx, stopWithin)
}

func (s *System) stages() (Listening, [][]supervise.Worker, error) {
	c := s.opt.Config
	conf, err := tlsConfig(c.TLS.Certificate, c.TLS.Key)
	if err != nil {
		return Listening{}, nil, err
	}
	if err := s.openHIBP(); err != nil {
		return Listening{}, nil, err
	}
	var l Listening
	intake, err := s.intakeStage(&l, conf)
	if err != nil {
		return l, nil, err
	}
	faces, err := s.faceStage(&l, conf)
	if err != nil {
		return l, nil, err
	}
	return l, [][]supervise.Worker{intake, s.pipelineStage(), faces}, nil
}

// pipelineStage is everything that thinks.
func (s *System) pipelineStage() []supervise.Worker {
	rerank := pipeline.NewRerank(pipeline.Rerank{Alerts: s.alerts, Intel: s.intel, Org: s.org, Exposed: &pipeline.Exposed{Exposure: s.exposure, Org: s.org}, Leaked: s.leaked, Marks: s.store.Checkpoints(), Changed: s.changes.tell})
	facts := pipeline.Facts{Outbox: s.store.Outbox(), Log: s.opt.Log, On: map[string]func(context.Context, ref.Fact) error{
		"intel.changed": func(context.Context, ref.Fact) error {
			s.matcher.Renew()
			rerank.Renew()
			return nil
		},
		"exposure.changed": func(context.Context, ref.Fact) error { rerank.RenewTargets(); return nil },
		"rules.changed":    func(context.Context, ref.Fact) error { s.rules.Renew(); return nil },
		"org.changed": func(ctx context.Context, _ ref.Fact) error {
			if err := s.org.Load(ctx); err != nil {
				return err
			}
			s.rules.Renew() // placeholders come from the profile
			return errors.Join(rerank.Profile(ctx), rerank.Leaks(ctx))
		},
		"leak.changed": func(ctx context.Context, _ ref.Fact) error {
			if err := s.leaks.Load(ctx); err != nil {
				return err
			}
			return rerank.Leaks(ctx)
		},
		"alert.changed": func(ctx context.Context, f ref.Fact) error {
			s.changes.tell([]string{f.Ref.ID})
			return pipeline.Witness{Alerts: s.alerts, Intel: s.intel}.Changed(ctx, f)
		},
	}}
	events := []supervise.Worker{{Name: "events", Run: s.events.Run}}
	if t := s.opt.tenure; t != nil {
		t.tell(facts.On)
		events = []supervise.Worker{{Name: "findings", Run: t.gatherer.Run}, {Name: "sweep", Run: t.sweep}}
	}
	if s.others() == nil { // else it runs already
		events = append(events, supervise.Worker{Name: "index", Run: func(ctx context.Context) error { return s.matcher.Run(ctx, s.ready) }})
	}
	return append(append(events, s.leakWorkers()...), []supervise.Worker{
		{Name: "rules", Run: s.rules.Run},
		{Name: "back-tests", Run: s.detect.Run},
		{Name: "looking back", Run: s.hunt.Run},
		{Name: "facts", Run: facts.Run},
		{Name: "ranking", Run: rerank.Run},
		{Name: "feed audit", Run: (&pipeline.FeedAudit{Intel: s.intel, Warnings: func() *misp.WarningSet { return s.warnings }, Every: 6 * time.Hour}).Run},
		{Name: "unknown hosts", Run: s.strangers.Run},
		{Name: "blocks", Run: s.respond.Run},
		{Name: "retention", Run: s.retain},
	}...)
}

// retain removes the oldest events beyond the configured limits, once an hour.
func (s *System) retain(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		n, err := s.history.Retain(ctx, s.opt.Config.History.MaxBytes, s.opt.Config.History.MaxAge)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("remove old events: %w", err)
		}
		if n > 0 {
			s.opt.Log.InfoContext(ctx, "old events removed", "records", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// faceStage is everything that answers.
func (s *System) faceStage(l *Listening, conf *tls.Config) ([]supervise.Worker, error) {
	c, log := s.opt.Config, s.opt.Log
	var workers []supervise.Worker
	devices := ""
	if c.Devices.Listen != "" {
		allow, err := prefixes("devices.allow", c.Devices.Allow)
		if err != nil {
			return nil, err
		}
		d, err := listen("lists", c.Devices.Listen, edl.New(s.respond, allow), conf, log)
		if err != nil {
			return nil, err
		}
		l.Devices = baseURL(d, conf != nil)
		devices = l.Devices + "/edl/"
		workers = append(workers, d.worker())
	}
	face, err := listen("web", c.Listen, s.face(l.Intake, devices, conf != nil), conf, log)
	if err != nil {
		return nil, err
	}
	l.Web = baseURL(face, conf != nil)
	workers = append(workers, face.worker())
	if c.Private.Listen != "" {
		p, err := listen("private", c.Private.Listen, obs.Private(append(s.gauges(), s.shareGauges()...), s.senderTables()...), nil, log)
		if err != nil {
			return nil, err
		}
		l.Private = baseURL(p, false)
		workers = append(workers, p.worker())
	}
	sock, handler, err := control(c.Data, s.api)
	if err != nil { // a path too long for a socket, or a file system without them
		log.Warn("the command line cannot reach this server", "error", err)
		return workers, nil
	}
	s.sock = sock
	return append(workers, newListener("control", sock, handler, log).worker()), nil
}

// face is what people and programs reach: pages and API.
func (s *System) face(intakeURL, listURL string, secure bool) http.Handler {
	pages := web.New(web.Config{
		Alerts: s.alerts, Intel: s.intel, Landscape: s.landscape, Attack: s.cat, Collect: s.collect, Investigate: s.investigate, Respond: s.respond, Identity: s.identity, Org: s.org, Strangers: &s.strangers, Leaks: s.leakBook(),
		Setup: pipeline.Setup{Alerts: s.alerts, Landscape: s.landscape, Intel: s.intel, Exposure: s.exposure, Strangers: &s.strangers},
		Audit: s.store.Audit(), History: s.history, Decoder: s.decoder, Detect: s.detect, Suppressions: s.suppress, Rules: s.rules, Hunt: s.hunt, Reports: s.reports, Index: s.matcher.State, Technique: techniqueName(s.cat),
		Changes: s.changes.subscribe, Workers: s.workers, Senders: s.senders(), Share: s.share(), Matched: s.events.Matched, IntakeURL: intakeURL, ListURL: listURL, Engine: string(s.store.Engine()),
		Version: s.opt.Version, Secure: secure, Log: s.opt.Log.With("component", "web"),
	})
	mux := http.NewServeMux()
	mux.Handle("/api/", s.api)
	mux.Handle("/taxii2/", s.api)
	mux.Handle("/", pages)
	return mux
}
