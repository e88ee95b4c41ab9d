package event_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
)

func TestAppendJSON(t *testing.T) {
	at := time.Date(2018, 3, 24, 17, 15, 20, 865716000, time.UTC)
	tests := map[string]struct {
		ev       event.Event
		original bool
		want     string
	}{
		"Empty": {event.Event{}, false, `{"vedette":{"line":0}}`},
		"Nested": {
			event.Event{Time: at, Format: "zeek", Origin: event.Origin{File: "dns.log", Line: 3}, Fields: event.Fields{
				"source.ip": "192.0.2.1", "source.port": int64(53), "event.category": []string{"network"}, "event.module": "zeek",
			}},
			false,
			`{"@timestamp":"2018-03-24T17:15:20.865716Z","event":{"category":["network"],"module":"zeek"},"source":{"ip":"192.0.2.1","port":53},"vedette":{"file":"dns.log","format":"zeek","line":3}}`,
		},
		"Original": {
			event.Event{Raw: []byte("a\tb\"\xff"), Origin: event.Origin{Line: 2, FileLine: 5}},
			true,
			`{"event":{"original":"a\tb\"` + "\ufffd" + `"},"vedette":{"file_line":5,"line":2}}`,
		},
		"LeafAndObject": {
			event.Event{Fields: event.Fields{"a": int64(1), "a.b": int64(2), "a.b.c": int64(3), "a-b": true, "x.y": "z", "x.y.z": "w"}},
			false,
			`{"a":1,"a-b":true,"a.b":2,"a.b.c":3,"vedette":{"line":0},"x":{"y":"z","y.z":"w"}}`,
		},
		"Values": {
			event.Event{Fields: event.Fields{
				"f": 2230.0, "g": 0.00087, "inf": math.Inf(1), "n": json.Number("18446744073709551615"),
				"l": []any{int64(1), nil, map[string]any{"b": "c", "a": false}}, "o": map[string]any{}, "s": []string{}, "c": "\x01\u2028",
			}},
			false,
			`{"c":"\u0001` + "\u2028" + `","f":2230.0,"g":0.00087,"inf":null,"l":[1,null,{"a":false,"b":"c"}],"n":18446744073709551615,"o":{},"s":[],"vedette":{"line":0}}`,
		},
		"Nulls": {
			event.Event{Fields: event.Fields{"a": nil, "a.b": int64(1), "c": nil, "d.e": nil}},
			false,
			`{"a":{"b":1},"vedette":{"line":0}}`,
		},
		"Claims": {
			event.Event{Fields: event.Fields{"@timestamp": "x", "vedette.file": "/etc/passwd", "vedette": "x"}},
			false,
			`{"vedette":{"line":0}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := string(tt.ev.AppendJSON(nil, tt.original))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if !json.Valid([]byte(got)) {
				t.Error("not valid JSON")
			}
		})
	}
}

func TestAccessors(t *testing.T) {
	f := event.Fields{
		"s": "x", "i": int64(7), "f": 2.5, "whole": 3.0, "b": true, "l": []string{"p", "q"}, "m": []any{"p", int64(1), nil},
		"digits": "42", "huge": 1e300, "n": json.Number("99999999999999999999"),
	}
	for name, want := range map[string]string{"s": "x", "i": "7", "f": "2.5", "b": "true", "l": "p", "m": "p", "n": "99999999999999999999", "none": ""} {
		if got := f.String(name); got != want {
			t.Errorf("String(%s) = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]int64{"i": 7, "whole": 3, "digits": 42} {
		if got, ok := f.Int(name); got != want || !ok {
			t.Errorf("Int(%s) = %d, %v, want %d", name, got, ok, want)
		}
	}
	for _, name := range []string{"s", "f", "huge", "none", "b"} {
		if got, ok := f.Int(name); ok {
			t.Errorf("Int(%s) = %d, want none", name, got)
		}
	}
	if diff := cmp.Diff([]string{"p", "1"}, f.Strings("m")); diff != "" {
		t.Errorf("Strings: -want +got\n%s", diff)
	}
	f.SetNew("s", "other")
	f.SetNew("empty", "")
	f["null"] = nil
	f.SetNew("null", "w")
	f.SetNew("new", "v")
	if _, ok := f["empty"]; ok || f["s"] != "x" || f["new"] != "v" || f["null"] != "w" {
		t.Errorf("SetNew: %v", f)
	}
}
