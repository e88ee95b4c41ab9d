package zeek_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/zeek"
)

// TestRows reads rows under one header each.
func TestRows(t *testing.T) {
	tests := map[string]struct {
		types, row string
		want       any // of the only column; an error's reason when it is a fault
	}{
		"Unset":       {"string", "-", nil},
		"Empty":       {"string", "(empty)", ""},
		"EscapedTab":  {"string", `a\x09b`, "a\tb"},
		"Backslash":   {"string", `C:\\x`, `C:\x`},
		"EscapedDash": {"string", `\x2d`, "-"},
		"Binary":      {"string", `\xff\x00`, "\\xff\x00"},
		"Bool":        {"bool", "T", true},
		"Count":       {"count", "42", int64(42)},
		"Double":      {"double", "0.000870", 0.00087},
		"Time":        {"time", "1521911720.865716", "2018-03-24T17:15:20.865716Z"},
		"LateTime":    {"time", "2.385616957e+09", "2045-08-06T07:22:37.000000Z"},
		"Set":         {"set[string]", `a\x2cb,c`, []string{"a,b", "c"}},
		"EmptySet":    {"set[addr]", "(empty)", []string{}},
		"Vector":      {"vector[interval]", "1.000000,-,2.500000", []any{1.0, nil, 2.5}},
		"BadCount":    {"count", "4x", &format.Fault{Reason: "value"}},
		"BadBool":     {"bool", "yes", &format.Fault{Reason: "value"}},
		"Columns":     {"string", "a\tb", &format.Fault{Reason: "columns"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := format.NewRecogniser(zeek.Format()).Stream("zeek")
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range []string{`#separator \x09`, "#set_separator\t,", "#path\todd", "#fields\tv", "#types\t" + tt.types, "#open\tnow"} {
				if _, ok, err := s.Decode([]byte(line)); ok || err != nil {
					t.Fatalf("%s: %v, %v", line, ok, err)
				}
			}
			ev, _, err := s.Decode([]byte(tt.row))
			if want, ok := tt.want.(*format.Fault); ok {
				var got *format.Fault
				if !errors.As(err, &got) || got.Reason != want.Reason {
					t.Errorf("error %v, want reason %s", err, want.Reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, ev.Fields["zeek.odd.v"]); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	tests := map[string]struct{ in, reason string }{
		"RowFirst":   {"a\tb", "no-header"},
		"BadPath":    {"#separator \\x09\n#path\t../x\n", "bad-header"},
		"NoSep":      {"#separator \n", "bad-header"},
		"TooWide":    {"#separator \\x09\n#fields" + strings.Repeat("\tx", 2000), "bad-header"},
		"LongName":   {"#separator \\x09\n#fields\t" + strings.Repeat("x", 300), "bad-header"},
		"NotUTF8":    {"#separator \\x09\n#fields\t\xde\xde", "bad-header"},
		"JSONNoTime": {`{"_path":"dns"}`, "not-zeek"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := format.NewReader(strings.NewReader(tt.in), "x.log", format.NewRecogniser(zeek.Format()), format.Options{Format: "zeek"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Next()
			var bad *format.RecordError
			if !errors.As(err, &bad) || bad.Reason != tt.reason {
				t.Errorf("error %v, want reason %s", err, tt.reason)
			}
		})
	}
}

// TestDefaultJSON reads a record as Zeek writes it by itself: no path, times as
// seconds.
func TestDefaultJSON(t *testing.T) {
	const line = `{"ts":1521911720.865716,"uid":"C1","id.orig_h":"10.47.1.100","id.orig_p":41772,"id.resp_h":"192.0.2.53","id.resp_p":80,"proto":"tcp","duration":1.5,"orig_bytes":10,"conn_state":"SF","local_orig":true,"local_resp":false}`
	s, err := format.NewRecogniser(zeek.Format()).Stream("")
	if err != nil {
		t.Fatal(err)
	}
	ev, ok, err := s.Decode([]byte(line))
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	got := event.Fields{}
	for k, v := range ev.Fields {
		if !strings.HasPrefix(k, "zeek.") {
			got[k] = v
		}
	}
	want := event.Fields{
		"event.module": "zeek", "event.dataset": "zeek.conn", "event.kind": "event", "event.duration": int64(1.5e9),
		"event.category": []string{"network"}, "event.type": []string{"connection", "end"},
		"source.ip": "10.47.1.100", "source.port": int64(41772), "source.bytes": int64(10),
		"destination.ip": "192.0.2.53", "destination.port": int64(80),
		"network.transport": "tcp", "network.direction": "outbound", "network.session.id": "C1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// FuzzResume gives a decoder any context and any row: no panic, and a context
// that is accepted comes out again unchanged.
func FuzzResume(f *testing.F) {
	f.Add("#separator \\x09\n#path\tdns\n#fields\tts\tq\n#types\ttime\tstring\n", "1.5\tx")
	f.Add("#fields\ta", "{")
	rec := format.NewRecogniser(zeek.Format())
	f.Fuzz(func(t *testing.T, context, row string) {
		s, err := rec.Resume("zeek", []byte(context))
		if err != nil {
			return
		}
		if _, _, err := s.Decode([]byte(row)); err != nil {
			return
		}
		kept := s.Context()
		again, err := rec.Resume("zeek", kept)
		if err != nil {
			t.Fatalf("context %q of %q: %v", kept, context, err)
		}
		if _, _, err := again.Decode([]byte("#close")); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(kept, again.Context()); diff != "" {
			t.Errorf("-first +again\n%s", diff)
		}
	})
}
