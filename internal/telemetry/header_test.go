package telemetry_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

func formats() *format.Recogniser { return format.NewRecogniser(suricata.Format(), zeek.Format()) }

// table is a format whose first line names the columns.
type table struct{ context []byte }

func (t *table) Decode(record string) (event.Event, bool, error) {
	if t.context == nil {
		t.context = []byte(record)
		return event.Event{}, false, nil
	}
	return event.Event{Fields: event.Fields{}}, true, nil
}

func (t *table) Context() []byte { return t.context }

// TestFirstLine: a header without a '#' is the first line, or none.
func TestFirstLine(t *testing.T) {
	rec := format.NewRecogniser(format.Format{
		Name: "table", New: func() format.Decoder { return &table{} },
		Recognise: func(head string) int {
			if strings.HasPrefix(head, "time,") {
				return 90
			}
			return 0
		},
	})
	for want, lines := range map[string][]string{"table:time,a": {"time,a", "1,2"}, ":": {"x", "time,a"}} {
		h, err := telemetry.NewHeader(rec, "")
		if err != nil {
			t.Fatal(err)
		}
		name, context := "", []byte(nil)
		for _, line := range lines {
			name, context = h.Of([]byte(line))
		}
		if got := name + ":" + string(context); got != want {
			t.Errorf("%q is stored with %q, want %q", lines, got, want)
		}
	}
}

func TestHeader(t *testing.T) {
	type line struct{ Raw, Format, Context string }
	for _, c := range []struct {
		name, declared string
		lines          []line
	}{
		{"no header", "", []line{{"text", "", ""}, {"{}", "", ""}, {"# a comment", "", ""}, {"text", "", ""}}},
		{"declared", "suricata", []line{{"{}", "suricata", ""}, {"# a comment", "suricata", ""}}},
		{"zeek", "", []line{
			{"1\tbefore", "", ""},
			{"#fields\tts\tquery", "zeek", "#fields\tts\tquery\n"},
			{"#types\ttime\tstring", "zeek", "#fields\tts\tquery\n#types\ttime\tstring\n"},
			{"1\tx", "zeek", "#fields\tts\tquery\n#types\ttime\tstring\n"},
			{"{}", "", ""},
			{"#close\t2018", "zeek", "#fields\tts\tquery\n#types\ttime\tstring\n"},
			{"#separator \\x2c", "zeek", "#separator \\x2c\n"},
			{"#fields,ts", "zeek", "#separator \\x2c\n#fields,ts\n"},
			{"1", "zeek", "#separator \\x2c\n#fields,ts\n"},
		}},
		{"zeek declared", "zeek", []line{{"1\tbefore", "zeek", ""}, {"#fields\tts", "zeek", "#fields\tts\n"}, {"1", "zeek", "#fields\tts\n"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := telemetry.NewHeader(formats(), c.declared)
			if err != nil {
				t.Fatal(err)
			}
			var got []line
			for _, l := range c.lines {
				// A reader that is started anew at each line gives the same.
				name, context := h.State()
				if h, err = telemetry.NewHeader(formats(), c.declared); err != nil {
					t.Fatal(err)
				}
				if err := h.Resume(name, context); err != nil {
					t.Fatal(err)
				}
				name, context = h.Of([]byte(l.Raw))
				got = append(got, line{l.Raw, name, string(context)})
			}
			if diff := cmp.Diff(c.lines, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	if _, err := telemetry.NewHeader(formats(), "nope"); err == nil {
		t.Error("an unknown format was taken")
	}
}
