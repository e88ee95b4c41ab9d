package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/report"
)

// TestReportMatches: what a report says is nothing to us until somebody accepts it,
// and from then on every event that touches it is an incident with the report as the
// source.
func TestReportMatches(t *testing.T) {
	h := open(t, func(*app.System) error { return nil })
	added := ask[api.AddedReport](t, h, "POST", "/reports?name=heron.md", strings.NewReader("# Operation Heron\n\nIts C2 server is c2.heron[.]test.\n"))
	secret := ask[api.TokenView](t, h, "POST", "/tokens", map[string]string{"name": "resolver", "role": "sender"}).Secret
	look := func() {
		send(t, h, secret, map[string]any{
			"@timestamp": time.Now().UTC(), "event": map[string]any{"dataset": "dns"}, "source": map[string]any{"ip": "10.20.10.7"},
			"dns": map[string]any{"question": map[string]any{"name": "c2.heron.test"}},
		})
	}
	open := func() int {
		n := 0
		for _, k := range ask[api.Health](t, h, "GET", "/health", nil).Totals.Open {
			n += k
		}
		return n
	}
	look()
	settle(t, h, 1)
	if n := open(); n != 0 {
		t.Fatalf("%d incidents before anything was accepted", n)
	}
	view := ask[report.View](t, h, "GET", "/reports/"+added.Report.ID, nil)
	i := slices.IndexFunc(view.Findings, func(f report.Finding) bool { return f.Value == "c2.heron.test" })
	if i < 0 {
		t.Fatalf("%+v", view.Findings)
	}
	out := ask[report.Published](t, h, "POST", "/reports/"+added.Report.ID+"/review", report.Decision{Accept: []int{view.Findings[i].Seq}})
	if out.Stored == 0 {
		t.Errorf("%+v", out)
	}
	for range 500 { // the index takes the change in the background
		if ask[api.Health](t, h, "GET", "/health", nil).Index.Indicators > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	look()
	settle(t, h, 2)
	if n := open(); n != 1 {
		t.Errorf("%d incidents after it was accepted, want 1", n)
	}
}
