package leak

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// Config is what a Service works with.
type Config struct {
	Store Store
	Own   Own
	// Key returns the key of fingerprints, which it makes when there is none.
	Key func() ([]byte, error)
	// Keep is how long a record is kept since it was first known; 0 = for ever.
	Keep time.Duration
	// Pace is how often Run looks for what is too old; default an hour.
	Pace time.Duration
}

// Service keeps leaks. Safe for concurrent use.
type Service struct {
	cfg   Config
	now   func() time.Time
	taken sync.Mutex // one import at a time: it holds a zip archive in memory
	known atomic.Pointer[Edition]
	asked atomic.Pointer[SourceState]
}

// Edition is everything that is known at a time. It does not change.
type Edition struct {
	Records []Record // the newest first
	Number  int64
}

// most is how many records there may be in memory, and in one import.
const (
	most     = 1_000_000
	mostTake = 200_000
)

// New returns a Service; call Load before asking it anything.
func New(cfg Config) *Service {
	cfg.Pace = cmp.Or(cfg.Pace, time.Hour)
	s := &Service{cfg: cfg, now: time.Now}
	s.known.Store(&Edition{})
	return s
}

// Load reads what is kept.
func (s *Service) Load(ctx context.Context) error {
	list, err := s.cfg.Store.Records(ctx, most)
	if err != nil {
		return fmt.Errorf("read leaked accounts: %w", err)
	}
	breaches, err := s.cfg.Store.Breaches(ctx)
	if err != nil {
		return fmt.Errorf("read breaches: %w", err)
	}
	by := make(map[string]credential.Breach, len(breaches))
	for _, b := range breaches {
		by[b.Name] = b
	}
	for i := range list {
		list[i].complete(by)
	}
	s.known.Store(&Edition{Records: list, Number: s.known.Load().Number + 1})
	return nil
}

// complete adds what is known of its breach.
func (r *Record) complete(breaches map[string]credential.Breach) {
	r.Password = r.Fingerprint != "" || r.Kind == credential.Stealer
	b, ok := breaches[r.Source]
	if !ok || r.Kind != credential.FromBreach {
		return
	}
	r.Kind, r.Password = b.Kind, r.Password || b.Passwords
	if r.Time.IsZero() {
		r.Time = b.Date
	}
	r.Site = cmp.Or(r.Site, b.Domain)
}

// Kept is how long a record is kept; 0 = for ever.
func (s *Service) Kept() time.Duration { return s.cfg.Keep }

// Known returns everything that is known. It is for the ranking: nobody reads it.
func (s *Service) Known() *Edition { return s.known.Load() }

// act is a line for the audit log.
func act(ctx context.Context, verb, reason string, detail map[string]any) ref.Act {
	return ref.Act{Actor: ref.ActorFrom(ctx), Verb: verb, Target: ref.Ref{Kind: ref.System, ID: "leaks"}, Reason: reason, Detail: detail}
}

// List returns the records of a kind ("" = all) that somebody asks for by a text, which
// met tells; the newest first. That they were read stands in the audit log.
func (s *Service) List(ctx context.Context, kind credential.Kind, text string, met func(*Record) bool) ([]Record, error) {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return nil, err
	}
	if len(text) > 300 {
		return nil, errs.New(errs.Invalid, "filter_long", "A filter has at most 300 characters.")
	}
	var out []Record
	known := s.Known().Records
	for i := range known {
		if (kind == "" || known[i].Kind == kind) && met(&known[i]) {
			out = append(out, known[i])
		}
	}
	return out, s.cfg.Store.Note(ctx, act(ctx, "leak.read", "", map[string]any{"kind": kind, "filter": text, "records": len(out)}))
}

// Erase forgets everything about an account and returns how much that was. The line in
// the audit log does not name it.
func (s *Service) Erase(ctx context.Context, account, reason string) (int, error) {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return 0, err
	}
	gone := Removal{Account: credential.Account(account)}
	for _, r := range s.Known().Records {
		if r.ID == account {
			gone = Removal{Account: r.Account}
			if r.Account == "" { // only a machine is named
				gone.ID = r.ID
			}
		}
	}
	if gone == (Removal{}) {
		return 0, errs.New(errs.Invalid, "account_invalid", "Say which account is to be erased, as the list shows it.")
	}
	if strings.TrimSpace(reason) == "" || len(reason) > 2000 {
		return 0, errs.New(errs.Invalid, "reason_missing", "Say why it is erased, in at most 2,000 characters.")
	}
	n, err := s.cfg.Store.Remove(ctx, gone, act(ctx, "leak.erase", reason, map[string]any{}))
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, errs.New(errs.NotFound, "account_unknown", "Nothing is kept about %q.", account)
	}
	return n, s.Load(ctx)
}

// Run is a worker: it forgets what is too old, until ctx is done.
func (s *Service) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	tick := time.NewTicker(s.cfg.Pace)
	defer tick.Stop()
	for {
		if err := s.expire(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Service) expire(ctx context.Context) error {
	if s.cfg.Keep <= 0 {
		return nil
	}
	n, err := s.cfg.Store.Remove(ctx, Removal{Before: s.now().Add(-s.cfg.Keep)}, act(ctx, "leak.expire", "older than is kept", map[string]any{}))
	if err != nil || n == 0 {
		return err
	}
	return s.Load(ctx)
}
