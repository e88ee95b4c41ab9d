package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/described"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/misp"
)

// allFormats reads all formats that ship.
func allFormats(tb testing.TB) *Decoder {
	tb.Helper()
	list := []format.Format{suricata.Format(), zeek.Format(), windows.Format(), ecs.Format(), format.HEC(), format.OTLP(), format.Splunk()}
	texts, err := content.Formats()
	if err != nil {
		tb.Fatal(err)
	}
	for name, text := range texts {
		ds, err := described.Parse(name, text)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, described.Formats(ds)...)
	}
	return NewDecoder(format.NewRecogniser(list...))
}

// oneHand is a crew of one, with rules and without indicators.
func oneHand(d *Decoder, set *ruleSet) *hand {
	m := NewMatcher(nil, "", slog.New(slog.DiscardHandler))
	h := &hand{detector: detector{matcher: m, org: org.New(nil), warnings: func() *misp.WarningSet { return new(misp.WarningSet) }}}
	h.begin(set)
	return h
}

// known gives the hand's index some of the observables, and patterns.
func (h *hand) known(tb testing.TB, observables []event.Observable, patterns ...string) {
	tb.Helper()
	row := func(id uint64, t indicator.Type, value string) {
		h.matcher.met[id] = intel.Row{Key: intel.Key(id), Claimed: true, Indicator: indicator.Indicator{ID: fmt.Sprint(id), Type: t, Value: value}}
	}
	var changes []match.Change
	seen := map[string]bool{}
	for _, o := range observables {
		if id := uint64(len(changes) + 1); !seen[o.Value] {
			seen[o.Value] = true
			changes = append(changes, match.Change{ID: id, Type: o.Type, Value: o.Value})
			row(id, o.Type, o.Value)
		}
	}
	h.matcher.live.Apply(changes...)
	texts := map[intel.Key]string{}
	for i, p := range patterns {
		texts[intel.Key(1_000_000+i)] = p
		row(uint64(1_000_000+i), indicator.Pattern, p)
	}
	h.matcher.patterns.replace(texts)
	if n, refused := h.matcher.patterns.counts(); n != len(patterns) || refused != 0 {
		tb.Fatalf("%d patterns, %d refused", n, refused)
	}
}

// lookInFull is hand.look for an event that is decoded in full.
func (h *hand) lookInFull(tb testing.TB, d *Decoder, l *viewed) {
	tb.Helper()
	var ok bool
	if l.event, ok = d.Decode(l.record); !ok {
		return
	}
	if l.claimed = l.event.Time; l.claimed.Sub(l.record.Received) > telemetry.Ahead {
		l.event.Time = l.record.Received
	}
	l.note, l.fresh = noteOf(&l.event, l.record.Source), true
	l.about = about{ev: &l.event, id: EventRef(l.record.Seq), org: h.org}
	if err := h.find(context.Background(), l, h.matcher.patterns.set.Load()); err != nil {
		tb.Fatal(err)
	}
}

// strange is what is told of hosts that no asset names; here all are ours.
func strange(l *viewed) (out []string) {
	x := org.Compile(org.Profile{Networks: []org.Network{{Ranges: []string{"0.0.0.0/0", "::/0"}}}})
	strangers(&l.event, x, func(a netip.Addr, at time.Time, name string, port int) {
		out = append(out, fmt.Sprint(a, at, name, port))
	})
	return out
}

// seen is what comes of a record, to be compared.
func seen(l *viewed) any {
	var rules []string
	for _, m := range l.sight.matches {
		rules = append(rules, fmt.Sprint(m.rule.ID, m.why))
	}
	var parts []string
	for _, s := range l.partly.sights {
		parts = append(parts, fmt.Sprint(s.ID, s.By))
	}
	return []any{l.event, l.note, l.claimed, l.fresh, l.found, rules, l.sight.excepted, l.sight.correlates, parts}
}

