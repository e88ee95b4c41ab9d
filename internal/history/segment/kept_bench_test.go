package segment_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
	keptDir = flag.String("kept", "", "where BenchmarkKept keeps its history, to ask it again without filling it")
)

const (
	// needle stands in one event of the history of BenchmarkKept.
	needle = "one-of-a-kind.example.org"
	// slice is how many events are laid out beside it for zstdcat and rg.
	slice = 10_000_000
)

// BenchmarkKept fills a history with whole events of some 700 bytes once and tells
// what the questions of intelligence to it cost, in time and in CPU time of one
// thread: seen before, new indicators, one rare value; that last beside zstdcat | rg on
// the first ten million of the same events.
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
	stats, err := k.h.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if stats.Records == 0 {
		k.timed("fill", 1, "history", func() { k.fill(*pastEvents) })
		if stats, err = k.h.Stats(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	h, events := k.h, stats.Records
	k.recall()
	b.Logf("%d events, %.1f B/event on disk with everything, %.1f raw: %.1f %%", stats.Records,
		float64(stats.Bytes)/float64(stats.Records), float64(k.raw)/float64(stats.Records), 100*float64(stats.Bytes)/float64(k.raw))
	for _, v := range []string{"203.0.113.7", "10.0.0.1"} {
		k.timed("seen "+v, 1, "question", func() {
			if _, err := h.Seen(b.Context(), telemetry.KeyOf(indicator.IPv4, v)); err != nil {
				b.Fatal(err)
			}
		})
	}
	for _, n := range []int{1, 1000, 100_000} {
		x := pastIndicators(n)
		k.timed(fmt.Sprintf("retro %d", n), float64(n), "indicator", func() { k.sift(x) })
	}
	var needles match.Builder
	if err := needles.Add(indicator.Domain, needle, 1); err != nil {
		b.Fatal(err)
	}
	x := needles.Build()
	k.timed("search", 1, "question", func() {
		for _, seq := range k.sift(x) {
			if r, err := h.Read(b.Context(), seq, 1); err != nil || len(r) != 1 || !bytes.Contains(r[0].Raw, []byte(needle)) {
				b.Fatal("the event does not hold what it was found by", err)
			}
		}
	})
	k.timed(fmt.Sprintf("zstdcat | rg over %d", min(events, slice)), 1, "question", func() {
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
	records, err := k.h.Read(k.b.Context(), k.h.Noted()+1, 10)
	if err != nil || len(records) > 1 {
		k.b.Fatal(len(records), err)
	}
	for _, r := range records {
		if err := k.h.Note(k.b.Context(), r.Seq, telemetry.Note{Time: r.Received}); err != nil {
			k.b.Fatal(err)
		}
	}
}

// timed tells what fn costs, with all processes it starts.
func (k *keeper) timed(what string, n float64, unit string, fn func()) {
	cpu := func() (sum time.Duration) {
		for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
			var u syscall.Rusage
			if err := syscall.Getrusage(who, &u); err != nil {
				k.b.Fatal(err)
			}
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
		return sum
	}
	was, start := cpu(), time.Now()
	fn()
	wall, used := time.Since(start), cpu()-was
	k.b.Logf("%-28s %12s wall %12s CPU %10.1f µs/%s", what, wall.Round(time.Microsecond), used.Round(time.Microsecond), used.Seconds()*1e6/n, unit)
}

func (k *keeper) sift(x *match.Index) (found []telemetry.Seq) {
	parts, err := k.h.Parts(k.b.Context())
	if err != nil {
		k.b.Fatal(err)
	}
	pick := pickOf(x)
	pick.Reach = x.Reach(1_000_000)
	for _, p := range parts {
		s, err := k.h.Sift(k.b.Context(), p, pick)
		if err != nil || s.Missed > 0 {
			k.b.Fatal(err, s.Missed)
		}
		found = append(found, s.Seqs...)
	}
	return found
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
