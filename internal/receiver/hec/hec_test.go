package hec_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver/hec"
	"github.com/vedette-soc/vedette/internal/receiver/receivertest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

var quiet = slog.New(slog.DiscardHandler)

const token = "Authorization: Splunk " + receivertest.Token

func TestConformance(t *testing.T) {
	for _, path := range []string{"/services/collector/event", "/services/collector/raw"} {
		t.Run(path, func(t *testing.T) {
			receivertest.Run(t, func(t testing.TB, in *telemetry.Intake) receivertest.Sender {
				link := receivertest.Serve(t, hec.New(hec.Config{Door: receivertest.Door(in), Log: quiet})) + path
				raw := strings.HasSuffix(path, "raw")
				s := receivertest.Sender{
					Send: func(ctx context.Context, records []string) (int, error) {
						sep := ""
						if raw {
							sep = "\n"
						}
						return sendAll(ctx, link, records, sep)
					},
					Half: func(ctx context.Context, r string) error {
						return receivertest.HalfPost(ctx, link, r, token)
					},
				}
				if !raw {
					s.Wrap = func(s string) string { return fmt.Sprintf(`{"host":"h","event":%q}`, s) }
					s.Illegible = `{"host":"h","event":""}`
				}
				return s
			})
		})
	}
}

// sendAll sends until all is taken, as clients do: what stands before an invalid
// event is kept, and they go on behind it.
func sendAll(ctx context.Context, link string, records []string, sep string) (int, error) {
	done := 0
	for done < len(records) {
		status, answer, err := receivertest.Post(ctx, link, strings.Join(records[done:], sep), token)
		if err != nil {
			return done, err
		}
		var a struct {
			Number *int `json:"invalid-event-number"`
		}
		if err := json.Unmarshal([]byte(answer), &a); err != nil {
			return done, err
		}
		switch {
		case status == http.StatusOK:
			return len(records), nil
		case a.Number == nil:
			return done, fmt.Errorf("status %d: %s", status, answer)
		}
		done += *a.Number + 1
	}
	return done, nil
}

