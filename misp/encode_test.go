package misp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/misp"
)

// TestEventWriterSplits writes more attributes than one event takes.
func TestEventWriterSplits(t *testing.T) {
	type event struct {
		Event struct{ Attribute []misp.Attribute }
	}
	for n, want := range map[int][]int{0: {0}, 1: {1}, 10_000: {10_000}, 10_001: {10_000, 1}, 20_000: {10_000, 10_000}} {
		var b bytes.Buffer
		w := misp.NewEventWriter(&b, uuid.UUID{}, time.Unix(0, 0), func(string) string { return "" })
		for i := range n {
			if dropped, err := w.Add(indicator.Indicator{Type: indicator.Domain, Value: fmt.Sprintf("h%d.evil.com", i)}); err != nil || dropped != "" {
				t.Fatal(dropped, err)
			}
		}
		if dropped, err := w.Add(indicator.Indicator{Type: indicator.UserAccount, Value: "x"}); err != nil || dropped != "type" {
			t.Errorf("a user account: %q, %v", dropped, err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var one event
		var several struct{ Response []event }
		if err := errors.Join(json.Unmarshal(b.Bytes(), &one), json.Unmarshal(b.Bytes(), &several)); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		if len(several.Response) == 0 {
			several.Response = []event{one}
		}
		var got []int
		for _, e := range several.Response {
			got = append(got, len(e.Event.Attribute))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d: -want +got\n%s", n, diff)
		}
	}
}

func TestAttributeOf(t *testing.T) {
	got, ok := misp.AttributeOf(indicator.Indicator{
		ID: "u", Type: indicator.IPv6Port, Value: "[2a02::1]:443", Names: []string{`A "B"`, "Qakbot"}, Tags: []string{"c2", `misp:confidence-level="unconfident"`},
		Confidence: 80, TLP: indicator.TLPAmber, KillChain: "delivery", FirstSeen: time.Unix(1e9, 5000), LastSeen: time.Unix(1e9+1, 0),
	}, func(n string) string { return map[string]string{"Qakbot": "malware", `A "B"`: "intrusion-set"}[n] })
	want := misp.Attribute{
		UUID: "u", Type: "ip-dst|port", Category: "Network activity", Value: "2a02::1|443", ToIDs: true, Timestamp: "1000000001",
		FirstSeen: "2001-09-09T01:46:40.000005+00:00", LastSeen: "2001-09-09T01:46:41.000000+00:00",
		Tag: []misp.AttributeTag{
			{Name: "tlp:amber"},
			{Name: `misp:confidence-level="usually-confident"`},
			{Name: `misp-galaxy:threat-actor="A 'B'"`},
			{Name: `misp-galaxy:tool="Qakbot"`},
			{Name: "kill-chain:delivery"},
			{Name: "c2"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("-want +got\n%s", diff)
	}
}
