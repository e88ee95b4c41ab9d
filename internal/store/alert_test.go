package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func system(t *testing.T) context.Context { return ref.WithActor(t.Context(), ref.SystemActor) }

// met is a detection: host met value at t0+after.
func met(n int, after time.Duration, host, value string, names ...string) alert.Detection {
	ev := ref.Ref{Kind: ref.Event, ID: fmt.Sprint(n)}
	key := indicator.ID(indicator.Domain, value)
	return alert.Detection{
		ID: alert.DetectionID(ev, key, "dns.question.name"), Time: t0.Add(after), Event: ev, Sensor: "intelligence",
		Summary: host + " looked up " + value, Tactic: "command-and-control",
		Reason:     alert.Reason{Kind: alert.ByIndicator, Key: key, Title: value, Type: indicator.Domain, Value: value, Confidence: 80, Names: names, Sources: []string{"a"}},
		Observable: alert.Observable{Type: indicator.Domain, Value: value, Field: "dns.question.name"},
		Entity:     alert.Entity{Kind: "host", Name: host, Criticality: 10, Why: "an ordinary host"},
	}
}

func take(t *testing.T, s *alert.Service, ds ...alert.Detection) alert.Taken {
	t.Helper()
	taken, err := s.Take(system(t), ds, nil)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

func queue(t *testing.T, s *alert.Service, q alert.QueueQuery) []alert.Incident {
	t.Helper()
	list, _, err := s.Queue(system(t), q)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestGrouping(t *testing.T) {
	for _, tt := range []struct {
		name string
		ds   []alert.Detection
		want []int // alerts per open incident, in order of their numbers
	}{
		{"one fingerprint is one alert", []alert.Detection{met(1, 0, "a", "evil.example"), met(2, time.Minute, "a", "evil.example")}, []int{1}},
		{"one host, close in time", []alert.Detection{met(1, 0, "a", "evil.example"), met(2, 10*time.Minute, "a", "bad.example")}, []int{2}},
		{"one host, far in time", []alert.Detection{met(1, 0, "a", "evil.example"), met(2, 10*time.Hour, "a", "bad.example")}, []int{1, 1}},
		{"a rare indicator links hosts", []alert.Detection{met(1, 0, "a", "evil.example"), met(2, 48*time.Hour, "b", "evil.example")}, []int{2}},
		{"a campaign links hosts", []alert.Detection{met(1, 0, "a", "evil.example", "Qakbot"), met(2, 48*time.Hour, "b", "bad.example", "QakBot")}, []int{2}},
		{"nothing shared", []alert.Detection{met(1, 0, "a", "evil.example", "Qakbot"), met(2, 0, "b", "bad.example", "Emotet")}, []int{1, 1}},
		{"a bridge merges two incidents", []alert.Detection{
			met(1, 0, "a", "evil.example", "Qakbot"), met(2, 0, "b", "bad.example"), met(3, 5*time.Minute, "b", "worse.example", "Qakbot"),
		}, []int{3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				s := alert.New(st.Alerts())
				for _, d := range tt.ds {
					take(t, s, d)
				}
				got := map[int]int{}
				var numbers []int
				for _, in := range queue(t, s, alert.QueueQuery{State: alert.Open}) {
					got[in.Number] = in.Alerts
					numbers = append(numbers, in.Number)
				}
				if len(numbers) != len(tt.want) {
					t.Fatalf("%d incidents, want %d", len(numbers), len(tt.want))
				}
				total, want := 0, 0
				for i, n := range numbers {
					total += got[n]
					want += tt.want[i]
				}
				if total != want {
					t.Errorf("alerts per incident: %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// How detections are cut into batches must not change what belongs together.
func TestBatchesDoNotMatter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		var ds []alert.Detection
		for i := range 12 { // one indicator keeps the session alive, then another comes
			ds = append(ds, met(i, time.Duration(i)*20*time.Minute, "a", "evil.example"))
		}
		ds = append(ds, met(99, 245*time.Minute, "a", "bad.example"))
		s := alert.New(st.Alerts())
		take(t, s, ds...)
		if open := queue(t, s, alert.QueueQuery{State: alert.Open}); len(open) != 1 || open[0].Alerts != 2 {
			t.Errorf("in one batch: %d incidents", len(open))
		}
	})
}

func TestRedeliveryCountsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		d := met(1, 0, "a", "evil.example")
		mark := &alert.Mark{Consumer: "match", Seq: 7}
		if _, err := s.Take(system(t), []alert.Detection{d, d}, mark); err != nil {
			t.Fatal(err)
		}
		if again := take(t, s, d); again.New != 0 || len(again.Incidents) != 0 {
			t.Errorf("a redelivered detection was taken again: %+v", again)
		}
		if seq, err := st.Checkpoints().Checkpoint(t.Context(), "match"); err != nil || seq != 7 {
			t.Errorf("checkpoint %d, %v", seq, err)
		}
		if in := queue(t, s, alert.QueueQuery{}); len(in) != 1 || in[0].Detections != 1 {
			t.Errorf("queue: %+v", in)
		}
	})
}

func TestSuppressedIsKeptButRaisesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		d := met(1, 0, "a", "dns.google")
		d.Suppressed, d.Warnings = true, []alert.Warning{{List: "Public resolvers", Entry: "dns.google", Action: "suppress"}}
		take(t, s, d)
		if in := queue(t, s, alert.QueueQuery{}); len(in) != 0 {
			t.Errorf("a suppressed detection opened an incident: %+v", in)
		}
		totals, err := s.Totals(system(t))
		if err != nil || totals.Suppressed != 1 || totals.Detections != 1 {
			t.Errorf("totals %+v, %v", totals, err)
		}
		seen, n, err := s.Sightings(system(t), "dns.google", 10)
		if err != nil || n != 1 || !seen[0].Suppressed {
			t.Errorf("sightings %v %d %v", seen, n, err)
		}
	})
}

