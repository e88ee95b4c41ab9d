package web

import (
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/sigma"
)

// ruleText is the file of a rule: what stands before it, its own document, and what
// follows.
type ruleText struct{ Before, Own, After string }

// textAround finds the YAML document in which a line lies, counted from 1.
func textAround(file string, line int) ruleText {
	lines := strings.SplitAfter(file, "\n")
	from, to := min(max(line-1, 0), len(lines)), min(max(line, 0), len(lines))
	for from > 0 && !separates(lines[from-1]) {
		from--
	}
	for to < len(lines) && !separates(lines[to]) {
		to++
	}
	join := func(lines []string) string { return strings.Trim(strings.Join(lines, ""), "\n") }
	return ruleText{join(lines[:from]), join(lines[from:to]), join(lines[to:])}
}

func separates(line string) bool { return strings.HasPrefix(line, "---") }

// Lines is how many lines a text has.
func (ruleText) Lines(text string) int { return strings.Count(text, "\n") + 1 }

// correlated is what a correlation looks for.
type correlated struct {
	*sigma.Correlation
	Of []correlatedRule
}

// correlatedRule is a rule that a correlation stands on. ID is empty when it is named
// otherwise than by its id, and stands in another file.
type correlatedRule struct{ ID, Title string }

// correlationOf reads the correlation that rule is from its file; nil when it is none.
func correlationOf(rule detect.Rule, file string) *correlated {
	if rule.Kind != detect.Correlation {
		return nil
	}
	all, _ := sigma.Parse(rule.File, []byte(file)) // what cannot be read is no rule of ours
	for i := range all.Correlations {
		if c := &all.Correlations[i]; c.Line == rule.Line && c.Title == rule.Title {
			out := &correlated{Correlation: c}
			for _, name := range c.Rules {
				of := ruleNamed(name, all)
				if of.ID == rule.ID { // a rule that counts its own matches, as rules of before 2024 do
					of.ID = ""
				}
				out.Of = append(out.Of, of)
			}
			return out
		}
	}
	return nil
}

// ruleNamed finds a rule by its id or name.
func ruleNamed(name string, in sigma.Collection) correlatedRule {
	is := func(r *sigma.Rule) bool { return r.ID == name || r.Name == name && name != "" }
	for i := range in.Rules {
		if r := &in.Rules[i]; is(r) {
			return correlatedRule{r.ID, r.Title}
		}
	}
	for i := range in.Correlations {
		if r := &in.Correlations[i].Rule; is(r) {
			return correlatedRule{r.ID, r.Title}
		}
	}
	if strings.Count(name, "-") == 4 {
		return correlatedRule{name, name}
	}
	return correlatedRule{Title: name}
}

var thresholdSigns = map[string]string{"gt": ">", "gte": "≥", "lt": "<", "lte": "≤", "eq": "=", "neq": "≠"}

// Until says when it raises a detection: "event_count ≥ 20".
func (c *correlated) Until() string {
	var b strings.Builder
	b.WriteString(c.Type)
	if c.Field != "" {
		b.WriteString(" of " + c.Field)
	}
	if c.Combination != "" {
		b.WriteString(": " + c.Combination)
	}
	for i, t := range c.Conditions {
		if i > 0 {
			b.WriteString(" and")
		}
		b.WriteString(" " + thresholdSigns[t.Op] + " " + strconv.FormatFloat(t.Value, 'f', -1, 64))
	}
	return b.String()
}
