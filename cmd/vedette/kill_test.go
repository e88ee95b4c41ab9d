package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// kills is how often each test pulls the plug: VEDETTE_KILLS, or ten times.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("VEDETTE_KILLS")
	if text == "" {
		return 10
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 2 {
		t.Fatalf("VEDETTE_KILLS=%q is no number from 2 on", text)
	}
	return n
}

// planted is the one indicator that the events of these tests meet.
const planted = "c2.planted.example"

// TestKillDuringIntake kills the server while senders write. What was
// acknowledged is in the history exactly once, and every event that is there and
// holds the indicator has been detected exactly once.
func TestKillDuringIntake(t *testing.T) {
	dir := apptest.Data(t)
	s := start(t, dir)
	call[any](t, s, "POST", "/indicators/import?name=planted.txt", strings.NewReader(planted+"\n"))
	for call[health](t, s, "GET", "/health", nil).Index.Indicators == 0 { // until the index has it
		time.Sleep(10 * time.Millisecond)
	}
	secret := token(t, s, "sender")
	acknowledged := map[string]bool{} // id -> holds the indicator
	sum := 0
	for round := range kills(t) {
		for id, hit := range sendUntilKilled(t, s, secret, round) {
			acknowledged[id] = hit
		}
		s = start(t, dir)
		sum = afterCrash(t, s, len(acknowledged))
	}
	s.stop(t)
	t.Logf("%d events acknowledged, %d detections, %d kills", len(acknowledged), sum, kills(t))
	stored := readHistory(t, dir)
	hits := 0
	for id, n := range stored {
		if n != 1 {
			t.Errorf("event %s is kept %d times", id, n)
		}
		if strings.HasSuffix(id, "-hit") {
			hits++
		}
	}
	for id := range acknowledged {
		if stored[id] == 0 {
			t.Errorf("event %s was acknowledged and is lost", id)
		}
	}
	if hits != sum {
		t.Errorf("%d events hold the indicator, %d detections are counted", hits, sum)
	}
}

// sendUntilKilled lets four senders write until the server is killed, at a
// random moment, and returns the events they got an acknowledgement for.
func sendUntilKilled(t *testing.T, s *server, secret string, round int) map[string]bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	first := make(chan struct{}, 4)
	var senders sync.WaitGroup
	for sender := range 4 {
		senders.Go(func() {
			for n := 0; ; n++ {
				ids, body := batch(fmt.Sprintf("r%d-s%d-b%d", round, sender, n), 1+rand.IntN(60))
				accepted, err := post(ctx, s.Intake, secret, body)
				if err != nil {
					return
				}
				mu.Lock()
				for id, hit := range ids {
					acknowledged[id] = hit
				}
				mu.Unlock()
				if accepted != len(ids) {
					t.Errorf("%d of %d events accepted", accepted, len(ids))
				}
				if n == 0 {
					first <- struct{}{}
				}
			}
		})
	}
	<-first
	time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
	s.kill(t)
	senders.Wait()
	return acknowledged
}

// batch makes n events, every fifth of which holds the indicator.
func batch(name string, n int) (ids map[string]bool, body string) {
	ids = map[string]bool{}
	var b strings.Builder
	for i := range n {
		id, asked := fmt.Sprintf("%s-e%d", name, i), "www.ordinary.example"
		hit := i%5 == 0
		if hit {
			id, asked = id+"-hit", planted
		}
		ids[id] = hit
		fmt.Fprintf(&b, `{"@timestamp":%q,"event":{"id":%q,"dataset":"proof.dns"},"source":{"ip":"10.1.0.%d"},"dns":{"question":{"name":%q}}}`+"\n",
			time.Now().UTC().Format(time.RFC3339Nano), id, 1+i%20, asked)
	}
	return ids, b.String()
}

// afterCrash holds a restarted server against itself and returns how many
// detections all incidents count.
func afterCrash(t *testing.T, s *server, atLeast int) int {
	t.Helper()
	h := settled(t, s)
	if int(h.History.Last) < atLeast {
		t.Errorf("%d events are kept, %d were acknowledged", h.History.Last, atLeast)
	}
	sum := 0
	for _, in := range call[struct{ Items []struct{ Detections int } }](t, s, "GET", "/incidents?limit=1000", nil).Items {
		sum += in.Detections
	}
	known := call[items[struct{ Seen struct{ Count int } }]](t, s, "POST", "/indicators/lookup", map[string]any{"values": []string{planted}})
	if seen := known.Items[0].Seen.Count; seen != sum {
		t.Errorf("the indicator was seen in %d events, %d detections are counted", seen, sum)
	}
	if v := call[struct{ Whole bool }](t, s, "GET", "/audit/verify", nil); !v.Whole {
		t.Error("the audit log is broken")
	}
	for _, w := range h.Workers {
		if w.State != "running" {
			t.Errorf("the worker %s is %s", w.Name, w.State)
		}
	}
	return sum
}

