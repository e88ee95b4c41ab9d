package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/obs"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/receiver/ndjson"
	"github.com/vedette-soc/vedette/internal/receiver/stdin"
	"github.com/vedette-soc/vedette/internal/receiver/tail"
	"github.com/vedette-soc/vedette/internal/responder/edl"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/web"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
)

// Listening is where a started system answers; empty where it does not.
type Listening struct {
	Web, Intake, Devices, Private string // base URLs
}

// Run listens, starts every worker, calls started (which may be nil), and serves
// until ctx is done or a part fails for good. Then it stops in stages: intake,
// pipeline, faces. Close the system afterwards.
func (s *System) Run(ctx context.Context, started func(Listening) error) error {
	l, stages, err := s.stages()
	if err != nil {
		return err
	}
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

// intakeStage is everything that brings something in.
func (s *System) intakeStage(l *Listening, conf *tls.Config) ([]supervise.Worker, error) {
	c := s.opt.Config
	workers := []supervise.Worker{{Name: "feeds", Run: s.collect.Run}}
	if c.Intake.Listen != "" {
		h := ndjson.New(ndjson.Config{
			Auth: tokens{s.identity}, Intake: s.intake, Formats: s.formats, Log: s.opt.Log.With("component", "intake"),
			MaxEvent: c.Intake.MaxEvent, MaxBody: c.Intake.MaxBody,
		})
		in, err := listen("intake", c.Intake.Listen, h, conf, s.opt.Log)
		if err != nil {
			return nil, err
		}
		l.Intake = baseURL(in, conf != nil)
		workers = append(workers, in.worker())
	}
	if len(c.Intake.Tail) > 0 {
		w := &tail.Worker{State: filepath.Join(c.Data, tailName), Intake: s.intake, Formats: s.formats, MaxEvent: c.Intake.MaxEvent, Log: s.opt.Log}
		for _, t := range c.Intake.Tail {
			w.Files = append(w.Files, tail.Follow{Path: t.Path, Format: t.Format})
		}
		workers = append(workers, supervise.Worker{Name: "tail", Run: w.Run})
	}
	if len(s.replay) > 0 {
		workers = append(workers, s.replayWorker())
	}
	if c.Intake.Stdin {
		w := &stdin.Worker{In: os.Stdin, Intake: s.intake, Formats: s.formats, MaxEvent: c.Intake.MaxEvent, Log: s.opt.Log}
		workers = append(workers, supervise.Worker{Name: "stdin", Run: w.Run})
	}
	return workers, nil
}

// pipelineStage is everything that thinks.
func (s *System) pipelineStage() []supervise.Worker {
	s.ranked = s.org.Index()
	rerank := pipeline.NewRerank(s.alerts, s.intel, s.changes.tell)
	facts := pipeline.Facts{Outbox: s.store.Outbox(), Log: s.opt.Log, On: map[string]func(context.Context, ref.Fact) error{
		"intel.changed": func(context.Context, ref.Fact) error {
			s.matcher.Renew()
			rerank.Renew()
			return nil
		},
		"rules.changed": func(context.Context, ref.Fact) error { s.rules.Renew(); return nil },
		"org.changed": func(ctx context.Context, _ ref.Fact) error {
			if err := s.org.Load(ctx); err != nil {
				return err
			}
			s.rules.Renew() // placeholders come from the profile
			now := s.org.Index()
			if err := rerank.Profile(ctx, s.ranked, now); err != nil {
				return err
			}
			s.ranked = now
			return nil
		},
		"alert.changed": func(ctx context.Context, f ref.Fact) error {
			s.changes.tell([]string{f.Ref.ID})
			return pipeline.Witness{Alerts: s.alerts, Intel: s.intel}.Changed(ctx, f)
		},
	}}
	return []supervise.Worker{
		{Name: "index", Run: func(ctx context.Context) error { return s.matcher.Run(ctx, s.ready) }},
		{Name: "rules", Run: s.rules.Run},
		{Name: "events", Run: s.events.Run},
		{Name: "back-tests", Run: s.detect.Run},
		{Name: "looking back", Run: s.hunt.Run},
		{Name: "facts", Run: facts.Run},
		{Name: "ranking", Run: rerank.Run},
		{Name: "feed audit", Run: (&pipeline.FeedAudit{Intel: s.intel, Warnings: func() *misp.WarningSet { return s.warnings }, Every: 6 * time.Hour}).Run},
		{Name: "blocks", Run: s.respond.Run},
		{Name: "retention", Run: s.retain},
	}
}

// tokens lets senders in by their tokens.
type tokens struct{ *identity.Service }

// Authorise implements ndjson.Authoriser.
func (t tokens) Authorise(ctx context.Context, secret string) (ref.Actor, error) {
	return t.Token(ctx, secret)
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
		var allow []netip.Prefix
		for _, a := range c.Devices.Allow {
			p, err := netip.ParsePrefix(a)
			if err != nil {
				return nil, errs.New(errs.Invalid, "config_invalid", "devices.allow: %q is no address range.", a)
			}
			allow = append(allow, p.Masked())
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
		p, err := listen("private", c.Private.Listen, obs.Private(s.gauges()), nil, log)
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
	return append(workers, newListener("control", sock, handler, log).worker()), nil
}

// face is what people and programs reach: pages and API.
func (s *System) face(intakeURL, listURL string, secure bool) http.Handler {
	pages := web.New(web.Config{
		Alerts: s.alerts, Intel: s.intel, Collect: s.collect, Investigate: s.investigate, Respond: s.respond, Identity: s.identity, Org: s.org,
		Audit: s.store.Audit(), History: s.history, Decoder: s.decoder, Detect: s.detect, Rules: s.rules, Hunt: s.hunt, Index: s.matcher.State, Technique: techniqueName(s.cat),
		Changes: s.changes.subscribe, Workers: s.workers, Senders: s.intake.Sources, Matched: s.events.Matched, IntakeURL: intakeURL, ListURL: listURL, Engine: string(s.store.Engine()),
		Version: s.opt.Version, Secure: secure, Log: s.opt.Log.With("component", "web"),
	})
	mux := http.NewServeMux()
	mux.Handle("/api/", s.api)
	mux.Handle("/taxii2/", s.api)
	mux.Handle("/", pages)
	return mux
}

func (s *System) gauges() []obs.Gauge {
	ctx := asSystem(context.Background())
	return []obs.Gauge{
		{Name: "index_indicators", Help: "Indicators in the live index.", Read: func() float64 { return float64(s.matcher.State().Indicators) }},
		{Name: "history_records", Help: "Events kept.", Read: func() float64 {
			st, _ := s.history.Stats(ctx)
			return float64(st.Records)
		}},
		{Name: "incidents_open", Help: "Open incidents.", Read: func() float64 {
			t, _ := s.alerts.Totals(ctx)
			n := 0
			for _, k := range t.Open {
				n += k
			}
			return float64(n)
		}},
		{Name: "workers_degraded", Help: "Workers that stopped for good or are being restarted.", Read: func() float64 {
			n := 0
			for _, w := range s.workers() {
				if w.State == supervise.Degraded || w.State == supervise.BackingUp {
					n++
				}
			}
			return float64(n)
		}},
	}
}
