package hunt

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/sigma"
)

// Draft is what a rule made of a hunt says of itself.
type Draft struct {
	Title, Description, Author, Technique, Level string
}

// Rule writes a question as a Sigma rule, to be read by a person before it is
// imported. Its fields are the events' own (ECS), its log source is every event. A
// question about observables of any field, or a list that is not bound, has no
// rule: indicators match those.
func (q *Query) Rule(d Draft) (string, error) {
	if q.where == nil {
		return "", errs.New(errs.Invalid, "rule_empty", "A rule needs a condition.")
	}
	w := sigmaWriter{}
	condition, err := w.condition(q.where)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "title: %s\nid: %s\nstatus: experimental\ndescription: %s\nauthor: %s\nlevel: %s\n",
		scalar(d.Title), uuid.NewSHA1(ruleSpace, []byte(q.Text)), scalar(d.Description), scalar(d.Author), scalar(d.Level))
	if d.Technique != "" {
		fmt.Fprintf(&b, "tags:\n  - %s\n", scalar("attack."+strings.ToLower(d.Technique)))
	}
	fmt.Fprintf(&b, "logsource:\n  product: vedette\n  category: event\ndetection:\n%s  condition: %s\n", w.searches.String(), condition)
	if _, err := sigma.Parse("hunt", []byte(b.String())); err != nil {
		return "", errs.New(errs.Invalid, "rule_unfit", "The hunt cannot be said as a rule: %v", err).Because(err)
	}
	return b.String(), nil
}

// ruleSpace is that of the ids of rules: the same question makes the same rule.
var ruleSpace = uuid.MustParse("5b7c8a52-7c1f-5d0c-9f86-0f6f5c9c6d11")

type sigmaWriter struct {
	searches strings.Builder
	n        int
}

// scalar quotes a text for YAML.
func scalar(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// literal writes a value as Sigma reads it: ours knows only * as a wildcard, and no
// escapes.
func literal(s string) string {
	return scalar(strings.NewReplacer(`\`, `\\`, `?`, `\?`).Replace(s))
}

func (w *sigmaWriter) condition(n node) (string, error) {
	switch n := n.(type) {
	case both:
		return w.join(n, " and ")
	case either:
		return w.join(n, " or ")
	case not:
		c, err := w.condition(n.node)
		return "not " + c, err
	case text:
		return w.search(func(name string) string { return fmt.Sprintf("  %s:\n    - %s\n", name, literal(n.source)) }), nil
	case present:
		return w.field(string(n), "exists", []string{"true"}, false), nil
	case bound:
		return w.bound(n)
	case *anyOf:
		return w.anyOf(n)
	}
	return "", errs.New(errs.Invalid, "rule_unfit", "The hunt cannot be said as a rule.")
}

func (w *sigmaWriter) join(all []node, with string) (string, error) {
	var parts []string
	for _, n := range all {
		c, err := w.condition(n)
		if err != nil {
			return "", err
		}
		parts = append(parts, c)
	}
	return "(" + strings.Join(parts, with) + ")", nil
}

// search adds a search and returns its name.
func (w *sigmaWriter) search(write func(name string) string) string {
	w.n++
	name := fmt.Sprintf("s%d", w.n)
	w.searches.WriteString(write(name))
	return name
}

func (w *sigmaWriter) field(field, modifier string, values []string, quote bool) string {
	return w.search(func(name string) string {
		var b strings.Builder
		key := field
		if modifier != "" {
			key += "|" + modifier
		}
		fmt.Fprintf(&b, "  %s:\n    %s:\n", name, scalar(key))
		for _, v := range values {
			if quote {
				v = literal(v)
			}
			fmt.Fprintf(&b, "      - %s\n", v)
		}
		if len(values) == 1 && !quote {
			return fmt.Sprintf("  %s:\n    %s: %s\n", name, scalar(key), values[0])
		}
		return b.String()
	})
}

func (w *sigmaWriter) anyOf(n *anyOf) (string, error) {
	if n.any() {
		return "", errs.New(errs.Invalid, "rule_observable", "A value without a field is an indicator, not a rule: name the field, or import the value.")
	}
	if n.list != "" {
		return "", errs.New(errs.Invalid, "rule_list", "A rule cannot ask for the list %q: import its values as indicators, or write them out.", n.list)
	}
	var plain, nets []string
	for _, v := range n.values {
		if isNet(v) {
			nets = append(nets, v)
		} else {
			plain = append(plain, v)
		}
	}
	var parts []string
	if len(plain) > 0 {
		parts = append(parts, w.field(n.field, "", plain, true))
	}
	if len(nets) > 0 {
		parts = append(parts, w.field(n.field, "cidr", nets, true))
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return "(" + strings.Join(parts, " or ") + ")", nil
}

func (w *sigmaWriter) bound(n bound) (string, error) {
	if !n.time.IsZero() || n.addr.IsValid() {
		return "", errs.New(errs.Invalid, "rule_order", "A rule can only compare numbers.")
	}
	return w.field(n.field, map[string]string{">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}[n.op], []string{fmt.Sprint(n.number)}, false), nil
}
