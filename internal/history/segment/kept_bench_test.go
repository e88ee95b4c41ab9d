package segment_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

var (
	fillFor = flag.Duration("fill", time.Hour, "how long BenchmarkKept fills the history at most")
	keptDir = flag.String("kept", "", "where BenchmarkKept and BenchmarkPast keep their history, to ask it again without filling it")
)

const (
	// needle stands in one event of the history of BenchmarkKept.
	needle = "one-of-a-kind.example.org"
	// slice is how many events are laid out beside it for zstdcat and rg.
	slice = 10_000_000
)

// BenchmarkKept fills a history with whole events of some 700 bytes once and tells
// what the questions of intelligence to it cost, by the clock and in processor time:
// seen before, new indicators, one rare value; that last beside zstdcat | rg on the
// first ten million of the same events. Each is asked of segments alone and with
// volumes, with what is on disk dropped from memory (cold) and not (warm).
//
//	go test -run xxx -bench Kept -benchtime 1x ./internal/history/segment -args -past 100000000
func BenchmarkKept(b *testing.B) {
	if b.N != 1 {
		b.Skip("it is measured once: -benchtime 1x")
	}
	dir := *keptDir
	if dir == "" {
		dir = b.TempDir()
	}
	k := keeper{b: b, rnd: rand.New(rand.NewPCG(8, 8)), dir: dir, zst: filepath.Join(dir, "slice.zst")}
	defer func() { _ = k.h.Close() }()
	k.timed("open", 1, "history", k.open)
	if k.stats().Records == 0 {
		k.timed("fill", 1, "history", func() { k.fill(*pastEvents) })
	}
	k.recall()
	k.size("without all volumes")
	k.timed("bind", 1, "history", func() {
		if err := k.h.Bind(b.Context()); err != nil {
			b.Fatal(err)
		}
	})
	volumes, bound := k.h.Volumes()
	parts, err := k.h.Parts(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	k.size(fmt.Sprintf("with %d volumes of %d of %d segments", volumes, bound, len(parts)))
	k.h.Alone(func() { k.questions("segments") })
	k.questions("volumes")
	k.timed(fmt.Sprintf("zstdcat | rg over %d", min(k.stats().Records, slice)), 1, "question", func() {
		out, err := exec.Command("sh", "-c", "zstdcat "+k.zst+" | rg -c -F "+needle).Output()
		if err != nil || string(bytes.TrimSpace(out)) != "1" {
			b.Logf("zstdcat | rg says %q (%v)", out, err)
		}
	})
}

// keeper fills and asks one history.
type keeper struct {
	b   *testing.B
	h   *segment.History
	rnd *rand.Rand
	dir string
	zst string
	raw int64
}

func (k *keeper) stats() telemetry.Stats {
	stats, err := k.h.Stats(k.b.Context())
	if err != nil {
		k.b.Fatal(err)
	}
	return stats
}

// size tells what it takes on disk and in memory.
func (k *keeper) size(what string) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	stats := k.stats()
	k.b.Logf("%s: %d events, %.1f B/event on disk with everything, %.1f raw: %.2f %%; %d MB of heap", what, stats.Records,
		float64(stats.Bytes)/float64(stats.Records), float64(k.raw)/float64(stats.Records), 100*float64(stats.Bytes)/float64(k.raw), m.HeapAlloc>>20)
}

// questions asks everything, of what is cold first.
func (k *keeper) questions(of string) {
	for _, q := range []struct {
		what string
		key  func(i uint64) telemetry.Key
	}{
		{"absent", func(i uint64) telemetry.Key { return telemetry.Key((i + 1) * 0x9e3779b97f4a7c15) }},
		{"rare", func(i uint64) telemetry.Key { return pastValue(39_000_000 + i).Key }},
		{"frequent", func(uint64) telemetry.Key { return telemetry.KeyOf(indicator.IPv4, "10.0.0.1") }},
	} {
		k.timedEach(of+": seen? "+q.what, func(i uint64) {
			if _, err := k.h.Seen(k.b.Context(), q.key(i)); err != nil {
				k.b.Fatal(err)
			}
		})
	}
	for _, n := range []int{1, 1000, 100_000} {
		x := pastIndicators(n)
		found := -1
		look := func(state, how string, atOnce int) {
			if state == "cold" {
				k.cold()
			}
			k.timed(fmt.Sprintf("%s: %s: look back %s, %d", of, state, how, n), float64(n), "indicator", func() {
				if again := len(k.sift(x, atOnce)); found >= 0 && again != found {
					k.b.Fatal("found", found, again)
				} else {
					found = again
				}
			})
		}
		for _, state := range []string{"cold", "warm"} {
			look(state, "alone", 1)
			look(state, "as a job", runtime.GOMAXPROCS(0))
		}
		k.b.Logf("%d records found", found)
	}
	var needles match.Builder
	if err := needles.Add(indicator.Domain, needle, 1); err != nil {
		k.b.Fatal(err)
	}
	x := needles.Build()
	search := func() {
		for _, seq := range k.sift(x, 1) {
			if r, err := k.h.Read(k.b.Context(), seq, 1); err != nil || len(r) != 1 || !bytes.Contains(r[0].Raw, []byte(needle)) {
				k.b.Fatal("the event does not hold what it was found by", err)
			}
		}
	}
	k.cold()
	k.timed(of+": cold: search", 1, "question", search)
	k.timed(of+": warm: search", 1, "question", search)
}

