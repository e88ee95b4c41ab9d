package demo_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/content/demo"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/match"
)

// touched is how many events touch each planted indicator that is believed.
var touched = map[string]int{
	"harbor-invoices.example":                                          3,
	"http://files.portside-docs.example/dl/inv-4471.zip":               1,
	"9f3c61d7a8e04b52c7d916f03be58a47216c0fd4938ae75b12dc6048f7b9a35e": 2,
	"tide-sync.example":                                                224, // 188 connections, 32 look-ups, 2 by Sysmon, 2 of fs01
	"198.18.44.7":                                                      413,
	"5b2d7c0e9a41f6383c1e07d9b86a24f0":                                 189,
	"41d80ce7b6925fa3087e4c1bd96f2350a8c7e41960db3f725ea84c09d1b7f638": 1,
	"drop.pilot-cargo.example":                                         19,
	"198.18.61.20":                                                     40,
	"198.18.5.77":                                                      130,
	"pool.shiny-hash.example:3333":                                     31,
	"win-prize-now.example":                                            3,
	"training-clearaware.example":                                      29,
	"weebly.com":                                                       12,
	"8.8.8.8":                                                          -1, // guests: as many as chance has it
}

// TestStory runs the scenario through the product: feeds into the knowledge base,
// events through the matcher, detections into incidents.
func TestStory(t *testing.T) {
	h := build(t, time.Now().UTC().Truncate(time.Second))
	t.Run("Losses", func(t *testing.T) { losses(t, h) })
	t.Run("Truths", func(t *testing.T) { truths(t, h) })
	t.Run("Hits", func(t *testing.T) { hits(t, h) })
	t.Run("Incidents", func(t *testing.T) { incidents(t, h) })
	t.Run("Knowledge", func(t *testing.T) { knowledge(t, h) })
}

// losses: each feed is read by its parser, and what is wrong with it is dropped
// under its reason.
func losses(t *testing.T, h *house) {
	want := map[string]map[string]int{
		"demo-domains":   {"own-asset": 1, "prose": 1, "bad-url": 1, "bad-address": 1, "unknown-type": 2},
		"demo-addresses": {"own-asset": 1, "below-min-level": h.runs["demo-addresses"].Report.Dropped["below-min-level"]},
		"demo-malware":   {"too-few-columns": 1, "bad-address": 1, "bad-hash": 1},
		"demo-isac":      {}, // its YARA rule is kept as it is
		"demo-partner":   {"type-text": 1, "type-email-subject": 1, "bad-address": 1},
	}
	for id, dropped := range want {
		r := h.runs[id].Report
		if diff := cmp.Diff(dropped, r.Dropped, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
		if r.Stored < 50 {
			t.Errorf("%s: only %d stored", id, r.Stored)
		}
	}
}

// truths: what is planted is known, live or not as its story says.
func truths(t *testing.T, h *house) {
	for _, truth := range demo.Truths() {
		row, err := h.intel.Lookup(h.ctx, truth.Type, truth.Value)
		if truth.Story == demo.Own {
			if errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s is ours and became an indicator", truth.Value)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", truth.Value, err)
			continue
		}
		if live := time.Until(row.ValidUntil) > 24*time.Hour; live != (truth.Story != demo.Expired) {
			t.Errorf("%s (%s) is valid until %s", truth.Value, truth.Story, row.ValidUntil)
		}
		if named := slices.Contains(row.Names, "Harbour Lantern"); named != (truth.Story == demo.Intrusion) {
			t.Errorf("%s (%s) has the names %q", truth.Value, truth.Story, row.Names)
		}
	}
}

// hits: the events touch what was planted, so often, and nothing else of the
// thousands that the feeds list.
func hits(t *testing.T, h *house) {
	got, read := map[string]int{}, streams{}
	var buf []match.Hit
	for _, e := range h.events {
		ev := read.decode(t, e)
		met := map[string]bool{}
		for _, o := range ev.Observables {
			found, rows, err := h.matcher.Lookup(h.ctx, o.Type, o.Value, buf)
			if err != nil {
				t.Fatal(err)
			}
			buf = found
			for _, m := range rows {
				met[m.Row.Value] = true
			}
		}
		for v := range met {
			got[v]++
		}
	}
	if got["8.8.8.8"] > 50 {
		got["8.8.8.8"] = -1
	}
	if diff := cmp.Diff(touched, got); diff != "" {
		t.Error(diff)
	}
}

// incidents: every story is an incident of its own, and the intrusion comes first.
func incidents(t *testing.T, h *house) {
	list, _, err := h.alerts.Queue(h.ctx, alert.QueueQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	hosts := func(in alert.Incident) (out []string) {
		for _, e := range in.Entities {
			out = append(out, e.Name)
		}
		slices.Sort(out)
		return out
	}
	first := list[0]
	if diff := cmp.Diff([]string{"dc01", "erp-db01", "fs01", "mail01", "ws-0117"}, hosts(first)); diff != "" {
		t.Errorf("%s: %s", first.Title, diff)
	}
	for _, name := range []string{"Harbour Lantern", "Grey Cormorant", "Cobalt Strike", "QakBot", "Mimikatz"} {
		if !slices.Contains(first.Names, name) {
			t.Errorf("the first incident has the names %q, not %s", first.Names, name)
		}
	}
	for story, want := range map[string][]string{
		demo.Scan: {"shop01"}, demo.Miner: {"lab-gpu01"}, demo.Stopped: {"ws-0109"},
		demo.Exercise:   {"mail01", "ws-0104", "ws-0110", "ws-0113", "ws-0121"},
		demo.Downgraded: {"ws-0102", "ws-0107", "ws-0112", "ws-0114", "ws-0119", "ws-0123"},
	} {
		i := slices.IndexFunc(list, func(in alert.Incident) bool {
			return slices.Contains(in.Sensors, "intelligence") && slices.Equal(hosts(in), want)
		})
		if i < 1 || list[i].Assessment.Priority >= first.Assessment.Priority {
			t.Errorf("%s: incident with %v stands at %d of %d", story, want, i+1, len(list))
		}
	}
	for _, in := range list {
		t.Logf("%3d %-8s %s %v %d alerts, %d detections", in.Assessment.Priority, in.Assessment.Level, in.Title, hosts(in), in.Alerts, in.Detections)
	}
}

// knowledge: the names lead to entities, and software keeps the ids and aliases
// that it has in ATT&CK.
func knowledge(t *testing.T, h *house) {
	names := []string{"Harbour Lantern", "Grey Cormorant", "Pinkslipbot", "Cobalt Strike"}
	found, err := h.intel.Resolve(h.ctx, names)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := content.Attack()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if len(found[n]) != 1 {
			t.Fatalf("%s means %d entities", n, len(found[n]))
		}
	}
	for name, id := range map[string]attack.ID{"Pinkslipbot": "S0650", "Cobalt Strike": "S0154"} {
		e := found[name][0]
		known, ok := catalogue.Entity(id)
		if !ok || e.ID != known.STIX || e.AttackID != string(id) || !slices.Equal(e.Aliases, known.Aliases) {
			t.Errorf("%s is %+v, in ATT&CK %+v", name, e, known)
		}
	}
}
