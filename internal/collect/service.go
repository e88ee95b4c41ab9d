package collect

import (
	"cmp"
	"context"
	"hash/maphash"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/ref"
)

var seed = maphash.MakeSeed()

func hash(s string) uint64 { return maphash.String(seed, s) }

// minInterval is the shortest time between two runs of a feed.
const minInterval = 5 * time.Minute

// Config is what a Service needs.
type Config struct {
	Store     Store
	Knowledge Knowledge
	Parsers   []Parser
	Fetch     *fetch.Client
	Catalogue []Feed // well-known feeds, off until chosen
	SpoolDir  string // for downloads; "" = the system's temporary directory
	Log       *slog.Logger
}

// Service owns the feeds. Safe for concurrent use; one run of a feed at a time.
type Service struct {
	cfg  Config
	now  func() time.Time
	wake chan struct{}

	mu      sync.Mutex
	running map[string]bool // guarded by mu
}

// New returns a Service.
func New(cfg Config) *Service {
	return &Service{cfg: cfg, now: time.Now, wake: make(chan struct{}, 1), running: map[string]bool{}}
}

// WithClock replaces the clock, for tests.
func (s *Service) WithClock(now func() time.Time) *Service {
	s.now = now
	return s
}

// View is a feed with its state.
type View struct {
	Feed  Feed  `json:"feed"`
	State State `json:"state"`
	Known bool  `json:"known"` // chosen: it stands in the store, not only in the catalogue
}

// Feeds returns all chosen feeds and, after them, the rest of the catalogue.
func (s *Service) Feeds(ctx context.Context) ([]View, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	feeds, err := s.cfg.Store.Feeds(ctx)
	if err != nil {
		return nil, err
	}
	states, err := s.cfg.Store.States(ctx)
	if err != nil {
		return nil, err
	}
	var out []View
	known := map[string]bool{}
	for _, f := range feeds {
		known[f.ID] = true
		st := states[f.ID]
		st.Feed, st.Health = f.ID, cmp.Or(st.Health, Fresh)
		switch {
		case !f.Enabled:
			st.Health = Off
		case st.Health == OK && s.now().Sub(st.LastGood) > 3*max(f.Interval, minInterval):
			st.Health, st.Message = Dead, "no good run for three intervals"
		}
		out = append(out, View{f, st, true})
	}
	for _, f := range s.cfg.Catalogue {
		if !known[f.ID] {
			out = append(out, View{Feed: f, State: State{Feed: f.ID, Health: Off}})
		}
	}
	return out, nil
}

func (s *Service) view(ctx context.Context, id string) (View, error) {
	all, err := s.Feeds(ctx)
	if err != nil {
		return View{}, err
	}
	for _, v := range all {
		if v.Feed.ID == id {
			return v, nil
		}
	}
	return View{}, errs.New(errs.NotFound, "feed_unknown", "There is no feed %q.", id)
}

// Feed returns one feed by id.
func (s *Service) Feed(ctx context.Context, id string) (View, error) { return s.view(ctx, id) }

// Add adds or replaces a feed.
func (s *Service) Add(ctx context.Context, f Feed) error {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return err
	}
	if err := s.check(f); err != nil {
		return err
	}
	return s.save(ctx, f, "collect.save-feed")
}

func (s *Service) check(f Feed) error {
	fields := map[string]string{}
	if f.ID == "" || len(f.ID) > 80 {
		fields["id"] = "A feed needs an id of at most 80 characters."
	}
	if f.URL == "" {
		fields["url"] = "A feed needs a URL or a path."
	}
	if f.Interval < minInterval {
		fields["interval"] = "The shortest interval is 5m."
	}
	if f.Kind != "" && !slices.ContainsFunc(s.cfg.Parsers, func(p Parser) bool { return p.Kind() == f.Kind }) {
		fields["kind"] = "There is no feed kind " + f.Kind + "."
	}
	if f.Auth != "" && !strings.HasPrefix(f.Auth, "env:") && !strings.HasPrefix(f.Auth, "file:") {
		fields["auth"] = "A secret is not kept here: write env:NAME or file:PATH."
	}
	if len(fields) > 0 {
		return &errs.Error{Kind: errs.Invalid, Code: "feed_invalid", Message: "The feed cannot be saved like this.", Fields: fields}
	}
	return nil
}

// Switch turns a feed of the store or the catalogue on or off.
func (s *Service) Switch(ctx context.Context, id string, on bool) error {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return err
	}
	v, err := s.view(ctx, id)
	if err != nil {
		return err
	}
	v.Feed.Enabled = on
	verb := "collect.disable-feed"
	if on {
		verb = "collect.enable-feed"
	}
	return s.save(ctx, v.Feed, verb)
}

