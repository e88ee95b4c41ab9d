package app_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// BenchmarkLive is the way of stored events to incidents in the running system,
// with the public Sigma rules and 200,000 indicators: real events of Suricata, Zeek
// and Windows, of which each iteration puts 60,000 into the history.
func BenchmarkLive(b *testing.B) {
	rules := sigmaTar(b, realdata.Path(b, "sigma"))
	for _, c := range []struct{ name, dir string }{{"suricata", "suricata"}, {"zeek", "zeek-wrccdc2018/zeek-json"}, {"windows", "otrf/atomic"}} {
		records := recordsIn(b, realdata.Path(b, strings.Split(c.dir, "/")...), 20_000)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			dir := b.TempDir()
			prepareLive(b, dir, bytes.NewReader(rules))
			took := time.Duration(0)
			total := 0
			for range b.N {
				total += 3 * len(records)
				took += throughLive(b, dir, records, 3)
			}
			b.ReportMetric(float64(total)/took.Seconds(), "events/s")
		})
	}
}

func liveSystem(b *testing.B, dir string) (house, func()) {
	b.Helper()
	c := config.Default()
	c.Data, c.Listen, c.Intake.Listen, c.Devices.Listen, c.Private.Listen = dir, "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", ""
	sys, err := app.Open(b.Context(), app.Options{Config: c, Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	stopped := make(chan error, 1)
	started := make(chan app.Listening, 1)
	ctx, stop := contextOf(b)
	go func() { stopped <- sys.Run(ctx, func(l app.Listening) error { started <- l; return nil }) }()
	var h house
	h.Listening = <-started
	if h.Client, err = app.Dial(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	return h, func() {
		_ = h.Close()
		stop()
		<-stopped
		if err := sys.Close(); err != nil {
			b.Error(err)
		}
	}
}

func prepareLive(b *testing.B, dir string, rules io.Reader) {
	b.Helper()
	h, stop := liveSystem(b, dir)
	defer stop()
	if err := h.Call(b.Context(), "POST", "/packs/sigmahq", rules, nil); err != nil {
		b.Fatal(err)
	}
	var list strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&list, "bad-%d.example\n", i)
	}
	if err := h.Call(b.Context(), "POST", "/indicators/import?name=list.txt", strings.NewReader(list.String()), nil); err != nil {
		b.Fatal(err)
	}
	for {
		var v api.Health
		if err := h.Call(b.Context(), "GET", "/health", nil, &v); err != nil {
			b.Fatal(err)
		}
		if v.Index.Indicators >= 200_000 && v.Rules.Rules > 2000 {
			b.Logf("%d rules, %d indicators", v.Rules.Rules, v.Index.Indicators)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// throughLive appends records n times to the stopped system's history, starts it,
// and returns how long matching took from its first batch to the last.
func throughLive(b *testing.B, dir string, records []telemetry.Record, n int) time.Duration {
	b.Helper()
	hist, err := segment.Open(filepath.Join(dir, "history"), segment.Limits{}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	last := telemetry.Seq(0)
	for range n {
		now := time.Now()
		for i := range records {
			records[i].Received = now
		}
		if _, err := hist.Append(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	stats, err := hist.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	last = stats.Last
	if err := hist.Close(); err != nil {
		b.Fatal(err)
	}
	h, stop := liveSystem(b, dir)
	defer stop()
	var begun time.Time
	var first telemetry.Seq
	goal := stats.Last - telemetry.Seq(n*len(records))
	for {
		var v api.Health
		if err := h.Call(b.Context(), "GET", "/health", nil, &v); err != nil {
			b.Fatal(err)
		}
		if begun.IsZero() && v.Matched > goal {
			begun, first = time.Now(), v.Matched
		}
		if v.Matched >= last {
			var jobs api.Page[hunt.Job]
			if err := h.Call(b.Context(), "GET", "/hunt/jobs", nil, &jobs); err != nil {
				b.Fatal(err)
			}
			for _, j := range jobs.Items {
				b.Logf("a look back ran beside it: %s, %s", j.Kind, j.State)
			}
			return time.Duration(float64(time.Since(begun)) * float64(n*len(records)) / float64(last-first))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// recordsIn reads JSON lines, at most n, evenly from all files.
func recordsIn(b *testing.B, dir string, n int) []telemetry.Record {
	b.Helper()
	var out []telemetry.Record
	files := 0
	_ = fetch.Walk(dir, fetch.Limits{}, func(name string, r io.Reader) error {
		if files++; strings.Contains(name, "cases") || strings.HasSuffix(name, ".txt") {
			return nil
		}
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 1<<20)
		for k := 0; lines.Scan() && k < 2000 && len(out) < n; k++ {
			if line := lines.Bytes(); len(line) > 2 && line[0] == '{' {
				out = append(out, telemetry.Record{Source: "bench", Raw: bytes.Clone(line)})
			}
		}
		return nil
	})
	if len(out) < 1000 {
		b.Skipf("only %d records in %d files of %s", len(out), files, dir)
	}
	return out
}

func sigmaTar(b *testing.B, dir string) []byte {
	b.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func contextOf(b *testing.B) (context.Context, context.CancelFunc) {
	return context.WithCancel(context.WithoutCancel(b.Context()))
}