func TestVerdictTeaches(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		first := take(t, s, met(1, 0, "a", "evil.example")).Incidents[0]
		before := queue(t, s, alert.QueueQuery{})[0].Assessment
		err := s.Judge(system(t), first, alert.Verdict{Kind: alert.FalsePositive})
		if errs.CodeOf(err) != "verdict_reason_missing" {
			t.Errorf("a false positive without a reason: %v", err)
		}
		if err := s.Judge(system(t), first, alert.Verdict{Kind: alert.FalsePositive, Reason: "shared hosting"}); err != nil {
			t.Fatal(err)
		}
		// The judged fingerprint keeps counting where it was judged ...
		if again := take(t, s, met(2, time.Hour, "a", "evil.example")); again.Incidents[0] != first {
			t.Errorf("a judged alert opened a new incident")
		}
		// ... and the same reason elsewhere is believed less.
		take(t, s, met(3, time.Hour, "b", "evil.example"))
		open := queue(t, s, alert.QueueQuery{State: alert.Open})
		if len(open) != 1 || open[0].Assessment.LogOdds >= before.LogOdds {
			t.Errorf("the verdict taught nothing: %+v, before %v", open, before.LogOdds)
		}
		// A real attack that shows again is a new incident that points back.
		if err := s.Judge(system(t), open[0].ID, alert.Verdict{Kind: alert.TruePositive}); err != nil {
			t.Fatal(err)
		}
		later := met(4, time.Until(t0)+time.Hour, "b", "evil.example")
		later.Time = time.Now().Add(time.Hour)
		next := take(t, s, later)
		in, err := s.Incident(system(t), next.Incidents[0])
		if err != nil || in.Incident.ID == open[0].ID || len(in.Incident.Links) == 0 {
			t.Errorf("a real attack that goes on: %+v, %v", in.Incident, err)
		}
	})
}

