package segment_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

const appendDir = "VEDETTE_TEST_APPEND_DIR"

// crashLimits make the child roll, seal and bind often, so that it is killed in the
// middle of that as well.
var crashLimits = segment.Limits{Records: 500, Volume: 3}

func TestMain(m *testing.M) {
	if dir := os.Getenv(appendDir); dir != "" {
		appendForever(dir)
	}
	os.Exit(m.Run())
}

// appendForever appends from four goroutines and prints each number that was
// acknowledged, after its record says "caller/count".
func appendForever(dir string) {
	h, err := segment.Open(dir, crashLimits, nopLog)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	ctx := testContext()
	go func() {
		for next := h.Noted() + 1; ; {
			records, err := h.Read(ctx, next, 200)
			if err != nil {
				fmt.Println("error", err)
				os.Exit(1)
			}
			for _, r := range records {
				if err := h.Note(ctx, r.Seq, historytest.Keys(telemetry.Key(r.Seq%10))); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				next = r.Seq + 1
			}
		}
	}()
	for c := range 4 {
		go func() {
			for i := 0; ; i++ {
				n := 1 + rand.IntN(40)
				records := make([]telemetry.Record, n)
				for k := range records {
					records[k] = telemetry.Record{Received: time.Now(), Raw: fmt.Appendf(nil, "%d/%d/%d/%d", os.Getpid(), c, i, k)}
				}
				first, err := h.Append(ctx, records)
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				fmt.Printf("acked %d %d %d/%d/%d\n", first, n, os.Getpid(), c, i) // one write: lines stay whole
			}
		}()
	}
	select {}
}

// TestKill kills a process that appends, again and again, and checks after each
// time that everything it had acknowledged is there, once and in order.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	total := 0
	for round := range 20 {
		acked := killedAppend(t, dir, time.Duration(5+rand.IntN(60))*time.Millisecond)
		h := open(t, dir, crashLimits)
		total += checkAcked(t, h, acked, round)
		if t.Failed() {
			return
		}
		checkNotes(t, h)
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if total == 0 {
		t.Error("nothing was ever acknowledged")
	}
	t.Logf("%d records acknowledged before 20 kills", total)
}

type ack struct {
	first telemetry.Seq
	n     int
	name  string
}

func killedAppend(t *testing.T, dir string, after time.Duration) []ack {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), appendDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var acked []ack
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			break // a line cut off was not seen by anybody
		}
		var a ack
		if _, err := fmt.Sscanf(line, "acked %d %d %s", &a.first, &a.n, &a.name); err != nil {
			t.Errorf("the child says: %s", line)
		}
		if acked = append(acked, a); len(acked) == 1 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // it was killed
	return acked
}

func checkAcked(t *testing.T, h *segment.History, acked []ack, round int) int {
	t.Helper()
	seen := map[string]bool{}
	all := map[telemetry.Seq]string{}
	for next := telemetry.Seq(1); ; {
		records, err := h.Read(t.Context(), next, 5000)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			if r.Seq != next || seen[string(r.Raw)] {
				t.Fatalf("round %d: record %d (%s) where %d was due, or it is there twice", round, r.Seq, r.Raw, next)
			}
			seen[string(r.Raw)] = true
			all[r.Seq] = string(r.Raw)
			next++
		}
	}
	n := 0
	for _, a := range acked {
		for k := range a.n {
			n++
			if want := a.name + "/" + strconv.Itoa(k); all[a.first+telemetry.Seq(k)] != want {
				t.Errorf("round %d: acknowledged record %d is %q, want %q", round, a.first+telemetry.Seq(k), all[a.first+telemetry.Seq(k)], want)
			}
		}
	}
	return n
}

// checkNotes notes what is not durable and holds the result against the rule by
// which the child made its notes.
func checkNotes(t *testing.T, h *segment.History) {
	t.Helper()
	last := h.Noted()
	for {
		records, err := h.Read(t.Context(), last+1, 5000)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			if err := h.Note(t.Context(), r.Seq, historytest.Keys(telemetry.Key(r.Seq%10))); err != nil {
				t.Fatal(err)
			}
			last = r.Seq
		}
	}
	found, err := h.Find(t.Context(), 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if want := int(last+7) / 10; found.Count != want {
		t.Errorf("key 3 is in %d of %d records, want %d", found.Count, last, want)
	}
}
