package misp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
)

// TestSightings: what others reported of an attribute is part of what is claimed.
func TestSightings(t *testing.T) {
	s, err := parse(t, `{"Event":{"info":"x","Attribute":[
{"uuid":"u1","type":"domain","to_ids":true,"value":"met.example","last_seen":"2026-01-01T00:00:00Z","Sighting":[{"type":"0","date_sighting":"1772442000","Organisation":{"name":"A"}},{"type":"0","date_sighting":"1772438400"}]},
{"uuid":"u2","type":"domain","to_ids":true,"value":"false.example","Sighting":[{"type":"1","date_sighting":"1772442000"},{"type":"1","date_sighting":"1772442000"},{"type":"0","date_sighting":"1772442000"}]},
{"uuid":"u3","type":"domain","to_ids":true,"value":"over.example","Sighting":[{"type":2,"date_sighting":1772442000}]},
{"uuid":"u4","type":"domain","to_ids":true,"value":"odd.example","Sighting":{"type":"9"}}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	type claim struct {
		Raw        string
		Confidence int
		Last       time.Time
		Until      time.Time
		Tags       []string
	}
	var got []claim
	for _, c := range s.Claims {
		got = append(got, claim{c.Raw, c.Confidence, c.LastSeen, c.ValidUntil, c.Tags})
	}
	at := time.Unix(1772442000, 0).UTC()
	want := []claim{
		{Raw: "met.example", Last: at, Tags: []string{"sighting:seen=2"}},
		{Raw: "false.example", Confidence: 10, Last: at, Tags: []string{"sighting:seen=1", "sighting:false-positive=2"}},
		{Raw: "over.example", Until: at},
		{Raw: "odd.example"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if up, most := indicator.Refuted(0, 0), indicator.Refuted(80, 1000); up != 0 || most != 5 {
		t.Errorf("nothing refuted: %d; often: %d", up, most)
	}
}
