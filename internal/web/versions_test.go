package web_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/stix"
)

// TestWhatWeKnewThen: an entity is shown as it was known at a time, and a time before
// anything was known says so.
func TestWhatWeKnewThen(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	const id = "intrusion-set--00000000-0000-4000-8000-0000000000b1"
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	version := func(at time.Time, about string) stix.Object {
		return stix.Object{Type: "intrusion-set", ID: id, Name: "Egret", Description: about, Modified: at, Raw: []byte(`{"type":"intrusion-set","id":"` + id + `","name":"Egret","modified":"` + at.Format(time.RFC3339) + `","description":"` + about + `"}`)}
	}
	_, err := h.cfg.Intel.WithClock(func() time.Time { return day }).Learn(system(), "house", []stix.Object{version(day, "It fishes.")})
	h.must(err)
	_, err = h.cfg.Intel.WithClock(func() time.Time { return day.AddDate(0, 0, 9) }).Learn(system(), "house", []stix.Object{version(day.AddDate(0, 0, 8), "It targets Swiss shops.")})
	h.must(err)
	h.cfg.Intel.WithClock(time.Now)
	at := func(when string) string { return "/entities/" + id + "?" + url.Values{"as-of": {when}}.Encode() }
	for _, s := range []scenario{
		{name: "now", user: "viewer", target: "/entities/" + id, status: 200, has: []string{"It targets Swiss shops.", "What did we know when?", "2026-03-10 12:00:00"}, hasNot: []string{"It fishes."}},
		{name: "then", user: "viewer", target: at("2026-03-05T08:00"), status: 200, has: []string{"It fishes.", "This is what was known at"}},
		{name: "on the day", user: "viewer", target: at("2026-03-01"), status: 200, has: []string{"It fishes."}},
		{name: "before", user: "viewer", target: at("2026-02-01"), status: 404, has: []string{"Nothing was known"}},
	} {
		t.Run(s.name, func(t *testing.T) { h.play(t, s) })
	}
}
