package sigma

import "strings"

// Explanation says where a rule can match and what it needs there.
type Explanation struct {
	LogSource string   `json:"logsource"` // product/category/service
	Needs     []string `json:"needs"`     // Sigma's fields; "keywords" when it looks at all values
	Never     string   `json:"never"`     // why it cannot match anything; "" when it can
	Reaches   []Reach  `json:"reaches"`
}

// Reach is one log source of a pipeline that the rule looks at.
type Reach struct {
	Format    string              `json:"format"`
	LogSource string              `json:"logsource"`
	When      map[string][]string `json:"when,omitempty"` // what events of the source have
	Fields    map[string]string   `json:"fields"`         // Sigma's name: names in the event, the first with a value counting
	Missing   []string            `json:"missing"`        // fields of the rule that the source never has
}

// Explain says where r can match. The rule of a correlation looks at no events itself:
// of that nothing is said.
func Explain(r Rule, opt Options) Explanation {
	x := Explanation{LogSource: r.LogSource.String(), Needs: []string{}, Reaches: []Reach{}}
	if r.LogSource == (LogSource{}) {
		return x
	}
	for _, f := range r.NeededFields() {
		if f == "" {
			f = "keywords"
		}
		x.Needs = append(x.Needs, f)
	}
	for i := range opt.Pipelines {
		p := &opt.Pipelines[i]
		for j := range p.Sources {
			if s := &p.Sources[j]; r.LogSource.Covers(s.LogSource) {
				x.Reaches = append(x.Reaches, reach(&r, p, s))
			}
		}
	}
	e, err := Compile(Collection{Rules: []Rule{r}}, opt)
	if err != nil {
		x.Never = err.Error()
		return x
	}
	for _, c := range e.Coverage() {
		x.Never = c.Never
	}
	return x
}

func reach(r *Rule, p *Pipeline, s *Source) Reach {
	out := Reach{Format: p.Format, LogSource: s.LogSource.String(), Fields: map[string]string{}, Missing: []string{}}
	for _, w := range s.When {
		if out.When == nil {
			out.When = map[string][]string{}
		}
		out.When[w.Field] = w.Values
	}
	for _, f := range r.NeededFields() {
		if f == "" {
			continue
		}
		var names []string
		for _, c := range s.Fields.Lookup(f) {
			names = append(names, strings.Join(c, " + "))
		}
		if len(names) == 0 {
			out.Missing = append(out.Missing, f)
			continue
		}
		out.Fields[f] = strings.Join(names, ", else ")
	}
	return out
}
