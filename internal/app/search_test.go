package app_test

import (
	"errors"
	"hash/fnv"
	"io"
	"testing"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/match"
)

// realEvents reads events of every kind there is; of the largest folder a part.
func realEvents(t *testing.T, fn func(ev *event.Event)) {
	t.Helper()
	rec := shipped(t)
	n := 0
	for _, folder := range [][]string{
		{"suricata", "eve.tar.gz"},
		{"suricata", "wrccdc"},
		{"zeek-wrccdc2018"},
		{"panther-tests"},
		{"wazuh-logs"},
		{"cloudtrail-invictus"},
		{"msticpy"},
		{"otrf", "atomic"},
	} {
		err := fetch.Walk(realdata.Path(t, folder...), fetch.Limits{}, func(name string, in io.Reader) error {
			if folder[0] == "otrf" {
				if n++; n%4 != 0 {
					return nil
				}
			}
			r, err := format.NewReader(in, name, rec, format.Options{Search: match.Scan})
			if err != nil {
				return err
			}
			for {
				ev, err := r.Next()
				var bad *format.RecordError
				switch {
				case errors.Is(err, io.EOF):
					return nil
				case errors.As(err, &bad):
				case err != nil:
					return err
				default:
					fn(&ev)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSearchMissesNothing: of real events, every one in which a reader of its
// format finds something that the index knows is named by a Searcher that sees
// only the raw record. The indicators are taken from the events themselves: a
// part of all values, and of each name also the one above it.
func TestSearchMissesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("reads real data twice")
	}
	const shares = 3 // indices, each with other indicators
	var builders [shares]match.Builder
	seen := map[event.Observable]bool{}
	unseen := map[indicator.Type]int{}
	add := func(typ indicator.Type, v string) {
		o := event.Observable{Type: typ, Value: v}
		if seen[o] {
			return
		}
		seen[o] = true
		h := fnv.New32a()
		_, _ = io.WriteString(h, v)
		share := h.Sum32() % (40 * shares)
		if share >= shares {
			return
		}
		var probe match.Builder
		if probe.Add(typ, v, 1) != nil {
			return
		}
		if probe.Build().Unseen() != nil {
			unseen[typ]++
			return
		}
		_ = builders[share].Add(typ, v, uint64(len(seen))) // as before
	}
	realEvents(t, func(ev *event.Event) {
		for _, o := range ev.Observables {
			add(o.Type, o.Value)
			if host, name, ok := indicator.HostOf(o.Type, o.Value); ok {
				add(host, name)
				if host == indicator.Domain {
					add(host, indicator.RegistrableDomain(name))
				}
			}
		}
	})
	var indices [shares]*match.Index
	var searchers [shares]*match.Searcher
	for i := range builders {
		indices[i] = builders[i].Build()
		searchers[i] = indices[i].Searcher()
		t.Logf("index %d: %d indicators", i, indices[i].Len())
	}
	events, touched, named := 0, 0, 0
	var hits []match.Hit
	realEvents(t, func(ev *event.Event) {
		events++
		for i, x := range indices {
			is := len(searchers[i].Search([][]byte{ev.Raw}, nil)) > 0
			if is {
				named++
			}
			for _, o := range ev.Observables {
				if hits = x.Lookup(o.Type, o.Value, hits[:0]); len(hits) == 0 {
					continue
				}
				touched++
				if !is {
					t.Errorf("%s line %d: %s %q in %s is missed in\n%.500q", ev.Origin.File, ev.Origin.Line, o.Type, o.Value, o.Field, ev.Raw)
				}
				break
			}
		}
		if t.Failed() && events%1000 == 0 {
			t.FailNow()
		}
	})
	t.Logf("%d events: %d touch, %d are named; indicators that cannot be seen: %v", events, touched, named, unseen)
	if touched < 10_000 {
		t.Errorf("only %d events touch anything: the test has lost its bite", touched)
	}
}
