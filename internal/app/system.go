package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/content/demo"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/exposure"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/parquet"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/report"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
)

// Options say what to open.
type Options struct {
	Config  config.Config
	Version string
	Log     *slog.Logger

	migrating bool    // events are being brought to ClickHouse; the caller has the lock
	tenure    *tenure // this process keeps, others receive and match; nil = it does all
}

// System is the product, built and not yet running.
type System struct {
	opt      Options
	cat      *attack.Catalogue
	store    *store.Store
	history  pipeline.PastHistory
	segments *segment.History    // the same, where it is segments; else nil
	server   *clickhouse.History // the same, where it is ClickHouse; else nil
	lock     io.Closer           // of the data directory, where history has none; may be nil
	sock     net.Listener        // of the command line; nil until the server runs
	intake   *telemetry.Intake
	warnings *misp.WarningSet

	alerts      *alert.Service
	intel       *intel.Service
	org         *org.Service
	collect     *collect.Service
	exposure    *exposure.Service
	leaks       *leak.Service
	leaked      *pipeline.Leaked
	hibp        *leak.Source // nil = it is not asked
	strangers   org.Strangers
	respond     *respond.Service
	reports     *report.Service
	identity    *identity.Service
	detect      *detect.Service
	suppress    *pipeline.Suppressions
	investigate *investigate.Service
	hunt        *hunt.Service
	landscape   *pipeline.Landscape

	formats *format.Recogniser
	decoder *pipeline.Decoder
	matcher *pipeline.Matcher
	rules   *pipeline.Rules
	events  *pipeline.Events
	retro   *pipeline.Retro
	ready   chan struct{} // closed when the first index is built
	replay  []demo.Event  // what the demo has still to deliver
	pace    time.Duration // in which it delivers the last hours
	api     *api.API
	changes *changes
	tree    *supervise.Tree // set by Run, before anything listens

	backingUp sync.Mutex // one backup at a time
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Open opens the stores of a configuration and builds everything on top of them.
// Nothing runs or listens yet.
func Open(ctx context.Context, opt Options) (*System, error) {
	c := opt.Config
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, errs.New(errs.Invalid, "data_unusable", "The data directory %q cannot be made or used; choose another with -data or the key data.", c.Data).Because(err)
	}
	if c.Transport.On() && opt.tenure == nil && !opt.migrating {
		return nil, errs.New(errs.Conflict, "keeper_absent", "With a transport the command line talks to the process that keeps: run this where vedette serve -role keep (or all) runs, with its data directory; or start it.")
	}
	s := &System{opt: opt, changes: newChanges()}
	if err := s.openStores(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.build(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *System) openStores(ctx context.Context) error {
	c := s.opt.Config
	if err := s.openHistory(ctx); err != nil {
		return err
	}
	left, _ := filepath.Glob(filepath.Join(c.Data, collect.SpoolPrefix+"*")) // the pattern is right
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	dsn, err := databaseOf(c)
	if err != nil {
		return err
	}
	if s.store, err = store.Open(ctx, dsn); err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	if t := s.opt.tenure; t != nil {
		s.store.Fence(t.epoch)
		return nil
	}
	return s.skipDone(ctx)
}

func (s *System) build(ctx context.Context) error {
	c, log := s.opt.Config, s.opt.Log
	var err error
	if s.cat, err = content.Attack(); err != nil {
		return err
	}
	lists, err := content.WarningLists()
	if err != nil {
		return err
	}
	if s.warnings, err = WarningLists(c.Warnings.Directory, lists, log); err != nil {
		return err
	}
	catalogue, err := Catalogue()
	if err != nil {
		return err
	}
	client, err := fetchClient(c.Fetch)
	if err != nil {
		return err
	}
	warnings := func() *misp.WarningSet { return s.warnings }
	s.exposure = exposure.New(s.store.Exposures())
	s.org = org.New(s.store.Org())
	if err := s.org.Load(ctx); err != nil {
		return err
	}
	s.buildLeaks()
	if err := s.leaks.Load(ctx); err != nil {
		return err
	}
	if err := s.strangers.Recall(ctx, s.store.Strangers()); err != nil {
		return err
	}
	s.alerts = alert.New(s.store.Alerts()).WithTactics(s.cat.TacticOf)
	s.intel = intel.New(s.store.Intel(), s.store.Knowledge(), s.store.Ledger()).WithActors(s.store.Actors())
	s.identity = identity.New(s.store.Identities())
	s.intake = telemetry.NewIntake(s.into(), 0)
	s.intake.Expect(c.Intake.Silence)
	s.recallSenders()
	if s.formats, err = Formats(c.Formats.Directory); err != nil {
		return err
	}
	s.decoder = pipeline.NewDecoder(s.formats)
	pipelines, err := Pipelines()
	if err != nil {
		return err
	}
	pipelines = alike(pipelines, s.formats)
	s.detect = detect.New(detect.Config{
		Store: s.store.Rules(), Tuning: s.store.RuleTuning(),
		Past: pipeline.RulePast{History: s.history, Decoder: s.decoder, Org: s.org, Pipelines: pipelines},
	})
	s.suppress = &pipeline.Suppressions{
		Alerts: alert.NewSuppressions(s.store.Suppressions()), Detect: s.detect, History: s.history, Decoder: s.decoder, Org: s.org, Pipelines: pipelines,
	}
	s.rules = pipeline.NewRules(s.detect, s.org, pipelines, log)
	s.findMatcher(filepath.Join(c.Data, indexName))
	s.collect = collect.New(collect.Config{
		Store: s.store.Feeds(), Knowledge: pipeline.Knowledge{Intel: s.intel, Org: s.org, Exposure: s.exposure}, Parsers: Parsers(), Fetch: client,
		Catalogue: catalogue, SpoolDir: c.Data, Log: log.With("component", "collect"),
	})
	decays, err := decayRules(c.Life)
	if err != nil {
		return err
	}
	s.intel.WithDecay(decays).WithReliability((&pipeline.Reliabilities{Feeds: s.collect.Feeds}).Of)
	guard := pipeline.Guard{Org: s.org, Warnings: warnings}
	s.respond = respond.New(s.store.Responses(), guard,
		pipeline.Past{History: s.history, Decoder: s.decoder, Org: s.org})
	s.investigate = investigate.New(pipeline.Sources{Alerts: s.alerts, Intel: s.intel, History: s.history, Org: s.org}, techniqueName(s.cat)).
		WithLikeness(&pipeline.Likeness{Past: s.store.PastIncidents(), Intel: s.intel, Technique: techniqueName(s.cat)})
	reader, err := reportReader(s.warnings)
	if err != nil {
		return err
	}
	shelf := pipeline.Shelf{Collect: s.collect, Knowledge: pipeline.Knowledge{Intel: s.intel, Org: s.org, Exposure: s.exposure}, Detect: s.detect, Rules: s.rules}
	s.reports = report.New(report.Config{Store: s.store.Reports(), Engine: reader.Engine, Publisher: shelf, Eyes: shelf})
	if err := s.buildLandscape(); err != nil {
		return err
	}
	exposed := &pipeline.Exposed{Exposure: s.exposure, Org: s.org}
	s.events = &pipeline.Events{
		Exposed: exposed, Leaked: s.leaked, Suppress: s.suppress, Strangers: &s.strangers,
		History: s.history, Checkpoints: s.store.Checkpoints(), Decoder: s.decoder, Matcher: s.matcher, Org: s.org, Alerts: s.alerts,
		Rules: s.rules, Memories: s.store.Memories(),
		Warnings: warnings, Changed: s.changes.tell, Ready: s.ready, Arrived: s.intake.Arrived(), Decoded: s.intake.Decoded, Log: log,
	}
	s.buildGatherer()
	s.retro = &pipeline.Retro{
		Exposed: exposed, Leaked: s.leaked, Elsewhere: s.elsewhere(), Suppress: s.suppress,
		History: s.history, Decoder: s.decoder, Matcher: s.matcher, Rules: s.rules, Intel: s.intel, Org: s.org, Alerts: s.alerts,
		Warnings: warnings, Changed: s.changes.tell, Started: s.ready, Matched: s.events.Matched, Log: log,
	}
	s.hunt = hunt.New(s.store.HuntJobs(), s.store.Hunts(), s.retro, pipeline.Searcher{History: s.history, Decoder: s.decoder})
	s.matcher.InEffect(s.hunt.Renew)
	s.rules.InEffect = s.hunt.Renew
	s.api = api.New(api.Config{
		Alerts: s.alerts, Intel: s.intel, Landscape: s.landscape, Attack: s.cat, Collect: s.collect, Investigate: s.investigate, Respond: s.respond, Identity: s.identity, Org: s.org, Strangers: &s.strangers, Leaks: s.leakBook(),
		Audit: s.store.Audit(), History: s.history, Decoder: s.decoder, Matcher: s.matcher, Workers: s.workers, Senders: s.senders(), Share: s.share(), Dead: s.dead(), Matched: s.events.Matched,
		Detect: s.detect, Suppressions: s.suppress, Rules: s.rules, Hunt: s.hunt, Reports: s.reports, Retro: s.retro, Inward: &pipeline.Inward{Intake: s.intake, Formats: s.formats, Memories: s.store.Memories()},
		Outward: &pipeline.Outward{History: s.history, Decoder: s.decoder, Tables: parquet.New}, Rail: guard.Rail, Backup: s.backup, Doctor: s.examine, Version: s.opt.Version, Log: log.With("component", "api"),
	})
	if err := seedRules(ctx, s.detect); err != nil {
		return err
	}
	return seedAttack(ctx, s.intel, s.cat)
}

func fetchClient(c config.Fetch) (*fetch.Client, error) {
	cfg := fetch.Config{Timeout: c.Timeout, MaxBytes: c.MaxBytes}
	for _, a := range c.Allow {
		if p, err := netip.ParsePrefix(a); err == nil {
			cfg.Allow.Prefixes = append(cfg.Allow.Prefixes, p)
		} else if ip, err := netip.ParseAddr(a); err == nil {
			cfg.Allow.Prefixes = append(cfg.Allow.Prefixes, netip.PrefixFrom(ip, ip.BitLen()))
		} else {
			cfg.Allow.Hosts = append(cfg.Allow.Hosts, a)
		}
	}
	if c.Proxy != "" {
		u, err := url.Parse(c.Proxy)
		if err != nil || u.Host == "" {
			return nil, errs.New(errs.Invalid, "proxy_invalid", "fetch.proxy: %q is no proxy URL.", c.Proxy)
		}
		cfg.Proxy = u
	}
	return fetch.New(cfg), nil
}

func (s *System) workers() []supervise.Status {
	if s.tree == nil {
		return nil
	}
	return s.tree.Status()
}

// Close closes the stores; call it after Run has returned, or instead of Run.
func (s *System) Close() error {
	if s.sock != nil {
		_ = s.sock.Close() // no socket is left of a server that was stopped while it started; else it is closed already
	}
	var err error
	if s.history != nil {
		err = s.history.Close()
	}
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// SetUpLink returns the one-time link that makes the first administrator, "" when
// there is one. base is the address of the pages.
func (s *System) SetUpLink(ctx context.Context, base string) (string, error) {
	secret, err := s.identity.PrepareSetUp(ctx)
	if err != nil || secret == "" {
		return "", err
	}
	return base + "/setup?secret=" + url.QueryEscape(secret), nil
}

// stopWithin is how long a stop may take before what is left is abandoned.
const stopWithin = 15 * time.Second

// baseURL is where people reach a listener.
func baseURL(l net.Listener, secure bool) string {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// asSystem lets workers act.
func asSystem(ctx context.Context) context.Context { return ref.WithActor(ctx, ref.SystemActor) }

var _ http.Handler = (*api.API)(nil)