// TestVerdictCountsIncidents: a verdict on an incident of several hosts is one
// judgement of its reason, and what is authorised on one host is so there only.
func TestVerdictCountsIncidents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		for _, tt := range []struct {
			kind alert.VerdictKind
			want string
		}{
			{alert.FalsePositive, "analysts judged false-positive.example real in 0 of 1 incidents"},
			{alert.TruePositive, "analysts judged true-positive.example real in 1 of 1 incidents"},
			{alert.BenignTruePositive, ""},
		} {
			s, value := alert.New(st.Alerts()), string(tt.kind)+".example"
			judged := take(t, s, met(1, 0, "a."+value, value), met(2, time.Minute, "b."+value, value)).Incidents
			if len(judged) != 1 {
				t.Fatalf("two hosts and one rare indicator are the incidents %v", judged)
			}
			if err := s.Judge(system(t), judged[0], alert.Verdict{Kind: tt.kind, Reason: "known"}); err != nil {
				t.Fatal(err)
			}
			next := take(t, s, met(3, time.Hour, "c."+value, value)).Incidents[0]
			in, err := s.Incident(system(t), next)
			if err != nil || next == judged[0] {
				t.Fatal(next, err)
			}
			got := ""
			for _, term := range in.Incident.Assessment.Terms {
				if term.Family == "verdict" {
					got += term.Why
				}
			}
			if got != tt.want {
				t.Errorf("%s: %q, want %q", tt.kind, got, tt.want)
			}
		}
	})
}

// What the store gives back is what was put in, and the priority follows from
// the terms it shows.
func TestIncidentRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		d := met(1, 0, "srv1", "evil.example", "Qakbot")
		d.Entity = alert.Entity{Kind: "host", Name: "srv1", Criticality: 100, Why: "crown jewel", Reputation: 2, ReputationWhy: "customer data"}
		id := take(t, s, d, met(2, time.Minute, "srv1", "bad.example")).Incidents[0]
		got, err := s.Incident(system(t), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, got.Alerts[0].Detection); diff != "" {
			t.Errorf("detection changed in the store: %s", diff)
		}
		a := got.Incident.Assessment
		again := risk.Explain(risk.Input{Base: a.Base, Terms: a.Terms, Stage: a.Stage, Criticality: a.Criticality, Reputation: a.Reputation})
		if diff := cmp.Diff(a, again); diff != "" {
			t.Errorf("the stored terms do not give the stored priority: %s", diff)
		}
		if a.Priority < 70 {
			t.Errorf("two indicators on a crown jewel: priority %d\n%+v", a.Priority, a)
		}
		if found := queue(t, s, alert.QueueQuery{Text: "qakbot SRV1"}); len(found) != 1 {
			t.Errorf("search found %d incidents", len(found))
		}
		take(t, s, met(3, 20*24*time.Hour, "other", "evil.example"))
		shared, err := s.Sharing(system(t), id, []string{"evil.example", "Qakbot"}, 10)
		if err != nil || len(shared) != 1 || !cmp.Equal(shared[0].Values, []string{"evil.example"}) {
			t.Errorf("sharing: %+v, %v", shared, err)
		}
	})
}

func TestQueuePages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		for i := range 7 {
			take(t, s, met(i, time.Duration(i)*time.Minute, fmt.Sprint("h", i), fmt.Sprintf("e%d.example", i)))
		}
		seen := map[string]bool{}
		q := alert.QueueQuery{Limit: 3}
		for range 4 {
			list, next, err := s.Queue(system(t), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range list {
				if seen[in.ID] {
					t.Errorf("incident %d twice", in.Number)
				}
				seen[in.ID] = true
			}
			if q.Cursor = next; next == "" {
				break
			}
		}
		if len(seen) != 7 {
			t.Errorf("paged through %d of 7", len(seen))
		}
		if _, _, err := s.Queue(system(t), alert.QueueQuery{Cursor: "zzz"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a made-up cursor: %v", err)
		}
	})
}

// People know incidents by their numbers; what is no incident has none.
func TestNumbers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		ids := take(t, s, met(1, 0, "a", "evil.example"), met(2, 0, "b", "bad.example")).Incidents
		got, err := s.Numbers(system(t), append(ids, "none", ids[0]))
		if diff := cmp.Diff(map[string]int{ids[0]: 1, ids[1]: 2}, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}
