package similar_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/risk/triage"
	"github.com/vedette-soc/vedette/risk/triage/bench"
	"github.com/vedette-soc/vedette/similar"
)

// known is a case of a company with what its labels say.
type known struct {
	similar.Case
	company string
	steps   []string // of the attack; none = no attack
}

// score is how often the most alike case of another company was what it should be.
type score struct {
	asked, attack, same int // questions; answered by an attack; by one that shows a step of it
	peer                int // the same, by the plain overlap of rules
	library, attacks    int
}

func (s score) String() string {
	of := func(n int) string { return fmt.Sprintf("%.2f", float64(n)/float64(max(s.asked, 1))) }
	return fmt.Sprintf("%d asked: an attack %s, the same step %s (overlap of rules: %s); %d of %d known are attacks", s.asked, of(s.attack), of(s.same), of(s.peer), s.attacks, s.library)
}

// TestCompanies: of an attack in one company, is the most alike incident of the two other
// companies an attack of the same kind? By the order of rules alone: neither addresses nor
// names are shared. Run with -v for the figures.
func TestCompanies(t *testing.T) {
	var incidents, sessions []known
	for _, r := range replayed(t) {
		for _, g := range r.Incidents {
			if g.Excluded {
				continue
			}
			k := known{similar.Case{ID: fmt.Sprint(r.Name, "/", g.ID), Ordered: true}, r.Name, nil}
			if g.Positive {
				k.steps = g.Steps
			}
			parts := slices.Clone(g.Cases)
			sort.SliceStable(parts, func(i, j int) bool { return parts[i].First.Before(parts[j].First) })
			for _, c := range parts {
				k.Steps = append(k.Steps, rules(r, c)...)
			}
			incidents = append(incidents, k)
		}
		for i, c := range r.Cases {
			if c.Excluded {
				continue
			}
			k := known{similar.Case{ID: fmt.Sprint(r.Name, "/", i), Ordered: true, Steps: rules(r, c)}, r.Name, nil}
			if c.Positive {
				k.steps = c.Steps
			}
			sessions = append(sessions, k)
		}
	}
	whole(t, incidents)
	t.Log("incidents:", ask(incidents, nil))
	t.Log("sessions: ", ask(sessions, nil))
	for _, step := range stepsOf(sessions) {
		t.Logf("  %-22s %s", step, ask(sessions, []string{step}))
	}
	for _, step := range []string{"wpscan", "dirb", "webshell", "privilege_escalation", "reverse_shell"} {
		if one := ask(sessions, []string{step}); one.asked == 0 || 10*one.same < 9*one.asked {
			t.Errorf("sessions of %s: %s", step, one)
		}
	}
}

// whole: of each attack that shows several steps, the attacks of the other companies are
// the most alike of all, and far more than what comes next.
func whole(t *testing.T, all []known) {
	asked := 0
	for i := range all {
		k := &all[i]
		if len(k.steps) < 3 {
			continue
		}
		asked++
		l, at := similar.New(), map[string]*known{}
		attacks := 0
		for j := range all {
			if o := &all[j]; o.company != k.company {
				l.Put(o.Case)
				at[o.ID] = o
				attacks += min(len(o.steps)/3, 1)
			}
		}
		near := l.Nearest(k.Case, attacks+1)
		for _, m := range near {
			t.Logf("%s (%d steps): %.2f %s, which shows %v", k.ID, len(k.steps), m.Score, m.ID, at[m.ID].steps)
		}
		for n, m := range near[:attacks] {
			if len(at[m.ID].steps) < 3 || n+1 == attacks && m.Score < 2*near[attacks].Score {
				t.Errorf("%s: number %d of the most alike is %s (%.2f), next %.2f", k.ID, n+1, m.ID, m.Score, near[attacks].Score)
			}
		}
	}
	if asked < 3 {
		t.Errorf("only %d whole attacks", asked)
	}
}

// rules are what fired in a session, in the order of its first alerts.
func rules(r *bench.Replayed, c *bench.Case) (out []similar.Item) {
	from := sort.Search(len(r.Alerts), func(i int) bool { return !r.Alerts[i].Time.Before(c.First) })
	seen := map[string]bool{}
	for _, a := range r.Alerts[from:] {
		if a.Time.After(c.Last) || len(seen) == len(c.Fired) {
			break
		}
		if a.Entity == c.Entity && !seen[a.Rule] {
			seen[a.Rule] = true
			out = append(out, similar.Item{Kind: similar.Rule, Value: a.Rule})
		}
	}
	return out
}

// ask asks of each attack, or of those that show one of some steps, for the most alike
// case of the other companies.
func ask(all []known, only []string) (s score) {
	companies := map[string]bool{}
	for _, k := range all {
		companies[k.company] = true
	}
	for company := range companies {
		l, at := similar.New(), map[string]*known{}
		for i := range all {
			if k := &all[i]; k.company != company {
				l.Put(k.Case)
				at[k.ID] = k
				s.library++
				s.attacks += min(len(k.steps), 1)
			}
		}
		for i := range all {
			k := &all[i]
			if k.company != company || len(k.steps) == 0 || only != nil && !shares(k.steps, only) {
				continue
			}
			s.asked++
			if m := l.Nearest(k.Case, 1); len(m) > 0 {
				s.attack += min(len(at[m[0].ID].steps), 1)
				if shares(at[m[0].ID].steps, k.steps) {
					s.same++
				}
			}
			if shares(overlapping(k, at).steps, k.steps) {
				s.peer++
			}
		}
	}
	s.library, s.attacks = s.library/len(companies), s.attacks/len(companies)
	return s
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// overlapping is the case whose rules overlap most with those of another one (Jaccard).
func overlapping(k *known, at map[string]*known) *known {
	mine := map[string]bool{}
	for _, s := range k.Steps {
		mine[s.Value] = true
	}
	best, most := &known{}, 0.0
	for _, id := range slices.Sorted(maps.Keys(at)) {
		o, both := at[id], 0
		theirs := map[string]bool{}
		for _, s := range o.Steps {
			theirs[s.Value] = true
		}
		for v := range theirs {
			if mine[v] {
				both++
			}
		}
		if j := float64(both) / float64(len(mine)+len(theirs)-both); j > most {
			best, most = o, j
		}
	}
	return best
}

func stepsOf(all []known) (out []string) {
	for _, k := range all {
		for _, s := range k.steps {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return out
}

func replayed(t *testing.T) (out []*bench.Replayed) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(realdata.Path(t, "ait-ads"), "*_alerts.csv.gz"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%d companies: %v", len(files), err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(file), "_alerts")
		c, err := bench.Read(name, z, nil)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		out = append(out, bench.Replay(c, triage.Defaults()))
	}
	return out
}
