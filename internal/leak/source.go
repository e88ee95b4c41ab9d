package leak

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/ref"
)

// SourceConfig is how Have I Been Pwned is asked.
type SourceConfig struct {
	URL   string // of the API, with its version
	Key   errs.Secret
	Every time.Duration // how often it is asked for its latest breach
	Pause time.Duration // between two questions
	Fetch *fetch.Client
}

// Source asks Have I Been Pwned for the accounts of our domains. It is off without a key.
// What leaves is the key and our domains, no account.
type Source struct {
	leaks *Service
	cfg   SourceConfig
	state SourceState
	full  time.Time       // when the domains were last asked for
	lacks map[string]bool // what the subscription does not have
}

// SourceState is how a source that is asked by itself is.
type SourceState struct {
	Health  string // "waiting", "good", "failed"
	Message string
	Last    time.Time // asked
	Next    time.Time
	Latest  string   // the newest breach that the source knows
	Domains []string // what leaves
}

// fullEvery is how often domains are asked for although there is no new breach: a domain
// may have been added.
const fullEvery = 7 * 24 * time.Hour

// NewSource returns a Source that brings what it learns to leaks.
func NewSource(leaks *Service, cfg SourceConfig) *Source {
	cfg.Every, cfg.Pause = cmp.Or(cfg.Every, 6*time.Hour), cmp.Or(cfg.Pause, 7*time.Second)
	s := &Source{leaks: leaks, cfg: cfg, lacks: map[string]bool{}}
	s.state = SourceState{Health: "waiting", Domains: leaks.cfg.Own.Domains()}
	s.show()
	return s
}

// Source is how the source is that is asked by itself; nil = there is none.
func (s *Service) Source() *SourceState { return s.asked.Load() }

func (s *Source) show() {
	now := s.state
	s.leaks.asked.Store(&now)
}

// Run is a worker: it asks until ctx is done. What goes wrong is shown, and asked again
// when the server wants it.
func (s *Source) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	failed := 0
	for {
		wait := s.cfg.Every
		s.state.Domains = s.leaks.cfg.Own.Domains()
		err := s.ask(ctx)
		s.state.Last = s.leaks.now().UTC()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.state.Health, s.state.Message = "failed", errs.Public(err)
			wait = fetch.Backoff(failed, min(10*time.Minute, s.cfg.Every), err)
			failed++
		default:
			s.state.Health, failed = "good", 0
		}
		s.state.Next = s.state.Last.Add(wait)
		s.show()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// ask asks for the latest breach, and for our domains when it is another than last time.
func (s *Source) ask(ctx context.Context) error {
	if len(s.state.Domains) == 0 {
		s.state.Message = "the profile names no domain: there is nothing to ask for"
		return nil
	}
	body, err := s.get(ctx, "latestbreach")
	if err != nil {
		return fmt.Errorf("ask for the latest breach: %w", err)
	}
	var latest struct{ Name string }
	if json.Unmarshal(body, &latest) != nil || latest.Name == "" {
		return errs.New(errs.Invalid, "hibp_answer", "What %s answers names no breach; check the address.", s.cfg.URL)
	}
	if latest.Name == s.state.Latest && s.leaks.now().Sub(s.full) < fullEvery {
		return nil
	}
	if err := s.domains(ctx); err != nil {
		return err
	}
	s.state.Latest, s.full = latest.Name, s.leaks.now()
	return nil
}

// domains asks for everything about our domains.
func (s *Source) domains(ctx context.Context) error {
	body, err := s.get(ctx, "breaches")
	if err == nil {
		_, err = s.leaks.Import(ctx, Order{Name: "breaches.json", Source: "Have I Been Pwned", Reader: bytes.NewReader(body)})
	}
	if err != nil {
		return fmt.Errorf("ask for the list of breaches: %w", err)
	}
	var refused []string
	for _, d := range s.state.Domains {
		for _, what := range []string{"breacheddomain", "stealerlogsbyemaildomain"} {
			if s.lacks[what] {
				continue
			}
			switch err := s.domain(ctx, what, d); errs.KindOf(err) {
			case errs.NotFound: // none
			case errs.Denied:
				refused = append(refused, what+" of "+d)
				s.lacks[what] = s.lacks[what] || what == "stealerlogsbyemaildomain"
			default:
				if err != nil {
					return err
				}
			}
		}
	}
	s.state.Message = ""
	if len(refused) > 0 {
		s.state.Message = "refused: " + strings.Join(refused[:min(len(refused), 5)], ", ") + "; a domain must be verified there, and stealer logs need a higher tier"
	}
	if len(refused) > 0 && !slices.ContainsFunc(refused, func(r string) bool { return strings.HasPrefix(r, "stealer") }) && len(refused) == len(s.state.Domains) {
		return errs.New(errs.Denied, "hibp_refused", "Have I Been Pwned refused every domain: check the key, and that the domains are verified there.")
	}
	return nil
}

func (s *Source) domain(ctx context.Context, what, domain string) error {
	body, err := s.get(ctx, what+"/"+url.PathEscape(domain))
	if err != nil {
		return err
	}
	_, err = s.leaks.Import(ctx, Order{Name: what + ".json", Domain: domain, Source: "Have I Been Pwned", Reader: bytes.NewReader(body)})
	return err
}

const maxHIBP = 256 << 20

// get asks one question, and again when the server says when.
func (s *Source) get(ctx context.Context, path string) ([]byte, error) {
	for try := 0; ; try++ {
		res, err := s.cfg.Fetch.Do(ctx, fetch.Request{
			URL:    strings.TrimSuffix(s.cfg.URL, "/") + "/" + path,
			Header: map[string][]string{"Hibp-Api-Key": {string(s.cfg.Key)}, "Accept": {"application/json"}},
		})
		wait := s.cfg.Pause
		if errs.KindOf(err) == errs.RateLimited && err != nil && try < 3 {
			wait = max(wait, fetch.RetryAfter(err))
			if wait > 10*time.Minute {
				return nil, err // Run comes again when it is time
			}
		} else if err != nil {
			return nil, err
		}
		var body []byte
		if err == nil {
			body, err = io.ReadAll(io.LimitReader(res.Body, maxHIBP+1))
			_ = res.Body.Close()
			if err != nil {
				return nil, err
			}
			if len(body) > maxHIBP {
				return nil, errs.New(errs.Invalid, "hibp_answer", "The answer of %s is larger than 256 MiB.", path)
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
		if body != nil {
			return body, nil
		}
	}
}
