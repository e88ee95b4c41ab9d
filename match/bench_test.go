package match_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// mixed returns n indicators in the proportions of public feeds: 35 % addresses,
// 2 % networks, 33 % names, 15 % URLs, 13 % hashes, 2 % e-mail addresses. As in
// these, no address is private.
func mixed(n int, seed uint64) []value {
	r := rand.New(rand.NewPCG(seed, 7))
	out := make([]value, n)
	for i := range out {
		out[i] = oneOfMix(r)
	}
	return out
}

var topLevels = [...]string{".com", ".com", ".net", ".org", ".ru", ".xyz", ".co.uk", ".com.br"}

func oneOfMix(r *rand.Rand) value {
	word := func() string { return fmt.Sprintf("%x", r.Uint64N(1<<(16+r.Uint64N(24)))) }
	host := func() string { return word() + "-" + word() + "." + word() + topLevels[r.IntN(len(topLevels))] }
	switch p := r.IntN(100); {
	case p < 35:
		return value{indicator.IPv4, fmt.Sprintf("%s.%d.%d", public(r), r.IntN(256), r.IntN(256))}
	case p < 37:
		return value{indicator.IPv4, fmt.Sprintf("%s.%d.0/24", public(r), r.IntN(256))}
	case p < 70:
		return value{indicator.Domain, host()}
	case p < 85:
		return value{indicator.URL, "http://" + host() + "/" + word() + "/" + word() + ".php"}
	case p < 98:
		sum := sha256.Sum256([]byte(word()))
		if p%2 == 0 {
			return value{indicator.MD5, hex.EncodeToString(sum[:16])}
		}
		return value{indicator.SHA256, hex.EncodeToString(sum[:])}
	}
	return value{indicator.Email, word() + "@" + host()}
}

// public returns the first half of an address that is not private (RFC 1918).
func public(r *rand.Rand) string {
	for {
		a, b := 1+r.IntN(223), r.IntN(256)
		if a != 10 && !(a == 172 && b>>4 == 1) && !(a == 192 && b == 168) {
			return fmt.Sprintf("%d.%d", a, b)
		}
	}
}

func compile(tb testing.TB, set []value) *match.Index {
	tb.Helper()
	var b match.Builder
	for i, v := range set {
		if err := b.Add(v.Type, v.Value, uint64(i)); err != nil {
			tb.Fatal(err)
		}
	}
	return b.Build()
}

func TestSize(t *testing.T) {
	set := mixed(200_000, 1)
	text := 0
	for _, v := range set {
		text += len(v.Value)
	}
	x := compile(t, set)
	per := float64(x.Size()) / float64(len(set))
	t.Logf("%.1f B an indicator, of which %.1f are its text", per, float64(text)/float64(len(set)))
	if over := per - float64(text)/float64(len(set)); over > 27 {
		t.Errorf("%.1f B an indicator beside its text, want at most 27", over)
	}
}

func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		set := mixed(n, 1)
		x := compile(b, set)
		var m map[string]uint32
		dst := make([]match.Hit, 0, 16)
		other := mixed(1<<14, 2)
		known := make([]value, 1<<14)
		for i := range known {
			known[i] = set[(i*7919)%len(set)]
		}
		for name, look := range map[string][]value{"absent": other, "present": known} {
			b.Run(fmt.Sprintf("%s/%d/index", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					v := &look[i&(1<<14-1)]
					dst = x.Lookup(v.Type, v.Value, dst[:0])
				}
			})
			b.Run(fmt.Sprintf("%s/%d/map", name, n), func(b *testing.B) {
				if m == nil {
					m = make(map[string]uint32, n)
					for i, v := range set {
						m[v.Value] = uint32(i)
					}
				}
				sum := uint32(0)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					sum += m[look[i&(1<<14-1)].Value]
				}
				runtime.KeepAlive(sum)
			})
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	set := mixed(1_000_000, 1)
	b.Run("index", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x := compile(b, set)
			b.ReportMetric(float64(x.Size())/float64(len(set)), "B/indicator")
		}
	})
	b.Run("map", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m := make(map[string]uint32)
			for i, v := range set {
				m[v.Value] = uint32(i)
			}
			runtime.KeepAlive(m)
		}
	})
}

// cpuTime is what the process has used of processors so far. On a machine that is
// shared it says more than a clock.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perCPU reports the bytes that each second of processor time went through.
func perCPU(b *testing.B, size int, fn func()) {
	b.Helper()
	b.ReportAllocs()
	start := cpuTime(b)
	n := 0
	for b.Loop() {
		fn()
		n++
	}
	b.ReportMetric(float64(n)*float64(size)/1e6/(cpuTime(b)-start).Seconds(), "MB/cpu-s")
}

// BenchmarkSearch sorts out raw records; encoding/json, which every matcher that
// decodes first has to outrun, reads the same.
func BenchmarkSearch(b *testing.B) {
	lines := eveLines(20_000, 1)
	size := 0
	for _, l := range lines {
		size += len(l)
	}
	b.Run("encoding-json", func(b *testing.B) {
		perCPU(b, size, func() {
			for _, l := range lines {
				var m map[string]any
				if err := json.Unmarshal(l, &m); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	for _, n := range searchSizes() {
		s := compile(b, mixed(n, 1)).Searcher()
		var found []match.Touch
		b.Run(fmt.Sprintf("index=%d", n), func(b *testing.B) {
			perCPU(b, size, func() {
				found = found[:0]
				for at := 0; at < len(lines); at += 256 {
					found = s.Search(lines[at:min(at+256, len(lines))], found)
				}
			})
			b.ReportMetric(float64(len(found))/float64(len(lines)), "named/record")
		})
	}
}
