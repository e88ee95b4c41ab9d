package pipeline_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/exposure"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/vuln"
)

// What is learnt of a vulnerability ranks the open incidents in which it was tried, and no
// other; a probability that moves a little ranks none.
func TestTargetsRankWhatTheyTouch(t *testing.T) {
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	ctx := ref.WithActor(t.Context(), ref.SystemActor)
	alerts, orgs, known := alert.New(st.Alerts()), org.New(st.Org()), exposure.New(st.Exposures())
	exposed := &pipeline.Exposed{Exposure: known, Org: orgs}
	var touched []string
	rerank := pipeline.NewRerank(pipeline.Rerank{Alerts: alerts, Org: orgs, Exposed: exposed, Marks: st.Checkpoints(), Changed: func(ids []string) { touched = append(touched, ids...) }})
	var ds []alert.Detection
	for i := range 40 {
		ev, rule := ref.Ref{Kind: ref.Event, ID: fmt.Sprint(i)}, fmt.Sprintf("Exploit (CVE-2024-1%04d)", i%4)
		host := fmt.Sprint("host", i)
		ds = append(ds, alert.Detection{
			ID: alert.DetectionID(ev, rule, ""), Time: time.Date(2026, 3, 2, i%24, 0, 0, 0, time.UTC).AddDate(0, 0, i), Event: ev, Sensor: "ids", Summary: host + ": " + rule,
			Reason: alert.Reason{Kind: alert.ByProduct, Key: rule, Title: rule, Level: "high"}, Entity: alert.Entity{Kind: "host", Name: host, Criticality: 10},
		})
	}
	if err := exposed.Fill(ctx, ds); err != nil {
		t.Fatal(err)
	}
	if _, err := alerts.Take(ctx, ds, nil); err != nil {
		t.Fatal(err)
	}
	var want []string // of the first vulnerability, but for one that was closed
	list, _, err := alerts.Queue(ctx, alert.QueueQuery{State: alert.Open, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range list {
		d, err := alerts.Incident(ctx, in.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d.Alerts[0].Detection.Target.CVE != "CVE-2024-10000" {
			continue
		}
		want = append(want, in.ID)
	}
	if len(want) != 10 {
		t.Fatalf("%d incidents are about it", len(want))
	}
	if err := alerts.Judge(ctx, want[0], alert.Verdict{Kind: alert.FalsePositive, Reason: "no such server"}); err != nil {
		t.Fatal(err)
	}
	want = want[1:]
	slices.Sort(want)
	learn := func(r vuln.Record) []string {
		t.Helper()
		touched = nil
		if _, _, err := known.Learn(ctx, "test", []vuln.Record{r}); err != nil {
			t.Fatal(err)
		}
		if err := rerank.Targets(ctx); err != nil {
			t.Fatal(err)
		}
		slices.Sort(touched)
		return touched
	}
	record := vuln.Record{CVE: "CVE-2024-10000", EPSS: &vuln.EPSS{Score: .05}}
	if got := learn(record); len(got) != 0 {
		t.Errorf("a probability of 5 %% ranked %d", len(got))
	}
	record.KEV = &vuln.KEV{Vendor: "Acme", Product: "Shop"}
	if diff := cmp.Diff(want, learn(record)); diff != "" {
		t.Errorf("known to be exploited: -want +ranked\n%s", diff)
	}
	if got := learn(record); len(got) != 0 {
		t.Errorf("the same again ranked %d", len(got))
	}
	record.EPSS = &vuln.EPSS{Score: .06}
	if got := learn(record); len(got) != 0 {
		t.Errorf("a probability of 6 %% ranked %d", len(got))
	}
	if got := learn(vuln.Record{CVE: "CVE-2024-19999", KEV: record.KEV}); len(got) != 0 {
		t.Errorf("what nobody tried ranked %d", len(got))
	}
}
