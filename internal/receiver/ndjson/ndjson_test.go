package ndjson_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/evtx"
	"github.com/vedette-soc/vedette/format/evtxtest"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/receiver/ndjson"
	"github.com/vedette-soc/vedette/internal/receiver/receivertest"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

type tokens map[string]ref.Actor

func (t tokens) Authorise(_ context.Context, secret string) (ref.Actor, error) {
	a, ok := t[secret]
	if !ok {
		return a, errs.New(errs.NotFound, "x", "x")
	}
	return a, nil
}

var known = tokens{
	"good":    {Name: "sensor-1", Role: ref.Sender},
	"analyst": {Name: "ana", Role: ref.Analyst},
	"nobody":  {Name: "nobody", Role: ref.Nobody},
}

func formats() *format.Recogniser {
	events := windows.Format()
	events.Containers = []format.Container{evtx.Container()}
	return format.NewRecogniser(suricata.Format(), zeek.Format(), events)
}

type site struct {
	http.Handler
	history telemetry.History
	intake  *telemetry.Intake
}

func newSite(h telemetry.History, c receiver.DoorConfig) site {
	c.Intake = telemetry.NewIntake(h, 0)
	if c.Auth == nil {
		c.Auth = known
	}
	config := ndjson.Config{Door: receiver.NewDoor(c), Formats: formats(), Log: slog.New(slog.DiscardHandler)}
	return site{ndjson.New(config), h, c.Intake}
}

type reply struct {
	Status   int
	Accepted int
	Refused  map[string]int
	Code     string
}

func TestConformance(t *testing.T) {
	const token = "Authorization: Bearer " + receivertest.Token
	receivertest.Run(t, func(t testing.TB, in *telemetry.Intake) receivertest.Sender {
		config := ndjson.Config{Door: receivertest.Door(in), Formats: formats(), Log: slog.New(slog.DiscardHandler)}
		link := receivertest.Serve(t, ndjson.New(config)) + "/v1/events"
		return receivertest.Sender{
			Send: func(ctx context.Context, records []string) (int, error) {
				status, answer, err := receivertest.Post(ctx, link, strings.Join(records, "\n"), token)
				if err != nil {
					return 0, err
				}
				var a struct {
					Accepted int
					Refused  map[string]int
				}
				if err := json.Unmarshal([]byte(answer), &a); err != nil {
					return 0, err
				}
				done := a.Accepted
				for _, n := range a.Refused {
					done += n
				}
				if status != http.StatusOK {
					return done, fmt.Errorf("status %d: %s", status, answer)
				}
				return len(records), nil
			},
			Half: func(ctx context.Context, r string) error { return receivertest.HalfPost(ctx, link, r, token) },
		}
	})
}

func read(t *testing.T, status int, body io.Reader) reply {
	t.Helper()
	var b struct {
		Accepted int
		Refused  map[string]int
		Error    struct{ Code, Message string }
	}
	if err := json.NewDecoder(body).Decode(&b); err != nil {
		t.Fatal(err)
	}
	if (b.Error.Code == "") != (status == 200) || (b.Error.Message == "") != (status == 200) {
		t.Errorf("status %d with error %+v", status, b.Error)
	}
	if len(b.Refused) == 0 {
		b.Refused = nil
	}
	return reply{status, b.Accepted, b.Refused, b.Error.Code}
}

func (s site) post(t *testing.T, path, token, encoding string, body io.Reader) reply {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "POST", path, body)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return read(t, w.Code, w.Body)
}

