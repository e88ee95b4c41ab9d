package sigma_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/sigma"
)

// notCovered are log sources of the public rules that no pipeline leads to, and
// how many rules are for each.
var notCovered = map[string]int{
	"paloalto/file_event/globalprotect": 1,
}

// TestLogSources holds the log sources of all public rules against the pipelines.
func TestLogSources(t *testing.T) {
	rules := readRules(t)
	e := compile(t, sigma.Collection{Rules: rules}, sigma.Options{Pipelines: pipelines(t)})
	missing, covered := map[string]int{}, map[string]int{}
	closed := 0
	for _, c := range e.Coverage() {
		source := e.Rule(c.Rule).LogSource.String()
		switch {
		case len(c.Sources) == 0:
			missing[source]++
		case strings.Contains(c.Never, "placeholder"):
			closed++
		case c.Never != "":
			t.Errorf("%s: %s", e.Rule(c.Rule).Title, c.Never)
		default:
			covered[source]++
		}
	}
	if diff := cmp.Diff(notCovered, missing); diff != "" {
		t.Errorf("log sources without pipeline: -want +got\n%s", diff)
	}
	n := 0
	for _, s := range slices.Sorted(maps.Keys(covered)) {
		n += covered[s]
		t.Logf("%4d %s", covered[s], s)
	}
	t.Logf("%d rules can match, %d wait for placeholders, %d have no source", n, closed, len(rules)-n-closed)
}

// A rule of Cisco's that asks for any word looks at no text of others, only because the
// letters are in it.
func TestTextsOfNoDevice(t *testing.T) {
	rule := parseOne(t, `
title: Account changed
logsource: {product: cisco, service: aaa}
detection: {words: [username, aaa], condition: words}
`)
	m := compile(t, sigma.Collection{Rules: []sigma.Rule{rule}}, sigma.Options{Pipelines: pipelines(t)}).Matcher()
	for message, want := range map[string]bool{
		"AAA/AUTHEN/LOGIN (00000010): Pick method list 'default'":                              true,
		"Mar 1 18:14:12.123: AAA/AUTHEN/LOGIN (00000010): Pick method list 'default'":          true,
		"10.1.1.1 eve tty1 stop task_id=7 service=shell priv-lvl=15 cmd=username mallory <cr>": true,
		"AwADABcBAADhAAAAAAA=": false,
		"the tag AAA/4 in GET /x%20a-b-c:80/?username=eve&next=%2Fin-0-1": false,
		"rated AAA by the agency, username unknown":                       false,
	} {
		ev := event.Event{Format: "text", Fields: event.Fields{"message": message, "event.module": "text"}}
		if got := len(m.Event(&ev)) > 0; got != want {
			t.Errorf("%q: matched %v, want %v", message, got, want)
		}
	}
}

// Falcon's events are those that rules for hosts ask for, whether their names stand flat or below
// "event": with the volume of the kernel, and a parent that is a file only.
func TestCrowdStrike(t *testing.T) {
	rule := parseOne(t, `
title: Shell of an office program
logsource: {product: windows, category: process_creation}
detection:
  child: {ParentImage|endswith: '\winword.exe', Image: 'C:\Windows\System32\cmd.exe', IntegrityLevel: High, Hashes|contains: b99d61d8}
  condition: child
`)
	m := compile(t, sigma.Collection{Rules: []sigma.Rule{rule}}, sigma.Options{Pipelines: pipelines(t)}).Matcher()
	for _, below := range []string{"json.", "json.event."} {
		f := event.Fields{
			"json.event_simpleName": "ProcessRollup2", "json.event_platform": "Win",
			below + "ImageFileName": `\Device\HarddiskVolume3\Windows\System32\cmd.exe`, below + "ParentBaseFileName": "winword.exe",
			below + "TargetProcessId": "7", below + "IntegrityLevel": "12288", below + "SHA256HashData": "b99d61d8",
		}
		ev := event.Event{Format: "crowdstrike-fdr", Fields: f}
		if len(m.Event(&ev)) != 1 {
			t.Errorf("%s: no match", below)
		}
		f[below+"ParentBaseFileName"] = "explorer.exe"
		if len(m.Event(&ev)) != 0 {
			t.Errorf("%s: a match for another parent", below)
		}
	}
}

