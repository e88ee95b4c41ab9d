package content_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/described"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
)

func descriptions(t testing.TB) []*described.Description {
	t.Helper()
	files, err := content.Formats()
	if err != nil {
		t.Fatal(err)
	}
	var out []*described.Description
	for _, name := range slices.Sorted(maps.Keys(files)) {
		ds, err := described.Parse(name, files[name])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ds...)
	}
	return out
}

func recogniser(t testing.TB) *format.Recogniser {
	list := []format.Format{suricata.Format(), zeek.Format(), windows.Format(), ecs.Format()}
	return format.NewRecogniser(append(list, described.Formats(descriptions(t))...)...)
}

var arrival = time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)

// TestFormats runs the tests that stand beside the descriptions: each record is
// recognised among all formats and gives the fields.
func TestFormats(t *testing.T) {
	rec := recogniser(t)
	for _, d := range descriptions(t) {
		if len(d.Tests) == 0 {
			t.Errorf("%s:%d: %s has no test", d.File, d.Line, d.Name)
		}
		for _, c := range d.Tests {
			for _, problem := range d.Check(rec, c, arrival) {
				t.Errorf("%s:%d: %s: %s", d.File, c.Line, d.Name, problem)
			}
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, d := range descriptions(t) {
		if other, ok := seen[d.Name]; ok {
			t.Errorf("%s: %s is in %s already", d.File, d.Name, other)
		}
		seen[d.Name] = d.File
	}
}

// TestCheckFails makes sure that a test beside a description can fail.
func TestCheckFails(t *testing.T) {
	rec := recogniser(t)
	for _, d := range descriptions(t) {
		if d.Name != "sshd" {
			continue
		}
		c := d.Tests[0]
		c.Fields = map[string]any{"user.name": "nobody", "source.ip": ""}
		want := []string{`user.name is "oracle", want "nobody"`, `source.ip is "203.0.113.9", want ""`}
		got := d.Check(rec, c, arrival)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}