func (s site) stored(t *testing.T) []string {
	t.Helper()
	records, err := s.history.Read(t.Context(), 1, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range records {
		out = append(out, string(r.Raw))
	}
	return out
}

func gz(t *testing.T, p []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zst(t *testing.T, p []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(p, nil)
}

func TestBodies(t *testing.T) {
	const two = "{\"a\":1}\n{\"b\":2}\n"
	long := `{"long":"` + strings.Repeat("x", 300) + `"}`
	for _, c := range []struct {
		name, path, token, encoding, body string
		want                              reply
		stored                            []string
	}{
		{"lines", "", "good", "", two, reply{200, 2, nil, ""}, []string{`{"a":1}`, `{"b":2}`}},
		{"array", "", "analyst", "", `[{"a":1}, {"b":[2]}]`, reply{200, 2, nil, ""}, []string{`{"a":1}`, `{"b":[2]}`}},
		{"text", "", "good", "", "<34>Oct 11 su: failed\r\n\r\nno line end", reply{200, 2, nil, ""}, []string{"<34>Oct 11 su: failed", "no line end"}},
		{"declared", "?format=suricata", "good", "", "{}\n", reply{200, 1, nil, ""}, []string{"{}"}},
		{"gzip", "", "good", "gzip", string(gz(t, []byte(two))), reply{200, 2, nil, ""}, []string{`{"a":1}`, `{"b":2}`}},
		{"zstd", "", "good", "zstd", string(zst(t, []byte(two))), reply{200, 2, nil, ""}, []string{`{"a":1}`, `{"b":2}`}},
		{"gzip, not said", "", "good", "", string(gz(t, []byte(two))), reply{200, 2, nil, ""}, []string{`{"a":1}`, `{"b":2}`}},
		{"zstd, not said", "", "good", "identity", string(zst(t, []byte(two))), reply{200, 2, nil, ""}, []string{`{"a":1}`, `{"b":2}`}},
		{"torn gzip, not said", "", "good", "", string(gz(t, []byte(two)))[:20], reply{400, 0, nil, "body_broken"}, nil},
		{"nothing", "", "good", "", "", reply{200, 0, nil, ""}, nil},
		{"too long", "", "good", "", two + long + "\n{}\n", reply{200, 3, map[string]int{"too-long": 1}, ""}, []string{`{"a":1}`, `{"b":2}`, "{}"}},
		{"torn object", "", "good", "", "{\"a\":\n" + two, reply{200, 2, map[string]int{"bad-json": 1}, ""}, []string{`{"a":1}`, `{"b":2}`}},
		{"no token", "", "", "", two, reply{401, 0, nil, "token_missing"}, nil},
		{"wrong token", "", "bad", "", two, reply{401, 0, nil, "token_unknown"}, nil},
		{"weak role", "", "nobody", "", two, reply{403, 0, nil, "denied"}, nil},
		{"unknown format", "?format=nope", "good", "", two, reply{400, 0, nil, "format_unknown"}, nil},
		{"unknown encoding", "", "good", "br", two, reply{415, 0, nil, "encoding_unknown"}, nil},
		{"not gzip", "", "good", "gzip", two, reply{400, 0, nil, "body_broken"}, nil},
		{"torn gzip", "", "good", "gzip", string(gz(t, []byte(two)))[:20], reply{400, 0, nil, "body_broken"}, nil},
		{"torn zstd", "", "good", "zstd", string(zst(t, bytes.Repeat([]byte(two), 99)))[:30], reply{400, 0, nil, "body_broken"}, nil},
		{"too large", "", "good", "", strings.Repeat("x\n", 3000), reply{413, 0, nil, "body_too_large"}, nil},
		{"too large unpacked", "", "good", "gzip", string(gz(t, []byte(strings.Repeat("x\n", 3000)))), reply{413, 0, nil, "body_too_large"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(new(historytest.Memory), receiver.DoorConfig{MaxEvent: 256, MaxBody: 4000})
			got := s.post(t, "/v1/events"+c.path, c.token, c.encoding, strings.NewReader(c.body))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if diff := cmp.Diff(c.stored, s.stored(t)); diff != "" {
				t.Errorf("stored: -want +got\n%s", diff)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	s := newSite(new(historytest.Memory), receiver.DoorConfig{})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/v1/health", nil))
	if w.Code != 200 || w.Body.String() != "{\"status\":\"ok\"}\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// endless gives n bytes of one line, then the rest.
type endless struct {
	n    int
	rest io.Reader
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n == 0 {
		return e.rest.Read(p)
	}
	p = p[:min(len(p), e.n)]
	for i := range p {
		p[i] = 'x'
	}
	e.n -= len(p)
	return len(p), nil
}

// TestHugeLine sends a line of 2 GB: it is refused in little memory, and what
// follows is kept.
func TestHugeLine(t *testing.T) {
	s := newSite(new(historytest.Memory), receiver.DoorConfig{MaxBody: 4 << 30})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := s.post(t, "/v1/events", "good", "", &endless{n: 2 << 30, rest: strings.NewReader("\n{\"a\":1}\n")})
	runtime.ReadMemStats(&after)
	if diff := cmp.Diff(reply{200, 1, map[string]int{"too-long": 1}, ""}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
		t.Errorf("%d bytes allocated", used)
	}
	want := []telemetry.Source{{Name: "http/sensor-1", Events: 1, Bytes: 7, Refused: map[string]int64{"too-long": 1}, Allowed: telemetry.Silence}}
	sources := s.intake.Sources()
	for i := range sources {
		sources[i].First, sources[i].Last = want[0].First, want[0].Last
	}
	if diff := cmp.Diff(want, sources); diff != "" {
		t.Errorf("sources: -want +got\n%s", diff)
	}
}

func TestBomb(t *testing.T) {
	s := newSite(new(historytest.Memory), receiver.DoorConfig{MaxBody: 4 << 30})
	for encoding, body := range map[string][]byte{
		"gzip": gz(t, make([]byte, 64<<20)),
		"zstd": zst(t, make([]byte, 64<<20)),
		"":     gz(t, make([]byte, 64<<20)),
	} {
		got := s.post(t, "/v1/events", "good", encoding, bytes.NewReader(body))
		if diff := cmp.Diff(reply{413, 0, nil, "compression_bomb"}, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", encoding, diff)
		}
	}
}

// TestHalf: a body that breaks off leaves no torn event behind.
func TestHalf(t *testing.T) {
	s := newSite(new(historytest.Memory), receiver.DoorConfig{})
	server := httptest.NewServer(s)
	defer server.Close()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Length: 1000\r\n\r\n{\"a\":1}\n{\"b\":")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if diff := cmp.Diff(reply{400, 0, nil, "body_broken"}, read(t, resp.StatusCode, resp.Body)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := s.stored(t); len(got) > 0 {
		t.Errorf("stored %q", got)
	}
}

// broken refuses to append.
type broken struct {
	historytest.Memory
	err error
}

func (b *broken) Append(context.Context, []telemetry.Record) (telemetry.Seq, error) { return 0, b.err }

func TestNotDurable(t *testing.T) {
	for _, c := range []struct {
		err  error
		want reply
	}{
		{errs.New(errs.Unavailable, "history_full", "full"), reply{503, 0, nil, "history_full"}},
		{errs.New(errs.RateLimited, "intake_full", "full"), reply{429, 0, nil, "intake_full"}},
		{errors.New("secret detail"), reply{500, 0, nil, "internal"}},
	} {
		s := newSite(&broken{err: c.err}, receiver.DoorConfig{})
		if diff := cmp.Diff(c.want, s.post(t, "/v1/events", "good", "", strings.NewReader("{}\n"))); diff != "" {
			t.Errorf("%v: -want +got\n%s", c.err, diff)
		}
	}
}

// gate holds requests back until it is opened.
type gate struct {
	tokens
	entered, open chan struct{}
}

func (g gate) Authorise(ctx context.Context, secret string) (ref.Actor, error) {
	g.entered <- struct{}{}
	<-g.open
	return g.tokens.Authorise(ctx, secret)
}

func TestTooManyRequests(t *testing.T) {
	g := gate{known, make(chan struct{}), make(chan struct{})}
	s := newSite(new(historytest.Memory), receiver.DoorConfig{Requests: 1, Auth: g})
	first := make(chan reply)
	go func() { first <- s.post(t, "/v1/events", "good", "", strings.NewReader("{}\n")) }()
	<-g.entered
	if got := s.post(t, "/v1/events", "good", "", strings.NewReader("{}\n")); got.Status != 429 || got.Code != "too_many_requests" {
		t.Errorf("%+v", got)
	}
	close(g.open)
	if got := <-first; got.Status != 200 || got.Accepted != 1 {
		t.Errorf("%+v", got)
	}
}

func FuzzBody(f *testing.F) {
	for _, s := range []string{"{\"a\":1}\n", "[{},{}]", "#fields\ta\n1\n", "{\"a\":\n[", "\xef\xbb\xbf{}\n\x00\n", "{\"Records\":[{}]}"} {
		f.Add([]byte(s), "")
		f.Add([]byte(s), "gzip")
	}
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		s := newSite(new(historytest.Memory), receiver.DoorConfig{MaxEvent: 64, MaxBody: 1 << 16})
		got := s.post(t, "/v1/events", "good", strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return -1
			}
			return r
		}, encoding), bytes.NewReader(body))
		stored := s.stored(t)
		if got.Status >= 500 || len(stored) != got.Accepted {
			t.Errorf("%+v, but %d are stored", got, len(stored))
		}
	})
}

// TestEVTX: a file of Windows events is a body like any other, whatever format
// was declared for it.
func TestEVTX(t *testing.T) {
	var w evtxtest.Writer
	for i := range 3 {
		w.Add(evtxtest.Process(uint64(i), time.Unix(1_770_000_000, 0), "a.exe", fmt.Sprint("a.exe ", i)))
	}
	file := w.Bytes()
	records := 4096 + int(binary.LittleEndian.Uint32(file[4096+48:])) // where they end
	for _, c := range []struct {
		path, encoding string
		body           []byte
		want           reply
	}{
		{"/v1/events", "", file, reply{Status: 200, Accepted: 3}},
		{"/v1/events?format=zeek", "gzip", gz(t, file), reply{Status: 200, Accepted: 3}},
		{"/v1/events", "", file[:records-10], reply{Status: 200, Accepted: 2, Refused: map[string]int{"truncated": 1}}},
		{"/v1/events", "", file[:100], reply{Status: 200, Refused: map[string]int{"truncated": 1}}},
	} {
		s := newSite(new(historytest.Memory), receiver.DoorConfig{})
		if diff := cmp.Diff(c.want, s.post(t, c.path, "good", c.encoding, bytes.NewReader(c.body))); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.path, diff)
		}
		records, err := s.history.Read(t.Context(), 1, 10)
		if err != nil || len(records) != c.want.Accepted {
			t.Fatalf("%d records, %v", len(records), err)
		}
		for i, r := range records {
			stream, err := formats().Resume(r.Format, r.Context)
			if err != nil {
				t.Fatal(err)
			}
			ev, _, err := stream.Decode(r.Raw)
			if got := ev.Fields.String("process.command_line"); err != nil || r.Format != "windows" || got != fmt.Sprint("a.exe ", i) {
				t.Errorf("record %d of format %q: %q, %v", i, r.Format, got, err)
			}
		}
	}
}