// TestLook holds what is found in real records, and in spoilt ones, when most of them are
// read briefly, against what is found when all are decoded in full.
func TestLook(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine compiles all rules and decodes real records")
	}
	rnd := rand.New(rand.NewPCG(21, 22))
	d := allFormats(t)
	records := glanceRecords(t, 1500, "otrf/atomic", "suricata", "zeek-wrccdc2018/zeek-json", "wazuh-logs")
	for i, n := 0, len(records); i < n; i++ {
		records = append(records, spoil(rnd, records[i], records[rnd.IntN(n)].Raw))
	}
	for i := range records {
		records[i].Seq, records[i].Source = telemetry.Seq(i+1), "s"
		if i%5 == 0 {
			records[i].Format = []string{"windows", "suricata", "zeek", "ecs", "json", "text", "fortigate", "sshd"}[rnd.IntN(8)]
		}
	}
	all := func(string) bool { return true }
	for _, c := range []struct {
		name string
		set  *ruleSet
		know bool
	}{{"rules", glanceSet(t, keywordRules, all), false}, {"indicators", nil, true}, {"hunts", glanceSet(t, huntRules, func(string) bool { return false }), true}} {
		t.Run(c.name, func(t *testing.T) { sameLook(t, d, c.set, c.know, records) })
	}
}

func sameLook(t *testing.T, d *Decoder, set *ruleSet, know bool, records []telemetry.Stored) {
	briefly, full := oneHand(d, set), oneHand(d, set)
	if know {
		var some []event.Observable
		for i := range records {
			if ev, _ := d.Decode(records[i]); i%499 == 0 && len(ev.Observables) > 0 {
				some = append(some, ev.Observables[i%len(ev.Observables)])
			}
		}
		for _, h := range []*hand{briefly, full} {
			h.known(t, some, `[process:command_line LIKE '%powershell%']`, `[network-traffic:protocols[*] = 'dns' AND domain-name:value LIKE '%wrccdc%']`,
				`[file:name = 'cmd.exe'] FOLLOWEDBY [process:command_line LIKE '%whoami%']`, `[x509-certificate:issuer LIKE '%let%']`, `[windows-registry-key:values[*].name = 'Start']`)
		}
	}
	brief, found := 0, 0
	for _, r := range records {
		got, want := viewed{record: r}, viewed{record: r}
		if err := briefly.look(context.Background(), d, &got, 0); err != nil {
			t.Fatal(err)
		}
		full.lookInFull(t, d, &want)
		if got.brief {
			brief++
			if len(want.found)+len(want.sight.matches)+len(want.sight.excepted)+len(want.partly.sights) > 0 || want.sight.correlates {
				t.Fatalf("read briefly though something is found: %.2000q", r.Raw)
			}
			if diff := cmp.Diff(strange(&want), strange(&got)); diff != "" {
				t.Fatalf("hosts: -full +brief\n%s%.2000q", diff, r.Raw)
			}
			l := got
			l.complete(d)
			got.event.Fields = l.event.Fields
		}
		found += len(want.found) + len(want.sight.matches) + len(want.partly.sights)
		got.brief = false
		if a, b := seen(&want), seen(&got); !reflect.DeepEqual(a, b) {
			t.Fatalf("-full +brief\n%s%.2000q", cmp.Diff(a, b), r.Raw)
		}
	}
	if diff := cmp.Diff(full.sources, briefly.sources); diff != "" {
		t.Errorf("log sources: -full +brief\n%s", diff)
	}
	if brief < len(records)/5 || found < 100 {
		t.Errorf("%d of %d records were read briefly, %d things found: the test looks at too little", brief, len(records), found)
	}
}

// BenchmarkLook is what every event costs the server that is looked at with all public
// rules: decoding, observables, indicators and rules.
func BenchmarkLook(b *testing.B) {
	set, d := glanceSet(b, "", func(string) bool { return true }), allFormats(b)
	for _, dir := range []string{"otrf/atomic", "zeek-wrccdc2018/zeek-json", "suricata"} {
		records := glanceRecords(b, 5000, dir)
		b.Run(strings.ReplaceAll(dir, "/", "-"), func(b *testing.B) {
			b.ReportAllocs()
			h, touched := oneHand(d, set), 0
			for b.Loop() {
				touched = 0
				for i := range records {
					l := viewed{record: records[i]}
					l.record.Seq = 1
					if err := h.look(context.Background(), d, &l, 0); err != nil {
						b.Fatal(err)
					}
					if len(l.found)+len(l.sight.matches) > 0 {
						touched++
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/record")
			b.ReportMetric(float64(touched)/float64(len(records)), "found/record")
		})
	}
}
