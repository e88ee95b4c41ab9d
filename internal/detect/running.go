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
	for i := range all {
		all[i].On = all[i].On && !silenced(switches, all[i].Source)
	}
	files, err := s.parse(ctx, all)
	if err != nil {
		return Live{}, err
	}
	out, passes, err := s.load(ctx, all, files)
	if err != nil {
		return Live{}, err
	}
	s.parsed.keep(files, passes)
	return out, nil
}

// alone returns what is to run when a rule or a correlation is tried, be it on or off:
// the filters that are on, and what the correlation stands on.
func (s *Service) alone(ctx context.Context, tried Rule) (Live, error) {
	all, _, err := s.store.Rules(ctx, Query{})
	if err != nil {
		return Live{}, err
	}
	for i := range all {
		all[i].On = all[i].ID == tried.ID || all[i].Kind == Filter && all[i].On
	}
	if tried.Kind == Plain {
		all = slices.DeleteFunc(all, func(r Rule) bool { return !r.On })
	}
	files, err := s.parse(ctx, all)
	if err != nil {
		return Live{}, err
	}
	out, _, err := s.load(ctx, all, files)
	return out, err
}

// load takes what is on out of files, and the exceptions of that.
func (s *Service) load(ctx context.Context, all []Rule, files map[fileKey]parsedFile) (Live, map[passKey]sigma.Rule, error) {
	l := loading{out: Live{Meta: map[string]Rule{}}, meta: map[string]Rule{}, asked: map[string]bool{}}
	for _, r := range all {
		l.meta[r.ID] = r
	}
	l.files(all, files)
	l.out.Sigma.Silence()
	exceptions, err := s.live(ctx)
	if err != nil {
		return Live{}, nil, err
	}
	passes := map[passKey]sigma.Rule{}
	for _, e := range exceptions {
		r, ok := l.out.Meta[e.Rule]
		if !ok {
			continue
		}
		m, err := s.parsed.pass(e, r)
		if err != nil {
			l.out.Problems = append(l.out.Problems, Refusal{Rule: r.Title, Why: err.Error()})
			continue
		}
		passes[passKeyOf(e, r)] = m
		l.out.Exceptions = append(l.out.Exceptions, LiveException{e, m})
	}
	return l.out, passes, nil
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
