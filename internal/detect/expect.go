package detect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/sigma"
)

// Expectation is a test that stands beside a rule: events, and how often the rule
// must match them.
type Expectation struct {
	Name   string
	File   string // that states it
	Line   int
	Rule   string // id or name; "" = the only rule of the file of the same name
	Beside string // the rule file it stands beside, without .yml; "" when Rule says
	Events string // records themselves
	Sample string // or the file that holds them
	Format string // of the events; "" = recognised
	Want   int    // exact number of matches; -1 = at least one
}

// Outcome is what became of an expectation.
type Outcome struct {
	Test    string `json:"test"`
	File    string `json:"file"`
	Rule    string `json:"rule"`
	Title   string `json:"title,omitempty"`
	Want    string `json:"want"`
	Matches int    `json:"matches"`
	Events  int    `json:"events"`
	OK      bool   `json:"ok"`
	Problem string `json:"problem,omitempty"`
}

// testFile is the form of NAME.test.yml.
type testFile struct {
	Rule  string `yaml:"rule"`
	Tests []struct {
		Name    string    `yaml:"name"`
		Rule    string    `yaml:"rule"`
		Events  yaml.Node `yaml:"events"`
		File    string    `yaml:"file"`
		Format  string    `yaml:"format"`
		Matches yaml.Node `yaml:"matches"`
	} `yaml:"tests"`
}

// regressionFile is the form of SigmaHQ's info.yml.
type regressionFile struct {
	Rules []struct {
		ID string `yaml:"id"`
	} `yaml:"rule_metadata"`
	Tests []struct {
		Name  string `yaml:"name"`
		Type  string `yaml:"type"`
		Path  string `yaml:"path"`
		Count *int   `yaml:"match_count"`
	} `yaml:"regression_tests_info"`
}

// Expectations reads the tests of a file: NAME.test.yml beside NAME.yml, or an
// info.yml as SigmaHQ's regression tests have it. ok is false for any other file.
func Expectations(name string, data []byte) (tests []Expectation, ok bool, err error) {
	base := path.Base(name)
	switch {
	case strings.HasSuffix(base, ".test.yml"), strings.HasSuffix(base, ".test.yaml"):
		tests, err = besides(name, data)
	case (base == "info.yml" || base == "info.yaml") && bytes.Contains(data, []byte("regression_tests_info")):
		tests, err = regressions(name, data)
	default:
		return nil, false, nil
	}
	if err != nil {
		err = errs.New(errs.Invalid, "test_unreadable", "%s is no file of rule tests: %v.", name, err)
	}
	return tests, true, err
}

func besides(name string, data []byte) ([]Expectation, error) {
	var f testFile
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return nil, err
	}
	if len(f.Tests) == 0 {
		return nil, errors.New("it has no tests")
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, ".yml"), ".yaml"), ".test")
	var out []Expectation
	for i, t := range f.Tests {
		e := Expectation{Name: t.Name, File: name, Line: t.Matches.Line, Rule: t.Rule, Format: t.Format, Beside: stem}
		if e.Rule == "" {
			e.Rule = f.Rule
		}
		if e.Name == "" {
			e.Name = fmt.Sprintf("test %d", i+1)
		}
		if err := e.matches(&t.Matches); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		if err := e.events(&t.Events, t.File); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		out = append(out, e)
	}
	return out, nil
}

// matches reads how often: a number, or true for at least once and false for
// never.
func (e *Expectation) matches(n *yaml.Node) error {
	var count int
	var yes bool
	switch {
	case n.IsZero():
		return errors.New("matches is missing: a number, true or false")
	case n.Decode(&count) == nil && count >= 0:
		e.Want = count
	case n.Decode(&yes) == nil:
		if yes {
			e.Want = -1
		}
	default:
		return fmt.Errorf("line %d: matches is a number, true or false", n.Line)
	}
	return nil
}

// events takes the events: text as it is, a list of mappings as JSON, or a file.
func (e *Expectation) events(n *yaml.Node, file string) error {
	switch {
	case !n.IsZero() && file != "":
		return errors.New("give events or file, not both")
	case file != "":
		e.Sample = path.Join(path.Dir(e.File), file)
		return nil
	case n.Kind == yaml.ScalarNode:
		e.Events = n.Value
		return nil
	case n.Kind == yaml.SequenceNode:
		lines, err := jsonLines(n)
		e.Events = lines
		return err
	}
	return errors.New("events is missing: records as text, a list of mappings, or file: NAME")
}

