// Package exposure keeps what is known of vulnerabilities, by source, so that an
// attack on one can be held against what the target runs.
//
// [Service.Learn] takes records in, [Service.Known] answers for some CVE ids at once.
package exposure

import (
	"context"
	"sync"

	"github.com/vedette-soc/vedette/vuln"
)

// Store keeps records by source.
type Store interface {
	// Save keeps what a source says, in place of what it said of the same
	// vulnerability, in one transaction; it returns how many are new to it and how many
	// say something else than before. When any is or does, it announces "exposure.changed".
	Save(ctx context.Context, source string, list []vuln.Record) (created, changed int, err error)
	// Said returns what all sources say of some vulnerabilities, by CVE id, in the order
	// of the sources' names.
	Said(ctx context.Context, cves []string) (map[string][]vuln.Record, error)
	// Exploited returns the CVE ids that a source says are known to be exploited, in
	// order, at most 50,000.
	Exploited(ctx context.Context) ([]string, error)
}

// Service keeps vulnerabilities. Safe for concurrent use.
type Service struct {
	store Store

	mu    sync.Mutex
	known map[string]vuln.Record // guarded by mu; also what is not known, as empty records
}

// kept bounds how many answers are remembered.
const kept = 20_000

// New returns a Service over store.
func New(store Store) *Service { return &Service{store: store, known: map[string]vuln.Record{}} }

// Learn keeps what a source says.
func (s *Service) Learn(ctx context.Context, source string, list []vuln.Record) (created, changed int, err error) {
	created, changed, err = s.store.Save(ctx, source, list)
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
	return created, changed, err
}

// Known returns what is known of some vulnerabilities, all sources taken together;
// what nobody speaks of is left out.
func (s *Service) Known(ctx context.Context, cves []string) (map[string]vuln.Record, error) {
	out := map[string]vuln.Record{}
	var ask []string
	s.mu.Lock()
	for _, id := range cves {
		r, ok := s.known[id]
		switch {
		case !ok:
			ask = append(ask, id)
		case r.CVE != "":
			out[id] = r
		}
	}
	s.mu.Unlock()
	if len(ask) == 0 {
		return out, nil
	}
	said, err := s.store.Said(ctx, ask)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known)+len(ask) > kept {
		clear(s.known)
	}
	for _, id := range ask {
		var r vuln.Record
		for _, part := range said[id] {
			r.Merge(part)
		}
		s.known[id] = r
		if r.CVE != "" {
			out[id] = r
		}
	}
	return out, nil
}

// Exploited returns what is known of all vulnerabilities that are known to be exploited
// (KEV), by CVE id.
func (s *Service) Exploited(ctx context.Context) ([]vuln.Record, error) {
	ids, err := s.store.Exploited(ctx)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	known, err := s.Known(ctx, ids)
	out := make([]vuln.Record, 0, len(known))
	for _, id := range ids {
		if r, ok := known[id]; ok && r.KEV != nil {
			out = append(out, r)
		}
	}
	return out, err
}
