package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// ranking is a store with open alerts and what ranks them anew.
type ranking struct {
	ctx    context.Context
	alerts *alert.Service
	org    *org.Service
	rerank *pipeline.Rerank
	touch  []string // ids that were ranked anew since it was emptied
}

// house is the profile of n hosts, one of them a crown jewel.
func house(n, jewel int) []byte {
	var b strings.Builder
	b.WriteString("name: Test House\nassets:\n")
	for i := range n {
		criticality := "normal"
		if i == jewel {
			criticality = "crown-jewel"
		}
		fmt.Fprintf(&b, "  - {id: \"%d\", name: host%d, hostnames: [host%d], criticality: %s}\n", i, i, i, criticality)
	}
	return []byte(b.String())
}

// newRanking holds alerts as a house has them that waits to be looked at: of rules and
// indicators on hosts, in sessions, over days; n of them, of hosts hosts.
func newRanking(tb testing.TB, n, hosts int) *ranking {
	tb.Helper()
	st, err := store.Open(tb.Context(), storetest.SQLite(tb))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = st.Close() })
	r := &ranking{ctx: ref.WithActor(tb.Context(), ref.SystemActor), alerts: alert.New(st.Alerts()), org: org.New(st.Org())}
	r.rerank = pipeline.NewRerank(pipeline.Rerank{Alerts: r.alerts, Org: r.org, Marks: st.Checkpoints(), Changed: func(ids []string) { r.touch = append(r.touch, ids...) }})
	r.profile(tb, house(hosts, -1))
	t0 := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var ds []alert.Detection
	for i := range n {
		host, turn := i%hosts, i/hosts // each turn another rule on every host, half a day later
		at := t0.Add(time.Duration(turn)*12*time.Hour + time.Duration(host)*7*time.Second)
		ev := ref.Ref{Kind: ref.Event, ID: fmt.Sprint(i)}
		name, rule := fmt.Sprint("host", host), fmt.Sprint("rule ", (turn*31+host)%400)
		ds = append(ds, alert.Detection{
			ID: alert.DetectionID(ev, rule, ""), Time: at, Event: ev, Sensor: "sigma", Summary: name + ": " + rule, Tactic: "execution",
			Reason: alert.Reason{Kind: alert.ByRule, Key: rule, Title: rule, Level: []string{"low", "medium", "high"}[turn%3]},
			Entity: alert.Entity{Kind: "host", Name: name, AssetID: fmt.Sprint(host), Criticality: 10, Why: name + ", of normal criticality"},
		})
	}
	for part := range slices.Chunk(ds, 2000) {
		if _, err := r.alerts.Take(r.ctx, part, nil); err != nil {
			tb.Fatal(err)
		}
	}
	return r
}

func (r *ranking) profile(tb testing.TB, file []byte) {
	tb.Helper()
	if _, err := r.org.Import(r.ctx, file); err != nil {
		tb.Fatal(err)
	}
	if err := r.rerank.Profile(r.ctx); err != nil {
		tb.Fatal(err)
	}
}

// about lists the open incidents that an entity is part of.
func (r *ranking) about(tb testing.TB, entity string) (ids []string) {
	tb.Helper()
	for cursor := ""; ; {
		list, next, err := r.alerts.Queue(r.ctx, alert.QueueQuery{State: alert.Open, Limit: 1000, Cursor: cursor})
		if err != nil {
			tb.Fatal(err)
		}
		for _, in := range list {
			if slices.ContainsFunc(in.Entities, func(e alert.Entity) bool { return e.Name == entity }) {
				ids = append(ids, in.ID)
			}
		}
		if cursor = next; cursor == "" {
			slices.Sort(ids)
			return ids
		}
	}
}

// Another criticality of one asset ranks exactly the incidents it is part of, and
// says why; another name of the profile ranks none.
func TestProfileRanksWhatItTouches(t *testing.T) {
	r := newRanking(t, 3000, 150)
	want := r.about(t, "host7")
	if len(want) < 3 {
		t.Fatalf("only %d incidents are about the host", len(want))
	}
	r.touch = nil
	r.profile(t, house(150, 7))
	slices.Sort(r.touch)
	if diff := cmp.Diff(want, r.touch); diff != "" {
		t.Errorf("ranked anew (-what it touches +what was):\n%s", diff)
	}
	for _, id := range want {
		d, err := r.alerts.Incident(r.ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if v := d.Incident.Assessment.Criticality.Value; v != 100 {
			t.Errorf("incident %d is ranked with × %v", d.Incident.Number, v)
		}
		if last := d.Timeline[len(d.Timeline)-1].Text; !slices.ContainsFunc(d.Timeline, func(e alert.Entry) bool {
			return strings.Contains(e.Text, "the criticality of host7 is × 100, was × 10")
		}) {
			t.Errorf("incident %d does not say why: %q", d.Incident.Number, last)
		}
	}
	r.touch = nil
	r.profile(t, append(house(150, 7), "sectors: [transport]\n"...))
	if len(r.touch) != 0 {
		t.Errorf("%d were ranked anew for nothing", len(r.touch))
	}
}

// What could not be marked as ranked is ranked again, without a second line about it.
func TestProfileAgain(t *testing.T) {
	r := newRanking(t, 300, 30)
	again := *r.rerank
	r.profile(t, house(30, 7))
	r.touch = nil
	if err := again.Marks.SaveCheckpoint(r.ctx, "ranked with profile", telemetry.Seq(1)); err != nil {
		t.Fatal(err)
	}
	fresh := pipeline.NewRerank(pipeline.Rerank{Alerts: again.Alerts, Org: again.Org, Marks: again.Marks, Changed: again.Changed})
	if err := fresh.Profile(r.ctx); err != nil || len(r.touch) != 0 {
		t.Errorf("%d ranked a second time, %v", len(r.touch), err)
	}
}

// BenchmarkProfile: 100,000 open alerts, and the criticality of one asset changes.
func BenchmarkProfile(b *testing.B) {
	const hosts = 2000
	r := newRanking(b, 100_000, hosts)
	var open int
	if t, err := r.alerts.Totals(r.ctx); err == nil {
		for _, n := range t.Open {
			open += n
		}
	}
	b.ReportAllocs()
	r.touch = nil
	n := 0
	for b.Loop() {
		n++
		r.profile(b, house(hosts, n*37%hosts))
	}
	b.ReportMetric(float64(open), "open_incidents")
	b.ReportMetric(float64(len(r.touch))/float64(n), "ranked/op")
}
