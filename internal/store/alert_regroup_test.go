package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// TestSplitIsLearned: what an analyst took out is not joined for that reason again,
// and still is for another one.
func TestSplitIsLearned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		id := take(t, s, met(1, 0, "a", "evil.example", "Qakbot"), met(2, time.Hour, "b", "bad.example", "Qakbot")).Incidents[0]
		d, err := s.Incident(system(t), id)
		if err != nil || len(d.Alerts) != 2 {
			t.Fatal(d.Alerts, err)
		}
		if _, err := s.Split(system(t), id, nil, ""); errs.CodeOf(err) != "split_all" {
			t.Errorf("nothing chosen: %v", err)
		}
		made, err := s.Split(system(t), id, []string{d.Alerts[1].Fingerprint}, "another group")
		if err != nil {
			t.Fatal(err)
		}
		counts := func() (n []int) {
			for _, x := range []string{id, made} {
				in, err := s.Incident(system(t), x)
				if err != nil || in.Incident.Alerts != len(in.Alerts) {
					t.Fatal(in.Incident, err)
				}
				n = append(n, in.Incident.Alerts)
			}
			return n
		}
		if diff := cmp.Diff([]int{1, 1}, counts()); diff != "" {
			t.Fatal(diff)
		}
		// Another alert of b with the name would bridge them.
		take(t, s, met(3, 2*time.Hour, "b", "worse.example", "Qakbot"))
		if diff := cmp.Diff([]int{1, 2}, counts()); diff != "" {
			t.Errorf("cut apart, they were joined again for the same reason: %s", diff)
		}
		take(t, s, met(4, 3*time.Hour, "c", "other.example", "Qakbot"))
		if n := counts(); n[0]+n[1] != 4 {
			t.Errorf("a third host belongs to one of them: %v", n)
		}
	})
}

func TestMergeByHand(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		from := take(t, s, met(1, 0, "a", "evil.example")).Incidents[0]
		into := take(t, s, met(2, 0, "b", "bad.example")).Incidents[0]
		if err := s.Merge(system(t), from, from, ""); errs.KindOf(err) != errs.Invalid {
			t.Errorf("into itself: %v", err)
		}
		if err := s.Merge(system(t), from, into, "one intruder"); err != nil {
			t.Fatal(err)
		}
		gone, err := s.Incident(system(t), from)
		if err != nil || gone.Incident.Merged != into || gone.Incident.State != alert.Closed || len(gone.Alerts) != 0 {
			t.Errorf("%+v, %v", gone.Incident, err)
		}
		got, err := s.Incident(system(t), into)
		if err != nil || len(got.Incident.Entities) != 2 || !strings.Contains(got.Incident.Links[0].Why, "one intruder") {
			t.Errorf("%+v, %v", got.Incident, err)
		}
		if err := s.Merge(system(t), into, from, ""); errs.KindOf(err) != errs.Conflict {
			t.Errorf("into a closed one: %v", err)
		}
	})
}

