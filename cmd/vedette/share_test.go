package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/clickhousetest"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// house is what processes share: NATS, PostgreSQL and ClickHouse, all real.
type house struct {
	dir      string
	nats     *nats.Server
	port     int
	engine   *clickhousetest.Server
	history  string // address of the database
	database string
	rate     int // events a second of each matcher; 0 = no bound
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{dir: t.TempDir(), database: storetest.Postgres(t)}
	h.engine = clickhousetest.Serve(t)
	h.history = h.engine.URL + fmt.Sprintf("/vedette_%d", rand.Uint32())
	h.port = -1
	h.startNATS(t)
	t.Cleanup(func() { h.stopNATS() })
	return h
}

// startNATS starts the broker, on the port that it had.
func (h *house) startNATS(t testing.TB) {
	t.Helper()
	s, err := nats.NewServer(&nats.Options{Host: "127.0.0.1", Port: h.port, JetStream: true, StoreDir: filepath.Join(h.dir, "nats"), NoSigs: true, NoLog: true, SyncAlways: true})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the broker does not start")
	}
	h.nats = s
	u, err := url.Parse(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(u.Port(), &h.port); err != nil {
		t.Fatal(err)
	}
}

func (h *house) stopNATS() {
	h.nats.Shutdown()
	h.nats.WaitForShutdown()
}

// config is the configuration of one process of the house.
func (h *house) config() string {
	return freePorts + fmt.Sprintf(`database: %q
history: {clickhouse: %q}
transport: {nats: "nats://127.0.0.1:%d", max_bytes: 67108864, redeliver: 2s, rate: %d}
`, h.database, h.history, h.port, h.rate)
}

// start runs a process with a role on a data directory of its own, and returns when it
// listens: a keeper when it is its turn.
func (h *house) start(t testing.TB, role, name string) *server {
	t.Helper()
	s := h.launch(t, role, name)
	s.listens(t, role != "receive" && role != "match")
	return s
}

func (h *house) launch(t testing.TB, role, name string) *server {
	t.Helper()
	return launchAs(t, filepath.Join(h.dir, name), h.config(), "-role", role)
}

// listens waits until a process says where it listens.
func (s *server) listens(t testing.TB, keeps bool) {
	t.Helper()
	entry, ok := <-s.log.serving
	for ok && keeps && entry["role"] != "keep" {
		s.Intake = fmt.Sprint(entry["intake"])
		entry, ok = <-s.log.serving
	}
	if !ok {
		t.Fatalf("the process did not start: %v\n%s", <-s.exited, s.log)
	}
	s.Private = fmt.Sprint(entry["private"])
	if !keeps {
		s.Intake = fmt.Sprint(entry["intake"])
		return
	}
	s.Web = fmt.Sprint(entry["web"])
	var err error
	if s.Client, err = app.Dial(t.Context(), config.Config{Data: s.dir}); err != nil {
		t.Fatal(err)
	}
}

// shared is the part of the keeper's health that these tests look at.
type shared struct {
	Share   pipeline.Share
	Workers []struct{ Name, State, Error string }
}

// drained waits until everything that was acknowledged is taken.
func drained(t testing.TB, s *server) pipeline.Share {
	t.Helper()
	end := time.Now().Add(2 * time.Minute)
	for {
		h := call[shared](t, s, "GET", "/health", nil)
		if h.Share.Problem == "" && h.Share.Waiting() == 0 {
			return h.Share
		}
		if time.Now().After(end) {
			b, _ := json.Marshal(h)
			t.Fatalf("not all is taken: %s\n%s", b, s.log)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// plant makes an indicator and waits until every live matcher has it.
func plant(t testing.TB, s *server, matchers int) {
	t.Helper()
	call[any](t, s, "POST", "/indicators/import?name=planted.txt", strings.NewReader(planted+"\n"))
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		have := 0
		if matchers == 0 && call[health](t, s, "GET", "/health", nil).Index.Indicators > 0 {
			return
		}
		for _, p := range call[shared](t, s, "GET", "/health", nil).Share.Processes {
			if p.Match != nil && p.Live && p.Index > 0 {
				have++
			}
		}
		if have == matchers && have > 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d matchers have the indicator", have, matchers)
		}
	}
}

// detections is what all incidents count.
func detections(t testing.TB, s *server) int {
	t.Helper()
	sum := 0
	for _, in := range call[struct{ Items []struct{ Detections int } }](t, s, "GET", "/incidents?limit=1000", nil).Items {
		sum += in.Detections
	}
	return sum
}

// senderPause is how long a sender rests: the tests are about what is lost or doubled,
// not about how fast it goes.
const senderPause = 40 * time.Millisecond

// flow lets senders write until ctx is done, and returns what was acknowledged.
func flow(ctx context.Context, url func() string, secret string, senders int) (acknowledged map[string]bool, refused int) {
	var mu sync.Mutex
	acknowledged = map[string]bool{}
	var all sync.WaitGroup
	for sender := range senders {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				ids, body := batch(fmt.Sprintf("s%d-b%d-%d", sender, n, rand.Uint32()), 1+rand.IntN(60))
				one, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
				accepted, err := post(one, url(), secret, body)
				cancel()
				mu.Lock()
				if err == nil && accepted == len(ids) {
					maps.Copy(acknowledged, ids)
				} else {
					refused++
				}
				mu.Unlock()
				time.Sleep(senderPause)
			}
		})
	}
	all.Wait()
	return acknowledged, refused
}

