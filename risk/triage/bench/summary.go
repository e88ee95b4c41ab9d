package bench

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// means are the figures of a row that are averaged over companies. Names without
// a prefix are by session, as in the literature; those of incidents say so.
func means(r Row) map[string]float64 {
	return map[string]float64{
		"average_precision": r.Sessions.AveragePrecision,
		"precision_at_10":   r.Sessions.PrecisionAt10, "precision_at_25": r.Sessions.PrecisionAt25, "precision_at_50": r.Sessions.PrecisionAt50,
		"steps_at_10": r.Sessions.StepsAt10, "steps_at_25": r.Sessions.StepsAt25, "steps_at_50": r.Sessions.StepsAt50,
		"incident_average_precision": r.Incidents.AveragePrecision, "incident_steps_at_10": r.Incidents.StepsAt10,
		"phases_in_top_20": r.Found.InTop20, "phases_in_top_20_own": r.Found.InTop20Own,
		"reduction": r.Reduction, "completeness": r.Found.Completeness, "purity": r.Found.Purity,
		"brier_skill": r.Probability.Skill, "ece": r.Probability.ECE,
	}
}

func average(rows []Row) map[string]float64 {
	sum := map[string]float64{}
	for _, r := range rows {
		for k, v := range means(r) {
			sum[k] += v / float64(len(rows))
		}
	}
	return sum
}

// summarise makes the summary: ranking without local verdicts (transferred, or
// cold with one company), probability with verdicts (online).
func (rep *Report) summarise(several bool) {
	by := map[string][]Row{}
	for _, r := range rep.Rows {
		by[r.Mode] = append(by[r.Mode], r)
	}
	still := by["cold"]
	if several {
		still = by["transferred"]
	}
	s, cold, online := average(still), average(by["cold"]), average(by["online"])
	s["companies"] = float64(len(still))
	s["brier_skill_still"], s["ece_still"] = s["brier_skill"], s["ece"]
	s["brier_skill"], s["ece"] = online["brier_skill"], online["ece"]
	for _, k := range []string{"average_precision", "precision_at_10", "steps_at_25"} {
		s["online_"+k], s["cold_"+k] = online[k], cold[k]
	}
	worst(s, still, by["online"])
	split(s, still, by["online"])
	rep.Summary, rep.Peers = s, map[string]map[string]float64{}
	for _, p := range Peers() {
		rep.Peers[p.Name] = average(by[p.Name])
	}
	for _, k := range []string{"average_precision", "precision_at_10", "steps_at_25", "incident_average_precision", "phases_in_top_20", "brier_skill"} {
		s["lead_"+k] = math.Inf(1)
		for _, m := range rep.Peers {
			s["lead_"+k] = min(s["lead_"+k], s[k]-m[k])
		}
	}
	for _, m := range append(slices.Collect(maps.Values(rep.Peers)), s) {
		for k, v := range m {
			m[k] = math.Round(v*1e6) / 1e6
		}
	}
}

// worst adds the figures of the company where they are worst.
func worst(s map[string]float64, still, online []Row) {
	s["reduction_min"], s["phases_in_top_20_min"], s["brier_skill_min"], s["ece_max"] = 1, 1, 1, 0
	for _, r := range still {
		s["reduction_min"] = min(s["reduction_min"], r.Reduction)
		s["phases_in_top_20_min"] = min(s["phases_in_top_20_min"], r.Found.InTop20)
	}
	for _, r := range online {
		s["brier_skill_min"] = min(s["brier_skill_min"], r.Probability.Skill)
		s["ece_max"] = max(s["ece_max"], r.Probability.ECE)
	}
}

// split adds the figures of companies whose attack is a large part of what they
// see, and of the others, apart.
func split(s map[string]float64, still, online []Row) {
	for _, long := range []bool{false, true} {
		pick := func(rows []Row) []Row {
			return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Long != long })
		}
		name := "short_attack"
		if long {
			name = "long_attack"
		}
		a, b := pick(still), pick(online)
		s[name+"_companies"] = float64(len(a))
		if len(a) > 0 {
			s[name+"_average_precision"], s[name+"_steps_at_25"] = average(a)["average_precision"], average(a)["steps_at_25"]
			s[name+"_brier_skill"], s[name+"_ece"] = average(b)["brier_skill"], average(b)["ece"]
		}
	}
}

// Check holds the summary against expectations NAME>=X or NAME<=X; NAME=X means
// at least, and at most for ece. The error names all that fail.
func (rep Report) Check(expectations []string) error {
	var failed []string
	for _, e := range expectations {
		name, most, limit, err := parse(e)
		if err != nil {
			return err
		}
		got, ok := rep.Summary[name]
		if !ok {
			return fmt.Errorf("the summary has no %q; it has %s", name, strings.Join(slices.Sorted(maps.Keys(rep.Summary)), ", "))
		}
		if most && got > limit || !most && got < limit || math.IsNaN(got) {
			failed = append(failed, fmt.Sprintf("%s is %.4f, expected %s", name, got, strings.TrimPrefix(e, name)))
		}
	}
	if len(failed) > 0 {
		return &Failed{failed}
	}
	return nil
}

// Failed is the error of expectations that were not met.
type Failed struct{ What []string }

func (f *Failed) Error() string { return strings.Join(f.What, "; ") }

func parse(e string) (name string, most bool, limit float64, err error) {
	i := strings.IndexAny(e, "<>=")
	if i < 1 {
		return "", false, 0, fmt.Errorf("the expectation %q must be NAME>=NUMBER or NAME<=NUMBER", e)
	}
	name = e[:i]
	op := strings.TrimRight(e[i:], "+-.0123456789eE")
	limit, err = strconv.ParseFloat(e[i+len(op):], 64)
	if err != nil || op != "=" && op != ">=" && op != "<=" {
		return "", false, 0, fmt.Errorf("the expectation %q must be NAME>=NUMBER or NAME<=NUMBER", e)
	}
	return name, op == "<=" || op == "=" && strings.HasPrefix(name, "ece"), limit, nil
}
