package sigma_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/sigma"
)

// sample holds records of OTRF: every 25th of all, or every process creation.
type sample struct {
	name    string
	records [][]byte
	bytes   int64
}

func samples(b *testing.B) []*sample {
	b.Helper()
	mixed, proc := &sample{name: "mixed"}, &sample{name: "proc"}
	n := 0
	captures(b, func(_ string, _ int, record []byte) {
		if n++; n%25 == 0 {
			mixed.add(record)
		}
		text := string(record)
		if strings.Contains(text, `"EventID":4688`) && strings.Contains(text, `"NewProcessName"`) ||
			strings.Contains(text, `"EventID":1,`) && strings.Contains(text, `"ParentImage"`) && strings.Contains(text, "Sysmon") {
			proc.add(record)
		}
	})
	return []*sample{mixed, proc}
}

func (s *sample) add(record []byte) {
	s.records = append(s.records, append([]byte(nil), record...))
	s.bytes += int64(len(record))
}

// run measures fn over all records, b.N times, as events and bytes a second.
func (s *sample) run(b *testing.B, name string, fn func(record []byte)) {
	b.Run(s.name+"/"+name, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(s.bytes)
		for _, r := range s.records { // what is learned once is learned here
			fn(r)
		}
		b.ResetTimer()
		for b.Loop() {
			for _, r := range s.records {
				fn(r)
			}
		}
		b.ReportMetric(float64(b.N)*float64(len(s.records))/b.Elapsed().Seconds(), "events/s")
	})
}

func BenchmarkWindows(b *testing.B) {
	rules := sigma.Collection{Rules: readRules(b, "rules", "windows")}
	pipes := pipelines(b)
	routed := compile(b, rules, sigma.Options{Pipelines: pipes})
	all := compile(b, rules, sigma.Options{Pipelines: pipes, Unrouted: true})
	scan := compile(b, nothing(rules), sigma.Options{Pipelines: pipes})
	decode := decoder(b)
	for _, s := range samples(b) {
		s.run(b, "json", func(r []byte) {
			var m map[string]any
			if err := json.Unmarshal(r, &m); err != nil {
				b.Fatal(err)
			}
		})
		for _, e := range []struct {
			name   string
			engine *sigma.Engine
		}{{"scan", scan}, {"routed", routed}, {"all", all}} {
			m := e.engine.Matcher()
			s.run(b, e.name, func(r []byte) {
				if _, err := m.Record("windows", r); err != nil {
					b.Fatal(err)
				}
			})
		}
		var events []event.Event
		for _, r := range s.records {
			ev, err := decode(r)
			if err != nil {
				b.Fatal(err)
			}
			events = append(events, ev)
		}
		m, i := routed.Matcher(), 0
		s.run(b, "decoded", func([]byte) {
			m.Event(&events[i%len(events)])
			i++
		})
	}
}

// nothing makes one rule that wants every field of the others and is for no event
// that there is, so that what remains is reading the fields.
func nothing(c sigma.Collection) sigma.Collection {
	one := sigma.Rule{Title: "nothing", LogSource: sigma.LogSource{Product: "windows", Category: "process_creation"}}
	var group sigma.Group
	seen := map[string]bool{}
	for _, r := range c.Rules {
		for _, f := range r.NeededFields() {
			if f != "" && !seen[f] {
				seen[f] = true
				group = append(group, sigma.Item{Field: f, Values: []sigma.Value{{Text: "\x00"}}})
			}
		}
	}
	one.Detection = sigma.Detection{
		Searches:   []sigma.Search{{Name: "s", Any: []sigma.Group{group}}},
		Conditions: []*sigma.Expr{{Op: sigma.Name, Name: "s"}},
	}
	one.LogSource.Category = "sysmon_error"
	return sigma.Collection{Rules: []sigma.Rule{one}}
}
