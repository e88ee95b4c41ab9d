package segment_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

var (
	pastEvents  = flag.Int("past", 1_000_000, "events in the history of BenchmarkPast")
	pastSegment = flag.Int("segment", 94_000, "events in a segment of BenchmarkPast")
	pastOwn     = flag.Int("own", 1, "values of an event of BenchmarkPast, besides two frequent ones, that come once or a few times")
)

// BenchmarkPast asks a history of segments as a day fills them, 94,000 events
// each, 2.44 values an event of which most come once or a few times: addresses,
// names, URLs, hashes. Once more with volumes. With these flags it is a year of days
// with a million distinct values each:
//
//	go test -v -run xxx -bench Past -timeout 2h ./internal/history/segment -args -past 22630000 -segment 62000 -own 16
func BenchmarkPast(b *testing.B) {
	h, distinct := pastHistory(b, *pastEvents)
	defer h.Close()
	parts, err := h.Parts(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	segments := float64(len(parts))
	b.Run("seen/absent", func(b *testing.B) { benchSeen(b, h, segments, indicator.IPv4, "203.0.113.7") })
	b.Run("seen/everywhere", func(b *testing.B) { benchSeen(b, h, segments, indicator.IPv4, "10.0.0.1") })
	past := past{h, parts, distinct}
	h.Alone(func() {
		for _, n := range []int{1, 100_000} {
			b.Run(fmt.Sprintf("full/%d", n), func(b *testing.B) { past.ask(b, n, true) })
		}
		for _, n := range []int{1, 1000, 100_000} {
			b.Run(fmt.Sprintf("reach/%d", n), func(b *testing.B) { past.ask(b, n, false) })
		}
	})
	start := processorTime(b)
	if err := h.Bind(b.Context()); err != nil {
		b.Fatal(err)
	}
	volumes, bound := h.Volumes()
	b.Logf("%d volumes of %d of %d segments, made in %v of processor time", volumes, bound, len(parts), processorTime(b)-start)
	for _, n := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprintf("volumes/%d", n), func(b *testing.B) { past.ask(b, n, false) })
	}
	b.Logf("%d segments, %d distinct values in them", len(parts), distinct)
}

// past is a history that is asked.
type past struct {
	h        *segment.History
	parts    []telemetry.Part
	distinct int // values, counted once a segment
}

// ask looks back with n indicators in all segments. To prepare them, once a job, is
// part of it.
func (p past) ask(b *testing.B, n int, full bool) {
	x := pastIndicators(n)
	b.ReportAllocs()
	b.ResetTimer()
	values, found := 0, 0
	start := processorTime(b)
	for b.Loop() {
		values, found = 0, 0
		pick := pickOf(x)
		if !full {
			pick.Reach = x.Reach(1_000_000)
		}
		for _, part := range p.parts {
			s, err := p.h.Sift(b.Context(), part, pick)
			if err != nil || s.Missed > 0 {
				b.Fatal(err, s.Missed)
			}
			values += s.Values
			found += len(s.Seqs)
		}
	}
	cpu := (processorTime(b) - start).Seconds() / float64(b.N)
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(len(p.parts))*1e3, "ms/segment")
	b.ReportMetric(cpu*1e3, "cpu-ms")
	b.ReportMetric(cpu/float64(p.distinct)*1e9, "cpu-ns/pair")
	b.ReportMetric(float64(values), "values")
	b.ReportMetric(float64(found), "found")
}

// processorTime is what the process has used of processors so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchSeen(b *testing.B, h *segment.History, segments float64, t indicator.Type, value string) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Seen(b.Context(), telemetry.KeyOf(t, value)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/segments*1e6, "µs/segment")
}

