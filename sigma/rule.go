package sigma

import (
	"slices"
	"strings"
)

// Rule describes events by the values of their fields.
type Rule struct {
	ID, Name, Title, Status, Description string
	Author, License, Date, Modified      string
	Level                                string // informational, low, medium, high, critical
	References, Tags, FalsePositives     []string
	Fields                               []string // which the author wants shown
	Related                              []Related
	LogSource                            LogSource
	Detection                            Detection
	Custom                               map[string]any // keys that the specification does not know
	Silent                               bool           // made for a correlation; raises nothing alone

	File string
	Line int
}

// Related says how another rule relates: derived, obsolete, merged, renamed, similar.
type Related struct{ ID, Type string }

// LogSource names the logs that a rule is about; what is empty is left open.
type LogSource struct{ Category, Product, Service, Definition string }

// String returns "product/category/service", "*" for what is left open.
func (l LogSource) String() string {
	parts := []string{l.Product, l.Category, l.Service}
	for i, p := range parts {
		if p == "" {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// Covers says whether a log of source s is among those that l names. Letter case
// does not matter.
func (l LogSource) Covers(s LogSource) bool {
	covers := func(want, have string) bool { return want == "" || strings.EqualFold(want, have) }
	return covers(l.Category, s.Category) && covers(l.Product, s.Product) && covers(l.Service, s.Service)
}

var ruleKeys = []string{
	"id", "name", "title", "status", "description", "author", "license", "date", "modified", "level",
	"references", "tags", "falsepositives", "fields", "related", "logsource", "detection",
}

func readRule(root *node, file string) (Rule, []Correlation, error) {
	r := Rule{File: file, Line: root.line}
	r.metadata(root, ruleKeys)
	if r.Title == "" {
		return r, nil, faultf(root.line, "no title")
	}
	source, err := readLogSource(root)
	if err != nil {
		return r, nil, err
	}
	r.LogSource = source
	detection := root.get("detection")
	if detection == nil {
		return r, nil, faultf(root.line, "no detection, no filter and no correlation: nothing to look for")
	}
	var aggregations []*aggregation
	r.Detection, aggregations, err = readDetection(detection)
	if err != nil {
		return r, nil, err
	}
	if len(aggregations) == 0 {
		return r, nil, nil
	}
	c, err := r.correlate(aggregations)
	return r, c, err
}

// metadata reads what rules, filters and correlations have in common.
func (r *Rule) metadata(root *node, known []string) {
	r.ID, r.Name, r.Title = root.scalar("id"), root.scalar("name"), root.scalar("title")
	r.Status, r.Description = root.scalar("status"), root.scalar("description")
	r.Author, r.License = strings.Join(root.strings("author"), ", "), root.scalar("license")
	r.Date, r.Modified = root.scalar("date"), root.scalar("modified")
	r.Level = strings.ToLower(root.scalar("level"))
	r.References, r.Tags = root.strings("references"), root.strings("tags")
	r.FalsePositives, r.Fields = root.strings("falsepositives"), root.strings("fields")
	if related := root.get("related"); related != nil {
		for _, item := range related.items {
			r.Related = append(r.Related, Related{item.scalar("id"), item.scalar("type")})
		}
	}
	for _, p := range root.pairs {
		if !slices.Contains(known, p.key) {
			if r.Custom == nil {
				r.Custom = map[string]any{}
			}
			r.Custom[p.key] = p.value.plain()
		}
	}
}

func readLogSource(root *node) (LogSource, error) {
	n := root.get("logsource")
	if n == nil || n.kind != mapping {
		return LogSource{}, faultf(root.line, "no logsource: say at least category, product or service")
	}
	l := LogSource{n.scalar("category"), n.scalar("product"), n.scalar("service"), n.scalar("definition")}
	if l.Category == "" && l.Product == "" && l.Service == "" {
		return l, faultf(n.line, "logsource has none of category, product and service")
	}
	return l, nil
}

// NeededFields returns the names of the fields that the detection looks at, in
// order of first use; "" stands for keywords, which look at all of an event.
func (r *Rule) NeededFields() []string { return r.Detection.fields() }

func (d *Detection) fields() []string {
	var out []string
	add := func(f string) {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	for _, s := range d.Searches {
		for _, g := range s.Any {
			for _, item := range g {
				add(item.Field)
				if item.Has(FieldRef) {
					for _, v := range item.Values {
						add(v.Text)
					}
				}
			}
		}
	}
	return out
}
