package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/exposure"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/vuln"
)

// TestExposure: each source keeps what it says; asked, they are taken together.
func TestExposure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := exposure.New(st.Exposures())
		learn := func(source string, want [2]int, list ...vuln.Record) {
			t.Helper()
			created, changed, err := s.Learn(t.Context(), source, list)
			if got := [2]int{created, changed}; got != want || err != nil {
				t.Errorf("%s: %v, want %v, %v", source, got, want, err)
			}
		}
		asked := func() map[string]vuln.Record {
			t.Helper()
			got, err := s.Known(t.Context(), []string{"CVE-2024-10001", "CVE-2024-10002"})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := asked(); len(got) != 0 {
			t.Errorf("at first: %v", got)
		}
		kev := vuln.Record{CVE: "CVE-2024-10001", KEV: &vuln.KEV{Vendor: "Acme", Product: "Shop"}}
		epss := vuln.Record{CVE: "CVE-2024-10001", EPSS: &vuln.EPSS{Score: .1, Percentile: .9}}
		learn("kev", [2]int{1, 0}, kev, kev)
		learn("kev", [2]int{0, 0}, kev)
		learn("epss", [2]int{1, 0}, epss)
		epss.EPSS.Score = .2
		learn("epss", [2]int{0, 1}, epss)
		want := map[string]vuln.Record{"CVE-2024-10001": {CVE: "CVE-2024-10001", KEV: kev.KEV, EPSS: epss.EPSS}}
		if d := cmp.Diff(want, asked()); d != "" {
			t.Error(d)
		}
	})
}

// TestPastIncidents: a revision changes when what an incident compares by does.
func TestPastIncidents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, past := alert.New(st.Alerts()), st.PastIncidents()
		revisions := func() map[string]string {
			t.Helper()
			m, err := past.Revisions(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		id := take(t, s, met(1, 0, "ws1", "a.evil.example")).Incidents[0]
		first := revisions()[id]
		take(t, s, met(2, time.Minute, "ws1", "b.evil.example"))
		second := revisions()[id]
		if err := s.Judge(system(t), id, alert.Verdict{Kind: alert.FalsePositive, Reason: "a test"}); err != nil {
			t.Fatal(err)
		}
		third := revisions()[id]
		if first == "" || first == second || second == third {
			t.Errorf("%q, %q, %q", first, second, third)
		}
		list, alerts, err := past.Compared(t.Context(), []string{id, "nothing"})
		if err != nil || len(list) != 1 || len(alerts[id]) != 2 {
			t.Errorf("%d incidents, %d alerts, %v", len(list), len(alerts[id]), err)
		}
	})
}