// cold drops what is on disk from the memory of the system, as far as it lets go.
func (k *keeper) cold() {
	const dontNeed = 4 // POSIX_FADV_DONTNEED
	files, err := filepath.Glob(filepath.Join(k.dir, "history", "0*"))
	if err != nil {
		k.b.Fatal(err)
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			k.b.Fatal(err)
		}
		if _, _, e := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); e != 0 {
			k.b.Fatal(e)
		}
		if err := f.Close(); err != nil {
			k.b.Fatal(err)
		}
	}
}

// timedEach tells the median and the slowest of some questions, each asked of what is
// cold, and once more.
func (k *keeper) timedEach(what string, fn func(i uint64)) {
	const times = 15
	var cold, warm, used []time.Duration
	for i := range uint64(times) {
		k.cold()
		cpu, start := k.cpu(), time.Now()
		fn(i)
		cold, used = append(cold, time.Since(start)), append(used, k.cpu()-cpu)
		start = time.Now()
		fn(i)
		warm = append(warm, time.Since(start))
	}
	for _, d := range [][]time.Duration{cold, warm, used} {
		slices.Sort(d)
	}
	k.b.Logf("%-34s cold %v wall, %v at most, %v CPU; warm %v wall, %v at most", what, cold[times/2].Round(10*time.Microsecond), cold[times-1].Round(10*time.Microsecond),
		used[times/2].Round(10*time.Microsecond), warm[times/2].Round(time.Microsecond), warm[times-1].Round(time.Microsecond))
}

// keptLimits make one segment of nothing but the last record, as its age tells: what
// is noted of the others is on disk by then, and is there when it is opened again.
var keptLimits = segment.Limits{Age: 10_000 * time.Hour}

func (k *keeper) open() {
	k.h = open(k.b, filepath.Join(k.dir, "history"), keptLimits)
}

// recall takes up what fill left: how much it wrote, and the last record, of which
// nothing is noted.
func (k *keeper) recall() {
	said, err := os.ReadFile(filepath.Join(k.dir, "raw"))
	if err == nil {
		k.raw, err = strconv.ParseInt(string(said), 10, 64)
	}
	if err != nil {
		k.b.Fatal(err)
	}
	noteLast(k.b, k.h)
}

// noteLast notes the last record of a history that was opened again, the only one of
// which nothing is noted on disk.
func noteLast(b *testing.B, h *segment.History) {
	b.Helper()
	records, err := h.Read(b.Context(), h.Noted()+1, 10)
	if err != nil || len(records) > 1 {
		b.Fatal(len(records), err)
	}
	for _, r := range records {
		if err := h.Note(b.Context(), r.Seq, telemetry.Note{Time: r.Received}); err != nil {
			b.Fatal(err)
		}
	}
}

// cpu is what this process and all it started have used of processors.
func (k *keeper) cpu() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			k.b.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}

// timed tells what fn costs, with all processes it starts.
func (k *keeper) timed(what string, n float64, unit string, fn func()) {
	was, start := k.cpu(), time.Now()
	fn()
	wall, used := time.Since(start), k.cpu()-was
	k.b.Logf("%-34s %12s wall %12s CPU %10.1f µs/%s", what, wall.Round(time.Microsecond), used.Round(time.Microsecond), used.Seconds()*1e6/n, unit)
}

// sift looks back in all parts, some at a time.
func (k *keeper) sift(x *match.Index, atOnce int) (found []telemetry.Seq) {
	parts, err := k.h.Parts(k.b.Context())
	if err != nil {
		k.b.Fatal(err)
	}
	reach := x.Reach(1_000_000)
	answers := make([][]telemetry.Seq, len(parts))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			pick := pickOf(x)
			pick.Reach = reach
			for i := int(next.Add(1)) - 1; i < len(parts); i = int(next.Add(1)) - 1 {
				s, err := k.h.Sift(k.b.Context(), parts[i], pick)
				if err != nil || s.Missed > 0 {
					k.b.Error(err, s.Missed)
				}
				answers[i] = s.Seqs
			}
		})
	}
	wg.Wait()
	return slices.Concat(answers...)
}

