package sigma

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// aggregation is the deprecated end of a condition: "| count(field) by group > 5".
type aggregation struct {
	function, field string
	groupBy         []string
	op              string
	value           float64
}

var aggregationForm = regexp.MustCompile(`(?i)^\s*(\w+)\s*\(\s*([^()\s]*)\s*\)\s*(?:by\s+([^<>=]+?)\s*)?(<=|>=|<|>|==|=)\s*(\d+(?:\.\d+)?)\s*$`)

// cutAggregation parts a condition from the aggregation behind it.
func cutAggregation(s string) (string, *aggregation, error) {
	head, tail, ok := strings.Cut(s, "|")
	if !ok {
		return s, nil, nil
	}
	if word, _, _ := strings.Cut(strings.TrimSpace(tail), " "); strings.EqualFold(word, "near") {
		return "", nil, fmt.Errorf("'| near' was never defined well: write a correlation of type temporal")
	}
	m := aggregationForm.FindStringSubmatch(tail)
	if m == nil {
		return "", nil, fmt.Errorf("%q is no aggregation such as '| count(field) by group > 5': write a correlation", tail)
	}
	a := &aggregation{function: strings.ToLower(m[1]), field: m[2]}
	for g := range strings.SplitSeq(m[3], ",") {
		if g = strings.TrimSpace(g); g != "" {
			a.groupBy = append(a.groupBy, g)
		}
	}
	a.op = map[string]string{"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "eq", "==": "eq"}[m[4]]
	a.value, _ = strconv.ParseFloat(m[5], 64)
	return head, a, nil
}

const tooMany = "condition: no more than %d can be counted: take a shorter timespan and a lower number"

// correlate makes the correlations that say the same as the aggregations of an
// old rule; the rule itself becomes silent.
func (r *Rule) correlate(aggregations []*aggregation) ([]Correlation, error) {
	var out []Correlation
	if r.Detection.Timeframe == "" {
		return nil, faultf(r.Line, "the condition aggregates, but detection has no timeframe")
	}
	span, err := parseTimespan(r.Detection.Timeframe)
	if err != nil {
		return nil, faultf(r.Line, "timeframe: %v", err)
	}
	types := map[string]string{"count": "event_count", "sum": "value_sum", "avg": "value_avg"}
	for _, a := range aggregations {
		c := Correlation{Rule: *r, Rules: []string{r.Key()}, Timespan: span, GroupBy: a.groupBy, Field: a.field}
		c.Detection, c.LogSource = Detection{}, LogSource{}
		c.Type = types[a.function]
		if a.function == "count" && a.field != "" {
			c.Type = "value_count"
		}
		if c.Type == "" {
			return nil, faultf(r.Line, "no correlation says the same as the aggregation %q: write one of your own", a.function)
		}
		if strings.HasPrefix(c.Type, "value_") && c.Field == "" {
			return nil, faultf(r.Line, "the aggregation %s needs a field", a.function)
		}
		if a.value > maxCount && a.function == "count" {
			return nil, faultf(r.Line, tooMany, maxCount)
		}
		c.Conditions = []Threshold{{a.op, a.value}}
		out = append(out, c)
	}
	r.Silent = true
	return out, nil
}

// Key is what the rule is known by: its id, else its name, else its title.
func (r *Rule) Key() string {
	for _, k := range []string{r.ID, r.Name, r.Title} {
		if k != "" {
			return k
		}
	}
	return ""
}
