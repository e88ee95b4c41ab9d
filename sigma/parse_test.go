package sigma_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/sigma"
)

const head = "title: T\nid: 1\nlogsource: {product: windows}\n"

// parseOne reads the one rule that text holds.
func parseOne(t testing.TB, text string) sigma.Rule {
	t.Helper()
	c, err := sigma.Parse("t.yml", []byte(text))
	if err != nil || len(c.Rules) != 1 {
		t.Fatalf("%d rules, %v in\n%s", len(c.Rules), err, text)
	}
	return c.Rules[0]
}

func TestParseRule(t *testing.T) {
	got := parseOne(t, `
title: Encoded command
id: 7b0d
name: enc
status: test
description: d
license: MIT
author: [A, B]
date: 2024-01-02
modified: 2024/02/03
level: HIGH
references: https://example.com
tags: [attack.execution, attack.t1059.001]
falsepositives: [Unknown]
fields: [Image]
related: [{id: 99, type: similar}]
simulation: {n: 0x10}
logsource: {category: process_creation, product: windows, definition: x}
detection:
  img:
    - Image|endswith: ['\a.exe', "\\b.exe"]
      EventID: 1
    - Hash: 0x1F
  words: [foo, 7]
  none:
    User: null
    Signed: true
    Size|gte: 1.50
  timeframe: 5m
  condition: img and not (words or none)
`)
	want := sigma.Rule{
		ID: "7b0d", Name: "enc", Title: "Encoded command", Status: "test", Description: "d", Author: "A, B", License: "MIT",
		Date: "2024-01-02", Modified: "2024/02/03", Level: "high", References: []string{"https://example.com"},
		Tags: []string{"attack.execution", "attack.t1059.001"}, FalsePositives: []string{"Unknown"}, Fields: []string{"Image"},
		Related:   []sigma.Related{{ID: "99", Type: "similar"}},
		LogSource: sigma.LogSource{Category: "process_creation", Product: "windows", Definition: "x"},
		Custom:    map[string]any{"simulation": map[string]any{"n": int64(16)}},
		File:      "t.yml", Line: 2,
		Detection: sigma.Detection{
			Timeframe: "5m",
			Searches: []sigma.Search{
				{Name: "img", Line: 20, Any: []sigma.Group{
					{
						{Field: "Image", Modifiers: []sigma.Modifier{sigma.EndsWith}, Values: []sigma.Value{{Text: `\a.exe`}, {Text: `\b.exe`}}, Line: 21},
						{Field: "EventID", Values: []sigma.Value{{sigma.Number, "1"}}, Line: 22},
					},
					{{Field: "Hash", Values: []sigma.Value{{sigma.Number, "31"}}, Line: 23}},
				}},
				{Name: "words", Line: 24, Any: []sigma.Group{{{Values: []sigma.Value{{Text: "foo"}, {sigma.Number, "7"}}, Line: 24}}}},
				{Name: "none", Line: 25, Any: []sigma.Group{{
					{Field: "User", Values: []sigma.Value{{Kind: sigma.Null}}, Line: 26},
					{Field: "Signed", Values: []sigma.Value{{sigma.Bool, "true"}}, Line: 27},
					{Field: "Size", Modifiers: []sigma.Modifier{sigma.GreaterEqual}, Values: []sigma.Value{{sigma.Number, "1.5"}}, Line: 28},
				}}},
			},
			Conditions: []*sigma.Expr{{Op: sigma.And, Args: []*sigma.Expr{
				{Name: "img"},
				{Op: sigma.Not, Args: []*sigma.Expr{{Op: sigma.Or, Args: []*sigma.Expr{{Name: "words"}, {Name: "none"}}}}},
			}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Image", "EventID", "Hash", "", "User", "Signed", "Size"}, got.NeededFields()); diff != "" {
		t.Errorf("fields: -want +got\n%s", diff)
	}
}

// TestParseErrors holds every message against what it must name.
func TestParseErrors(t *testing.T) {
	det := func(items string) string { return head + "detection:\n  s:\n" + items + "\n  condition: s\n" }
	tests := map[string]struct{ text, want string }{
		"NotYAML":        {"a: [", "not YAML"},
		"List":           {"- a", `t.yml:1: a rule is a mapping`},
		"NoTitle":        {"detection: {}", "no title"},
		"NoSource":       {"title: T\ndetection: {}", "no logsource"},
		"EmptySource":    {"title: T\nlogsource: {definition: x}\ndetection: {}", "none of category"},
		"NoDetection":    {head, `t.yml:1: rule "T": no detection`},
		"NoCondition":    {head + "detection: {s: {a: b}}", "no condition"},
		"Twice":          {head + "detection:\n  s: {a: b, a: c}\n  condition: s", `t.yml:5: the key "a" stands here twice`},
		"Modifier":       {det("    a|foo: b"), `t.yml:6: rule "T": search "s": "a|foo": there is no modifier "foo"`},
		"ModifierLike":   {det("    a|contain: b"), `there is no modifier "contain", but contains`},
		"Tab":            {"title: T\nlogsource:\n\tproduct: x", "t.yml:3: not YAML: found character that cannot start any token: a tab"},
		"Latin":          {"title: \xe9", "save the file as UTF-8"},
		"ModifierTwice":  {det("    a|re|re: b"), "stands twice"},
		"Places":         {det("    a|contains|endswith: b"), "contains and endswith exclude each other"},
		"RegexpPlace":    {det("    a|re|contains: b"), "leave contains out"},
		"Flag":           {det("    a|i|re: b"), "i is a flag of re"},
		"Lookahead":      {det("    a|re: 'x(?!y)'"), "look-ahead cannot be matched in linear time"},
		"CIDR":           {det("    a|cidr: 10.0.0.0/33"), "is not a network"},
		"Exists":         {det("    a|exists: maybe"), "exists is true or false"},
		"FieldRef":       {det("    a|fieldref: b*"), "the name of one field"},
		"Repeat1001":     {det("    a|re: 'x{1001}'"), "counts to 1000"},
		"WinDash":        {det("    a|base64|windash: b"), "windash stands before base64"},
		"Number":         {det("    a|gt: x"), "is not a number"},
		"NullContains":   {det("    a|contains: null"), "null says that there is no value"},
		"Wide":           {det("    a|base64|wide: b"), "wide stands before base64"},
		"Base64Place":    {det("    a|contains|base64: b"), "base64 stands before contains"},
		"Base64Wildcard": {det("    a|base64: 'b*'"), "has wildcards"},
		"Calendar":       {det("    a|hour|contains: 3"), "leave contains out"},
		"KeywordField":   {det("    '|cidr': 10.0.0.0/8"), "cidr needs a field"},
		"NestedList":     {det("    a: [[b]]"), "this is a list"},
		"Empty":          {det("    a: []"), "has no value"},
		"Unknown":        {head + "detection: {s: {a: b}, condition: t}", `there is no search "t"`},
		"OfUnknown":      {head + "detection: {s: {a: b}, condition: 1 of t*}", `no search is called like "t*"`},
		"OfMany":         {head + "detection: {s: {a: b}, condition: 2 of s*}", "only 1 searches"},
		"Parenthesis":    {head + "detection: {s: {a: b}, condition: (s}", "')' is missing"},
		"Near":           {head + "detection: {s: {a: b}, condition: s | near s}", "correlation of type temporal"},
		"NoTimeframe":    {head + "detection: {s: {a: b}, condition: s | count() > 5}", "no timeframe"},
		"Min":            {head + "detection: {s: {a: b}, timeframe: 5m, condition: s | min(x) > 5}", `the aggregation "min"`},
		"Filter":         {head + "filter: {s: {a: b}, condition: s}", "for which rules"},
		"Correlation":    {"title: T\ncorrelation: {type: x}", `type "x" is not one of event_count`},
		"Timespan":       {"title: T\ncorrelation: {type: event_count, rules: a, timespan: 5 minutes, condition: {gte: 5}}", "such as 15m"},
		"CorrelationOp":  {"title: T\ncorrelation: {type: event_count, rules: a, timespan: 5m, condition: {more: 5}}", `"more" is not field`},
		"CorrelationKey": {"title: T\ncorrelation: {type: event_count, rules: a, group_by: u, timespan: 5m, condition: {gte: 5}}", `no "group_by", only type, rules, group-by`},
		"Generate":       {"title: T\ncorrelation: {type: event_count, rules: a, generate: 7, timespan: 5m, condition: {gte: 5}}", "generate is true or false"},
		"Percentile":     {"title: T\ncorrelation: {type: value_percentile, rules: a, timespan: 5m, condition: {field: u, gte: 5}}", "does not say which"},
		"Percentile101":  {"title: T\ncorrelation: {type: value_percentile, rules: a, timespan: 5m, condition: {field: u, percentile: 101, gte: 5}}", "not from 0 to 100"},
		"Alias":          {"title: T\ncorrelation: {type: event_count, rules: a, timespan: 5m, aliases: {u: User}, condition: {gte: 5}}", "such as {a: SourceIp}"},
		"Count":          {"title: T\ncorrelation: {type: event_count, rules: a, timespan: 5m, condition: {gte: 100001}}", "t.yml:2: rule \"T\": condition: no more than 100000 can be counted"},
		"CountValues":    {"title: T\ncorrelation: {type: value_count, rules: a, timespan: 5m, condition: {field: u, lt: 1e6}}", "no more than 100000 can be counted"},
		"CountOld":       {head + "detection: {s: {a: b}, timeframe: 5m, condition: s | count() > 100001}", "no more than 100000 can be counted"},
		"FilterNone":     {head + "filter: {rules: [], s: {a: b}, condition: s}", "the list of rules is empty"},
		"Repeat":         {"action: repeat", "no rule before it"},
		"Deep":           {head + "detection: {s: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}", "nested deeper than 32"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := sigma.Parse("t.yml", []byte(tt.text))
			var p *sigma.Problem
			if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.As(err, &p) || p.File != "t.yml" {
				t.Errorf("got %v, want …%s…", err, tt.want)
			}
		})
	}
}

// TestParseBomb multiplies one list through aliases a billionfold.
func TestParseBomb(t *testing.T) {
	text := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		ref := strings.Repeat("*a"+string(rune('0'+i))+",", 10)
		text += "a" + string(rune('1'+i)) + ": &a" + string(rune('1'+i)) + " [" + ref + "]\n"
	}
	if _, err := sigma.Parse("bomb.yml", []byte(text)); err == nil || !strings.Contains(err.Error(), "aliases counted") {
		t.Errorf("got %v", err)
	}
}

// TestParseKeepsGood reads the good rules around a bad one.
func TestParseKeepsGood(t *testing.T) {
	good := head + "detection: {s: {a: b}, condition: s}\n"
	c, err := sigma.Parse("t.yml", []byte(good+"---\ntitle: bad\n---\n"+good+"---\n\n---\n"+good))
	var all sigma.Problems
	if len(c.Rules) != 3 || !errors.As(err, &all) || len(all) != 1 || all[0].Rule != "bad" || all[0].Line != 6 {
		t.Errorf("%d rules, %v", len(c.Rules), err)
	}
}

func TestParseActions(t *testing.T) {
	c, err := sigma.Parse("t.yml", []byte(`
action: global
title: G
detection: {condition: s, s: {a: 1}}
---
logsource: {product: windows, service: one}
detection: {s: {b: 2}}
---
action: repeat
logsource: {service: two}
---
action: reset
---
title: own
logsource: {product: linux}
detection: {s: [x], condition: s}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range c.Rules {
		got = append(got, r.Title+" "+r.LogSource.String()+" "+strings.Join(r.NeededFields(), ","))
	}
	if diff := cmp.Diff([]string{"G windows/*/one a,b", "G windows/*/two a,b", "own linux/*/* "}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestParseFilterAndCorrelation(t *testing.T) {
	c, err := sigma.Parse("t.yml", []byte(head+`filter:
  rules: [abc]
  s: {User|startswith: adm}
  condition: not s
---
title: many
name: m
correlation:
  type: value_count
  rules: [a, b]
  group-by: [ip]
  timespan: 2h
  aliases: {ip: {a: SourceIp, b: DestinationIp}}
  condition: {field: User, gte: 3, lt: 100}
  generate: true
---
title: old
id: 77
logsource: {service: sshd}
detection: {s: [fail], timeframe: 30s, condition: "s | count(user) by host, ip >= 5"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if f := c.Filters[0]; f.Title != "T" || !cmp.Equal(f.Rules, []string{"abc"}) || len(f.Detection.Searches) != 1 || f.Detection.Conditions[0].Op != sigma.Not {
		t.Errorf("filter %+v", f)
	}
	want := []sigma.Correlation{
		{
			Rule: sigma.Rule{Title: "many", Name: "m", File: "t.yml", Line: 9}, Type: "value_count", Rules: []string{"a", "b"}, GroupBy: []string{"ip"},
			Timespan: 2 * time.Hour, Field: "User", Conditions: []sigma.Threshold{{Op: "gte", Value: 3}, {Op: "lt", Value: 100}}, Generate: true,
			Aliases: []sigma.Alias{{Name: "ip", Fields: []sigma.RuleField{{Rule: "a", Field: "SourceIp"}, {Rule: "b", Field: "DestinationIp"}}}},
		},
		{
			Rule: sigma.Rule{ID: "77", Title: "old", File: "t.yml", Line: 20}, Type: "value_count", Rules: []string{"77"}, GroupBy: []string{"host", "ip"},
			Timespan: 30 * time.Second, Field: "user", Conditions: []sigma.Threshold{{Op: "gte", Value: 5}},
		},
	}
	if diff := cmp.Diff(want, c.Correlations, cmpopts.IgnoreFields(sigma.Rule{}, "Custom")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !c.Rules[0].Silent {
		t.Error("a rule that only counts is not silent")
	}
}

// TestParseRules reads for which rules a filter is, and of which a correlation.
func TestParseRules(t *testing.T) {
	for rules, want := range map[string][]string{"any": nil, "Any": nil, "ANY": nil, "'any'": nil, "abc": {"abc"}, "[abc, 7]": {"abc", "7"}} {
		c, err := sigma.Parse("t.yml", []byte(head+"filter: {rules: "+rules+", s: {a: b}, condition: s}"))
		if err != nil || !cmp.Equal(c.Filters[0].Rules, want) {
			t.Errorf("%s: %v, %v, want %v", rules, c.Filters, err, want)
		}
	}
	c, err := sigma.Parse("t.yml", []byte("title: T\ncorrelation: {type: event_count, rules: Any, timespan: 5m, condition: {gte: 100000}}\n---\n"+
		"title: S\ncorrelation: {type: value_sum, rules: a, timespan: 5m, condition: {field: bytes, gte: 1e9}}"))
	if err != nil || !cmp.Equal(c.Correlations[0].Rules, []string{"Any"}) || c.Correlations[1].Conditions[0].Value != 1e9 {
		t.Errorf("%+v, %v", c.Correlations, err)
	}
}

// show writes a condition with every parenthesis.
func show(e *sigma.Expr) string {
	var args []string
	for _, a := range e.Args {
		args = append(args, show(a))
	}
	switch e.Op {
	case sigma.And:
		return "(" + strings.Join(args, " and ") + ")"
	case sigma.Or:
		return "(" + strings.Join(args, " or ") + ")"
	case sigma.Not:
		return "not " + args[0]
	case sigma.Of:
		if e.Count == sigma.AllOf {
			return "all of " + e.Name
		}
		return string(rune('0'+e.Count)) + " of " + e.Name
	}
	return e.Name
}

func TestParseCondition(t *testing.T) {
	for in, want := range map[string]string{
		"a":                               "a",
		"a or b and not c":                "(a or (b and not c))",
		"NOT a AND b OR c":                "((not a and b) or c)",
		"not not (a or b)":                "not not (a or b)",
		"1 of a* and all of them":         "(1 of a* and all of them)",
		"any of sel_*\n or ALL OF x":      "(1 of sel_* or all of x)",
		"3 of (a)":                        "",
		"a b":                             "",
		"":                                "",
		"a and":                           "",
		"0 of a*":                         "",
		"a*":                              "",
		"a & b":                           "",
		strings.Repeat("(", 100) + "a":    "",
		strings.Repeat("not ", 100) + "a": "",
		"not a*":                          "",
	} {
		e, err := sigma.ParseCondition(in)
		if got := ""; err == nil {
			if got = show(e); got != want {
				t.Errorf("%q: got %q, want %q", in, got, want)
			}
		} else if want != "" {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func FuzzCondition(f *testing.F) {
	f.Add("a and not (1 of b* or all of them)")
	f.Add("((a) or x-y.z) and 2 of c?")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := sigma.ParseCondition(s)
		if err != nil {
			return
		}
		text := show(e)
		again, err := sigma.ParseCondition(text)
		if err != nil {
			if strings.Contains(text, ":") || strings.Contains(text, " of ") && strings.ContainsFunc(text, func(r rune) bool { return r > '9' }) {
				return // a count that show cannot spell
			}
			t.Fatalf("%q: %v", text, err)
		}
		if diff := cmp.Diff(e, again); diff != "" && !strings.Contains(text, " of ") {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"../sigma/testdata/rule.yml", "../sigma/testdata/collection.yml"} {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("a: &a [*a]\n---\n<<: {b: c}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := sigma.Parse("f.yml", data)
		if err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
		for _, r := range c.Rules {
			if r.Title == "" || len(r.Detection.Conditions) == 0 {
				t.Errorf("%+v", r)
			}
			r.NeededFields()
		}
	})
}

// TestIdle names the rules that filters are for in vain.
func TestIdle(t *testing.T) {
	filter := "title: F\nlogsource: {product: %s}\nfilter: {rules: [one, two, many], s: {a: b}, condition: not s}\n"
	rules := `---
title: One
name: one
logsource: {product: windows, category: process_creation}
detection: {s: {a: b}, condition: s}
---
title: Many
id: many
correlation: {type: event_count, rules: [one], timespan: 5m, condition: {gte: 5}}
`
	for product, want := range map[string][]string{
		"windows": {
			`t.yml:1: rule "F": the filter is for the rule "two", which is not there`,
			`t.yml:1: rule "F": the filter is for the rule "many", which is a correlation: name the rules it stands on`,
		},
		"linux": {
			`t.yml:1: rule "F": the filter is for the rule "one", whose log source windows/process_creation/* is not of the filter's, linux/*/*`,
			`t.yml:1: rule "F": the filter is for the rule "two", which is not there`,
			`t.yml:1: rule "F": the filter is for the rule "many", which is a correlation: name the rules it stands on`,
		},
	} {
		c, err := sigma.Parse("t.yml", []byte(fmt.Sprintf(filter, product)+rules))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range c.Idle() {
			got = append(got, p.Error())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", product, diff)
		}
	}
}
