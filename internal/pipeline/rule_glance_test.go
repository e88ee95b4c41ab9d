package pipeline

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/internal/detect"
	files "github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/sigma"
)

// keywords match in any event, also in one that is only text.
const keywordRules = `
title: Any
id: 3b2f1c0e-0000-4000-8000-00000000000a
logsource: {product: windows}
detection: {k: ['*TEST*'], condition: k}
---
title: Absent
id: 3b2f1c0e-0000-4000-8000-00000000000b
logsource: {category: network_connection, product: zeek}
detection: {k: {orig_h: null}, condition: k}
`

// huntRules ask for fields that only decoding makes.
const huntRules = `
title: Of a hunt
id: 3b2f1c0e-0000-4000-8000-00000000000c
logsource: {product: vedette, category: event}
detection: {k: {process.name|endswith: .exe}, condition: k}
---
title: Of a hunt for what is not there
id: 3b2f1c0e-0000-4000-8000-00000000000d
logsource: {product: vedette, category: event}
detection: {k: {event.dataset|contains: '.'}, no: {process.name: null}, u: {user.name|contains: e}, condition: k and u and no}
`

// glanceSet compiles rules of the shared data, and more.
func glanceSet(tb testing.TB, more string, keep func(string) bool) *ruleSet {
	tb.Helper()
	o := sigma.Options{LogSources: true}
	pipes, err := content.Pipelines()
	if err != nil {
		tb.Fatal(err)
	}
	for name, data := range pipes {
		p, err := sigma.ParsePipeline(name, data)
		if err != nil {
			tb.Fatal(err)
		}
		o.Pipelines = append(o.Pipelines, p...)
	}
	all, err := sigma.Parse("rules.yml", []byte(more))
	if err != nil {
		tb.Fatal(err)
	}
	err = files.Walk(realdata.Path(tb, "sigma", "rules"), files.Limits{}, func(name string, r io.Reader) error {
		if !strings.HasSuffix(name, ".yml") || !keep(name) {
			return nil
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		c, _ := sigma.Parse(name, data)
		all.Rules = append(all.Rules, c.Rules...)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	engine, err := sigma.Compile(all, o)
	if err != nil {
		tb.Fatal(err)
	}
	return &ruleSet{engine: engine, asked: askedBy(engine), meta: make([]detect.Rule, engine.Len()), wants: make([]bool, engine.Len())}
}

// glanceRecords are real records, at most most of a folder.
func glanceRecords(tb testing.TB, most int, dirs ...string) []telemetry.Stored {
	tb.Helper()
	var out []telemetry.Stored
	for _, dir := range dirs {
		n := 0
		err := files.Walk(realdata.Path(tb, strings.Split(dir, "/")...), files.Limits{}, func(name string, r io.Reader) error {
			if strings.Contains(name, "cases") || strings.HasSuffix(name, ".txt") {
				return nil
			}
			lines := bufio.NewScanner(r)
			lines.Buffer(nil, 1<<20)
			for k := 0; lines.Scan() && k < 200 && n < most; k++ {
				out = append(out, telemetry.Stored{Record: telemetry.Record{Received: time.Unix(1.7e9, 0), Raw: bytes.Clone(lines.Bytes())}})
				n++
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

func glanceDecoder() *Decoder {
	return NewDecoder(format.NewRecogniser(suricata.Format(), zeek.Format(), windows.Format(), ecs.Format()))
}

// spoil changes a record, so that it may be of another format or of none.
func spoil(rnd *rand.Rand, r telemetry.Stored, other []byte) telemetry.Stored {
	raw := bytes.Clone(r.Raw)
	if len(raw) == 0 {
		return r
	}
	at := rnd.IntN(len(raw))
	switch rnd.IntN(8) {
	case 0:
		raw = raw[:at]
	case 1:
		raw[at] = byte(rnd.IntN(256))
	case 2:
		raw = append(raw[:at:at], raw[at+1:]...)
	case 3: // members twice
		if i := bytes.IndexByte(raw, ','); i > 0 {
			raw = append(append(bytes.Clone(raw[:i+1]), raw[1:i+1]...), raw[i+1:]...)
		}
	case 4:
		raw = append([]byte(" "), raw...)
	case 5:
		raw = fmt.Appendf(nil, `{"message":%q}`, raw)
	case 6:
		raw = append([]byte("<13>Jan  2 10:00:00 host tag: "), raw...)
	case 7:
		raw = append(raw, other...)
	}
	r.Raw = raw
	return r
}

// TestGlance holds what is told from a record's bytes against what its event, decoded,
// matches: real records, and spoilt ones, with and without a format declared.
func TestGlance(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine compiles all rules and decodes real records")
	}
	d := glanceDecoder()
	rnd := rand.New(rand.NewPCG(11, 12))
	records := glanceRecords(t, 2500, "otrf/atomic", "suricata", "zeek-wrccdc2018/zeek-json")
	whole := len(records)
	for i := range records {
		records = append(records, spoil(rnd, records[i], records[rnd.IntN(whole)].Raw))
	}
	for i := range records {
		if i%5 == 0 {
			records[i].Format = []string{"windows", "suricata", "zeek", "ecs", "json", "text"}[rnd.IntN(6)]
		}
	}
	public := glanceSet(t, keywordRules, func(string) bool { return true })
	if passed, matched := glanceAll(t, d, public, records, whole); passed < whole/5 || matched < 50 {
		t.Errorf("%d of %d real records were passed over, %d match: the test looks at too little", passed, whole, matched)
	}
	hunts := glanceSet(t, huntRules, func(string) bool { return false })
	if _, matched := glanceAll(t, d, hunts, records, whole); matched < 100 {
		t.Errorf("%d records match rules of hunts: the test looks at too little", matched)
	}
}

// glanceAll returns how many of the first whole records are passed over, and how many
// of all match.
func glanceAll(t *testing.T, d *Decoder, set *ruleSet, records []telemetry.Stored, whole int) (passed, matched int) {
	t.Helper()
	g, m := newRuleGlance(d, set), set.engine.Matcher()
	for i, r := range records {
		nothing := g.nothing(&r)
		if nothing && i < whole {
			passed++
		}
		ev, ok := d.read(records[i])
		if !ok {
			continue
		}
		if n := len(m.Event(&ev)); n > 0 {
			matched++
			if nothing {
				t.Errorf("record %d, declared %q, passed over though %d rules match: %.300s", i, records[i].Format, n, r.Raw)
			}
		}
	}
	return passed, matched
}

// BenchmarkGlance looks back with one rule, decoding all and decoding what a glance at
// the bytes does not settle.
func BenchmarkGlance(b *testing.B) {
	set, d := glanceSet(b, "", func(name string) bool { return strings.HasSuffix(name, "proc_creation_win_whoami_all_execution.yml") }), glanceDecoder()
	for _, dir := range []string{"otrf/atomic", "zeek-wrccdc2018/zeek-json", "suricata"} {
		records := glanceRecords(b, 20_000, dir)
		for _, all := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/decode=%v", strings.ReplaceAll(dir, "/", "-"), all), func(b *testing.B) {
				b.ReportAllocs()
				g, eye := newRuleGlance(d, set), newRuleEye(set)
				n := 0
				for b.Loop() {
					for _, r := range records {
						if !all && g.nothing(&r) {
							continue
						}
						if ev, ok := d.read(r); ok {
							n += len(eye.look(&ev, nil).matches)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/record")
			})
		}
	}
}

// BenchmarkDecode is what every event costs before anything is asked of it: real records
// become events with their observables.
func BenchmarkDecode(b *testing.B) {
	d := glanceDecoder()
	for _, dir := range []string{"otrf/atomic", "zeek-wrccdc2018/zeek-json", "suricata"} {
		records := glanceRecords(b, 5000, dir)
		size := 0
		for _, r := range records {
			size += len(r.Raw)
		}
		b.Run(strings.ReplaceAll(dir, "/", "-"), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, r := range records {
					d.Decode(r)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/record")
		})
	}
}
