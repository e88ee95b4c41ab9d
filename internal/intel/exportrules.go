package intel

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// ruleTypes are the kinds of rules that a format takes.
var ruleTypes = map[string][]string{"yara": {"yara"}, "suricata-rules": {"suricata", "snort"}}

// keptRule is what matters of an object whose pattern is a rule.
type keptRule struct {
	Name       string            `json:"name"`
	Labels     []string          `json:"labels"`
	Confidence int               `json:"confidence"`
	Revoked    bool              `json:"revoked"`
	Pattern    string            `json:"pattern"`
	Type       string            `json:"pattern_type"`
	Meta       map[string]string `json:"x_vedette_meta"`
}

// exportRules writes rules of other engines whole, in the order in which they came.
// An engine takes each name (YARA) or number (Suricata) once: of those that came
// later the reason is "name-taken".
func (s *Service) exportRules(ctx context.Context, x Export, w *bufio.Writer) (indicator.LossReport, error) {
	var report indicator.LossReport
	taken := map[string]bool{}
	q := ObjectQuery{Types: []string{"indicator"}, Source: x.Query.Source, Limit: 500}
	for {
		rows, err := s.knowledge.Objects(ctx, q)
		if err != nil || len(rows) == 0 {
			return report, err
		}
		for _, row := range rows {
			var r keptRule
			if json.Unmarshal(row.Raw, &r) != nil || !slices.Contains(ruleTypes[x.To], r.Type) || !r.meets(x.Query) {
				continue
			}
			reason := r.refusal(x, row, taken)
			if reason != "" {
				report.Drop(reason)
				continue
			}
			report.In++
			report.Stored++
			if _, err := w.WriteString(strings.TrimRight(r.Pattern, "\r\n") + "\n"); err != nil {
				return report, err
			}
		}
		q.After = rows[len(rows)-1].Seq
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
	}
}

func (r *keptRule) refusal(x Export, row ObjectRow, taken map[string]bool) string {
	key := r.Name
	if x.To == "suricata-rules" {
		key = cmp.Or(r.Meta["gid"], "1") + ":" + r.Meta["sid"]
		if r.Meta["sid"] == "" {
			key = r.Pattern
		}
	}
	switch {
	case cmp.Or(row.TLP, indicator.TLPGreen) > x.TLP:
		return "tlp"
	case r.Revoked:
		return "revoked"
	case taken[key]:
		return "name-taken"
	}
	taken[key] = true
	return ""
}

// meets reports whether a rule has what a query asks for: words in name, labels or
// text, and a name among its labels.
func (r *keptRule) meets(q Query) bool {
	text := strings.ToLower(r.Name + " " + strings.Join(r.Labels, " ") + " " + r.Pattern)
	for _, word := range strings.Fields(strings.ToLower(q.Text)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	named := q.Name == "" || slices.ContainsFunc(append(r.Labels, r.Name), func(n string) bool { return FoldName(n) == FoldName(q.Name) })
	return named && r.Confidence >= q.MinConf
}
