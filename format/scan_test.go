package format_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

func TestObject(t *testing.T) {
	tests := map[string]struct {
		in   string
		want event.Fields
		err  string
	}{
		"Flat":        {in: ` {"a":1,"b":"x","c":true,"d":null} `, want: event.Fields{"a": int64(1), "b": "x", "c": true, "d": nil}},
		"Nested":      {in: `{"a":{"b":{"c":1},"d":{}},"e.f":2}`, want: event.Fields{"a.b.c": int64(1), "a.d": map[string]any{}, "e.f": int64(2)}},
		"Arrays":      {in: `{"a":["x","y"],"b":["x",1],"c":[],"d":[{"e":[null]}]}`, want: event.Fields{"a": []string{"x", "y"}, "b": []any{"x", int64(1)}, "c": []string{}, "d": []any{map[string]any{"e": []any{nil}}}}},
		"Numbers":     {in: `{"a":-9223372036854775808,"b":18446744073709551615,"c":1.5,"d":1e3,"e":0.1234567890123456789,"f":-0,"g":1e999}`, want: event.Fields{"a": int64(math.MinInt64), "b": json.Number("18446744073709551615"), "c": 1.5, "d": 1000.0, "e": json.Number("0.1234567890123456789"), "f": int64(0), "g": json.Number("1e999")}},
		"Escapes":     {in: `{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","b":"C:\Users\x","c":"\ud800","d":"\u12"}`, want: event.Fields{"a": "\"\\/\b\f\n\r\té😀", "b": `C:\Users\x`, "c": "\ufffd", "d": `\u12`}},
		"Repeated":    {in: `{"a":1,"a":2}`, want: event.Fields{"a": int64(2)}},
		"RepeatedNil": {in: `{"a":1,"a":null}`, want: event.Fields{"a": nil}},
		"NotUTF8":     {in: "{\"a\":\"x\xffy\"}", want: event.Fields{"a": "x\ufffdy"}},
		"Control":     {in: "{\"a\":\"x\ty\"}", want: event.Fields{"a": "x\ty"}},
		"Truncated":   {in: `{"a":1,"b":"x`, err: "does not end"},
		"Trailing":    {in: `{"a":1} x`, err: "after the JSON object"},
		"Word":        {in: `{"a":nul}`, err: "a value"},
		"LeadingZero": {in: `{"a":1.}`, err: "not a number"},
		"NoObject":    {in: `[1]`, err: "want a JSON object"},
		"Deep":        {in: strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), err: "deeper"},
		"DeepArray":   {in: `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", err: "deeper"},
		"LongName":    {in: `{"` + strings.Repeat("n", 600) + `":1}`, err: "longer than"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := format.NewScanner("").Object(tt.in)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestEscapes holds strings full of escapes against encoding/json: what that reads, the
// scanner reads alike, and what follows the string is still there.
func TestEscapes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	pieces := []string{`\\`, `\"`, `\/`, `\n`, `\u00e9`, `\ud83d\ude00`, `\ud83d`, `\ude00`, `\u0022`, `\u005c`, "u", "d83d", "a", "C:", "é", "{", `\u12`, `\x`, `\`, `"`}
	scan, read := format.NewScanner(""), 0
	for range 20_000 {
		var in strings.Builder
		in.WriteString(`{"a":"`)
		for range rnd.IntN(9) {
			in.WriteString(pieces[rnd.IntN(len(pieces)-rnd.IntN(2)*4)])
		}
		in.WriteString(`","b":"x"}`)
		var want map[string]string
		if json.Unmarshal([]byte(in.String()), &want) != nil {
			_, _ = scan.Object(in.String()) // it must not give up
			continue
		}
		read++
		got, err := scan.Object(in.String())
		if err != nil || len(got) != len(want) || got.String("a") != want["a"] || got.String("b") != want["b"] {
			t.Fatalf("%s: %q, %v; encoding/json reads %q", in.String(), got, err, want)
		}
	}
	if read < 5000 {
		t.Errorf("only %d of 20000 were JSON", read)
	}
}

// TestRoundTrip writes fields and reads them again.
func TestRoundTrip(t *testing.T) {
	want := event.Fields{
		"a": int64(1), "a.b": "x", "a.b.c": 2.0, "l": []string{"p"}, "m": []any{int64(1), map[string]any{"k": nil}},
		"n.o.p": json.Number("18446744073709551615"), "n.o.q": map[string]any{}, "": "e", "x.": "y",
	}
	ev := event.Event{Fields: want}
	got, err := format.NewScanner("").Object(string(ev.AppendJSON(nil, false)))
	if err != nil {
		t.Fatal(err)
	}
	delete(got, "vedette.line")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// FuzzObject holds the scanner against encoding/json: what that accepts within
// the limits, the scanner accepts with as many top-level values; and what the
// scanner makes of anything can be written and read again.
func FuzzObject(f *testing.F) {
	for _, s := range []string{`{"a":{"b":[1,"x",null]}}`, `{"a":1.5e3,"b":"\u00e9"}`, `{"":{"":0}}`, `{"a":"\q"}`, `{"a":1}{"b":2}`, alertLine, "{\"\xff\":1}"} {
		f.Add(s)
	}
	s := format.NewScanner("")
	f.Fuzz(func(t *testing.T, in string) {
		got, err := s.Object(in)
		var want map[string]any
		valid := json.Unmarshal([]byte(in), &want) == nil && want != nil
		if err != nil {
			if valid && !strings.Contains(err.Error(), "deeper") && !strings.Contains(err.Error(), "longer") && !strings.Contains(err.Error(), "more than") {
				t.Fatalf("%q: %v", in, err)
			}
			return
		}
		ev := event.Event{Fields: got}
		out := ev.AppendJSON(nil, true)
		if !json.Valid(out) {
			t.Fatalf("%q makes invalid JSON %q", in, out)
		}
		if _, err := s.Object(string(out)); err != nil && !strings.Contains(err.Error(), "deeper") {
			t.Fatalf("%q: read again: %v", in, err)
		}
	})
}

// TestTimeOf: some exports make a list of every field.
func TestTimeOf(t *testing.T) {
	want := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, v := range []any{
		"2026-03-02T09:00:00Z", want.Unix(),
		[]string{"2026-03-02T09:00:00Z"},
		[]string{"2026-03-02T09:00:00Z", "2027-01-01T00:00:00Z"},
		[]any{float64(want.UnixMilli()), "x"},
		[]any{want.Unix()},
	} {
		if got, ok := format.TimeOf(v); !ok || !got.Equal(want) {
			t.Errorf("%v: %s, %v", v, got, ok)
		}
	}
	for _, v := range []any{[]string{}, []any{}, []any{nil, want.Unix()}, []any{[]any{want.Unix()}}, nil} {
		if got, ok := format.TimeOf(v); ok {
			t.Errorf("%v: %s, want none", v, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	tests := map[string]string{
		"2018-03-24T14:37:19.037299-0600":     "2018-03-24T20:37:19.037299Z",
		"2018-03-24T14:37:19+00:00":           "2018-03-24T14:37:19Z",
		"2025-11-26 05:11:27.908":             "2025-11-26T05:11:27.908Z",
		"2025-11-26T05:11:27Z":                "2025-11-26T05:11:27Z",
		"2025-11-26T05:11:27,5 +02":           "2025-11-26T03:11:27.5Z",
		"2018-03-24T17:15:20.86571612345678Z": "2018-03-24T17:15:20.865716123Z",
		"2018-02-31T00:00:00Z":                "",
		"2018-13-01T00:00:00Z":                "",
		"2018-03-24":                          "",
		"2018-03-24T14:37:19 CEST":            "",
	}
	for in, want := range tests {
		got, ok := format.ParseTime(in)
		if text := got.Format("2006-01-02T15:04:05.999999999Z07:00"); ok != (want != "") || ok && text != want {
			t.Errorf("ParseTime(%q) = %s, %v, want %q", in, text, ok, want)
		}
	}
	for in, want := range map[any]string{int64(1521911720): "2018-03-24T17:15:20Z", 1521911720.865716: "2018-03-24T17:15:20.865716Z", int64(1521911720865): "2018-03-24T17:15:20.865Z"} {
		if got, ok := format.EpochTime(in); !ok || got.Format("2006-01-02T15:04:05.999999999Z07:00") != want {
			t.Errorf("EpochTime(%v) = %v, want %s", in, got, want)
		}
	}
}