func regressions(name string, data []byte) ([]Expectation, error) {
	var f regressionFile
	if err := yaml.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if len(f.Rules) == 0 || len(f.Tests) == 0 {
		return nil, errors.New("rule_metadata or regression_tests_info is empty")
	}
	var out []Expectation
	for _, t := range f.Tests {
		e := Expectation{Name: t.Name, File: name, Rule: f.Rules[0].ID, Want: -1, Sample: path.Join(path.Dir(name), path.Base(t.Path))}
		if t.Count != nil {
			e.Want = *t.Count
		}
		out = append(out, e)
	}
	return out, nil
}

// Trial evaluates expectations of a collection of rules.
type Trial struct {
	Rules   sigma.Collection
	Options sigma.Options
	Formats *format.Recogniser
	Open    func(name string) (io.ReadCloser, error) // opens a sample
}

// Evaluate runs one expectation.
func (t Trial) Evaluate(e Expectation) Outcome {
	o := Outcome{Test: e.Name, File: e.File, Rule: e.Rule, Want: fmt.Sprint(e.Want)}
	if e.Want < 0 {
		o.Want = "at least 1"
	}
	rule, correlation, err := t.find(e)
	if err != nil {
		o.Problem = err.Error()
		return o
	}
	o.Rule, o.Title = rule.Key(), rule.Title
	if err := t.run(e, rule, correlation, &o); err != nil {
		o.Problem = err.Error()
		return o
	}
	o.OK = o.Matches == e.Want || e.Want < 0 && o.Matches > 0
	return o
}

// find returns the rule that an expectation is about; correlation is its index
// among the correlations, -1 for a rule.
func (t Trial) find(e Expectation) (rule *sigma.Rule, correlation int, err error) {
	is := func(r *sigma.Rule) bool {
		if e.Rule != "" {
			return r.ID == e.Rule || r.Name == e.Rule
		}
		return strings.TrimSuffix(strings.TrimSuffix(r.File, ".yml"), ".yaml") == e.Beside
	}
	for i := range t.Rules.Correlations {
		if c := &t.Rules.Correlations[i]; is(&c.Rule) {
			return &c.Rule, i, nil
		}
	}
	var found []*sigma.Rule
	for i := range t.Rules.Rules {
		if r := &t.Rules.Rules[i]; is(r) {
			found = append(found, r)
		}
	}
	switch {
	case len(found) == 1, len(found) > 1 && e.Rule != "":
		return found[0], -1, nil
	case len(found) > 1:
		return nil, -1, fmt.Errorf("%s.yml holds %d rules: say which one, with rule: ID", path.Base(e.Beside), len(found))
	}
	return nil, -1, errors.New("the rule is not among those that were read")
}

// run counts the matches of a rule, or the alarms of a correlation.
func (t Trial) run(e Expectation, rule *sigma.Rule, correlation int, o *Outcome) error {
	c := sigma.Collection{Rules: []sigma.Rule{*rule}, Filters: t.Rules.Filters}
	if correlation >= 0 {
		c = t.Rules // it may stand on any rule, and on other correlations
	}
	engine, err := sigma.Compile(c, t.Options)
	if err != nil && correlation < 0 {
		return err
	}
	m := engine.Matcher()
	if correlation < 0 {
		return t.each(e, func(ev *event.Event) {
			o.Events++
			o.Matches += len(m.Event(ev))
		})
	}
	memory, err := sigma.NewCorrelator(c.Correlations, c.Rules)
	if err != nil && !memory.Has(correlation) {
		return err
	}
	count := func(alarms []sigma.Alarm) {
		for _, a := range alarms {
			if a.Correlation == correlation {
				o.Matches++
			}
		}
	}
	err = t.each(e, func(ev *event.Event) {
		o.Events++
		for _, h := range m.Event(ev) {
			count(memory.Add(sigma.Hit{
				Rule: engine.Rule(h.Rule).Key(), Time: ev.Time, Event: fmt.Sprint(o.Events), Values: func(field string) []string { return m.Values(h, field) },
			}))
		}
	})
	count(memory.End())
	return err
}

// each calls fn for every event of an expectation.
func (t Trial) each(e Expectation, fn func(*event.Event)) error {
	in := io.NopCloser(strings.NewReader(e.Events))
	name := e.File
	if e.Sample != "" {
		var err error
		if in, err = t.Open(e.Sample); err != nil {
			return err
		}
		name = e.Sample
	}
	defer func() { _ = in.Close() }()
	r, err := format.NewReader(in, name, t.Formats, format.Options{Format: e.Format, NoObservables: true})
	if err != nil {
		return err
	}
	for {
		ev, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		fn(&ev)
	}
}