// TestOwnRules: every format that a pipeline names has its events under their own names
// as well, for rules that are made of hunts.
func TestOwnRules(t *testing.T) {
	own, named := map[string]bool{}, map[string]bool{}
	for _, p := range pipelines(t) {
		named[p.Format] = true
		for _, s := range p.Sources {
			if s.Product == "vedette" {
				own[p.Format] = true
			}
		}
	}
	for name := range named {
		if !own[name] {
			t.Errorf("%s: rules of hunts do not see it: add it to own.yaml", name)
		}
	}
}

func TestPipelineErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a: [":                         "not YAML",
		"- x":                          "a mapping is expected",
		"format: f":                    "p.yaml:1: pipeline: name and format",
		"name: n\nformat: f":           "no rule would ever be looked at",
		"name: n\nformat: f\nforms: x": `p.yaml:3: pipeline: the key "forms" is not one of`,
		"name: n\nformat: f\nsources: [{when: {a: b}}]":               "needs category, product or service",
		"name: n\nformat: f\nsources: [{service: s, when: {a: []}}]":  "when: a has no value",
		"name: n\nformat: f\nproduct: p\njoins: [{field: x, of: y}]":  "two fields to make it of",
		"name: n\nformat: f\nproduct: p\nfields: [a]":                 "fields is a mapping",
		"name: n\nformat: f\nproduct: p\nlayouts: [{move: [a]}]":      "a mapping of event fields",
		"name: n\nformat: f\nproduct: p\nlayouts: [{rename: {a: b}}]": `the key "rename"`,
	} {
		p, err := sigma.ParsePipeline("p.yaml", []byte(text))
		var problem *sigma.Problem
		if err == nil || p != nil || !strings.Contains(err.Error(), want) || !errors.As(err, &problem) {
			t.Errorf("%q: got %v, want …%s…", text, err, want)
		}
	}
}

func TestFieldMap(t *testing.T) {
	p, err := sigma.ParsePipeline("p.yaml", []byte(`
name: n
format: f
product: p
fields: {A: x, B: [y, [z, w]], C: null, "*": [e.*, u.*]}
sources: [{service: s, fields: {A: q, C: c}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2][]sigma.Candidate{
		"A": {{{"x"}}, {{"q"}}},
		"B": {{{"y"}, {"z", "w"}}, {{"y"}, {"z", "w"}}},
		"C": {nil, {{"c"}}},
		"D": {{{"e.D"}, {"u.D"}}, {{"e.D"}, {"u.D"}}},
	} {
		for i := range want {
			if diff := cmp.Diff(want[i], p[0].Sources[i].Fields.Lookup(name)); diff != "" {
				t.Errorf("source %d, %s: -want +got\n%s", i, name, diff)
			}
		}
	}
}

// TestLinuxOfWindows holds that of the events in Windows' format only those of Sysmon for
// Linux are asked for what is for Linux.
func TestLinuxOfWindows(t *testing.T) {
	rules, err := sigma.Parse("linux.yml", []byte("title: Any\nid: 3b2f1c0e-0000-4000-8000-00000000001a\nlogsource: {product: linux}\ndetection: {k: ['*tunnel*'], condition: k}\n"))
	if err != nil {
		t.Fatal(err)
	}
	m := compile(t, rules, sigma.Options{Pipelines: pipelines(t), LogSources: true}).Matcher()
	for channel, want := range map[string]int{"Linux-Sysmon/Operational": 1, "Microsoft-Windows-Sysmon/Operational": 0, "Security": 0} {
		ev := event.Event{Format: "windows", Fields: event.Fields{"winlog.channel": channel, "winlog.event_id": int64(1), "winlog.event_data.CommandLine": "ssh tunnel"}}
		if got := len(m.Event(&ev)); got != want {
			t.Errorf("%s: %d rules match, want %d", channel, got, want)
		}
		linux := slices.ContainsFunc(m.LogSources(), func(s sigma.LogSource) bool { return s.Product == "linux" })
		if linux != (want == 1) {
			t.Errorf("%s: belongs to %v", channel, m.LogSources())
		}
	}
}
