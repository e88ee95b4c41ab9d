package app

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/sigma"
)

// Pipelines returns the built-in Sigma pipelines: to which log sources the events
// of each format belong, and what Sigma's fields are called in them.
func Pipelines() ([]sigma.Pipeline, error) {
	files, err := content.Pipelines()
	if err != nil {
		return nil, err
	}
	var out []sigma.Pipeline
	for _, name := range slices.Sorted(maps.Keys(files)) {
		p, err := sigma.ParsePipeline(name, files[name])
		if err != nil {
			return nil, fmt.Errorf("read the built-in pipeline: %w", err)
		}
		out = append(out, p...)
	}
	return out, nil
}

// alike has pipelines also read the events of formats that are laid like theirs,
// where no pipeline is for these alone.
func alike(pipelines []sigma.Pipeline, rec *format.Recogniser) []sigma.Pipeline {
	also := map[string][]string{}
	for name, base := range rec.Bases() {
		also[base] = append(also[base], name)
	}
	out := slices.Clone(pipelines)
	for i := range out {
		out[i].Also = also[out[i].Format]
	}
	return out
}

// RuleSet is a set of rules read from files, ready to look at events.
type RuleSet struct {
	Rules    sigma.Collection
	Engine   *sigma.Engine
	Memory   *sigma.Correlator // follows the correlations
	Pipeline []sigma.Pipeline
	Problems []*sigma.Problem     // rules that were left out, and why
	Idle     []*sigma.Problem     // filters for rules that are not there
	Tests    []detect.Expectation // that stand beside the rules
	Refused  []error              // files of tests that cannot be read

	placeholders map[string][]string
	formats      *format.Recogniser
}

// maxRuleFile is the most one file of rules may have, in bytes.
const maxRuleFile = sigma.MaxFile

// ReadRules reads Sigma rules, and the tests beside them, from files, directories
// and archives. pipelines are read besides the built-in ones.
// Placeholders are read from a YAML file that maps names to lists; "" = none. rec
// are the formats; nil = those that ship.
func ReadRules(paths, pipelines []string, placeholders string, rec *format.Recogniser) (*RuleSet, error) {
	s := &RuleSet{formats: rec}
	var err error
	if s.formats == nil {
		if s.formats, err = Formats(""); err != nil {
			return nil, err
		}
	}
	if s.Pipeline, err = Pipelines(); err != nil {
		return nil, err
	}
	for _, path := range pipelines {
		if err := walkYAML(path, s.addPipeline); err != nil {
			return nil, err
		}
	}
	for _, path := range paths {
		if err := walkYAML(path, s.addRules); err != nil {
			return nil, err
		}
	}
	if len(s.Rules.Rules)+len(s.Rules.Correlations) == 0 {
		return nil, errs.New(errs.Invalid, "no_rules", "No Sigma rule could be read from %s%s", strings.Join(paths, ", "), s.whyNone())
	}
	if s.placeholders, err = readPlaceholders(placeholders); err != nil {
		return nil, err
	}
	s.Idle = s.Rules.Idle()
	s.Rules.Silence()
	engine, err := sigma.Compile(s.Rules, s.options())
	s.note(err)
	s.Engine = engine
	rules := make([]sigma.Rule, engine.Len())
	for i := range rules {
		rules[i] = *engine.Rule(i)
	}
	memory, err := sigma.NewCorrelator(s.Rules.Correlations, rules, s.Problems...)
	s.note(err)
	s.Memory = memory
	return s, nil
}

// whyNone says, at the end of a sentence, why no rule was read: the first problems.
func (s *RuleSet) whyNone() string {
	if len(s.Problems) == 0 && len(s.Rules.Filters) > 0 {
		return ": there are only filters, which need the rules that they are for."
	}
	if len(s.Problems) == 0 {
		return ": no file there that ends with .yml or .yaml holds one."
	}
	const most = 10
	var b strings.Builder
	b.WriteByte(':')
	for _, p := range s.Problems[:min(most, len(s.Problems))] {
		b.WriteString("\n  " + p.Error())
	}
	if more := len(s.Problems) - most; more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

func (s *RuleSet) options() sigma.Options {
	return sigma.Options{Pipelines: alike(s.Pipeline, s.formats), Placeholders: s.placeholders}
}

func readPlaceholders(path string) (map[string][]string, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errs.New(errs.Invalid, "placeholders_unreadable", "%s cannot be read.", path).Because(err)
	}
	var out map[string][]string
	if err := yaml.Unmarshal(data, &out); err != nil {
		return nil, errs.New(errs.Invalid, "placeholders_unreadable", "%s does not map names to lists of values, such as admins: [eve, bob].", path).Because(err)
	}
	return out, nil
}

