package app_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/content/demo"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/risk"
)

// TestDemo runs the bundled scenario through the whole product, as its face for
// programs and its devices see it.
func TestDemo(t *testing.T) {
	h := open(t, func(s *app.System) error { return s.PrepareDemo(t.Context(), "analyst", "correct horse battery", 0) })
	settle(t, h, len(demo.Script(time.Now())))
	queue := ask[api.Page[alert.Incident]](t, h, "GET", "/incidents?limit=1000", nil).Items
	t.Run("Queue", func(t *testing.T) { queueIsTheStory(t, queue) })
	t.Run("Own", func(t *testing.T) { ownIsRefused(t, h) })
	t.Run("Leaked", func(t *testing.T) { leakedIsTold(t, h, queue) })
	t.Run("Suppressed", func(t *testing.T) { suppressedRaisesNothing(t, h, queue) })
	t.Run("Dossier", func(t *testing.T) { dossierNamesThem(t, h, queue[0]) })
	t.Run("Block", func(t *testing.T) { blockReachesDevices(t, h, queue[0].ID) })
	t.Run("Verdict", func(t *testing.T) { verdictTeaches(t, h, queue) })
	t.Run("Audit", func(t *testing.T) {
		if v := ask[api.Verified](t, h, "GET", "/audit/verify", nil); !v.Whole || v.Lines < 10 {
			t.Errorf("%+v", v)
		}
	})
}

func hosts(in alert.Incident) (out []string) {
	for _, e := range in.Entities {
		out = append(out, e.Name)
	}
	slices.Sort(out)
	return out
}

// of returns the incident that intelligence raised about exactly these hosts.
func of(t *testing.T, queue []alert.Incident, names ...string) alert.Incident {
	t.Helper()
	i := slices.IndexFunc(queue, func(in alert.Incident) bool {
		return slices.Contains(in.Sensors, "intelligence") && slices.Equal(hosts(in), names)
	})
	if i < 0 {
		t.Fatalf("there is no incident with %v", names)
	}
	return queue[i]
}

func queueIsTheStory(t *testing.T, queue []alert.Incident) {
	first := queue[0]
	if diff := cmp.Diff([]string{"dc01", "erp-db01", "fs01", "mail01", "ws-0117"}, hosts(first)); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(first.Names, "Harbour Lantern") || !strings.Contains(first.Title, "Harbour Lantern") {
		t.Errorf("the first incident is %q with the names %q", first.Title, first.Names)
	}
	for _, names := range [][]string{
		{"shop01"},
		{"lab-gpu01"},
		{"ws-0109"},
		{"mail01", "ws-0104", "ws-0110", "ws-0113", "ws-0121"},
		{"ws-0102", "ws-0107", "ws-0112", "ws-0114", "ws-0119", "ws-0123"},
	} {
		if in := of(t, queue, names...); in.Assessment.Priority >= first.Assessment.Priority {
			t.Errorf("%v has the priority %d, the intrusion %d", names, in.Assessment.Priority, first.Assessment.Priority)
		}
	}
}

// leakedIsTold: the machine that mines is named in a stealer log, and its incident says so;
// of what is in the leaks only what is of the company is kept.
func leakedIsTold(t *testing.T, h house, queue []alert.Incident) {
	said := false
	for _, term := range of(t, queue, "lab-gpu01").Assessment.Terms {
		said = said || term.Family == "leak" && strings.HasPrefix(term.Why, "lab-gpu01 is named in a stealer log (Vidar)")
	}
	if !said {
		t.Error("the miner's incident does not say that a stealer log names its machine")
	}
	var got []string
	for _, a := range ask[api.Page[pipeline.LeakedAccount]](t, h, "GET", "/leaks", nil).Items {
		got = append(got, a.Account)
	}
	if diff := cmp.Diff([]string{"laboratory@meridian-freight.example", "j.halloran@meridian-freight.example", "c.lambert@meridian-freight.example", "r.petersen@meridian-freight.example"}, got); diff != "" {
		t.Errorf("leaked accounts -want +got\n%s", diff)
	}
}

// ownIsRefused: what is ours is in feeds and is no indicator; the feeds say so.
func ownIsRefused(t *testing.T, h house) {
	values := []string{}
	for _, truth := range demo.Truths() {
		if truth.Story == demo.Own {
			values = append(values, truth.Value)
		}
	}
	for _, k := range ask[api.Page[api.Known]](t, h, "POST", "/indicators/lookup", api.ValuesBody{Values: values}).Items {
		if k.Verdict != "unknown" || len(k.Indicators) > 0 {
			t.Errorf("%s is ours, and %s: %+v", k.Value, k.Verdict, k.Indicators)
		}
	}
	poisoned := 0
	for _, f := range ask[api.Page[struct{ State struct{ Health string } }]](t, h, "GET", "/feeds", nil).Items {
		if f.State.Health == "poisoned" {
			poisoned++
		}
	}
	if poisoned != len(values) {
		t.Errorf("%d feeds are marked for listing our own assets, want %d", poisoned, len(values))
	}
}

