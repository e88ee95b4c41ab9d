package described_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/described"
)

var arrival = time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)

// decode reads the lines of a record with the one format of a description and
// returns the last event.
func decode(t testing.TB, description, record string) event.Event {
	t.Helper()
	ds, err := described.Parse("x.yaml", []byte(description))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := format.NewRecogniser(described.Formats(ds)...).Stream(ds[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	stream.Arrival = arrival
	var last event.Event
	for line := range strings.SplitSeq(record, "\n") {
		ev, ok, err := stream.Decode([]byte(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if ok {
			last = ev
		}
	}
	return last
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		"a: [":                            "x.yaml:1: not YAML",
		"[]":                              "x.yaml:1: a mapping",
		"name: A b":                       `"A b" is no name`,
		"name: a\ncut: xml":               `x.yaml:2: cut: "xml" is not one of json, pairs`,
		"name: a\nfoo: 1":                 `x.yaml:2: the key "foo" is not one of`,
		"name: a\nname: b":                "x.yaml:2: the key \"name\" stands here twice",
		"name: a\nrecognise: {score: 50}": "x.yaml:2: recognise: nothing by which",
		"name: a\nrecognise: {keys: a, starts: b}":         "x.yaml:2: recognise: keys, any and values are for JSON",
		"name: a\nrecognise: {keys: a, score: 100}":        "x.yaml:2: score:",
		"name: a\nrecognise: {pattern: '(?=x)'}":           "x.yaml:2: error parsing regexp",
		"name: a\ncut: lines":                              "lines is missing",
		"name: a\ncut: lines\nlines: ['%{a}%{b}']":         "x.yaml:3: \"%{a}%{b}\": between two parts",
		"name: a\ncut: lines\nlines: ['%{a']":              "does not end",
		"name: a\ncut: lines\nlines: ['%{a:url}']":         "is no kind of text",
		"name: a\ncut: csv":                                "columns is missing",
		"name: a\nfields: {source.ip: {as: ip}}":           "x.yaml:2: from, or else template, is",
		"name: a\nfields: {source.ip: {from: b, as: foo}}": `as: "foo" is not one of`,
		"name: a\nfields: {'@timestamp': b}":               "the time is said by time",
		"name: a\nfields: {vedette.x: b}":                  "cannot be filled",
		"name: a\nfields: {x: 'a[b].c'}":                   "in brackets stands nothing or key=value",
		"name: a\nset: {x: {y: z}}":                        "a text, a number or a list",
		"name: a\nprefix: vedette":                         "cannot be the place",
		"name: a\nbase: xml":                               "not one of json, text, ecs",
		"name: a\nunpack: {}":                              "one text is expected",
		"name: a\nwhen: [{if: {a: b}, then: c}]":           `the key "then" is not one of`,
		"name: a\nx: &x [*x]":                              "x.yaml:",
		strings.Repeat("#", 1<<20+1):                       "more than a megabyte",
	} {
		ds, err := described.Parse("x.yaml", []byte(text))
		var problem *described.Problem
		if ds != nil || !errors.As(err, &problem) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: got %v, want …%s…", text, err, want)
		}
	}
}

func TestCuts(t *testing.T) {
	for _, tt := range []struct {
		name, description, record string
		want                      map[string]any
	}{
		{
			"pairs", "name: a\ncut: pairs", `x a=1 b="two \"2\"" c='3 4' d= e=bare end g="cut off`,
			map[string]any{"a.a": "1", "a.b": `two "2"`, "a.c": "3 4", "a.d": nil, "a.e": "bare", "a.g": "cut off"},
		},
		{
			"cef", "name: a\ncut: cef", `CEF:0|V\|w|P|1|id|n|5|msg=a\=b c fileType= request=http://x/?a=b cs1Label=Rule Name cs1=r`,
			map[string]any{"a.device.vendor": "V|w", "a.severity": "5", "a.extensions.msg": "a=b c", "a.extensions.fileType": nil, "a.extensions.request": "http://x/?a=b", "a.labels.rule_name": "r"},
		},
		{"cef cut off", "name: a\ncut: cef", `CEF:0|V|P`, map[string]any{"a.device.vendor": "V", "a.device.product": nil}},
		{"leef 1", "name: a\ncut: leef", "LEEF:1.0|V|P|1|id|a=b c\td=e", map[string]any{"a.vendor": "V", "a.a": "b c", "a.d": "e"}},
		{"leef 2", "name: a\ncut: leef", "LEEF:2.0|V|P|1|id|x5E|a=b^d=e", map[string]any{"a.a": "b", "a.d": "e"}},
		{"leef 2 without delimiter", "name: a\ncut: leef", "LEEF:2.0|V|P|1|id|a=b|c\td=e", map[string]any{"a.a": "b|c", "a.d": "e"}},
		{"csv", "name: a\ncut: csv\ncolumns: {by: 0, kinds: {T: [kind, x, '', y], '*': [kind]}}", `T,"a ""b"", c",skip,z,more`, map[string]any{"a.x": `a "b", c`, "a.y": "z"}},
		{"table", "name: a\ncut: table", "x;y;z\n1;;3", map[string]any{"a.x": "1", "a.y": nil, "a.z": "3"}},
		{"w3c", "name: a\ncut: w3c", "#Version: 1.0\n#Fields: a b(c)\n1 -\n#Date: x\n2 3", map[string]any{"a.a": "2", "a.b(c)": "3"}},
		{
			"lines", "name: a\ncut: lines\nlines: ['x %{n:int}', {like: '%{u:word} from %{ip:ip}%{?}', set: {k: v}}, {pattern: '^(?P<all>.*)$'}]", "mia from 10.0.0.1: more",
			map[string]any{"a.u": "mia", "a.ip": "10.0.0.1", "k": "v", "a.all": nil},
		},
		{"what the attacker says is no address", "name: a\ncut: lines\nlines: ['user %{u} from %{ip:ip} port %{p:int}']", "user x from 1.1.1.1 port 1 from 2.2.2.2 port 2", map[string]any{"a.ip": "2.2.2.2", "a.u": "x from 1.1.1.1 port 1"}},
		{
			"json", "name: a\nunpack: p\nfields: {x: 'l[].n', y: 'l[k=2].n', z: p.q, w: {template: '%{s}/%{p.q}'}}", `{"l":[{"k":"1","n":"a"},{"k":"2","n":"b"}],"p":"{\"q\":\"r\"}","s":"t"}`,
			map[string]any{"x": []string{"a", "b"}, "y": "b", "z": "r", "w": "t/r"},
		},
		{
			"values", "name: a\nfields: {x: {from: a, values: {A: 1, '*': 2}}, y: {from: n, values: {'': none}}, source.ip: [bad, good], event.type: t}", `{"a":"a","bad":"host","good":"[::1]:80","t":"info"}`,
			map[string]any{"x": int64(1), "y": "none", "source.ip": "::1", "event.type": []string{"info"}},
		},
		{
			"conditions", "name: a\nwhen: [{if: {a: ['x*', y]}, unless: {b: '*'}, set: {k: 1}}, {if: {b: ''}, set: {k: 2, l: 2}}]\nset: {k: 3}", `{"a":"xyz","b":"c"}`,
			map[string]any{"k": int64(3), "l": nil},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ev := decode(t, tt.description, tt.record)
			for name, want := range tt.want {
				if diff := cmp.Diff(want, ev.Fields[name]); diff != "" {
					t.Errorf("%s: -want +got\n%s", name, diff)
				}
			}
		})
	}
}

func TestTimes(t *testing.T) {
	for value, want := range map[string]string{
		`"2026-03-02T10:00:00+01:00"`: "2026-03-02T09:00:00Z", `1772445600`: "2026-03-02T10:00:00Z", `"1772445600123456789"`: "2026-03-02T10:00:00.123456789Z",
		`1772445600.5`: "2026-03-02T10:00:00.5Z", `"2026/03/02 10:00:00"`: "2026-03-02T10:00:00Z", `"[02/Mar/2026:10:00:00 +0000]"`: "2026-03-02T10:00:00Z",
		`"Mar  2 10:00:00"`: "2026-03-02T10:00:00Z", `"Mon Mar  2 10:00:00 2026 UTC"`: "2026-03-02T10:00:00Z", `"2026-03-02 10:00:00 (UTC)"`: "2026-03-02T10:00:00Z",
		`["2026-03-02T10:00:00Z"]`: "2026-03-02T10:00:00Z", `[1772445600,1]`: "2026-03-02T10:00:00Z", `[]`: "",
		`"nonsense of some length"`: "", `-5`: "", `true`: "",
	} {
		got := ""
		if ev := decode(t, "name: a\ntime: [t]", fmt.Sprintf(`{"t":%s}`, value)); !ev.Time.IsZero() {
			got = ev.Time.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}

// TestHostile makes sure that neither a description nor a record can cost much.
func TestHostile(t *testing.T) {
	d := "name: a\ncut: lines\nlines: ['" + strings.Repeat("%{a} ", 20) + "z']"
	start := decode(t, d, strings.Repeat("a ", 20_000))
	if start.Fields.String("message") == "" {
		t.Error("a line that no pattern fits was lost")
	}
	ev := decode(t, "name: a\ncut: pairs", strings.Repeat("k=v ", 200_000))
	if len(ev.Fields) > 10 {
		t.Errorf("%d fields of one pair", len(ev.Fields))
	}
	var many strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&many, "k%d=v ", i)
	}
	if ev := decode(t, "name: a\ncut: pairs", many.String()); len(ev.Fields) > 1100 {
		t.Errorf("%d fields", len(ev.Fields))
	}
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	if _, err := described.Parse("x.yaml", []byte(bomb)); err == nil {
		t.Error("aliases without end were taken")
	}
}
