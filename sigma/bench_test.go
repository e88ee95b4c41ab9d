package sigma_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/sigma"
)

// sample holds records of OTRF: every 25th of all, or every process creation.
type sample struct {
	name    string
	records [][]byte
	events  []event.Event
	bytes   int
}

func samples(b *testing.B) []*sample {
	b.Helper()
	mixed, proc := &sample{name: "mixed"}, &sample{name: "proc"}
	decode := decoder(b)
	add := func(s *sample, record []byte) {
		ev, err := decode(record)
		if err != nil {
			b.Fatal(err)
		}
		s.records = append(s.records, record)
		s.events = append(s.events, ev)
		s.bytes += len(record)
	}
	n := 0
	captures(b, func(_ string, _ int, record []byte) {
		if n++; n%25 == 0 {
			add(mixed, record)
		}
		text := string(record)
		if strings.Contains(text, `"EventID":4688`) && strings.Contains(text, `"NewProcessName"`) ||
			strings.Contains(text, `"EventID":1`) && strings.Contains(text, `"ParentImage"`) {
			add(proc, record)
		}
	})
	return []*sample{mixed, proc}
}

// lanes are ways to look at record i of a sample.
func lanes(b *testing.B, s *sample) map[string]func(i int) {
	b.Helper()
	rules := sigma.Collection{Rules: readRules(b, "rules", "windows")}
	pipes := pipelines(b)
	out := map[string]func(i int){
		"json": func(i int) {
			var m map[string]any
			if err := json.Unmarshal(s.records[i], &m); err != nil {
				b.Fatal(err)
			}
		},
	}
	routed := compile(b, rules, sigma.Options{Pipelines: pipes})
	for name, e := range map[string]*sigma.Engine{
		"scan":   compile(b, nothing(rules), sigma.Options{Pipelines: pipes}),
		"routed": routed,
		"all":    compile(b, rules, sigma.Options{Pipelines: pipes, Unrouted: true}),
	} {
		m := e.Matcher()
		out[name] = func(i int) {
			if _, err := m.Record("windows", s.records[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
	m := routed.Matcher()
	out["decoded"] = func(i int) { m.Event(&s.events[i]) }
	return out
}

// BenchmarkWindows runs the Windows rules over records, beside decoding the same
// records into maps and reading only their fields. The ways take turns, some
// records at a time, and of each turn the fastest pass counts: what else runs on
// the machine then hardly shows in the ratios.
func BenchmarkWindows(b *testing.B) {
	const turn = 100
	for _, s := range samples(b) {
		ways := lanes(b, s)
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			best := map[string][]time.Duration{}
			for b.Loop() {
				for start := 0; start < len(s.records); start += turn {
					for name, look := range ways {
						began := time.Now()
						for i := start; i < min(start+turn, len(s.records)); i++ {
							look(i)
						}
						took := time.Since(began)
						if n := start / turn; n == len(best[name]) {
							best[name] = append(best[name], took)
						} else {
							best[name][n] = min(best[name][n], took)
						}
					}
				}
			}
			report(b, s, best)
		})
	}
}

func report(b *testing.B, s *sample, best map[string][]time.Duration) {
	sum := map[string]float64{}
	for name, turns := range best {
		for _, t := range turns {
			sum[name] += t.Seconds()
		}
		b.ReportMetric(float64(s.bytes)/1e6/sum[name], name+"-MB/s")
	}
	b.ReportMetric(float64(len(s.records))/sum["routed"], "routed-events/s")
	b.ReportMetric(sum["json"]/sum["routed"], "routed/json")
	b.ReportMetric(sum["json"]/sum["all"], "all/json")
	b.ReportMetric(100*sum["scan"]/sum["routed"], "routed/scan-%")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRecord shows what one event costs in memory: nothing.
func BenchmarkRecord(b *testing.B) {
	s := samples(b)[1]
	look := lanes(b, s)["routed"]
	for i := range s.records {
		look(i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		look(i % len(s.records))
		i++
	}
}

// nothing makes one rule that wants every field of the others and is for no event
// that there is, so that what remains is reading the fields.
func nothing(c sigma.Collection) sigma.Collection {
	one := sigma.Rule{Title: "nothing", LogSource: sigma.LogSource{Product: "windows", Category: "sysmon_error"}}
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
	return sigma.Collection{Rules: []sigma.Rule{one}}
}
