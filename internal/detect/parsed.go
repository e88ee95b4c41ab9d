package detect

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/vedette-soc/vedette/sigma"
)

// parsed remembers what stands in the files of the rules that there are, and in their
// exceptions, so that after a change only what changed is read. Safe for concurrent use.
type parsed struct {
	mu     sync.Mutex
	files  map[fileKey]parsedFile // guarded by mu
	passes map[passKey]sigma.Rule // guarded by mu
}

// fileKey is all that reading a file depends on.
type fileKey struct{ name, hash string }

type parsedFile struct {
	sigma.Collection // nothing in it may be changed
	problems         []Refusal
}

// passKey is all that an exception as a rule depends on.
type passKey struct {
	id, where, title string
	source           sigma.LogSource
}

func fileOf(r Rule) fileKey { return fileKey{r.File, r.Text} }

func passKeyOf(e Exception, r Rule) passKey { return passKey{e.ID, e.Where, r.Title, r.Source} }

func parseFile(name, text string) parsedFile {
	var f parsedFile
	var err error
	f.Collection, err = sigma.Parse(name, []byte(text))
	var problems sigma.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			f.problems = append(f.problems, Refusal{p.File, p.Line, p.Rule, p.Text})
		}
	}
	return f
}

// parse returns what the files of rules hold.
func (s *Service) parse(ctx context.Context, rules []Rule) (map[fileKey]parsedFile, error) {
	out, unknown := map[fileKey]parsedFile{}, map[fileKey]bool{}
	var hashes []string
	s.parsed.mu.Lock()
	for _, r := range rules {
		key := fileOf(r)
		if f, ok := s.parsed.files[key]; ok {
			out[key] = f
		} else if !unknown[key] {
			unknown[key] = true
			hashes = append(hashes, key.hash)
		}
	}
	s.parsed.mu.Unlock()
	if len(unknown) == 0 {
		return out, nil
	}
	slices.Sort(hashes)
	texts, err := s.store.Texts(ctx, slices.Compact(hashes))
	if err != nil {
		return nil, err
	}
	fresh := make(map[fileKey]parsedFile, len(unknown))
	for key := range unknown {
		if text, ok := texts[key.hash]; ok {
			fresh[key] = parseFile(key.name, text)
			out[key] = fresh[key]
		}
	}
	s.parsed.add(fresh)
	return out, nil
}

func (p *parsed) add(files map[fileKey]parsedFile) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.files == nil {
		p.files = map[fileKey]parsedFile{}
	}
	for key, f := range files {
		p.files[key] = f
	}
}

// pass returns an exception as a rule.
func (p *parsed) pass(e Exception, r Rule) (sigma.Rule, error) {
	key := passKeyOf(e, r)
	p.mu.Lock()
	m, ok := p.passes[key]
	p.mu.Unlock()
	if ok {
		return m, nil
	}
	m, err := e.Compile(r)
	if err != nil {
		return m, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.passes == nil {
		p.passes = map[passKey]sigma.Rule{}
	}
	p.passes[key] = m
	return m, nil
}

// keep forgets all but what there is.
func (p *parsed) keep(files map[fileKey]parsedFile, passes map[passKey]sigma.Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files, p.passes = files, passes
}
