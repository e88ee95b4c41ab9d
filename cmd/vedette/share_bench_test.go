package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/pipeline"
)

const (
	// benchEvents is how many events a run takes, benchRate how many a matcher takes in a
	// second where that is bounded.
	benchEvents = 120_000
	benchRate   = 4000
)

// BenchmarkShare lets one and three matchers, each a process with one core, take the same
// events from one receiver: as fast as they can, and each at a bounded speed, so that two
// cores are enough to see what they do to each other. Of the matchers' time it tells how
// much they wait for events, for stores and because of the bound; waiting for each other
// would show as waiting for stores.
func BenchmarkShare(b *testing.B) {
	for _, rate := range []int{0, benchRate} {
		for _, n := range []int{1, 3} {
			name := fmt.Sprintf("matchers=%d/rate=%d", n, rate)
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				b.Setenv("GOMAXPROCS", "1")
				h := newHouse(b)
				h.rate = rate
				receiver, keeper, matchers, secret := together(b, h, n)
				for b.Loop() {
					h.measure(b, receiver, keeper, matchers, secret)
				}
			})
		}
	}
}

// measure sends the events and waits until all are taken.
func (h *house) measure(b *testing.B, receiver, keeper *server, matchers []*server, secret string) {
	b.Helper()
	before := spent(b, matchers)
	was := states(b, keeper)
	start := time.Now()
	pour(b, receiver.Intake, secret, benchEvents)
	poured := time.Since(start)
	drained(b, keeper)
	took := time.Since(start)
	cpu := spent(b, matchers) - before
	time.Sleep(1500 * time.Millisecond) // until each has told of itself again
	var all pipeline.LookoutState
	most, least := int64(0), int64(benchEvents)
	for id, now := range states(b, keeper) {
		all.Waited += now.Waited - was[id].Waited
		all.Looked += now.Looked - was[id].Looked
		all.Kept += now.Kept - was[id].Kept
		all.Rested += now.Rested - was[id].Rested
		did := now.Events - was[id].Events
		all.Events += did
		most, least = max(most, did), min(least, did)
	}
	if all.Events != benchEvents {
		b.Errorf("%d events were matched, %d were sent", all.Events, benchEvents)
	}
	total := float64(all.Waited + all.Looked + all.Kept + all.Rested)
	b.ReportMetric(benchEvents/took.Seconds(), "events/s")
	b.ReportMetric(benchEvents/poured.Seconds(), "acknowledged/s")
	b.ReportMetric(float64(cpu.Microseconds())/benchEvents, "matcher-cpu-µs/event")
	b.ReportMetric(100*float64(all.Looked)/total, "%looking")
	b.ReportMetric(100*float64(all.Kept)/total, "%stores")
	b.ReportMetric(100*float64(all.Waited)/total, "%no-events")
	b.ReportMetric(100*float64(all.Rested)/total, "%bound")
	b.ReportMetric(float64(most)/float64(max(least, 1)), "most/least")
}

// pour sends n events, a thousand in a request, on four connections.
func pour(b *testing.B, url, secret string, n int) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for int(next.Add(1000)) <= n {
				_, body := batch(fmt.Sprintf("p%d", next.Load()), 1000)
				for {
					accepted, err := post(b.Context(), url, secret, body)
					if err == nil && accepted == 1000 {
						break
					}
					if err == nil || !strings.Contains(err.Error(), "429") {
						b.Error(accepted, err)
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
			}
		})
	}
	all.Wait()
}

// states is what each live matcher tells of itself, by its name.
func states(b *testing.B, keeper *server) map[string]pipeline.LookoutState {
	b.Helper()
	out := map[string]pipeline.LookoutState{}
	for _, p := range call[shared](b, keeper, "GET", "/health", nil).Share.Processes {
		if p.Live && p.Match != nil {
			out[p.ID] = *p.Match
		}
	}
	return out
}

// spent is the processor time of processes.
func spent(b *testing.B, list []*server) (sum time.Duration) {
	b.Helper()
	for _, s := range list {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
		if err != nil {
			b.Skip(err) // no Linux
		}
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // the name may hold anything
		for _, f := range fields[11:13] {                               // user and system, in hundredths of a second
			n, err := strconv.Atoi(string(f))
			if err != nil {
				b.Fatal(err)
			}
			sum += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return sum
}