func gz(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

func ask(t *testing.T, h http.Handler, method, path, body string, headers ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for _, header := range headers {
		if name, value, ok := strings.Cut(header, ": "); ok {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestAnswers(t *testing.T) {
	const ok = `{"text":"Success","code":0}`
	for _, c := range []struct {
		name, path, body, auth, header string
		status                         int
		want                           string
		kept                           []string
	}{
		{"string", "", `{"event":"a"}`, token, "", 200, ok, []string{`{"event":"a"}`}},
		{"object", "/event", `{"time":1.5,"host":"h","event":{"a":"}{"}}`, token, "", 200, ok, []string{`{"time":1.5,"host":"h","event":{"a":"}{"}}`}},
		{"two without a separator", "/event/1.0", `{"event":"a"}{"event":"b\"{"}`, token, "", 200, ok, []string{`{"event":"a"}`, `{"event":"b\"{"}`}},
		{"array", "/event", `[{"event":"a"}, {"event":1}]`, token, "", 200, ok, []string{`{"event":"a"}`, `{"event":1}`}},
		{"gzip", "/event", gz(`{"event":"a"}`), token, "Content-Encoding: gzip", 200, ok, []string{`{"event":"a"}`}},
		{"basic", "/event", `{"event":"a"}`, "Authorization: Basic eDphLXRva2VuLW9mLXRlc3Rz", "", 200, ok, []string{`{"event":"a"}`}},
		{"raw", "/raw", "one\r\n\ntwo", token, "", 200, ok, []string{"one", "two"}},
		{"raw with metadata", "/raw?host=h&sourcetype=st&x=y", "o\"ne\n", token, "", 200, ok, []string{`{"event":"o\"ne","host":"h","sourcetype":"st"}`}},
		{"no token", "/event", `{}`, "", "", 401, `{"text":"Token is required","code":2}`, nil},
		{"malformed", "/event", `{}`, "Authorization: Digest x", "", 401, `{"text":"Invalid authorization","code":3}`, nil},
		{"unknown", "/event", `{}`, "Authorization: Splunk who", "", 403, `{"text":"Invalid token","code":4}`, nil},
		{"may not send", "/event", `{}`, "Authorization: Splunk nobody", "", 403, `{"text":"Token disabled","code":1}`, nil},
		{"no data", "/event", " \n", token, "", 400, `{"text":"No data","code":5}`, nil},
		{"no data, raw", "/raw", "\n", token, "", 400, `{"text":"No data","code":5}`, nil},
		{"no object", "/event", `{"event":"a"} nonsense`, token, "", 400, `{"text":"Invalid data format","code":6,"invalid-event-number":1}`, []string{`{"event":"a"}`}},
		{"torn", "/event", `{"event":"a"}{"event":"b`, token, "", 400, `{"text":"Invalid data format","code":6,"invalid-event-number":1}`, []string{`{"event":"a"}`}},
		{"no event", "/event", `{"host":"h"}`, token, "", 400, `{"text":"Event field is required","code":12,"invalid-event-number":0}`, nil},
		{"blank", "/event", `{"event":"a"}{"event":""}`, token, "", 400, `{"text":"Event field cannot be blank","code":13,"invalid-event-number":1}`, []string{`{"event":"a"}`}},
		{"elsewhere", "/validate", "", token, "", 404, `{"text":"The requested URL was not found on this server.","code":404}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := new(historytest.Memory)
			h := hec.New(hec.Config{Door: receivertest.Door(telemetry.NewIntake(m, 0)), Log: quiet})
			status, body := ask(t, h, "POST", "/services/collector"+c.path, c.body, c.auth, c.header)
			if diff := cmp.Diff(c.want, body); diff != "" || status != c.status {
				t.Errorf("status %d, want %d; -want +got\n%s", status, c.status, diff)
			}
			var kept []string
			records, _ := m.Read(t.Context(), 1, 10)
			for _, r := range records {
				kept = append(kept, string(r.Raw))
			}
			if diff := cmp.Diff(c.kept, kept); diff != "" {
				t.Errorf("kept -want +got\n%s", diff)
			}
		})
	}
}

// TestAcks: what was answered is acknowledged, in its own channel only.
func TestAcks(t *testing.T) {
	h := hec.New(hec.Config{Door: receivertest.Door(telemetry.NewIntake(new(historytest.Memory), 0)), Log: quiet})
	const channel = "X-Splunk-Request-Channel: 0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba"
	for i := range 2 {
		if _, body := ask(t, h, "POST", "/services/collector", `{"event":"a"}`, token, channel); body != fmt.Sprintf(`{"text":"Success","code":0,"ackId":%d}`, i) {
			t.Error(body)
		}
	}
	for _, c := range []struct{ path, header, want string }{
		{"/services/collector/ack", channel, `{"acks":{"0":true,"1":true,"2":false}}`},
		{"/services/collector/ack?channel=0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba", "", `{"acks":{"0":true,"1":true,"2":false}}`},
		{"/services/collector/ack?channel=another", "", `{"acks":{"0":false,"1":false,"2":false}}`},
		{"/services/collector/ack", "", `{"text":"Data channel is missing","code":10}`},
	} {
		if _, body := ask(t, h, "POST", c.path, `{"acks":[0,1,2]}`, token, c.header); body != c.want {
			t.Errorf("%s: %s", c.path, body)
		}
	}
	if status, body := ask(t, h, "GET", "/services/collector/health", ""); status != 200 || body != `{"text":"HEC is healthy","code":17}` {
		t.Error(status, body)
	}
}

// TestInside: the event inside is read in its own format, and what stands around it
// stays.
func TestInside(t *testing.T) {
	rec := format.NewRecogniser(suricata.Format(), format.HEC())
	const eve = `{"timestamp":"2026-03-02T10:00:00.000000+0000","event_type":"dns","src_ip":"10.0.0.1","dest_ip":"10.0.0.2","dns":{"type":"query","rrname":"evil.example"}}`
	quoted, err := json.Marshal(eve)
	if err != nil {
		t.Fatal(err)
	}
	for _, inner := range []string{eve, string(quoted)} {
		stream, err := rec.Resume(hec.Format, nil)
		if err != nil {
			t.Fatal(err)
		}
		record := fmt.Sprintf(`{"time":1700000000.25,"host":"sensor-9","sourcetype":"suricata","event":%s}`, inner)
		ev, ok, err := stream.Decode([]byte(record))
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		got := []string{ev.Format, ev.Fields.String("dns.question.name"), ev.Fields.String("host.name"), ev.Fields.String("hec.sourcetype"), string(ev.Raw)}
		if diff := cmp.Diff([]string{"suricata", "evil.example", "sensor-9", "suricata", record}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	stream, err := rec.Resume(hec.Format, nil)
	if err != nil {
		t.Fatal(err)
	}
	ev, _, err := stream.Decode([]byte(`{"time":"1700000000","host":"web-1","source":"/var/log/x","event":"just a line","fields":{"team":"blue"}}`))
	got := []string{ev.Format, ev.Fields.String("message"), ev.Fields.String("log.file.path"), ev.Fields.String("hec.fields.team"), fmt.Sprint(ev.Time.Unix())}
	if diff := cmp.Diff([]string{"hec", "just a line", "/var/log/x", "blue", "1700000000"}, got); diff != "" || err != nil {
		t.Errorf("%v; -want +got\n%s", err, diff)
	}
}

// FuzzEvents: what is answered with success is kept whole.
func FuzzEvents(f *testing.F) {
	for _, s := range []string{`{"event":"a"}`, `{"event":{}}{"event":[]}`, `[{"event":1},{"event":"\\\""}]`, `{"event":"`, `[[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		m := new(historytest.Memory)
		h := hec.New(hec.Config{Door: receivertest.Door(telemetry.NewIntake(m, 0)), Log: quiet})
		status, got := ask(t, h, "POST", "/services/collector", body, token)
		if status >= 500 || !json.Valid([]byte(got)) {
			t.Fatalf("%d %s", status, got)
		}
		records, _ := m.Read(t.Context(), 1, 1000)
		if status == 200 && len(records) == 0 {
			t.Error("success, and nothing is kept")
		}
		for _, r := range records {
			if !json.Valid(r.Raw) {
				t.Errorf("kept %q", r.Raw)
			}
		}
	})
}