// fill appends events and notes what they hold. Two in three name a third value,
// and one in all names the needle.
func (k *keeper) fill(events int) {
	done := 0
	begun := time.Now()
	f, err := os.Create(k.zst)
	if err != nil {
		k.b.Fatal(err)
	}
	w, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1))
	if err != nil {
		k.b.Fatal(err)
	}
	gateway := telemetry.Value{Type: indicator.IPv4, Text: "10.0.0.1", Key: telemetry.KeyOf(indicator.IPv4, "10.0.0.1")}
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	const batch = 2000
	records, notes, raw := make([]telemetry.Record, batch), make([]telemetry.Note, batch), make([]byte, 0, batch*1000)
	for ; done < events && time.Since(begun) < *fillFor; done += batch {
		raw = raw[:0]
		for i := range records {
			n := &notes[i]
			n.Time, n.Source = start.Add(time.Duration(done+i)*100*time.Millisecond), "http/sensor"
			n.Values = append(n.Values[:0], pastValue(k.rnd.Uint64N(40_000_000)))
			if i%9 < 8 {
				n.Values = append(n.Values, pastValue(k.rnd.Uint64N(1+k.rnd.Uint64N(100_000))))
			}
			if i%9 < 5 {
				n.Values = append(n.Values, gateway)
			}
			if done+i == min(events, slice)/20 {
				n.Values = append(n.Values, telemetry.Value{Type: indicator.Domain, Text: needle, Key: telemetry.KeyOf(indicator.Domain, needle)})
			}
			from := len(raw)
			raw = append(k.event(raw, n), '\n')
			records[i] = telemetry.Record{Received: n.Time, Source: n.Source, Raw: raw[from : len(raw)-1]}
		}
		if done < slice {
			if _, err := w.Write(raw); err != nil {
				k.b.Fatal(err)
			}
		}
		k.raw += int64(len(raw)) - batch
		first, err := k.h.Append(k.b.Context(), records)
		if err != nil {
			k.b.Fatal(err)
		}
		for i := range notes {
			if err := k.h.Note(k.b.Context(), first+telemetry.Seq(i), notes[i]); err != nil {
				k.b.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		k.b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		k.b.Fatal(err)
	}
	last := telemetry.Record{Received: start.Add(2 * keptLimits.Age), Source: "http/sensor", Raw: []byte("the end")}
	if seq, err := k.h.Append(k.b.Context(), []telemetry.Record{last}); err != nil {
		k.b.Fatal(err)
	} else if err := k.h.Note(k.b.Context(), seq, telemetry.Note{Time: last.Received}); err != nil {
		k.b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(k.dir, "raw"), strconv.AppendInt(nil, k.raw, 10), 0o600); err != nil {
		k.b.Fatal(err)
	}
}

// event is one in the form of Suricata's EVE with what a note holds.
func (k *keeper) event(dst []byte, n *telemetry.Note) []byte {
	dst = append(dst, `{"timestamp":"`...)
	dst = n.Time.AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","flow_id":`...)
	dst = strconv.AppendUint(dst, k.rnd.Uint64(), 10)
	dst = append(dst, `,"in_iface":"eth0","event_type":"http","src_port":`...)
	dst = strconv.AppendUint(dst, 1024+k.rnd.Uint64N(60_000), 10)
	dst = append(dst, `,"dest_port":80,"proto":"TCP","tx_id":0,"seen":["`...)
	for i, v := range n.Values {
		if i > 0 {
			dst = append(dst, `","`...)
		}
		dst = append(dst, v.Text...)
	}
	dst = append(dst, `"],"http":{"http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36","http_content_type":"text/html","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":`...)
	dst = strconv.AppendUint(dst, k.rnd.Uint64N(100_000), 10)
	dst = append(dst, `},"app_proto":"http","flow":{"pkts_toserver":`...)
	dst = strconv.AppendUint(dst, k.rnd.Uint64N(100), 10)
	dst = append(dst, `,"bytes_toserver":`...)
	dst = strconv.AppendUint(dst, k.rnd.Uint64N(100_000), 10)
	dst = append(dst, `,"bytes_toclient":`...)
	dst = strconv.AppendUint(dst, k.rnd.Uint64N(1_000_000), 10)
	dst = append(dst, `,"state":"established","reason":"timeout","alerted":false},"metadata":{"sensor":"sensor-1","site":"headquarters","vlan":"clients","policy":"observe"},"community_id":"1:`...)
	dst = strconv.AppendUint(dst, k.rnd.Uint64(), 36)
	return append(dst, `","host":"sensor-1"}`...)
}
