package segment_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// flows makes n EVE-like records of about 700 bytes, each with four observables,
// half of them addresses that come again.
func flows(seed uint64, n int) []telemetry.Record {
	rnd := rand.New(rand.NewPCG(seed, 9))
	out := make([]telemetry.Record, n)
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range out {
		at := now.Add(time.Duration(i) * time.Millisecond)
		raw := fmt.Appendf(nil, `{"timestamp":%q,"flow_id":%d,"in_iface":"eth0","event_type":"http","src_ip":"10.47.%d.%d","src_port":%d,`+
			`"dest_ip":"%d.%d.%d.%d","dest_port":80,"proto":"TCP","tx_id":%d,"http":{"hostname":"host-%x.example.com","url":"/path/%x/index.html?session=%x",`+
			`"http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",`+
			`"http_content_type":"text/html","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":%d},"app_proto":"http",`+
			`"flow":{"pkts_toserver":%d,"pkts_toclient":%d,"bytes_toserver":%d,"bytes_toclient":%d,"start":%q},"host":"sensor-1"}`,
			at.Format(time.RFC3339Nano), rnd.Uint64(), rnd.IntN(8), rnd.IntN(250), 1024+rnd.IntN(60000),
			1+rnd.IntN(220), rnd.IntN(256), rnd.IntN(256), rnd.IntN(256), rnd.IntN(5), rnd.IntN(50000), rnd.Uint32(), rnd.Uint64(), rnd.IntN(100000),
			rnd.IntN(100), rnd.IntN(100), rnd.IntN(100000), rnd.IntN(1000000), at.Format(time.RFC3339Nano))
		out[i] = telemetry.Record{Received: at, Source: "http/sensor-1", Raw: raw}
	}
	return out
}

// BenchmarkAppend appends durably, one caller; beside it what encoding/json needs
// to decode the same records, so that the figures compare across machines.
func BenchmarkAppend(b *testing.B) {
	for _, batch := range []int{1, 100, 1000} {
		records := flows(1, batch)
		bytes := 0
		for _, r := range records {
			bytes += len(r.Raw)
		}
		b.Run(fmt.Sprintf("fsync/batch=%d", batch), func(b *testing.B) {
			h := open(b, b.TempDir(), segment.Limits{})
			b.ReportAllocs()
			b.SetBytes(int64(bytes))
			for b.Loop() {
				if _, err := h.Append(b.Context(), records); err != nil {
					b.Fatal(err)
				}
			}
			perEvent(b, batch)
			if err := h.Close(); err != nil {
				b.Fatal(err)
			}
		})
		b.Run(fmt.Sprintf("encoding-json/batch=%d", batch), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(bytes))
			for b.Loop() {
				for _, r := range records {
					var m map[string]any
					if err := json.Unmarshal(r.Raw, &m); err != nil {
						b.Fatal(err)
					}
				}
			}
			perEvent(b, batch)
		})
	}
}

func perEvent(b *testing.B, batch int) {
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkAppendConcurrent is many callers with one record each.
func BenchmarkAppendConcurrent(b *testing.B) {
	h := open(b, b.TempDir(), segment.Limits{})
	records := flows(1, 1)
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := h.Append(b.Context(), records); err != nil {
				b.Error(err)
			}
		}
	})
	perEvent(b, 1)
	if err := h.Close(); err != nil {
		b.Fatal(err)
	}
}

// million is a history of a million records, four keys each: one of 2,000, one
// of 50,000, two that come once.
func million(b *testing.B) *segment.History {
	b.Helper()
	h := open(b, b.TempDir(), segment.Limits{})
	rnd := rand.New(rand.NewPCG(4, 4))
	raw, noted := 0, time.Duration(0)
	seq := telemetry.Seq(0)
	for i := range 1000 {
		records := flows(uint64(i), 1000)
		for _, r := range records {
			raw += len(r.Raw)
		}
		if _, err := h.Append(b.Context(), records); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		for range records {
			seq++
			note := historytest.Keys(key(rnd.Uint64N(2000)), key(1e6+rnd.Uint64N(50_000)), telemetry.Key(rnd.Uint64()), telemetry.Key(rnd.Uint64()))
			if err := h.Note(b.Context(), seq, note); err != nil {
				b.Fatal(err)
			}
		}
		noted += time.Since(start)
	}
	stats, err := h.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("1M records: %.0f B/event raw, %.0f B/event on disk with sidecars; noting %.0f events/s", float64(raw)/1e6, float64(stats.Bytes)/1e6, 1e6/noted.Seconds())
	return h
}

func key(n uint64) telemetry.Key { return telemetry.Key((n + 1) * 0x9e3779b97f4a7c15) }

func BenchmarkMillion(b *testing.B) {
	h := million(b)
	defer h.Close()
	for _, c := range []struct {
		name string
		key  func(i uint64) telemetry.Key
	}{
		{"find/absent", func(i uint64) telemetry.Key { return key(1<<40 + i) }},
		{"find/20-records", func(i uint64) telemetry.Key { return key(1e6 + i%50_000) }},
		{"find/500-records", func(i uint64) telemetry.Key { return key(i % 2000) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			i := uint64(0)
			for b.Loop() {
				if _, err := h.Find(b.Context(), c.key(i), 500); err != nil {
					b.Fatal(err)
				}
				i += 7919
			}
		})
	}
	b.Run("read/one", func(b *testing.B) {
		b.ReportAllocs()
		rnd := rand.New(rand.NewPCG(5, 5))
		for b.Loop() {
			if got, err := h.Read(b.Context(), telemetry.Seq(1+rnd.IntN(1e6)), 1); err != nil || len(got) != 1 {
				b.Fatal(err)
			}
		}
	})
	b.Run("read/sequence", func(b *testing.B) {
		b.ReportAllocs()
		next, n := telemetry.Seq(1), 0
		for b.Loop() {
			got, err := h.Read(b.Context(), next, 2000)
			if err != nil {
				b.Fatal(err)
			}
			n += len(got)
			if next += telemetry.Seq(len(got)); next > 990_000 {
				next = 1
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	})
}
