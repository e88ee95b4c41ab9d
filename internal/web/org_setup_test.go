package web_test

import (
	"maps"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestGuidedSetUp: the set-up is offered while there is no profile, says what an answer
// changes before and after it is saved, can be left anywhere, and is for who may edit.
func TestGuidedSetUp(t *testing.T) {
	h := newHouse(t)
	h.users()
	h.meet(sample{host: "10.9.1.80", value: "evil.example", names: []string{"Cobalt Strike"}, crit: 10})
	h.strangers.Note(netip.MustParseAddr("10.9.1.2"), time.Now(), "kiosk", 8080)
	say := func(step string, save bool, fields map[string]string) *httptest.ResponseRecorder {
		t.Helper()
		form := map[string]string{"step": step, "do": "look"}
		if save {
			form["do"] = "save"
		}
		maps.Copy(form, fields)
		return h.upload(t, "analyst", "/organisation/setup", form, "", "")
	}
	for _, s := range []scenario{
		{name: "a viewer may not", user: "viewer", target: "/organisation/setup", status: 403},
		{name: "a viewer is not asked to", user: "viewer", target: "/organisation", status: 200, hasNot: []string{"/organisation/setup"}},
		{name: "offered", user: "analyst", target: "/organisation", status: 200, has: []string{"/organisation/setup", "Answer a few questions"}},
		{name: "offered in the queue", user: "analyst", target: "/", status: 200, has: []string{"/organisation/setup"}},
		{name: "the first step", user: "analyst", target: "/organisation/setup", status: 200, has: []string{"Who you are", "no answer yet", "financial services"}},
		{name: "no such step", user: "analyst", target: "/organisation/setup?step=x", status: 404},
	} {
		h.play(t, s)
	}
	for _, tt := range []struct {
		step   string
		fields map[string]string
		looks  []string // shown before saving
		next   string
		after  []string // shown after it
	}{
		{"who", map[string]string{"name": "Example <b>AG", "sector": "finance", "countries": "ch"}, []string{"financial services", "Switzerland"}, "networks", []string{"Example &lt;b&gt;AG", "version 1 of the profile"}},
		{"networks", map[string]string{"networks": "10.9.0.0/16 office high"}, []string{"seen in office", "network office", "are ranked anew", "Nothing is saved yet"}, "names", []string{"version 2", "seen in office"}},
		{"names", map[string]string{"domains": "corp.example"}, []string{`1</strong> domains are ours`, `0</strong> live indicators`}, "assets", []string{"version 3"}},
		{"assets", map[string]string{"jewels": "Kiosk 10.9.1.2", "table": "name,ip\nweb01,10.9.1.80\n"}, []string{"asset Kiosk", "asset web01", "and had no name get one"}, "products", []string{"version 4", "crown jewels"}},
		{"products", map[string]string{"products": "Acme: shop 1.2"}, []string{"turn on the feed", "product Acme shop 1.2"}, "people", []string{"version 5"}},
		{"people", map[string]string{"privileged": "Ana; admin; ana"}, []string{"person Ana"}, "money", []string{"version 6", "privileged or exposed"}},
		{"money", map[string]string{
			"currency": "EUR", "least-negligible": "0", "most-negligible": "1", "least-low": "1", "most-low": "2", "least-normal": "2", "most-normal": "3",
			"least-high": "1000000", "most-high": "2000000", "least-crown-jewel": "5000000", "most-crown-jewel": "9000000",
		}, []string{"at stake, all taken together: EUR"}, "money", []string{"version 7", "in EUR"}},
	} {
		w := say(tt.step, false, tt.fields)
		for _, want := range tt.looks {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: a look does not say %q", tt.step, want)
			}
		}
		if faults := lint(w.Body.String()); w.Code != 200 || len(faults) > 0 {
			t.Errorf("%s: %d, %v", tt.step, w.Code, faults)
		}
		w = say(tt.step, true, tt.fields)
		if to := w.Header().Get("Location"); w.Code != 303 || to != "/organisation/setup?step="+tt.next+"&saved="+tt.step {
			t.Fatalf("%s: %d to %q: %s", tt.step, w.Code, to, w.Body)
		}
		h.play(t, scenario{name: tt.step, user: "analyst", target: w.Header().Get("Location"), status: 200, has: tt.after})
	}
	if w := say("networks", false, map[string]string{"networks": "10.0.0.0/8 a\n10.0.0.0/99 b"}); w.Code != 400 || !strings.Contains(w.Body.String(), "networks, line 2") || !strings.Contains(w.Body.String(), "10.0.0.0/8 a") {
		t.Errorf("a wrong range: %d %s", w.Code, w.Body)
	}
	if w := say("assets", false, map[string]string{"table": "nonsense"}); w.Code != 400 {
		t.Errorf("a table that is none: %d", w.Code)
	}
	for _, s := range []scenario{
		{name: "not offered any more", user: "analyst", target: "/organisation", status: 200, hasNot: []string{"Answer a few questions"}},
		{name: "nor in the queue", user: "analyst", target: "/", status: 200, hasNot: []string{"/organisation/setup"}},
		{name: "what was said is there", user: "analyst", target: "/organisation/setup?step=who", status: 200, has: []string{"Example &lt;b&gt;AG", `value="finance" checked`, "1 account holder"}},
	} {
		h.play(t, s)
	}
}
