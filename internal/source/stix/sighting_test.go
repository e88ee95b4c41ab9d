package stix_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
	sourcestix "github.com/vedette-soc/vedette/internal/source/stix"
)

// TestSightings: where an indicator was met, or was a false alarm, is part of what is
// claimed of it; the sightings themselves are kept.
func TestSightings(t *testing.T) {
	const id = "indicator--00000000-0000-4000-8000-00000000000"
	object := func(kind string, n int, more string) string {
		return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--00000000-0000-4000-8000-0000000000%02d","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z",%s}`, kind, kind, n, more)
	}
	sighting := func(n int, of int, more string) string {
		return object("sighting", n, fmt.Sprintf(`"sighting_of_ref":"%s%d"%s`, id, of, more))
	}
	indicator := func(n int, name string) string {
		return object("indicator", n, fmt.Sprintf(`"valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = '%s']","confidence":60`, name))
	}
	in := `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000099","objects":[` + strings.Join([]string{
		indicator(1, "met.example"), indicator(2, "false.example"), indicator(3, "never.example"),
		sighting(11, 1, `,"last_seen":"2026-03-02T09:00:00Z","count":7`), sighting(12, 1, `,"last_seen":"2026-02-02T09:00:00Z"`),
		sighting(13, 2, `,"x_opencti_negative":true`), sighting(14, 3, `,"count":0`),
	}, ",") + `]}`
	var s sourcetest.Sink
	if err := (sourcestix.Parser{}).Parse(t.Context(), collect.Input{Name: "s.json", Reader: strings.NewReader(in)}, &s); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range s.Claims {
		got = append(got, fmt.Sprintf("%s %d %s %v", c.Raw, c.Confidence, c.LastSeen.Format("2006-01-02"), c.Tags))
	}
	want := []string{"met.example 60 2026-03-02 [sighting:seen=8]", "false.example 33 0001-01-01 [sighting:false-positive=1]", "never.example 60 0001-01-01 []"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if len(s.Objects) != 4 {
		t.Errorf("%d objects", len(s.Objects))
	}
}
