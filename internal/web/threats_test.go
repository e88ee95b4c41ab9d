package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// TestThreats: the reasons stand on the page, what is unknown as a question, and an
// analyst's word counts at once.
func TestThreats(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	const shop, quiet = "intrusion-set--00000000-0000-4000-8000-0000000000a1", "threat-actor--00000000-0000-4000-8000-0000000000a2"
	const raid = "campaign--00000000-0000-4000-8000-0000000000a3"
	_, err := h.cfg.Intel.Know(system(), []intel.Entity{
		{ID: shop, Type: "intrusion-set", Name: "Magpie", Description: "Magpie is a German group. It targets Swiss retailers.", Source: "house"},
		{ID: quiet, Type: "threat-actor", Name: "Quiet", Aliases: []string{"Magpie"}, Source: "other"},
		{ID: raid, Type: "campaign", Name: "Winter Raid", Description: "Winter Raid hit Swiss retailers.", Source: "house"},
	}, []intel.Relation{
		{From: ref.Ref{Kind: ref.Entity, ID: shop}, Type: "uses", To: ref.Ref{Kind: ref.Entity, ID: techniqueID}, Source: "house"},
		{From: ref.Ref{Kind: ref.Entity, ID: raid}, Type: "attributed-to", To: ref.Ref{Kind: ref.Entity, ID: shop}, Source: "house"},
	})
	h.must(err)
	const rule = "indicator--00000000-0000-4000-8000-0000000000a4"
	_, err = h.cfg.Intel.Learn(system(), "house", []stix.Object{{Type: "indicator", ID: rule, Name: "Magpie_Loader", Raw: []byte(`{"type":"indicator","id":"` + rule + `","name":"Magpie_Loader","pattern_type":"yara","pattern":"rule Magpie_Loader { condition: \"<b>\" }"}`)}})
	h.must(err)
	const strategy, analytic = "x-mitre-detection-strategy--00000000-0000-4000-8000-0000000000a5", "x-mitre-analytic--00000000-0000-4000-8000-0000000000a6"
	_, err = h.cfg.Intel.Learn(system(), "house", []stix.Object{
		{Type: "x-mitre-detection-strategy", ID: strategy, Name: "Odd mails", Raw: []byte(`{"type":"x-mitre-detection-strategy","id":"` + strategy + `","name":"Odd mails","x_mitre_analytic_refs":["` + analytic + `"]}`)},
		{Type: "x-mitre-analytic", ID: analytic, Name: "Analytic 1", Raw: []byte(`{"type":"x-mitre-analytic","id":"` + analytic + `","name":"Analytic 1","x_mitre_log_source_references":[{"name":"NSM:Flow","channel":"<i>many</i>"},{"name":"Pigeons"}]}`)},
		{Type: "relationship", ID: "relationship--00000000-0000-4000-8000-0000000000a7", RelationshipType: "detects", SourceRef: strategy, TargetRef: techniqueID},
	})
	h.must(err)
	for _, s := range []scenario{
		{name: "how a technique is detected", user: "viewer", target: "/entities/" + techniqueID, status: 200, has: []string{"Odd mails", "NSM:Flow", "not received", "&lt;i&gt;many&lt;/i&gt;", "Pigeons", "no format of ours is known to be it"}, hasNot: []string{"<i>"}},
		{name: "a rule is found by its name", user: "viewer", target: "/intel?q=magpie_loader", status: 200, has: []string{"/entities/" + rule}},
		{name: "a rule's text is on its page", user: "viewer", target: "/entities/" + rule, status: 200, has: []string{"The rule", "rule Magpie_Loader { condition: &#34;&lt;b&gt;&#34; }"}, hasNot: []string{"<b>"}},
		{name: "the reasons", user: "viewer", target: "/threats?q=magpie", status: 200, has: []string{"It targets our sector, retail.", "It targets Switzerland, where we are.", "It targets Swiss retailers.", "1 of 1", "No source says which sectors it targets."}, hasNot: []string{"Germany"}},
		{name: "a campaign is a row of its own", user: "viewer", target: "/threats?q=winter", status: 200, has: []string{"Winter Raid", "It is attributed to Magpie, whose score is", "No source says when it was seen last."}},
		{name: "seen here", user: "viewer", target: "/threats?why=seen-here", status: 200, has: []string{"bears its name (APT29)"}, hasNot: []string{"Quiet"}},
		{name: "only the unknown", user: "viewer", target: "/threats?state=unknown", status: 200, has: []string{"Quiet"}, hasNot: []string{"It targets our sector"}},
		{name: "on its page", user: "viewer", target: "/entities/" + shop, status: 200, has: []string{"What it has to do with us", "It targets Swiss retailers.", "Bears one of its names", "As a graph"}, hasNot: []string{"It does not</button>"}},
		{name: "a word without a reason", user: "analyst", method: "POST", target: "/entities/" + quiet + "/targeting", form: url.Values{"verdict": {"yes"}}, status: 400},
		{name: "not a viewer's word", user: "viewer", method: "POST", target: "/entities/" + quiet + "/targeting", form: url.Values{"verdict": {"yes"}, "why": {"hearsay"}}, status: 403},
		{name: "an analyst's word", user: "analyst", method: "POST", target: "/entities/" + quiet + "/targeting", form: url.Values{"verdict": {"yes"}, "why": {"told by a peer"}}, status: 303, to: "/entities/" + quiet + "#relevance"},
		{name: "counts at once", user: "viewer", target: "/threats?why=judged", status: 200, has: []string{"says that it targets us: told by a peer", "+60"}},
		{name: "the same thing", user: "analyst", method: "POST", target: "/entities/" + shop + "/same", form: url.Values{"other": {quiet}, "verdict": {"same"}, "why": {"one report calls both"}}, status: 303, to: "/entities/" + shop + "#same"},
		{name: "is one actor", user: "viewer", target: "/threats?q=quiet", status: 200, has: []string{"told by a peer", "It targets our sector, retail."}},
		{name: "says why", user: "analyst", target: "/entities/" + shop, status: 200, has: []string{"the same: analyst: one report calls both", "Not the same</button>"}},
		{name: "a time that is none", user: "viewer", target: "/entities/" + shop + "?as-of=soon", status: 400},
		{name: "the matrix of one actor", user: "viewer", target: "/attack?by=actors&actor=" + shop, status: 200, has: []string{"What Magpie uses.", "used by Magpie; no rule for it"}},
		{name: "an actor who is none", user: "viewer", target: "/attack?by=actors&actor=nobody", status: 404},
		{name: "no such view", user: "viewer", target: "/attack?by=colour", status: 400},
		{name: "no such domain", user: "viewer", target: "/attack?domain=space", status: 400},
		{name: "a technique says whether we would see it", user: "viewer", target: "/entities/" + techniqueID, status: 200, has: []string{"Would we see it?", "no rule for it", "Hunt for it"}},
		{name: "the audit log has it", user: "analyst", target: "/audit", status: 200, has: []string{"intel.targeting", "intel.same"}},
	} {
		t.Run(s.name, func(t *testing.T) { h.play(t, s) })
	}
	w := h.do("viewer", "GET", "/attack/layer?by=actors&actor="+shop, nil)
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, `"layer": "4.5"`) || !strings.Contains(body, `"domain": "enterprise-attack"`) || !strings.Contains(body, `"comment": "used by Magpie; no rule for it"`) {
		t.Errorf("layer: %d %s", w.Code, firstLines(body))
	}
}
