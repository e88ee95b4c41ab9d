package telemetry_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

func formats() *format.Recogniser { return format.NewRecogniser(suricata.Format(), zeek.Format()) }

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
