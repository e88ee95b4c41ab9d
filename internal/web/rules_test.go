package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/detect"
)

const whoami = `title: Whoami
id: 5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a01
author: A. Author
level: medium
tags: [attack.discovery, attack.t1033]
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\whoami.exe'}
  condition: selection
---
title: Nobody offers this log
id: 5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a02
level: low
logsource: {product: toaster}
detection:
  selection: {State: burnt}
  condition: selection
`

const whoamiPage = "/rules/5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a01"

// withRules brings a pack in and compiles it.
func withRules(t *testing.T, text string) *house {
	t.Helper()
	h := newHouse(t)
	h.furnish()
	_, err := h.cfg.Detect.Import(system(), detect.Pack{Name: "own", License: "DRL-1.1", Origin: "test"}, []detect.File{{Name: "rules/a.yml", Data: []byte(text)}}, false)
	h.must(err)
	h.must(h.cfg.Rules.Rebuild(system()))
	return h
}

func TestRulePages(t *testing.T) {
	h := withRules(t, whoami)
	for _, s := range []scenario{
		{name: "all rules", user: "viewer", target: "/rules", status: 200, has: []string{"Whoami", "A. Author", "T1033", "cannot fire", "DRL-1.1"}, hasNot: []string{"Silence its rules", "Bring in a pack"}},
		{name: "found by text", user: "analyst", target: "/rules?q=who", status: 200, has: []string{"1 rule", "Whoami", "Silence its rules", "Bring in a pack"}, hasNot: []string{"Nobody offers"}},
		{name: "found by nothing", user: "viewer", target: "/rules?q=zebra", status: 200, has: []string{"No rule meets this"}},
		{name: "a rule", user: "viewer", target: whoamiPage, status: 200, has: []string{"Whoami", "DRL-1.1", "windows · process_creation", "Not tried over the past yet", "None: the rule reports all it finds"}, hasNot: []string{"Back-test</button>"}},
		{name: "a rule that cannot fire says why", user: "viewer", target: strings.TrimSuffix(whoamiPage, "1") + "2", status: 200, has: []string{"cannot fire", "no pipeline has the log source toaster"}},
		{name: "an unknown rule", user: "viewer", target: "/rules/nope", status: 404},
		{name: "turned off without a reason", user: "analyst", method: "POST", target: whoamiPage + "/switch", form: url.Values{}, status: 400},
		{name: "turned off", user: "analyst", method: "POST", target: whoamiPage + "/switch", form: url.Values{"why": {"noisy on build servers"}}, status: 303, to: whoamiPage},
		{name: "shown as off", user: "viewer", target: whoamiPage, status: 200, has: []string{"Turned off by analyst: noisy on build servers"}},
		{name: "turned on again", user: "analyst", method: "POST", target: whoamiPage + "/switch", form: url.Values{"on": {"1"}, "why": {"fixed"}}, status: 303},
		{name: "an exception that is none", user: "analyst", method: "POST", target: whoamiPage + "/exceptions", form: url.Values{"where": {"- ["}, "why": {"because"}, "until": {tomorrow()}}, status: 400},
		{name: "an exception", user: "analyst", method: "POST", target: whoamiPage + "/exceptions", form: url.Values{"where": {"User: svc"}, "why": {"the scanner's account"}, "until": {tomorrow()}}, status: 303},
		{name: "the exception is shown", user: "viewer", target: whoamiPage, status: 200, has: []string{"User: svc", "the scanner&#39;s account"}},
		{name: "a log source silenced", user: "analyst", method: "POST", target: "/rules/source", form: url.Values{"product": {"windows"}, "why": {"the agents are being replaced"}}, status: 303, to: "/rules"},
		{name: "and shown", user: "analyst", target: "/rules", status: 200, has: []string{"is silenced by analyst", "Let it speak"}},
		{name: "a back-test", user: "analyst", method: "POST", target: whoamiPage + "/backtests", form: url.Values{"days": {"7"}}, status: 303, to: whoamiPage},
		{name: "under way", user: "viewer", target: whoamiPage, status: 200, has: []string{"A run is under way"}},
	} {
		t.Run(s.name, func(t *testing.T) { h.play(t, s) })
	}
	h.must(h.cfg.Detect.Drain(system()))
	h.play(t, scenario{name: "the back-test's result", user: "viewer", target: whoamiPage, status: 200, has: []string{"detections a day to be expected"}})
}

