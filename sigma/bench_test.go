package sigma_test

import (
	"encoding/json"
	"runtime"
	"runtime/metrics"
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
	} {
		var m *sigma.Matcher
		out[name] = func(i int) {
			if i == 0 { // each pass is that of a matcher that has seen nothing
				m = e.Matcher()
			}
			if _, err := m.Record("windows", s.records[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
	for name, e := range map[string]*sigma.Engine{
		"decoded": routed,
		"all":     compile(b, rules, sigma.Options{Pipelines: pipes, Unrouted: true}),
	} {
		var m *sigma.Matcher
		out[name] = func(i int) {
			if i == 0 {
				m = e.Matcher()
			}
			m.Event(&s.events[i])
		}
	}
	return out
}

// BenchmarkWindows runs the Windows rules over records, beside decoding the same
// records into maps and reading only their fields. The ways take turns, some
// records at a time, and of each turn the fastest pass counts: what else runs on
// the machine then hardly shows in the ratios. What collecting the garbage of the
// maps costs is added to them; the others make none.
func BenchmarkWindows(b *testing.B) {
	compare(b, "json", "scan", "routed")
}

// BenchmarkDecoded matches events that are decoded already.
func BenchmarkDecoded(b *testing.B) { compare(b, "json", "decoded") }

// BenchmarkUnrouted looks at every rule for every event, which is decoded: without log
// sources there are fields that only a decoded event tells.
func BenchmarkUnrouted(b *testing.B) { compare(b, "json", "decoded", "all") }

func compare(b *testing.B, names ...string) {
	const turn = 200
	for _, s := range samples(b) {
		ways := lanes(b, s)
		b.Run(s.name, func(b *testing.B) {
			best := map[string][]time.Duration{}
			garbage := collecting()
			for b.Loop() {
				for start := 0; start < len(s.records); start += turn {
					for _, name := range names {
						began := time.Now()
						for i := start; i < min(start+turn, len(s.records)); i++ {
							ways[name](i)
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
			runtime.GC()
			report(b, s, best, (collecting()-garbage)/float64(b.N))
		})
	}
}

// collecting is the time, in seconds of one core, that collecting garbage has
// taken so far where there was other work to do.
func collecting() float64 {
	m := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}
	metrics.Read(m)
	return m[0].Value.Float64() - m[1].Value.Float64()
}

func report(b *testing.B, s *sample, best map[string][]time.Duration, garbage float64) {
	sum := map[string]float64{"json": garbage}
	for name, turns := range best {
		for _, t := range turns {
			sum[name] += t.Seconds()
		}
	}
	for name := range best {
		b.ReportMetric(float64(s.bytes)/1e6/sum[name], name+"-MB/s")
		if name == "json" {
			continue
		}
		b.ReportMetric(float64(len(s.records))/sum[name], name+"-events/s")
		b.ReportMetric(sum["json"]/sum[name], name+"/json")
		if sum["scan"] > 0 && name != "scan" {
			b.ReportMetric(100*sum["scan"]/sum[name], name+"/scan-%")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRecord shows what one event costs in memory: nothing.
func BenchmarkRecord(b *testing.B) {
	s := samples(b)[1]
	look := lanes(b, s)["routed"]
	look(0)
	for range 2 {
		for i := range s.records[1:] {
			look(1 + i)
		}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		look(1 + i%(len(s.records)-1))
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
