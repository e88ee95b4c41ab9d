package clickhouse_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/clickhousetest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

// measured is how many events each engine gets.
const measured = 400_000

// settle is how long the engines have to bring what they wrote into its last form.
const settle = 10 * time.Second

// engine is a history that can be searched.
type engine interface {
	telemetry.History
	telemetry.Past
}

// BenchmarkEngines holds ClickHouse beside the segments: the same events, four callers
// with a thousand each, noted as they come, and then the same questions. ClickHouse runs
// in the same process, behind HTTP, and merges meanwhile.
//
//	VEDETTE_CLIENTS=DIR go test -run xxx -bench Engines -benchtime 1x ./internal/history/clickhouse
func BenchmarkEngines(b *testing.B) {
	server, events := clickhousetest.Serve(b), flows()
	for _, c := range []struct {
		name string
		open func(dir string) (engine, error)
	}{
		{"segments", func(dir string) (engine, error) {
			return segment.Open(dir, segment.Limits{}, slog.New(slog.DiscardHandler))
		}},
		{"clickhouse", func(dir string) (engine, error) {
			return clickhouse.Open(b.Context(), clickhouse.Config{URL: server.URL + "/" + database(dir)})
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			h, err := c.open(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				fill(b, h, events)
			}
			stats, err := h.Stats(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(stats.Records)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(stats.Bytes)/float64(stats.Records), "B/event")
			ask(b, h)
			time.Sleep(settle) // ClickHouse merges
			if later, err := h.Stats(b.Context()); err == nil {
				b.Logf("%.1f B/event after %s", float64(later.Bytes)/float64(later.Records), settle)
			}
			if err := h.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// material is the events of a measurement and what is noted of them.
type material struct {
	records []telemetry.Record
	notes   []telemetry.Note
}

// fill keeps and notes measured events.
func fill(b *testing.B, h engine, m material) {
	var taken atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for end := taken.Add(1000); end <= measured; end = taken.Add(1000) {
				if _, err := h.Append(b.Context(), m.records[end-1000:end]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Go(func() {
		for next, until := telemetry.Seq(1), time.Now().Add(10*time.Minute); next <= measured && time.Now().Before(until); {
			records, err := h.Read(b.Context(), next, 2000)
			if err != nil {
				b.Error(err)
				return
			}
			for _, r := range records {
				if err := h.Note(b.Context(), r.Seq, m.notes[index(r.Raw)]); err != nil {
					b.Error(err)
					return
				}
				next = r.Seq + 1
			}
		}
	})
	all.Wait()
	if _, err := h.Parts(b.Context()); err != nil { // notes are durable
		b.Fatal(err)
	}
}

// index is which of the material an event is.
func index(raw []byte) (n int) {
	for _, c := range raw[len(`{"n":`):] {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// flows makes events of some 700 bytes with four values each: inner addresses come
// again, the others hardly.
func flows() (m material) {
	rnd, start := rand.New(rand.NewPCG(1, 1)), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range measured {
		in, away, name, at := rnd.IntN(2000), rnd.Uint32(), rnd.IntN(50_000), start.Add(time.Duration(i)*time.Millisecond)
		values := []string{
			fmt.Sprintf("10.47.%d.%d", in/250, in%250), fmt.Sprintf("%d.%d.%d.%d", away>>24, away>>16&255, away>>8&255, away&255),
			fmt.Sprintf("host-%x.example.com", name), fmt.Sprintf("http://host-%x.example.com/path/%x/index.html", name, away),
		}
		m.records = append(m.records, telemetry.Record{Source: "http/sensor-1", Received: at, Raw: fmt.Appendf(nil,
			`{"n":%d,"timestamp":%q,"flow_id":%d,"in_iface":"eth0","event_type":"http","src_ip":%q,"src_port":%d,"dest_ip":%q,"dest_port":80,"proto":"TCP","tx_id":%d,"http":{"hostname":%q,"url":%q,"http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36","http_content_type":"text/html","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":%d},"app_proto":"http","flow":{"pkts_toserver":%d,"pkts_toclient":%d,"bytes_toserver":%d,"bytes_toclient":%d,"start":%q},"host":"sensor-1"}`,
			i, at.Format(time.RFC3339Nano), rnd.Uint64(), values[0], 1024+rnd.IntN(60000), values[1], rnd.IntN(5), values[2], values[3],
			rnd.IntN(100000), rnd.IntN(100), rnd.IntN(100), rnd.IntN(100000), rnd.IntN(1000000), at.Format(time.RFC3339Nano))})
		n := telemetry.Note{Time: at, Source: "http/sensor-1"}
		for k, t := range []indicator.Type{indicator.IPv4, indicator.IPv4, indicator.Domain, indicator.URL} {
			n.Values = append(n.Values, telemetry.Value{Key: telemetry.KeyOf(t, values[k]), Type: t, Text: values[k]})
		}
		m.notes = append(m.notes, n)
	}
	return m
}

// ask puts the questions of intelligence.
func ask(b *testing.B, h engine) {
	ctx := b.Context()
	rnd := rand.New(rand.NewPCG(4, 4))
	timed := func(what string, n int, fn func() error) {
		start := time.Now()
		for range n {
			if err := fn(); err != nil {
				b.Fatal(err)
			}
		}
		b.Logf("%-24s %10.2f ms", what, 1e3*time.Since(start).Seconds()/float64(n))
	}
	name := func() telemetry.Key {
		return telemetry.KeyOf(indicator.Domain, fmt.Sprintf("host-%x.example.com", rnd.IntN(50_000)))
	}
	timed("find one value", 200, func() error { _, err := h.Find(ctx, name(), 20); return err })
	timed("seen one value", 200, func() error { _, err := h.Seen(ctx, name()); return err })
	timed("read one record", 200, func() error {
		_, err := h.Read(ctx, telemetry.Seq(1+rnd.IntN(measured)), 1)
		return err
	})
	for _, n := range []int{100, 100_000} {
		var m match.Builder
		for i := range n {
			if err := m.Add(indicator.Domain, fmt.Sprintf("host-%x.example.net", i), uint64(i)); err != nil {
				b.Fatal(err)
			}
		}
		if err := m.Add(indicator.Domain, "host-1f.example.com", uint64(n)); err != nil {
			b.Fatal(err)
		}
		x, found := m.Build(), 0
		timed(fmt.Sprintf("look back, %d", n), 3, func() (err error) { found, err = lookBack(ctx, h, x); return err })
		if found == 0 {
			b.Error("the one that is there was not found")
		}
	}
}

func lookBack(ctx context.Context, h engine, x *match.Index) (found int, err error) {
	parts, err := h.Parts(ctx)
	if err != nil {
		return 0, err
	}
	var hits []match.Hit
	pick := telemetry.Pick{Type: x.Touches, Reach: x.Reach(1 << 20), Value: func(t indicator.Type, v string) bool {
		hits = x.Lookup(t, v, hits[:0])
		return len(hits) > 0
	}}
	for _, p := range parts {
		s, err := h.Sift(ctx, p, pick)
		if err != nil {
			return 0, err
		}
		found += len(s.Seqs)
	}
	return found, nil
}