// pastIndicators are n indicators of feeds' kinds, half a per cent of which the
// history holds.
func pastIndicators(n int) *match.Index {
	rnd := rand.New(rand.NewPCG(9, 9))
	var x match.Builder
	for i := range n {
		v := pastValue(rnd.Uint64N(40_000_000) + 60_000_000)
		if i%200 == 0 {
			v = pastValue(rnd.Uint64N(1_000_000))
		}
		_ = x.Add(v.Type, v.Text, uint64(i)+1)
	}
	return x.Build()
}

func pastValue(n uint64) telemetry.Value {
	h := n * 0x9e3779b97f4a7c15
	v := telemetry.Value{}
	switch n % 20 {
	case 0, 1, 2, 3, 4, 5, 6, 7, 8:
		v.Type, v.Text = indicator.IPv4, fmt.Sprintf("%d.%d.%d.%d", 11+h>>56%200, byte(h>>48), byte(h>>40), byte(h>>32))
	case 9, 10, 11, 12:
		v.Type, v.Text = indicator.Domain, fmt.Sprintf("h%x.site%x.example.com", h>>40, h>>52)
	case 13, 14, 15, 16, 17:
		v.Type, v.Text = indicator.URL, fmt.Sprintf("http://site%x.example.net/a/%x?id=%x", h>>52, h>>36, h&0xffff)
	default:
		v.Type, v.Text = indicator.SHA256, fmt.Sprintf("%016x%016x%016x%016x", h, h*3, h*5, h*7)
	}
	v.Key = telemetry.KeyOf(v.Type, v.Text)
	return v
}

func pastHistory(b *testing.B, events int) (h *segment.History, distinct int) {
	b.Helper()
	dir := *keptDir
	if dir == "" {
		dir = b.TempDir()
	}
	h = open(b, filepath.Join(dir, "past"), segment.Limits{Records: *pastSegment, Age: 1000 * time.Hour})
	if stats, err := h.Stats(b.Context()); err != nil {
		b.Fatal(err)
	} else if stats.Records == 0 {
		fillPast(b, h, events)
	}
	noteLast(b, h)
	parts, err := h.Parts(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range parts {
		s, err := h.Sift(b.Context(), p, telemetry.Pick{Value: func(indicator.Type, string) bool { return false }})
		if err != nil {
			b.Fatal(err)
		}
		distinct += s.Values
	}
	stats, err := h.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	stats.Records--
	b.Logf("%d events, %.1f B/event in all, logs of one byte an event among them", stats.Records, float64(stats.Bytes)/float64(stats.Records))
	return h, distinct
}

// fillPast appends events, whole segments of them and one more, and notes what they hold.
func fillPast(b *testing.B, h *segment.History, events int) {
	b.Helper()
	rnd := rand.New(rand.NewPCG(8, 8))
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	gateway := telemetry.Value{Type: indicator.IPv4, Text: "10.0.0.1", Key: telemetry.KeyOf(indicator.IPv4, "10.0.0.1")}
	seq := telemetry.Seq(0)
	events = (events + *pastSegment - 1) / *pastSegment * *pastSegment
	for done := 0; done <= events; done += 2000 {
		records := make([]telemetry.Record, min(2000, events+1-done))
		for i := range records {
			records[i] = telemetry.Record{Received: start.Add(time.Duration(done+i) * 10 * time.Millisecond), Source: "http/sensor", Raw: []byte("x")}
		}
		if _, err := h.Append(b.Context(), records); err != nil {
			b.Fatal(err)
		}
		for i := range records {
			seq++
			n := telemetry.Note{Time: records[i].Received, Source: "http/sensor"}
			for range *pastOwn {
				n.Values = append(n.Values, pastValue(rnd.Uint64N(40_000_000)))
			}
			if i%9 < 8 {
				n.Values = append(n.Values, pastValue(rnd.Uint64N(1+rnd.Uint64N(100_000))))
			}
			if i%9 < 5 {
				n.Values = append(n.Values, gateway)
			}
			if err := h.Note(b.Context(), seq, n); err != nil {
				b.Fatal(err)
			}
		}
	}
}