// TestRenew: a fact that changed ranks what it touches anew, says so, and opens again
// what was closed as harmless.
func TestRenew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		ids := take(t, s, met(1, 0, "a", "evil.example"), met(2, 0, "b", "bad.example"), met(3, 0, "c", "weak.example")).Incidents
		before := map[string]int{}
		for _, id := range ids {
			in, err := s.Incident(system(t), id)
			if err != nil {
				t.Fatal(err)
			}
			before[id] = in.Incident.Assessment.Priority
		}
		if err := s.Judge(system(t), ids[1], alert.Verdict{Kind: alert.FalsePositive, Reason: "shared hosting"}); err != nil {
			t.Fatal(err)
		}
		reason := met(2, 0, "b", "bad.example").Reason
		reason.Names = []string{"Qakbot"}
		done, err := s.Renew(system(t), alert.Facts{
			Entities: map[alert.Who]bool{{Kind: "host", Name: "a"}: true},
			Describe: func(w alert.Who) alert.Entity {
				return alert.Entity{Kind: w.Kind, Name: w.Name, Criticality: 100, Why: w.Name + ", a crown jewel"}
			},
			Reasons: map[string]alert.Reason{reason.Key: reason},
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(alert.Renewed{Ranked: sorted(ids[0], ids[1]), Reopened: []string{ids[1]}}, done); diff != "" {
			t.Error(diff)
		}
		for i, want := range []string{"the criticality of a is × 100, was × 10", "reopened: bad.example is now known as Qakbot", ""} {
			in, err := s.Incident(system(t), ids[i])
			if err != nil || in.Incident.State != alert.Open {
				t.Fatal(in.Incident, err)
			}
			said := ""
			for _, e := range in.Timeline {
				said += e.Text + "\n"
			}
			if want != "" && !strings.Contains(said, want) {
				t.Errorf("the timeline does not say %q: %s", want, said)
			}
			if moved := in.Incident.Assessment.Priority != before[ids[i]]; moved != (i == 0) {
				t.Errorf("%d: priority %d, before %d", i, in.Incident.Assessment.Priority, before[ids[i]])
			}
		}
		if again, err := s.Renew(system(t), alert.Facts{Reasons: map[string]alert.Reason{reason.Key: reason}}); err != nil || len(again.Ranked) != 0 {
			t.Errorf("the same facts ranked anew %v, %v", again, err)
		}
	})
}

// TestGuardRailHolds: whatever analysts said of a rule, what comes before ransomware
// stays high.
func TestGuardRailHolds(t *testing.T) {
	s := alert.New(onSQLite(t).Alerts())
	for i := range 8 {
		d := fired(i, time.Duration(i)*100*time.Hour, "a"+string(rune('a'+i)), "shadow copies deleted", "high")
		d.Entity.Criticality = 1
		d.Techniques = []string{"T1490"}
		id := take(t, s, d).Incidents[0]
		in, err := s.Incident(system(t), id)
		if err != nil || in.Incident.Assessment.Priority < 45 || in.Incident.Assessment.Floor == "" {
			t.Fatalf("after %d verdicts: %+v, %v", i, in.Incident.Assessment, err)
		}
		if err := s.Judge(system(t), id, alert.Verdict{Kind: alert.FalsePositive, Reason: "backup software"}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVerdictRanksTheOpenQueue: a verdict moves what is open and alike at once, and
// taking it back moves it back; the nearest verdicts are shown.
func TestVerdictRanksTheOpenQueue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		one := take(t, s, fired(1, 0, "a", "noisy", "high")).Incidents[0]
		two := take(t, s, fired(2, 24*time.Hour, "b", "noisy", "high")).Incidents[0]
		odds := func() float64 {
			in, err := s.Incident(system(t), two)
			if err != nil {
				t.Fatal(err)
			}
			return in.Incident.Assessment.LogOdds
		}
		before := odds()
		if err := s.Judge(system(t), one, alert.Verdict{Kind: alert.FalsePositive, Reason: "known"}); err != nil {
			t.Fatal(err)
		}
		if odds() >= before {
			t.Errorf("log-odds %.2f after the verdict, %.2f before", odds(), before)
		}
		in, err := s.Incident(system(t), two)
		if err != nil || len(in.Nearest) != 1 || in.Nearest[0].Incident.ID != one {
			t.Errorf("nearest %+v, %v", in.Nearest, err)
		}
		if err := s.Reopen(system(t), one, "was wrong"); err != nil {
			t.Fatal(err)
		}
		if odds() != before {
			t.Errorf("log-odds %.2f after it was taken back, %.2f before", odds(), before)
		}
		if q, err := s.Quality(system(t)); err != nil || q.Lessons != 0 || q.Enough {
			t.Errorf("%+v, %v", q, err)
		}
	})
}

func sorted(ids ...string) []string {
	slices.Sort(ids)
	return ids
}