// Retire turns a feed off and withdraws what it said, so that what only it said is
// no longer matched. The feed, its runs and its counts stay.
func (s *Service) Retire(ctx context.Context, id, why string) error {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return err
	}
	v, err := s.view(ctx, id)
	if err != nil {
		return err
	}
	v.Feed.Enabled = false
	err = s.cfg.Store.SaveFeed(ctx, v.Feed, ref.Act{
		Actor: ref.ActorFrom(ctx), Verb: "collect.retire-feed", Target: ref.Ref{Kind: ref.Feed, ID: id}, Reason: why, Detail: map[string]any{"url": v.Feed.URL},
	})
	if err != nil {
		return err
	}
	if _, err := s.cfg.Knowledge.Withdraw(ctx, id, newID()); err != nil {
		return err
	}
	return s.cfg.Knowledge.Done(ctx, id, "")
}

// Acknowledge says that what a feed held back is right: the next run takes it.
func (s *Service) Acknowledge(ctx context.Context, id, why string) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	v, err := s.view(ctx, id)
	if err != nil {
		return err
	}
	v.State.Acknowledged, v.State.NextRun, v.State.BodyHash, v.State.ETag, v.State.LastModified = true, s.now(), "", "", ""
	run := Run{ID: newID(), Feed: id, Input: v.Feed.URL, Started: s.now().UTC(), Finished: s.now().UTC(), Outcome: "acknowledged", Error: why}
	if err := s.cfg.Store.SaveRun(ctx, run, v.State); err != nil {
		return err
	}
	s.poke()
	return nil
}

func (s *Service) save(ctx context.Context, f Feed, verb string) error {
	err := s.cfg.Store.SaveFeed(ctx, f, ref.Act{
		Actor: ref.ActorFrom(ctx), Verb: verb, Target: ref.Ref{Kind: ref.Feed, ID: f.ID}, Detail: map[string]any{"url": f.URL, "kind": f.Kind},
	})
	if err == nil {
		s.poke()
	}
	return err
}

// Delete removes a feed; what it said stays until it expires, as withdrawn. The
// feed goes last, so that what a crash interrupts can be done again.
func (s *Service) Delete(ctx context.Context, id string) error {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return err
	}
	v, err := s.view(ctx, id)
	if err != nil {
		return err
	}
	if v.Known {
		if _, err := s.cfg.Knowledge.Withdraw(ctx, id, newID()); err != nil {
			return err
		}
	}
	if err := s.cfg.Store.DeleteFeed(ctx, id, ref.Act{Actor: ref.ActorFrom(ctx), Verb: "collect.delete-feed", Target: ref.Ref{Kind: ref.Feed, ID: id}}); err != nil {
		return err
	}
	return s.cfg.Knowledge.Done(ctx, id, "")
}

// Runs returns the newest runs of a feed ("" = all).
func (s *Service) Runs(ctx context.Context, feed string, limit int) ([]Run, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.cfg.Store.Runs(ctx, feed, limit)
}

// Order is an import by hand.
type Order struct {
	Source   string // who says it; "" = "import/" and the actor's name
	Paths    []string
	Name     string    // of Reader, when there are no paths
	Reader   io.Reader // an upload; nil when Paths are given
	Kind     string    // "" = recognised
	Options  Options
	Dry      bool // count only
	Progress func(read int)
}

// Import reads files, directories, archives or an upload once.
func (s *Service) Import(ctx context.Context, o Order) (Run, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Run{}, err
	}
	o.Source = cmp.Or(o.Source, "import/"+ref.ActorFrom(ctx).Name)
	run, err := Read(ctx, s.cfg.Parsers, s.cfg.Knowledge, o)
	if o.Dry {
		return run, err
	}
	if saveErr := s.cfg.Store.SaveRun(ctx, run, State{}); err == nil {
		err = saveErr
	}
	if doneErr := s.cfg.Knowledge.Done(ctx, run.Feed, run.ID); err == nil {
		err = doneErr
	}
	return run, err
}

// Read reads what o names into k, or only counts when o.Dry; nothing else is
// kept of it.
func Read(ctx context.Context, parsers []Parser, k Knowledge, o Order) (Run, error) {
	run := Run{ID: newID(), Feed: o.Source, Started: time.Now().UTC(), Input: cmp.Or(o.Name, strings.Join(o.Paths, ", ")), Outcome: "stored"}
	in := &intake{ctx: ctx, source: run.Feed, run: run.ID, guard: k.Suspicious, progress: o.Progress}
	if !o.Dry {
		in.knowledge = k
	}
	var err error
	if o.Reader != nil {
		err = in.readAll(func(fn func(string, io.Reader) error) error {
			return fetch.WalkReader(o.Name, o.Reader, fetch.Limits{}, fn)
		}, parsers, o.Kind, o.Options)
	}
	for _, p := range o.Paths {
		if err == nil {
			err = in.readAll(walkPath(p), parsers, o.Kind, o.Options)
		}
	}
	run.Finished, run.Report, run.Samples, run.Objects = time.Now().UTC(), in.report, in.samples, in.objects
	if err != nil {
		run.Outcome, run.Error = "failed", err.Error()
	}
	return run, err
}

func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
