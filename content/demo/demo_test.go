package demo_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/content/demo"
	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/misp"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestProfile(t *testing.T) {
	p, err := org.Parse(demo.Profile())
	if err != nil {
		t.Fatal(err)
	}
	x := org.Compile(p)
	for _, name := range []string{"ws-0117", "WS-0117.corp.meridian-freight.example", "dc01", "erp-db01.corp.meridian-freight.example"} {
		if _, ok := x.Host(name); !ok {
			t.Errorf("%s is no asset", name)
		}
	}
	if person, ok := x.Person(`MERIDIAN\adm-richter`); !ok || !person.Privileged {
		t.Errorf("adm-richter is %+v", person)
	}
	if s, ok := x.Supplier("portal.training-clearaware.example"); !ok || s.Name != "ClearAware" {
		t.Errorf("the exercise's supplier is %+v", s)
	}
}

// TestScript: in order, within its length, the same each time whatever the end.
func TestScript(t *testing.T) {
	events, again, later := demo.Script(noon), demo.Script(noon), demo.Script(noon.Add(1000*time.Hour))
	if len(events) < 20_000 || len(events) != len(later) {
		t.Fatalf("%d events, later %d", len(events), len(later))
	}
	if diff := cmp.Diff(events[:500], again[:500]); diff != "" {
		t.Error(diff)
	}
	last := noon.Add(-demo.Length)
	for i, e := range events {
		if e.At.Before(last) || e.At.After(noon) {
			t.Fatalf("event %d is at %s after one at %s", i, e.At, last)
		}
		last = e.At
		if !bytes.Equal(e.Raw, again[i].Raw) {
			t.Fatalf("event %d differs", i)
		}
		if shifted := later[i]; !shifted.At.Equal(e.At.Add(1000*time.Hour)) || shifted.Source != e.Source {
			t.Fatalf("event %d: %s %s, later %s %s", i, e.At, e.Source, shifted.At, shifted.Source)
		}
	}
	if noon.Sub(last) > time.Minute {
		t.Errorf("the last event is at %s", last)
	}
}

// streams decode events as the pipeline does, one stream for each format.
type streams map[string]*format.Stream

func (s streams) decode(t *testing.T, e demo.Event) event.Event {
	t.Helper()
	if s[e.Format] == nil {
		stream, err := formats.Stream(e.Format)
		if err != nil {
			t.Fatal(err)
		}
		s[e.Format] = stream
	}
	ev, ok, err := s[e.Format].Decode(e.Raw)
	if err != nil || !ok {
		t.Fatalf("%s: %v: %s", e.Source, err, e.Raw)
	}
	ev.Observables = format.Observables(&ev, match.Scan)
	return ev
}

// TestFormats: every event is recognised without being told, and read with its
// time and observables.
func TestFormats(t *testing.T) {
	sources, empty, read := map[string]int{}, 0, streams{}
	for _, e := range demo.Script(noon) {
		sources[e.Source]++
		if got := formats.Recognise(e.Raw); got != e.Format {
			t.Fatalf("%s is recognised as %s: %s", e.Source, got, e.Raw)
		}
		ev := read.decode(t, e)
		if d := ev.Time.Sub(e.At).Abs(); d > time.Millisecond {
			t.Fatalf("%s: time %s, want %s", e.Source, ev.Time, e.At)
		}
		if len(ev.Observables) == 0 {
			empty++
		}
	}
	if empty != 1 { // the service that fs01 installs has only a relative path
		t.Errorf("%d events without observables", empty)
	}
	for _, s := range []string{"zeek/conn", "zeek/dns", "zeek/ssl", "zeek/http", "suricata/eve", "winlogbeat", "proxy01/access", "mail01/messages", "firewall/flows"} {
		if sources[s] == 0 {
			t.Errorf("no events of %s in %v", s, slices.Sorted(maps.Keys(sources)))
		}
	}
}

// TestAddresses: the outside is nobody's. See the package comment.
func TestAddresses(t *testing.T) {
	lists, err := content.WarningLists()
	if err != nil {
		t.Fatal(err)
	}
	set, _ := misp.Compile(lists)
	for _, truth := range demo.Truths() {
		var got misp.Action
		if hits := set.Match(truth.Type, truth.Value); len(hits) > 0 {
			got = hits[0].Action
		}
		want := map[string]misp.Action{demo.Downgraded: misp.Downgrade, demo.Suppressed: misp.Suppress}[truth.Story]
		if truth.Story != demo.Own && got != want {
			t.Errorf("%s: on a list that says %q, want %q", truth.Value, got, want)
		}
		if v, err := indicator.Canonical(truth.Type, truth.Value); err != nil || v != truth.Value {
			t.Errorf("%s is not canonical: %s %v", truth.Value, v, err)
		}
	}
}