// readRaw reads the history of a stopped server.
func readRaw(t *testing.T, dir string) [][]byte {
	t.Helper()
	h, err := segment.Open(filepath.Join(dir, "history"), segment.Limits{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	var out [][]byte
	for from := telemetry.Seq(1); ; {
		records, err := h.Read(t.Context(), from, 5000)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			return out
		}
		for _, r := range records {
			out = append(out, bytes.Clone(r.Raw))
			from = r.Seq + 1
		}
	}
}

// readHistory counts each event's id in the history of a stopped server.
func readHistory(t *testing.T, dir string) map[string]int {
	t.Helper()
	ids := map[string]int{}
	for _, raw := range readRaw(t, dir) {
		var ev struct{ Event struct{ ID string } }
		if err := json.Unmarshal(raw, &ev); err != nil {
			t.Fatalf("kept %q: %v", raw, err)
		}
		ids[ev.Event.ID]++
	}
	return ids
}

// importQuery imports as the source "proof".
const importQuery = "/indicators/import?source=proof&name=feed.txt"

// counts is the API's answer to how much is known.
type counts struct {
	Total, Live int
	ByType      map[string]int `json:"by_type"`
	BySource    map[string]int `json:"by_source"`
}

// TestKillDuringImport kills the server while it imports. Imported again, the
// knowledge is what an import without a crash makes of it.
func TestKillDuringImport(t *testing.T) {
	dir := apptest.Data(t)
	s := start(t, dir)
	want := counts{ByType: map[string]int{}, BySource: map[string]int{}}
	for round := range kills(t) {
		file, types := feed(round)
		before := want.Total
		cut := (float64(round) + rand.Float64()) / float64(kills(t)) // every tenth of the file once
		body := &trap{Reader: strings.NewReader(file), left: int(cut * float64(len(file))), spring: func() error {
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) // what was read is being stored
			return s.cmd.Process.Kill()
		}}
		if err := s.Call(t.Context(), "POST", importQuery, body, nil); err == nil {
			t.Fatal("an import that was killed was acknowledged")
		}
		s.gone(t)
		s = start(t, dir)
		torn := call[counts](t, s, "GET", "/counts", nil)
		r := call[importAnswer](t, s, "POST", importQuery, strings.NewReader(file)).Report
		if !r.Balanced() || r.Dropped["bad-address"] != badLines || len(r.Dropped) != 1 {
			t.Errorf("the import after the crash reports %+v", r)
		}
		for typ, n := range types {
			want.ByType[typ] += n
			want.Total, want.Live, want.BySource["proof"] = want.Total+n, want.Live+n, want.BySource["proof"]+n
		}
		t.Logf("killed at %2.0f%%: %d of %d were stored", 100*cut, torn.Total-before, want.Total-before)
		if torn.Total != torn.BySource["proof"] || torn.Total < before || torn.Total+r.Stored != want.Total {
			t.Errorf("%d indicators before, %+v after the crash, then %d new ones; want %d", before, torn, r.Stored, want.Total)
		}
		if diff := cmp.Diff(want, call[counts](t, s, "GET", "/counts", nil)); diff != "" {
			t.Fatal(diff)
		}
	}
	afterCrash(t, s, 0)
	s.stop(t)
}

// trap is a body that calls spring when all but its last bytes were read, and
// then breaks off.
type trap struct {
	io.Reader
	left   int
	spring func() error
}

func (r *trap) Read(b []byte) (int, error) {
	if r.left <= 0 {
		return 0, errors.Join(errors.New("the plug was pulled"), r.spring())
	}
	n, err := r.Reader.Read(b[:min(len(b), r.left)])
	r.left -= n
	return n, err
}

const (
	feedLines = 12_000
	badLines  = 40
)

// feed makes a feed that no other round repeats, and says what is in it.
func feed(round int) (file string, types map[string]int) {
	types = map[string]int{}
	var b strings.Builder
	for i := range feedLines {
		if i%(feedLines/badLines) == 0 {
			b.WriteString("300.1.2.3\n")
		}
		line, typ := fmt.Sprintf("host-%d.round-%d.example", i, round), "domain-name"
		switch i % 4 {
		case 1:
			line, typ = fmt.Sprintf("http://url-%d.example/round/%d", i, round), "url"
		case 2:
			line, typ = fmt.Sprintf("%064x", 1+i+round*feedLines), "file:sha256"
		case 3:
			line, typ = fmt.Sprintf("198.%d.%d.%d:%d", 18+round%2, i>>8, i&255, 1000+round), "ipv4-addr:port"
		}
		types[typ]++
		fmt.Fprintln(&b, line)
		if i%100 == 0 {
			fmt.Fprintln(&b, line) // named twice
		}
	}
	return b.String(), types
}

// TestKillDuringStart kills servers while they make their stores and read the
// ATT&CK catalogue in. The next one serves, with the whole catalogue.
func TestKillDuringStart(t *testing.T) {
	dir := t.TempDir()
	for range kills(t) {
		s := launch(t, dir)
		time.Sleep(time.Duration(rand.IntN(250)) * time.Millisecond)
		if err := s.cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		<-s.exited
	}
	s := start(t, dir)
	found := call[items[struct {
		Name, Status string
		Entities     []struct {
			AttackID string `json:"attack_id"`
		}
	}]](t, s, "POST", "/entities/resolve", map[string]any{"values": []string{"APT29", "Zerologon, not a name"}}).Items
	if found[0].Status != "one" || found[0].Entities[0].AttackID != "G0016" || found[1].Status != "none" {
		t.Errorf("%+v", found)
	}
	s.stop(t)
}
