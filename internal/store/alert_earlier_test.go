package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// TestJudgedStaysAsItWas: what was judged real keeps its evidence, counts and times; what
// fires after the verdict is a new alert that names the earlier one, what had happened
// before it is still counted there, and nothing is lost or counted twice.
func TestJudgedStaysAsItWas(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		now := time.Now().UTC()
		at := func(n int, after time.Duration) alert.Detection {
			d := met(n, 0, "a", "evil.example")
			d.Time = now.Add(after).Truncate(time.Microsecond)
			return d
		}
		s := alert.New(st.Alerts())
		id := take(t, s, at(1, -3*time.Hour), at(2, -2*time.Hour), at(3, -time.Hour)).Incidents[0]
		if err := s.Judge(system(t), id, alert.Verdict{Kind: alert.TruePositive, Reason: "cleaned"}); err != nil {
			t.Fatal(err)
		}
		show := func(id string) alert.Detail {
			t.Helper()
			d, err := s.Incident(system(t), id)
			if err != nil {
				t.Fatal(err)
			}
			d.Nearest, d.Verdicts, d.Enough, d.Probability = nil, 0, false, 0
			return d
		}
		closed := show(id)
		if len(closed.Alerts) != 1 || closed.Alerts[0].Count != 3 || len(closed.Detections) != 3 {
			t.Fatalf("closed with %+v", closed.Alerts)
		}
		newer := take(t, s, at(4, time.Hour), at(3, -time.Hour)).Incidents // the second is delivered again
		if len(newer) != 1 || newer[0] == id {
			t.Fatalf("it fired again in %v, was in %s", newer, id)
		}
		sameBut := cmpopts.IgnoreFields(alert.Alert{}, "ID", "Fingerprint")
		if diff := cmp.Diff(closed, show(id), sameBut, cmpopts.IgnoreFields(alert.Incident{}, "Updated")); diff != "" {
			t.Errorf("the closed incident changed:\n%s", diff)
		}
		d := show(newer[0])
		if len(d.Alerts) != 1 || d.Alerts[0].Count != 1 || len(d.Detections) != 1 || d.Alerts[0].Fingerprint != closed.Alerts[0].Fingerprint {
			t.Fatalf("the new one: %+v", d.Alerts)
		}
		want := &alert.Earlier{Fingerprint: show(id).Alerts[0].Fingerprint, Incident: id, Number: closed.Incident.Number, Verdict: alert.TruePositive, By: closed.Incident.Verdict.By, Time: closed.Incident.Verdict.Time, Count: 3}
		if diff := cmp.Diff(want, d.Alerts[0].Earlier); diff != "" {
			t.Errorf("what it says of the earlier one: -want +got\n%s", diff)
		}

		// Delivered again, by another process: nothing begins anew.
		s = alert.New(st.Alerts())
		if got := take(t, s, at(4, time.Hour), at(1, -3*time.Hour)); got.New != 0 {
			t.Errorf("delivered again: %d new", got.New)
		}
		// What happened before the verdict belongs to what was judged; what comes now, to the new one.
		take(t, s, at(5, -90*time.Minute), at(6, 2*time.Hour))
		if n, m := show(id).Alerts[0].Count, show(newer[0]).Alerts[0].Count; n != 4 || m != 2 {
			t.Errorf("counted %d before, %d after the verdict", n, m)
		}
		totals, err := s.Totals(system(t))
		if err != nil || totals.Detections != 6 || totals.Alerts != 2 {
			t.Errorf("in all %+v, %v", totals, err)
		}
		// A third time.
		if err := s.Judge(system(t), newer[0], alert.Verdict{Kind: alert.TruePositive}); err != nil {
			t.Fatal(err)
		}
		third := take(t, s, at(7, 3*time.Hour)).Incidents
		if len(third) != 1 || third[0] == newer[0] {
			t.Fatalf("the third time in %v", third)
		}
		if a := show(third[0]).Alerts[0]; a.Count != 1 || a.Earlier == nil || a.Earlier.Incident != newer[0] || show(newer[0]).Alerts[0].Earlier.Incident != id {
			t.Errorf("the third: %+v", a)
		}
		take(t, s, at(8, -80*time.Minute)) // late for two verdicts
		if n := show(id).Alerts[0].Count; n != 5 {
			t.Errorf("what is late twice is counted %d times in the first", n)
		}
	})
}
