package triage_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/risk"
	"github.com/vedette-soc/vedette/risk/triage"
)

// judged makes sessions with verdicts that depend on one rule.
func judged(seed uint64, n int) ([]*triage.Session, []triage.Verdict) {
	set := triage.Defaults()
	set.Warm = time.Hour
	sessions := replay(stream(seed, n), set)
	r := rand.New(rand.NewPCG(seed, 7))
	var out []triage.Verdict
	for i, s := range sessions {
		bad := s.Entity == "host 2" && has(s, "rule 16")
		if r.IntN(20) == 0 {
			bad = !bad
		}
		out = append(out, triage.Verdict{Session: s, Evidence: triage.Weigh(s, set), Real: bad, Time: s.Last, Weight: float64(1 + i%3)})
	}
	return sessions, out
}

func has(s *triage.Session, rule string) bool {
	for _, f := range s.Fired {
		if f.Rule == rule {
			return true
		}
	}
	return false
}

// What is shown adds up to what is said, before and after verdicts.
func TestTermsAddUp(t *testing.T) {
	_, verdicts := judged(1, 4000)
	now := verdicts[len(verdicts)-1].Time
	model := triage.Transfer(triage.Prior(), []triage.Example{{Session: verdicts[0].Session, Evidence: verdicts[0].Evidence, Real: true, Weight: 5}})
	for _, l := range []*triage.Learner{triage.NewLearner(triage.Prior()), triage.NewLearner(model)} {
		for range 2 {
			for _, v := range verdicts {
				in := l.Input(v.Session, v.Evidence)
				in.Stage, in.Criticality, in.Reputation = risk.Factor{Value: 1}, risk.Factor{Value: 1}, risk.Factor{Value: 1}
				a, want := risk.Assess(in), l.LogOdds(v.Session, v.Evidence)
				if math.Abs(a.LogOdds-want) > 1e-9 {
					t.Fatalf("shown %v, said %v: %+v", a.LogOdds, want, a.Terms)
				}
				for _, term := range in.Terms {
					if term.Why == "" || term.Family == "" {
						t.Fatalf("a term says nothing: %+v", term)
					}
				}
			}
			l.Learn(now, verdicts[:60]...)
		}
	}
}

// What was learnt follows from the verdicts, not from their order or batches.
func TestVerdictsInAnyOrder(t *testing.T) {
	_, verdicts := judged(2, 3000)
	verdicts = verdicts[:200]
	now := verdicts[len(verdicts)-1].Time
	a, b := triage.NewLearner(triage.Prior()), triage.NewLearner(triage.Prior())
	a.Learn(now, verdicts...)
	rand.New(rand.NewPCG(4, 4)).Shuffle(len(verdicts), func(i, j int) { verdicts[i], verdicts[j] = verdicts[j], verdicts[i] })
	for i := 0; i < len(verdicts); i += 50 {
		b.Learn(now, verdicts[i:i+50]...)
	}
	for _, v := range verdicts {
		x, y := a.LogOdds(v.Session, v.Evidence), b.LogOdds(v.Session, v.Evidence)
		if d := cmp.Diff(x, y, cmpopts.EquateApprox(0, 1e-9)); d != "" {
			t.Fatal(d)
		}
	}
}

// Verdicts raise what is like what they call real, and nothing pushes what is new
// below its bound.
func TestLearning(t *testing.T) {
	_, verdicts := judged(3, 12000)
	half := len(verdicts) / 2
	now := verdicts[half].Time
	for _, n := range []int{100, half} {
		l := triage.NewLearner(triage.Prior())
		l.Learn(now, verdicts[:n]...)
		var real, other []float64
		for _, v := range verdicts[half:] {
			p := l.Likelihood(v.Session, v.Evidence)
			if p < 0 || p > 1 || math.IsNaN(p) {
				t.Fatalf("likelihood %v", p)
			}
			if v.Session.Entity == "host 2" && has(v.Session, "rule 16") {
				real = append(real, p)
			} else {
				other = append(other, p)
			}
		}
		if a, b := mean(real), mean(other); len(real) < 20 || a < .3 || a < 4*b {
			t.Errorf("%d verdicts: %.2f said of %d like what was real, %.2f of the others", n, a, len(real), b)
		}
	}
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(max(1, len(v)))
}

