package sigma

import (
	"fmt"
	"slices"
	"strings"
)

// Filter takes events out of rules that exist already.
type Filter struct {
	Rule           // its Detection is what must hold besides
	Rules []string // ids or names of rules; nil for every rule of the log source
}

func readFilter(root *node, file string) (Filter, error) {
	f := Filter{Rule: Rule{File: file, Line: root.line}}
	f.metadata(root, append(ruleKeys, "filter"))
	source, err := readLogSource(root)
	if err != nil {
		return f, err
	}
	f.LogSource = source
	n := root.get("filter")
	if n.kind != mapping {
		return f, faultf(n.line, "filter is a mapping of rules, searches and a condition, this is a %s", n.kind)
	}
	copied := *n
	rules := copied.take("rules")
	switch {
	case rules == nil:
		return f, faultf(n.line, "the filter does not say for which rules it is: rules: any, or a list of ids or names")
	case rules.kind == scalar && strings.EqualFold(rules.text, "any"):
	default:
		if f.Rules = n.strings("rules"); len(f.Rules) == 0 {
			return f, faultf(rules.line, "the list of rules is empty")
		}
	}
	detection, aggregations, err := readDetection(&copied)
	if err == nil && aggregations != nil {
		err = faultf(n.line, "a filter cannot aggregate")
	}
	f.Detection = detection
	return f, err
}

// applies says whether the filter is for that rule.
func (f *Filter) applies(r *Rule) bool {
	if !f.LogSource.Covers(r.LogSource) {
		return false
	}
	return f.Rules == nil || slices.Contains(f.Rules, r.ID) && r.ID != "" || slices.Contains(f.Rules, r.Name) && r.Name != ""
}

// Idle says which rules filters name in vain: those that are not in the collection,
// those of another log source, and correlations. The filters are for the others all
// the same.
func (c *Collection) Idle() Problems {
	var out Problems
	for i := range c.Filters {
		f := &c.Filters[i]
		for _, name := range f.Rules {
			if why := c.idle(f, name); why != "" {
				out = append(out, &Problem{File: f.File, Line: f.Line, Rule: f.Title, Text: fmt.Sprintf("the filter is for the rule %q, %s", name, why)})
			}
		}
	}
	return out
}

func (c *Collection) idle(f *Filter, name string) string {
	called := func(r *Rule) bool { return name != "" && (r.ID == name || r.Name == name) }
	why := "which is not there"
	for i := range c.Rules {
		if r := &c.Rules[i]; called(r) {
			if f.LogSource.Covers(r.LogSource) {
				return ""
			}
			why = fmt.Sprintf("whose log source %s is not of the filter's, %s", r.LogSource, f.LogSource)
		}
	}
	for i := range c.Correlations {
		if x := &c.Correlations[i]; called(&x.Rule) && why == "which is not there" {
			why = "which is a correlation: name the rules it stands on"
		}
	}
	return why
}