// suppressedRaisesNothing: a resolver on a warning list is met and kept, and is
// in no open incident of the queue.
func suppressedRaisesNothing(t *testing.T, h house, queue []alert.Incident) {
	for _, in := range queue {
		for _, a := range ask[alert.Detail](t, h, "GET", "/incidents/"+in.ID, nil).Alerts {
			if a.Detection.Reason.Value == "8.8.8.8" || a.Suppressed {
				t.Errorf("%s: %s is in the queue", in.Title, a.Title)
			}
		}
	}
	k := ask[api.Page[api.Known]](t, h, "POST", "/indicators/lookup", api.ValuesBody{Values: []string{"8.8.8.8"}}).Items[0]
	if k.Seen == nil || k.Seen.Count == 0 || k.Seen.First.IsZero() || k.Seen.Last.Before(k.Seen.First) {
		t.Errorf("the events stay findable: %+v", k.Seen)
	}
}

func dossierNamesThem(t *testing.T, h house, in alert.Incident) {
	d := ask[investigate.Dossier](t, h, "GET", "/incidents/"+in.ID+"/dossier", nil)
	var names []string
	for _, p := range append(d.Actors, d.Malware...) {
		names = append(names, p.Name)
	}
	for _, want := range []string{"Harbour Lantern", "Grey Cormorant", "QakBot", "Cobalt Strike"} {
		if !slices.Contains(names, want) {
			t.Errorf("the dossier names %q, not %s", names, want)
		}
	}
}

// blockReachesDevices: preview, guard rails, block, the list a device fetches,
// undo.
func blockReachesDevices(t *testing.T, h house, incident string) {
	const drop = "drop.pilot-cargo.example"
	p := ask[respond.Preview](t, h, "POST", "/blocks/preview", api.BlockBody{Value: "drop[.]pilot-cargo[.]example"})
	if p.Events == 0 || !slices.Contains(p.Hosts, "erp-db01") || len(p.Refused) > 0 {
		t.Errorf("preview %+v", p)
	}
	for value, code := range map[string]string{"8.8.8.8": "", "meridian-freight.example": "", "10.20.1.10": ""} {
		err := h.Call(t.Context(), "POST", "/blocks", api.BlockBody{Value: value, Reason: "to see that it is refused"}, nil)
		if err == nil || errs.KindOf(err) == errs.Internal {
			t.Errorf("a block of %s: %v%s", value, err, code)
		}
	}
	list := ask[api.ListView](t, h, "POST", "/lists", api.ListBody{Name: "border", Kind: "domain"})
	if lines := fetchList(t, h, list); len(lines) > 0 {
		t.Errorf("the list begins with %q", lines)
	}
	a := ask[respond.Action](t, h, "POST", "/blocks", api.BlockBody{Type: indicator.Domain, Value: drop, Reason: "exfiltration", Incident: incident})
	if lines := fetchList(t, h, list); !slices.Contains(lines, drop) {
		t.Errorf("after the block the list holds %q", lines)
	}
	undone := ask[respond.Action](t, h, "POST", "/blocks/"+a.ID+"/undo", api.TextBody{Text: "over"})
	if lines := fetchList(t, h, list); slices.Contains(lines, drop) {
		t.Errorf("after the undo (%s) the list holds %q", undone.State, lines)
	}
}

// fetchList reads a list as a firewall does.
func fetchList(t *testing.T, h house, l api.ListView) (lines []string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", h.Devices+"/edl/"+l.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("firewall", l.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the list: %s, %v", res.Status, err)
	}
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// verdictTeaches: judged false, the reason of the exercise weighs less when it is
// met again.
func verdictTeaches(t *testing.T, h house, queue []alert.Incident) {
	const exercise = "training-clearaware.example"
	before := of(t, queue, "mail01", "ws-0104", "ws-0110", "ws-0113", "ws-0121")
	for _, term := range before.Assessment.Terms {
		if term.Family == "verdict" {
			t.Errorf("weighed by a verdict nobody gave: %s", term.Why)
		}
	}
	if err := h.Call(t.Context(), "POST", "/incidents/"+before.ID+"/verdict", api.VerdictBody{Kind: alert.FalsePositive}, nil); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a verdict without a reason: %v", err)
	}
	ask[any](t, h, "POST", "/incidents/"+before.ID+"/verdict", api.VerdictBody{Kind: alert.FalsePositive, Reason: "our supplier's exercise"})
	secret := ask[api.TokenView](t, h, "POST", "/tokens", map[string]string{"name": "sensor", "role": "sender"}).Secret
	last := ask[api.Health](t, h, "GET", "/health", nil).History.Last
	send(t, h, secret, map[string]any{
		"@timestamp": time.Now().UTC(), "event": map[string]any{"dataset": "dns"}, "source": map[string]any{"ip": "10.20.10.5"},
		"dns": map[string]any{"question": map[string]any{"name": "portal." + exercise}},
	})
	settle(t, h, int(last)+1)
	after := ask[api.Page[alert.Incident]](t, h, "GET", "/incidents?limit=1000", nil).Items
	i := slices.IndexFunc(after, func(in alert.Incident) bool {
		return !slices.ContainsFunc(queue, func(old alert.Incident) bool { return old.ID == in.ID })
	})
	if i < 0 {
		t.Fatal("the same reason, met on another host after the verdict, is in no new incident")
	}
	terms := after[i].Assessment.Terms
	j := slices.IndexFunc(terms, func(term risk.Term) bool { return term.Family == "verdict" })
	if j < 0 || terms[j].Weight >= 0 || !strings.Contains(terms[j].Why, "0 of 1") {
		t.Errorf("the verdict does not weigh: %+v", terms)
	}
	if got, was := after[i].Assessment.Likelihood, before.Assessment.Likelihood; got >= was {
		t.Errorf("likelihood %.3f, before the verdict %.3f", got, was)
	}
}