func TestVerdictsCannotHideWhatIsNew(t *testing.T) {
	set := triage.Defaults()
	sessions, _ := judged(4, 3000)
	l := triage.NewLearner(triage.Prior())
	s := sessions[len(sessions)-1]
	before := l.Order(s, triage.Weigh(s, set))
	var no []triage.Verdict
	for i := range 300 {
		no = append(no, triage.Verdict{Session: s, Evidence: triage.Weigh(s, set), Time: s.Last.Add(time.Duration(i) * time.Second)})
	}
	l.Learn(s.Last, no...)
	if d := l.Order(s, triage.Weigh(s, set)) - before; d < -1.5-1e-9 || d >= 0 {
		t.Errorf("300 verdicts moved it by %v", d)
	}
	if got := l.Verdicts(); got != 300 {
		t.Errorf("%d verdicts", got)
	}
}

// A choice names each session once, never more than asked for, and over many turns
// one in twenty by chance and one in four for what it teaches.
func TestChoose(t *testing.T) {
	set := triage.Defaults()
	sessions, verdicts := judged(5, 4000)
	var x []triage.Evidence
	for _, s := range sessions {
		x = append(x, triage.Weigh(s, set))
	}
	l := triage.NewLearner(triage.Prior())
	l.Learn(verdicts[99].Time, verdicts[:100]...)
	why := map[triage.Ask]int{}
	for turn := 0; turn < 400; turn += 4 {
		from := turn % (len(sessions) - 50)
		chosen := l.Choose(sessions[from:from+50], x[from:from+50], 4, turn)
		seen := map[*triage.Session]bool{}
		for _, c := range chosen {
			if seen[c.Session] {
				t.Fatal("a session twice")
			}
			seen[c.Session] = true
			why[c.Why]++
			if c.Why == triage.ByChance && c.Weight < 10 || c.Why != triage.ByChance && c.Weight != 1 {
				t.Errorf("%s: weight %v", c.Why, c.Weight)
			}
		}
		if len(chosen) != 4 {
			t.Fatalf("%d chosen", len(chosen))
		}
	}
	if d := cmp.Diff(map[triage.Ask]int{triage.ByChance: 20, triage.Teaches: 100, triage.Likely: 280}, why); d != "" {
		t.Error(d)
	}
	if got := l.Choose(sessions[:2], x[:2], 50, 0); len(got) != 2 {
		t.Errorf("%d of 2 chosen", len(got))
	}
	if got := l.Choose(nil, nil, 3, 19); len(got) != 0 {
		t.Errorf("%d of none chosen", len(got))
	}
}

// An incident says why each session belongs to it, and joins what was rare on
// other hosts, odd around it, or shares a foreign address.
func TestLinks(t *testing.T) {
	set := triage.Defaults()
	d := triage.NewDesk(set, nil)
	var last []*triage.Session
	add := func(at time.Duration, host, sensor, rule, peer string) {
		_, ended := d.Add(triage.Alert{Time: day0.Add(at), Rule: rule, Sensor: sensor, Entity: host, Peer: peer})
		last = append(last, ended...)
	}
	for h := range 96 {
		for host := range 5 {
			add(time.Duration(h)*time.Hour, fmt.Sprint("h", host), "a", "usual", "")
		}
	}
	begin := 96 * time.Hour
	for i, rule := range []string{"exploit", "shell", "sudo", "scan"} {
		add(begin+time.Duration(i)*time.Minute, "h1", "b", rule, "203.0.113.9")
	}
	add(begin+5*time.Minute, "h2", "c", "strange", "")
	add(begin+6*time.Minute, "h3", "a", "usual", "203.0.113.9")
	last = append(last, d.Flush()...)
	in := last[len(last)-1].Incident
	var hosts []string
	for _, l := range in.Links {
		hosts = append(hosts, l.Session.Entity)
		if l.Why == "" {
			t.Errorf("%s joined without a reason", l.Session.Entity)
		}
	}
	if d := cmp.Diff([]string{"h1", "h2", "h3"}, hosts); d != "" {
		t.Errorf("%s\n%+v", d, in.Links)
	}
	standing := 0
	for _, s := range last {
		if s.Incident.Standing && s.Incident.Entity == s.Entity {
			standing++
		}
	}
	if standing < 400 {
		t.Errorf("%d sessions in standing incidents", standing)
	}
}
