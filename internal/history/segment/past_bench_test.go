package segment_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

var pastEvents = flag.Int("past", 1_000_000, "events in the history of BenchmarkPast")

// pastSegment is how many events a segment holds.
const pastSegment = 94_000

// BenchmarkPast asks a history of segments as a day fills them, 94,000 events
// each, 2.44 values an event of which most come once or a few times: addresses,
// names, URLs, hashes.
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
	for _, c := range []struct {
		n    int
		full bool
	}{{1, true}, {1, false}, {1000, false}, {100_000, true}, {100_000, false}} {
		what := fmt.Sprintf("reach/%d", c.n)
		if c.full {
			what = fmt.Sprintf("full/%d", c.n)
		}
		b.Run(what, func(b *testing.B) {
			x := pastIndicators(c.n)
			reach := x.Reach(1_000_000)
			if c.full {
				reach = nil
			}
			b.ReportAllocs()
			b.ResetTimer()
			values, found := 0, 0
			start := processorTime(b)
			for b.Loop() {
				values, found = 0, 0
				var hits []match.Hit
				for _, p := range parts {
					s, err := h.Sift(b.Context(), p, telemetry.Pick{Type: x.Touches, Reach: reach, Value: func(t indicator.Type, v string) bool {
						hits = x.Lookup(t, v, hits[:0])
						return len(hits) > 0
					}})
					if err != nil || s.Missed > 0 {
						b.Fatal(err, s.Missed)
					}
					values += s.Values
					found += len(s.Seqs)
				}
			}
			each := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(each/segments*1e3, "ms/segment")
			b.ReportMetric((processorTime(b)-start).Seconds()/float64(b.N)/segments*1e3, "cpu-ms/segment")
			b.ReportMetric(each/float64(values)*1e9, "ns/value")
			b.ReportMetric(float64(found), "found")
		})
	}
	b.Logf("%d segments, %d distinct values in them", len(parts), distinct)
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
	h = open(b, b.TempDir(), segment.Limits{Records: pastSegment, Age: 1000 * time.Hour})
	rnd := rand.New(rand.NewPCG(8, 8))
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	gateway := telemetry.Value{Type: indicator.IPv4, Text: "10.0.0.1", Key: telemetry.KeyOf(indicator.IPv4, "10.0.0.1")}
	seq := telemetry.Seq(0)
	events = (events + pastSegment - 1) / pastSegment * pastSegment // whole segments, and one event more
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
			n := telemetry.Note{Time: records[i].Received, Source: "http/sensor", Values: []telemetry.Value{pastValue(rnd.Uint64N(40_000_000))}}
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
