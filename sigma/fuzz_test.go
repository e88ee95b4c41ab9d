package sigma_test

import (
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/sigma"
)

// FuzzMatch compares one text of a rule with one value, in every way that texts
// are compared.
func FuzzMatch(f *testing.F) {
	f.Add(`C:\*\a?.exe`, `c:\x\AB.EXE`, 0)
	f.Add(` -enc`, `x –ENC y`, 5)
	f.Add(`a\*\\*ſ`, `A*\S`, 4)
	f.Add(`(?i)a+b|\bc$`, `xAAb`, 7)
	pipes := plainPipeline(f)
	ways := [][]sigma.Modifier{
		nil,
		{sigma.Contains},
		{sigma.StartsWith},
		{sigma.EndsWith},
		{sigma.Cased},
		{sigma.WinDash, sigma.Contains},
		{sigma.WinDash},
		{sigma.Regexp},
		{sigma.Regexp, sigma.IgnoreCase},
		{sigma.Base64},
		{sigma.Base64Offset},
		{sigma.Base64Offset, sigma.Contains},
		{sigma.Base64Offset, sigma.StartsWith},
		{sigma.CIDR},
		{sigma.Contains, sigma.Cased},
	}
	f.Fuzz(func(t *testing.T, pattern, value string, way int) {
		if !utf8.ValidString(pattern) || len(pattern) > 200 || len(value) > 2000 {
			return
		}
		item := sigma.Item{Field: "A", Modifiers: ways[uint(way)%uint(len(ways))], Values: []sigma.Value{{Text: pattern}}}
		rule := sigma.Rule{
			Title: "t", LogSource: sigma.LogSource{Product: "windows"},
			Detection: sigma.Detection{
				Searches:   []sigma.Search{{Name: "s", Any: []sigma.Group{{item}}}},
				Conditions: []*sigma.Expr{{Name: "s"}},
			},
		}
		c := sigma.Collection{Rules: []sigma.Rule{rule}}
		e, err := sigma.Compile(c, sigma.Options{Pipelines: pipes})
		if err != nil {
			return // no regular expression, no network, wildcards to be encoded
		}
		ev := event.Event{Format: "json", Fields: event.Fields{"json.A": value}}
		ref := &reference{Collection: c, pipelines: pipes}
		want := ref.match(&ev)
		m := e.Matcher()
		if got := rulesOf(m.Event(&ev)); !slices.Equal(got, want) {
			t.Errorf("%q %v on %q: event %v, reference %v", pattern, item.Modifiers, value, got, want)
		}
		record, err := json.Marshal(map[string]string{"A": value})
		if err != nil || !utf8.ValidString(value) {
			return
		}
		if got, err := m.Record("json", record); err != nil || !slices.Equal(rulesOf(got), want) {
			t.Errorf("%q %v on %s: record %v, %v, reference %v", pattern, item.Modifiers, record, rulesOf(got), err, want)
		}
	})
}

// FuzzRecord gives any bytes as a record: what is valid JSON must match what its
// event matches, unless it is left to decoding.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{
		`{"A":"x","B":{"c":[1,"y",{"d":"z"}]},"k":"some keyword"}`, `{"A":["x",null,{"A":"y"}],"B":[{"c":"x"},{"c":1.50}]}`,
		`{"A":"\u0078\ud83d\ude00\ud800","B.c":"x"}`, ` { "A" : "x" } `, `{"A":-1e5,"B":{},"A.b":{"c":true}}`, `{"A":[],"B":[[1]],"":{"":""}}`,
	} {
		f.Add([]byte(s))
	}
	c, err := sigma.Parse("f.yml", []byte(`
title: a
logsource: {product: windows}
detection: {s: {A: x}, condition: s}
---
title: b
logsource: {product: windows}
detection: {s: {B.c|contains: [y, '1']}, t: {A|exists: false}, condition: s or t}
---
title: c
logsource: {product: windows}
detection: {s: [keyword, '?z'], condition: s}
---
title: d
logsource: {product: windows}
detection: {s: {A|re: '[^x]'}, t: {A.b: null, B: '*'}, condition: s or t}
`))
	if err != nil {
		f.Fatal(err)
	}
	e := compile(f, c, sigma.Options{Pipelines: plainPipeline(f)})
	byRecord, byEvent := e.Matcher(), e.Matcher()
	stream, err := format.NewRecogniser().Stream("json")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		got, err := byRecord.Record("json", record)
		if err != nil || !json.Valid(record) {
			return
		}
		ev, _, err := stream.Decode(record)
		if err != nil {
			t.Fatalf("%q: %v, but the record was read", record, err)
		}
		if want := rulesOf(byEvent.Event(&ev)); !slices.Equal(rulesOf(got), want) {
			t.Errorf("%q: record %v, event %v", record, rulesOf(got), want)
		}
	})
}
