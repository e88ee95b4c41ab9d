package match_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/mmap"
	"github.com/vedette-soc/vedette/match"
)

// largest is the size of index for benchmarks of one size.
func largest() int {
	sizes := searchSizes()
	return sizes[len(sizes)-1]
}

// BenchmarkOpen writes an index to a file, maps and opens it, and reads it through
// once to compare checksums.
func BenchmarkOpen(b *testing.B) {
	for _, n := range searchSizes() {
		x := compile(b, mixed(n, 1))
		path := filepath.Join(b.TempDir(), "index")
		var file bytes.Buffer
		file.Grow(x.Size() + 1<<20)
		b.Run(fmt.Sprintf("write/%d", n), func(b *testing.B) {
			for b.Loop() {
				file.Reset()
				if _, err := x.WriteTo(&file); err != nil {
					b.Fatal(err)
				}
			}
		})
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		for _, verify := range []bool{false, true} {
			b.Run(fmt.Sprintf("open/%d/verify=%v", n, verify), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					openFile(b, path, verify)
				}
			})
		}
	}
}

func openFile(b *testing.B, path string, verify bool) {
	b.Helper()
	f, err := mmap.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	x, err := match.Open(f.Bytes())
	if err == nil && verify {
		err = x.Verify()
	}
	if err != nil {
		b.Fatal(err)
	}
	runtime.KeepAlive(x)
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkBuildRatio builds an index and a map of the same texts in turns, by
// processor time, each alone in memory and each first in every second pass. It
// reports the median of the passes (take five or more, -benchtime 5x) and apart
// from it the first one, in which the index alone pays for memory that the process
// has never touched.
func BenchmarkBuildRatio(b *testing.B) {
	set := mixed(largest(), 1)
	var index, plain, ratio []float64
	measure := func(build func() any) float64 {
		runtime.GC()
		start := cpuTime(b)
		built := build()
		took := cpuTime(b) - start
		runtime.KeepAlive(built)
		return float64(took.Nanoseconds()) / float64(len(set))
	}
	ours := func() any {
		x := compile(b, set)
		b.ReportMetric(float64(x.Size())/float64(len(set)), "B/indicator")
		return x
	}
	builtin := func() any {
		m := make(map[string]uint64)
		for i, v := range set {
			m[v.Value] = uint64(i)
		}
		return m
	}
	for b.Loop() {
		if len(index)%2 == 0 {
			index = append(index, measure(ours))
			plain = append(plain, measure(builtin))
		} else {
			plain = append(plain, measure(builtin))
			index = append(index, measure(ours))
		}
		ratio = append(ratio, index[len(index)-1]/plain[len(plain)-1])
	}
	b.ReportMetric(index[0], "first-cpu-ns/indicator")
	b.ReportMetric(median(index), "cpu-ns/indicator")
	b.ReportMetric(median(plain), "map-cpu-ns/indicator")
	b.ReportMetric(median(ratio), "index/map")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkSwap matches without pause, first undisturbed, then while indices are
// built, exchanged and changed beside it, and reports how long a chunk of 100
// records takes by the clock, and how much processor time its thread used for it: the
// first counts what else runs on the machine, the second all that a swap makes the
// matcher do. Every look-up must find what is in all generations.
func BenchmarkSwap(b *testing.B) {
	set := mixed(largest(), 1)
	var l match.Live
	l.Store(compile(b, set), l.Mark())
	lines := eveLines(1000, 1)
	for _, busy := range []bool{false, true} {
		b.Run(fmt.Sprintf("%d/rebuilding=%v", len(set), busy), func(b *testing.B) {
			var stop atomic.Bool
			done := make(chan int)
			go func() { done <- disturb(b, &l, set, busy, &stop) }()
			took, used := make([]time.Duration, 0, 1<<20), make([]time.Duration, 0, 1<<20)
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var found []match.Touch
			var hits []match.Hit
			var main *match.Index
			var searcher *match.Searcher
			for i := 0; b.Loop() && len(took) < cap(took); i++ {
				start, thread := time.Now(), threadTime(b)
				v := l.View()
				if v.Main() != main {
					main, searcher = v.Main(), v.Main().Searcher()
				}
				at := i % 10 * 100
				found = searcher.Search(lines[at:at+100], found[:0])
				known := set[i*7919%len(set)]
				if hits = v.Lookup(known.Type, known.Value, hits[:0]); len(hits) == 0 {
					b.Fatalf("%v is not found", known)
				}
				took, used = append(took, time.Since(start)), append(used, threadTime(b)-thread)
			}
			stop.Store(true)
			b.ReportMetric(float64(<-done), "swaps")
			for what, all := range map[string][]time.Duration{"us": took, "cpu-us": used} {
				slices.Sort(all)
				for name, p := range map[string]float64{"p50": .5, "p99.9": .999, "max": 1} {
					b.ReportMetric(float64(all[int(p*float64(len(all)-1))].Nanoseconds())/1e3, name+"-"+what)
				}
			}
		})
	}
}

// threadTime is what the calling thread has used of processors so far.
func threadTime(b *testing.B) time.Duration {
	b.Helper()
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// disturb builds and exchanges indices until stopped, with a change between.
func disturb(b *testing.B, l *match.Live, set []value, busy bool, stop *atomic.Bool) (swaps int) {
	for busy && !stop.Load() {
		mark := l.Mark()
		x := compile(b, set)
		for i := range 20 {
			l.Apply(match.Change{ID: 1 << 40, Type: indicator.Domain, Value: "other.example.com", Gone: i%2 == 0})
		}
		l.Store(x, mark)
		swaps++
	}
	return swaps
}