// exact holds ClickHouse and the keeper against what senders were told: every event that
// was acknowledged is kept once, what was not at most once, and each that holds the
// indicator is counted once.
func (h *house) exact(t testing.TB, s *server, acknowledged map[string]bool) {
	t.Helper()
	hits := 0
	stored := h.stored(t)
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
	if sum := detections(t, s); sum != hits {
		t.Errorf("%d events hold the indicator, %d detections are counted", hits, sum)
	}
	known := call[items[struct{ Seen struct{ Count int } }]](t, s, "POST", "/indicators/lookup", map[string]any{"values": []string{planted}})
	if seen := known.Items[0].Seen.Count; seen != hits {
		t.Errorf("the indicator was seen in %d events, %d hold it", seen, hits)
	}
	if v := call[struct{ Whole bool }](t, s, "GET", "/audit/verify", nil); !v.Whole {
		t.Error("the audit log is broken")
	}
	t.Logf("%d events acknowledged, %d kept, %d hold the indicator", len(acknowledged), len(stored), hits)
}

// stored counts each event's id in ClickHouse.
func (h *house) stored(t testing.TB) map[string]int {
	t.Helper()
	c, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: h.history, Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ids := map[string]int{}
	for next := telemetry.Seq(1); ; {
		records, err := c.Read(t.Context(), next, 20_000)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			return ids
		}
		for _, r := range records {
			var ev struct{ Event struct{ ID string } }
			if err := json.Unmarshal(r.Raw, &ev); err != nil || r.Seq < next {
				t.Fatalf("record %d: %v", r.Seq, err)
			}
			ids[ev.Event.ID]++
			next = r.Seq + 1
		}
	}
}

// TestShareInOne: one process with a transport receives, matches and keeps; the command
// line speaks to it, old files go the same way as events, and after a stop it goes on.
func TestShareInOne(t *testing.T) {
	h := newHouse(t)
	s := h.start(t, "all", "one")
	plant(t, s, 1)
	secret := token(t, s, "sender")
	ids, body := batch("first", 25)
	if n, err := post(t.Context(), s.Intake, secret, body); err != nil || n != 25 {
		t.Fatal(n, err)
	}
	old, lines := batch("old", 10)
	file := filepath.Join(t.TempDir(), "old.ndjson")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := last[importing](t, vedette(t, "history", "import", "-data", s.dir, file), "report"); got.Stored != 10 {
		t.Errorf("an old file: %+v", got)
	}
	maps.Copy(ids, old)
	drained(t, s)
	h.exact(t, s, ids)
	call[any](t, s, "POST", "/indicators/import?name=another.txt", strings.NewReader("another.example\n"))
	looked := call[items[struct{ State string }]](t, s, "GET", "/hunt/jobs", nil).Items
	for end := time.Now().Add(time.Minute); (len(looked) == 0 || looked[0].State != "done") && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		looked = call[items[struct{ State string }]](t, s, "GET", "/hunt/jobs", nil).Items
	}
	if len(looked) == 0 || looked[0].State != "done" {
		t.Errorf("a new indicator is not looked for in what is kept: %+v", looked)
	}
	own, err := filepath.Glob(filepath.Join(s.dir, "*.index"))
	shared, err2 := filepath.Glob(filepath.Join(s.dir, "match", "*.index"))
	if err != nil || err2 != nil || len(own) > 0 || len(shared) != 1 {
		t.Errorf("one index is enough: %v and %v (%v, %v)", own, shared, err, err2)
	}
	if out := string(vedette(t, "doctor", "-data", s.dir)); !strings.Contains(out, "35 events in ClickHouse") || strings.Contains(out, "fail") {
		t.Errorf("the doctor says %s", out)
	}
	figures := scrape(t, s.Private)
	for _, want := range []string{"transport_pending 0", "keeper_backlog 0", "matchers_live 1", "transport_dead 0"} {
		if !strings.Contains(figures, want) {
			t.Errorf("no %q among the figures", want)
		}
	}
	s.stop(t)
	conf := filepath.Join(t.TempDir(), "vedette.yaml")
	if err := os.WriteFile(conf, []byte(h.config()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "vedette", "feed", "list", "-data", s.dir, "-config", conf).CombinedOutput(); err == nil || !strings.Contains(string(out), "-role keep") {
		t.Errorf("without a keeper the command line says %s", out)
	}
	s = h.start(t, "all", "one")
	more, body := batch("more", 15)
	if n, err := post(t.Context(), s.Intake, secret, body); err != nil || n != 15 {
		t.Fatal(n, err)
	}
	maps.Copy(ids, more)
	drained(t, s)
	h.exact(t, s, ids)
	s.stop(t)
}

// scrape returns the figures of a process.
func scrape(t testing.TB, url string) string {
	t.Helper()
	res, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestShareRefused: what a role takes is said.
func TestShareRefused(t *testing.T) {
	for name, tt := range map[string]struct{ conf, role, want string }{
		"no transport":  {freePorts, "match", "set transport.nats, history.clickhouse and database"},
		"no stores":     {freePorts + "transport: {nats: \"nats://127.0.0.1:1\"}\n", "all", "set history.clickhouse"},
		"no PostgreSQL": {freePorts + "database: vedette.db\nhistory: {clickhouse: \"http://127.0.0.1:1/d\"}\ntransport: {nats: \"nats://127.0.0.1:1\"}\n", "keep", "must be PostgreSQL"},
		"no such role":  {freePorts, "face", "receive, match or keep"},
	} {
		s := launchAs(t, filepath.Join(t.TempDir(), "data"), tt.conf, "-role", tt.role)
		if _, ok := <-s.log.serving; ok {
			t.Errorf("%s: the process has started", name)
		}
		if err := <-s.exited; err == nil || !strings.Contains(s.log.String(), tt.want) {
			t.Errorf("%s: it ends with %v and says %s, want %q", name, err, s.log, tt.want)
		}
	}
}
