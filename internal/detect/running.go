package detect

import (
	"context"
	"slices"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

// Live is what is to run now.
type Live struct {
	Sigma      sigma.Collection // rules that are on, with the filters and correlations that are
	Meta       map[string]Rule  // by id, of everything in Sigma
	Exceptions []LiveException
	Problems   []Refusal // texts that can be read no more
}

// LiveException is an exception ready to be compiled.
type LiveException struct {
	Exception
	Match sigma.Rule // matches the events that pass
}

// Running returns what is to run: all that is on and not silenced by its log
// source. A rule that a running correlation asks for is there too, silent when it
// is off itself.
func (s *Service) Running(ctx context.Context) (Live, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Live{}, err
	}
	all, _, err := s.store.Rules(ctx, Query{})
	if err != nil {
		return Live{}, err
	}
	switches, err := s.tuning.SourceSwitches(ctx)
	if err != nil {
		return Live{}, err
	}
	files, err := s.parse(ctx, all)
	if err != nil {
		return Live{}, err
	}
	live := loading{out: Live{Meta: map[string]Rule{}}, meta: map[string]Rule{}, asked: map[string]bool{}}
	for _, r := range all {
		r.On = r.On && !silenced(switches, r.Source)
		live.meta[r.ID] = r
	}
	live.files(all, files)
	live.out.Sigma.Silence()
	exceptions, err := s.live(ctx, "")
	if err != nil {
		return Live{}, err
	}
	passes := map[passKey]sigma.Rule{}
	for _, e := range exceptions {
		r, ok := live.out.Meta[e.Rule]
		if !ok {
			continue
		}
		m, err := s.parsed.pass(e, r)
		if err != nil {
			live.out.Problems = append(live.out.Problems, Refusal{Rule: r.Title, Why: err.Error()})
			continue
		}
		passes[passKeyOf(e, r)] = m
		live.out.Exceptions = append(live.out.Exceptions, LiveException{e, m})
	}
	s.parsed.keep(files, passes)
	return live.out, nil
}

// filters returns the filters that are on.
func (s *Service) filters(ctx context.Context) ([]sigma.Filter, error) {
	all, _, err := s.store.Rules(ctx, Query{})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r Rule) bool { return r.Kind != Filter || !r.On })
	files, err := s.parse(ctx, all)
	if err != nil {
		return nil, err
	}
	l := loading{out: Live{Meta: map[string]Rule{}}, meta: map[string]Rule{}, asked: map[string]bool{}}
	for _, r := range all {
		l.meta[r.ID] = r
	}
	l.files(all, files)
	return l.out.Sigma.Filters, nil
}

// loading turns stored rules into a collection.
type loading struct {
	out   Live
	meta  map[string]Rule // all rules by id
	asked map[string]bool // ids and names that running correlations want
}

// files takes what is needed of each file, in the order of the rules. Correlations come
// first: they say which rules are needed besides.
func (l *loading) files(all []Rule, parsed map[fileKey]parsedFile) {
	type file struct {
		pack string
		c    sigma.Collection
	}
	type place struct {
		pack string
		fileKey
	}
	var files []file
	done := map[place]bool{}
	for _, r := range all {
		at := place{r.Pack, fileOf(r)}
		if done[at] {
			continue
		}
		done[at] = true
		f := parsed[at.fileKey]
		l.out.Problems = append(l.out.Problems, f.problems...)
		files = append(files, file{r.Pack, f.Collection})
	}
	// A correlation may ask for correlations: until nothing more is asked for.
	taken := map[string]bool{}
	for grown := true; grown; {
		grown = false
		for _, f := range files {
			for _, c := range f.c.Correlations {
				if taken[idOf(&c.Rule, f.pack)] || !l.take(&c.Rule, f.pack) && !l.wanted(&c.Rule, f.pack) {
					continue
				}
				taken[c.ID], grown = true, true
				l.out.Sigma.Correlations = append(l.out.Sigma.Correlations, c)
				for _, name := range c.Rules {
					l.asked[name] = true
				}
			}
		}
	}
	for _, f := range files {
		for _, x := range f.c.Filters {
			if l.take(&x.Rule, f.pack) {
				l.out.Sigma.Filters = append(l.out.Sigma.Filters, x)
			}
		}
	}
	for _, f := range files {
		for _, r := range f.c.Rules {
			if l.take(&r, f.pack) || l.wanted(&r, f.pack) {
				l.out.Sigma.Rules = append(l.out.Sigma.Rules, r)
			}
		}
	}
}

// take says whether a rule is on, and gives it the id it has here.
func (l *loading) take(r *sigma.Rule, pack string) bool {
	meta, ok := l.meta[idOf(r, pack)]
	if !ok || meta.Pack != pack || !meta.On {
		return false
	}
	r.ID = meta.ID
	l.out.Meta[meta.ID] = meta
	return true
}

// wanted takes a rule that is off for the correlation that asks for it.
func (l *loading) wanted(r *sigma.Rule, pack string) bool {
	id := idOf(r, pack)
	if !l.asked[id] && (r.Name == "" || !l.asked[r.Name]) {
		return false
	}
	meta, ok := l.meta[id]
	if !ok || meta.Pack != pack {
		return false
	}
	r.ID, r.Silent = meta.ID, true
	l.out.Meta[meta.ID] = meta
	return true
}

// Noted keeps what the pipeline counted: events by log source and day, and what
// exceptions kept away.
func (s *Service) Noted(ctx context.Context, seen []Seen, excepted map[string]int) error {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return err
	}
	if len(seen) > 0 {
		if err := s.tuning.AddSeen(ctx, seen); err != nil {
			return err
		}
	}
	if len(excepted) > 0 {
		return s.tuning.Excepted(ctx, excepted, s.now().UTC())
	}
	return nil
}

// SeenSince returns which log sources sent events since a day (UTC), by day.
func (s *Service) SeenSince(ctx context.Context, day string) ([]Seen, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	if len(day) != len("2006-01-02") {
		return nil, errs.New(errs.Invalid, "day_invalid", "A day is written 2006-01-02; %q is not.", day)
	}
	return s.tuning.Seen(ctx, day)
}