// note keeps what was left out.
func (s *RuleSet) note(err error) {
	var problems sigma.Problems
	if errors.As(err, &problems) {
		s.Problems = append(s.Problems, problems...)
	}
}

func (s *RuleSet) addPipeline(name string, data []byte) error {
	p, err := sigma.ParsePipeline(name, data)
	if err != nil {
		return errs.New(errs.Invalid, "pipeline_unreadable", "%v.", err)
	}
	s.Pipeline = append(s.Pipeline, p...)
	return nil
}

func (s *RuleSet) addRules(name string, data []byte) error {
	tests, ok, err := detect.Expectations(name, data)
	if ok {
		s.Tests = append(s.Tests, tests...)
		if err != nil {
			s.Refused = append(s.Refused, err)
		}
		return nil
	}
	c, err := sigma.Parse(name, data)
	s.note(err)
	s.Rules.Rules = append(s.Rules.Rules, c.Rules...)
	s.Rules.Filters = append(s.Rules.Filters, c.Filters...)
	s.Rules.Correlations = append(s.Rules.Correlations, c.Correlations...)
	return nil
}

// walkYAML calls fn for every YAML file of a path.
func walkYAML(path string, fn func(name string, data []byte) error) error {
	return fetch.Walk(path, fetch.Limits{Links: true, Bytes: 512 << 20}, func(name string, r io.Reader) error {
		if ext := strings.ToLower(filepath.Ext(name)); ext != ".yml" && ext != ".yaml" && path != name {
			return nil
		}
		data, err := io.ReadAll(io.LimitReader(r, maxRuleFile+1))
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if len(data) > maxRuleFile {
			return errs.New(errs.Invalid, "file_too_large", "%s has more than %d bytes; a file of rules does not.", name, maxRuleFile)
		}
		return fn(name, data)
	})
}

// TestOutcome is what became of one test.
type TestOutcome = detect.Outcome

// Explain says where the rule of that id or name can match.
func (s *RuleSet) Explain(id string) (sigma.Explanation, error) {
	for _, r := range s.Rules.Rules {
		if r.Key() == id || r.ID == id || r.Name == id {
			return sigma.Explain(r, s.options()), nil
		}
	}
	for _, c := range s.Rules.Correlations {
		if c.ID == id || c.Name == id {
			return sigma.Explanation{}, errs.New(errs.Invalid, "explain_kind", "%q is a correlation; ask for the rules it stands on: %s.", id, strings.Join(c.Rules, ", "))
		}
	}
	return sigma.Explanation{}, errs.New(errs.NotFound, "rule_unknown", "There is no rule %q among those that were read.", id)
}

// Explained says where one of several rules can match.
type Explained struct {
	ID    string `json:"id,omitempty"`
	Title string `json:"title"`
	File  string `json:"file"`
	Line  int    `json:"line"`
	sigma.Explanation
}

// ExplainAll says where each rule can match, in the order in which they were read.
func (s *RuleSet) ExplainAll(tell func(Explained) error) error {
	if len(s.Rules.Rules) == 0 {
		return errs.New(errs.Invalid, "explain_kind", "There are only correlations; ask for the rules they stand on.")
	}
	opt := s.options()
	for _, r := range s.Rules.Rules {
		if err := tell(Explained{r.ID, r.Title, r.File, r.Line, sigma.Explain(r, opt)}); err != nil {
			return err
		}
	}
	return nil
}

// Test evaluates the tests that stand beside the rules, in the order in which
// they were read.
func (s *RuleSet) Test(tell func(TestOutcome) error) error {
	t := detect.Trial{
		Rules: s.Rules, Options: s.options(), Formats: s.formats,
		Open: func(name string) (io.ReadCloser, error) { return os.Open(name) },
	}
	for _, e := range s.Tests {
		if err := tell(t.Evaluate(e)); err != nil {
			return err
		}
	}
	return nil
}

// Wanted returns what goes past the records that no rule matches: their bytes
// tell, where the format lets them. declared is the format of all records, "" =
// recognised.
func (s *RuleSet) Wanted(declared string) format.Wanted {
	matchers := sync.Pool{New: func() any { return s.Engine.Matcher() }}
	return func(records [][]byte, of func(int) string, wanted []bool) {
		m := matchers.Get().(*sigma.Matcher)
		defer matchers.Put(m)
		kind := declared
		for i, record := range records {
			if wanted[i] {
				continue
			}
			if declared == "" {
				kind = of(i)
			}
			hits, err := m.Record(kind, record)
			wanted[i] = err != nil || len(hits) > 0
		}
	}
}

// Brief is what rules read of an event.
func (s *RuleSet) Brief() *format.Brief { return format.NewBriefOnly(s.Engine.Reads) }