const guessing = whoami + `---
title: Many whoami
id: 5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a03
level: high
correlation:
  type: value_count
  rules: [5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a01, elsewhere]
  group-by: [User, Computer]
  timespan: 90m
  condition: {gte: 3, lt: 90, field: CommandLine}
---
title: Last of the file
id: 5cb1b2f2-39a3-4a67-a4d2-3f8a4e0f4a04
name: elsewhere
level: low
logsource: {product: windows, category: process_creation}
detection: {s: {Image: x}, condition: s}
`

// TestCorrelationPage: what a correlation stands on is said in words, and its own text
// is what is shown of a file with several rules.
func TestCorrelationPage(t *testing.T) {
	h := withRules(t, guessing)
	page := strings.TrimSuffix(whoamiPage, "1")
	for _, s := range []scenario{
		{
			name: "a correlation", user: "viewer", target: page + "3", status: 200,
			has:    []string{`<a href="` + whoamiPage + `">Whoami</a>`, `<a href="` + page + `4">Last of the file</a>`, "value_count of CommandLine ≥ 3 and &lt; 90", "90 min", "<code>User</code>, <code>Computer</code>", "<summary>18 lines before it</summary>", "<summary>7 lines after it</summary>", "<pre>title: Many whoami\n"},
			hasNot: []string{"Log source"},
		},
		{name: "the first of a file", user: "viewer", target: whoamiPage, status: 200, has: []string{"<pre>title: Whoami\n", "<summary>25 lines after it</summary>", "Log source"}, hasNot: []string{"before it", "Stands on"}},
		{name: "the last of a file", user: "viewer", target: page + "4", status: 200, has: []string{"<pre>title: Last of the file\n", "lines before it"}, hasNot: []string{"after it", "Stands on"}},
	} {
		t.Run(s.name, func(t *testing.T) { h.play(t, s) })
	}
}

func tomorrow() string { return time.Now().AddDate(0, 0, 1).Format(time.DateOnly) }

func TestPackUpload(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	for _, tt := range []struct {
		name, file, content string
		fields              map[string]string
		status              int
		has                 string
	}{
		{"pasted", "", "", map[string]string{"pack": "own", "text": whoami}, 200, "Pack own"},
		{"a file with a broken rule", "x.yml", whoami + "---\ntitle: broken\n", map[string]string{"pack": "own"}, 200, "no logsource"},
		{"a dry run", "x.yml", whoami, map[string]string{"pack": "other", "dry": "1"}, 200, "Nothing was changed"},
		{"nothing", "", "", map[string]string{"pack": "own"}, 400, "Choose a file"},
		{"a name that is none", "x.yml", whoami, map[string]string{"pack": "Über"}, 400, "lower-case letters"},
		{"no rule at all", "x.yml", "hello: world\n", map[string]string{"pack": "own"}, 400, "no title"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := h.upload(t, "analyst", "/rules", tt.fields, tt.file, tt.content)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.has) {
				t.Errorf("%d, want %d with %q\n%s", w.Code, tt.status, tt.has, firstLines(w.Body.String()))
			}
		})
	}
	packs, err := h.cfg.Detect.Packs(system())
	if err != nil || len(packs) != 1 || packs[0].Rules != 2 {
		t.Errorf("packs %+v, %v", packs, err)
	}
}

// What a rule's author writes reaches pages, and nothing of it acts there.
func TestHostileRule(t *testing.T) {
	evil := strings.ReplaceAll(markup, "'", "''")
	h := withRules(t, "title: '"+evil+"'\nid: evil-1\nauthor: '"+evil+long[:500]+"'\ndescription: '"+evil+"'\nlevel: '"+evil[:60]+"'\nreferences: ['"+evilURL+"', '"+evil+"']\nfalsepositives: ['"+evil+"']\ntags: ['"+evil+"', attack.t9999]\nlogsource: {product: '"+evil+"'}\ndetection: {s: {a: b}, condition: s}\n")
	for _, target := range []string{"/rules", "/rules/evil-1"} {
		w := h.do("analyst", "GET", target, nil)
		if w.Code != 200 {
			t.Fatalf("%s: %d %s", target, w.Code, firstLines(w.Body.String()))
		}
		for _, bad := range []string{"<script>alert", "<svg/onload", "<img src=x", `href="javascript:`} {
			if strings.Contains(w.Body.String(), bad) {
				t.Errorf("%s holds %q", target, bad)
			}
		}
	}
}
