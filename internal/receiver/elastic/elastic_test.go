package elastic_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/receiver/elastic"
	"github.com/vedette-soc/vedette/internal/receiver/receivertest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

var quiet = slog.New(slog.DiscardHandler)

var basic = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("elastic:"+receivertest.Token))

func bulkOf(records []string) string {
	var b strings.Builder
	for _, r := range records {
		b.WriteString("{\"create\":{\"_index\":\"logs\"}}\n" + r + "\n")
	}
	return b.String()
}

func TestConformance(t *testing.T) {
	receivertest.Run(t, func(t testing.TB, in *telemetry.Intake) receivertest.Sender {
		link := receivertest.Serve(t, elastic.New(elastic.Config{Door: receivertest.Door(in), Log: quiet})) + "/_bulk"
		return receivertest.Sender{
			Wrap:      func(s string) string { return fmt.Sprintf(`{"@timestamp":"2026-01-01T00:00:00Z","message":%q}`, s) },
			Illegible: `{"message":"n=0007`,
			Send: func(ctx context.Context, records []string) (int, error) {
				status, answer, err := receivertest.Post(ctx, link, bulkOf(records), basic)
				if err != nil || status != 200 {
					return 0, fmt.Errorf("status %d: %w", status, err)
				}
				return done(answer)
			},
			Half: func(ctx context.Context, r string) error {
				return receivertest.HalfPost(ctx, link, bulkOf([]string{r, r, r, r}), basic)
			},
		}
	})
}

// done counts the items that need not be sent again.
func done(answer string) (int, error) {
	var a struct {
		Items []map[string]struct{ Status int }
	}
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		return 0, err
	}
	n := 0
	for _, it := range a.Items {
		if it["create"].Status == 429 {
			return n, fmt.Errorf("item %d is to be sent again", n)
		}
		n++
	}
	return n, nil
}

func gz(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

// ask sends one request and returns status and body.
func ask(t *testing.T, h http.Handler, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.Header.Get("X-Elastic-Product") != "Elasticsearch" {
		t.Errorf("%s %s: no product header", method, path)
	}
	return res, string(b)
}

func TestBulk(t *testing.T) {
	const ok = `"_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}}`
	no := func(verb, index, kind, reason string) string {
		return fmt.Sprintf(`{%q:{"_index":%q,"_type":"_doc","status":400,"error":{"type":%q,"reason":%q}}}`, verb, index, kind, reason)
	}
	for _, c := range []struct {
		name, path, body, header string
		status                   int
		items                    []string
		kept                     []string
	}{
		{"create and index", "/_bulk", "{\"create\":{\"_index\":\"a\"}}\n{\"n\":1}\n{\"index\":{\"_index\":\"b\",\"_id\":\"7\"}}\n{\"n\":2}\n", "", 200, []string{
			`{"create":{"_index":"a","_type":"_doc",` + ok, `{"index":{"_index":"b","_type":"_doc","_id":"7",` + ok,
		}, []string{`{"n":1}`, `{"n":2}`}},
		{"index of the path, no last line end, blank lines", "/logs/_bulk?filter_path=x", "\n{\"create\":{}}\r\n{\"n\":1}\r\n\r\n{\"index\":{\"_type\":\"doc\",\"_id\":5}}\n{\"n\":2}", "", 200, []string{
			`{"create":{"_index":"logs","_type":"_doc",` + ok, `{"index":{"_index":"logs","_type":"_doc","_id":"5",` + ok,
		}, []string{`{"n":1}`, `{"n":2}`}},
		{"gzip", "/_bulk", gz("{\"create\":{\"_index\":\"a\"}}\n{\"n\":1}\n"), "Content-Encoding: gzip", 200, []string{`{"create":{"_index":"a","_type":"_doc",` + ok}, []string{`{"n":1}`}},
		{"refused one by one", "/_bulk", "{\"update\":{\"_index\":\"a\"}}\n{\"doc\":{}}\n{\"delete\":{\"_index\":\"b\"}}\n{\"create\":{\"_index\":\"c\"}}\nno\n{\"create\":{\"_index\":\"d\"}}\n{\"n\":1}\n", "", 200, []string{
			no("update", "a", "illegal_argument_exception", "Events are kept as they came: update is refused."),
			no("delete", "b", "illegal_argument_exception", "Events are kept as they came: delete is refused."),
			no("create", "c", "document_parsing_exception", "The document is no JSON object."),
			`{"create":{"_index":"d","_type":"_doc",` + ok,
		}, []string{`{"n":1}`}},
		{"malformed action", "/_bulk", "{\"create\":{}}\n{\"n\":1}\nwhat\n{}\n", "", 400, nil, []string{`{"n":1}`}},
		{"an action alone", "/_bulk", "{\"create\":{}}\n", "", 400, nil, nil},
		{"nothing", "/_bulk", "", "", 400, nil, nil},
		{"no gzip", "/_bulk", "{}", "Content-Encoding: gzip", 400, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := new(historytest.Memory)
			h := elastic.New(elastic.Config{Door: receivertest.Door(telemetry.NewIntake(m, 0)), Log: quiet})
			res, body := ask(t, h, "POST", c.path, c.body, basic, c.header)
			var a struct{ Items []json.RawMessage }
			if err := json.Unmarshal([]byte(body), &a); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			var items []string
			for _, it := range a.Items {
				items = append(items, string(it))
			}
			if diff := cmp.Diff(c.items, items); diff != "" || res.StatusCode != c.status {
				t.Errorf("status %d, want %d; -want +got\n%s", res.StatusCode, c.status, diff)
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

// filling takes what fits and nothing afterwards.
type filling struct {
	historytest.Memory
	room int
}

func (f *filling) Append(ctx context.Context, r []telemetry.Record) (telemetry.Seq, error) {
	if f.room -= len(r); f.room < 0 {
		return 0, errs.New(errs.Unavailable, "history_full", "The disk is full.")
	}
	return f.Memory.Append(ctx, r)
}

// TestPartly: what was not durable is asked for again, and only that.
func TestPartly(t *testing.T) {
	f := &filling{room: receiver.BatchRecords}
	h := elastic.New(elastic.Config{Door: receivertest.Door(telemetry.NewIntake(f, 0)), Log: quiet})
	var records []string
	for i := range receiver.BatchRecords + 500 {
		records = append(records, fmt.Sprintf(`{"n":%d}`, i))
	}
	_, body := ask(t, h, "POST", "/_bulk", bulkOf(records), basic)
	n, err := done(body)
	if n != receiver.BatchRecords || err == nil || !strings.Contains(body, `"errors":true`) || !strings.Contains(body, "es_rejected_execution_exception") {
		t.Errorf("%d items are done: %v", n, err)
	}
	if stats, _ := f.Stats(t.Context()); stats.Records != receiver.BatchRecords {
		t.Errorf("%d kept", stats.Records)
	}
}

// TestProbes: what clients ask before they send.
func TestProbes(t *testing.T) {
	h := elastic.New(elastic.Config{Door: receivertest.Door(telemetry.NewIntake(new(historytest.Memory), 0)), Log: quiet})
	for _, c := range []struct {
		method, path, agent string
		status              int
		has                 string
	}{
		{"GET", "/", "Elastic-filebeat/7.17.10 (linux)", 200, `"number":"7.17.10"`},
		{"GET", "/", "Elastic-winlogbeat/8.15.2 (windows; amd64)", 200, `"number":"8.15.2"`},
		{"GET", "/", "Filebeat/9.1.0", 200, `"number":"9.1.0"`},
		{"GET", "/", "logstash/8.14.3 (OS=Linux)", 200, `"number":"8.14.3"`},
		{"GET", "/", "Vector/0.40", 200, `"cluster_uuid"`},
		{"HEAD", "/", "", 200, ""},
		{"GET", "/_license?human=false", "", 200, `"type":"basic"`},
		{"GET", "/_xpack", "", 200, `"ilm":{"available":true,"enabled":false}`},
		{"GET", "/_cluster/health", "", 200, `"status":"green"`},
		{"GET", "/_nodes/http", "", 200, `"publish_address"`},
		{"HEAD", "/_index_template/filebeat-7.17.10", "", 404, ""},
		{"GET", "/_ilm/policy/filebeat", "", 404, "resource_not_found_exception"},
		{"PUT", "/_index_template/filebeat-7.17.10", "", 200, `{"acknowledged":true}`},
		{"PUT", "/_ingest/pipeline/x", "", 200, `{"acknowledged":true}`},
		{"PUT", "/logs-1", "", 200, `"index":"logs-1"`},
		{"HEAD", "/logs-1", "", 404, ""},
		{"POST", "/logs-1/_doc", "", 201, `"result":"created"`},
		{"PUT", "/logs-1/_create/4", "", 201, `"_id":"4"`},
		{"GET", "/logs-1/_search", "", 400, "illegal_argument_exception"},
		{"DELETE", "/logs-1", "", 400, "illegal_argument_exception"},
	} {
		body := ""
		if c.method == "PUT" || c.method == "POST" {
			body = `{"a":1}`
		}
		res, got := ask(t, h, c.method, c.path, body, basic, "User-Agent: "+c.agent)
		if res.StatusCode != c.status || !strings.Contains(got, c.has) || c.method == "HEAD" && got != "" {
			t.Errorf("%s %s as %q: %d %s", c.method, c.path, c.agent, res.StatusCode, got)
		}
	}
}

// TestWhoSends: every way in which a client can carry its token.
func TestWhoSends(t *testing.T) {
	h := elastic.New(elastic.Config{Door: receivertest.Door(telemetry.NewIntake(new(historytest.Memory), 0)), Log: quiet})
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for header, want := range map[string]int{
		basic: 200,
		"Authorization: ApiKey " + b64("any-id:"+receivertest.Token): 200,
		"Authorization: Bearer " + receivertest.Token:                200,
		"Authorization: Basic " + b64("elastic:wrong"):               401,
		"Authorization: Basic " + b64("elastic:nobody"):              403,
		"Authorization: Basic ###":                                   401,
		"Authorization: Digest x":                                    401,
		"Authorization: ":                                            401,
	} {
		res, body := ask(t, h, "GET", "/", "", header)
		if res.StatusCode != want || want == 401 && (res.Header.Get("WWW-Authenticate") == "" || !strings.Contains(body, "security_exception")) {
			t.Errorf("%s: %d %s", header, res.StatusCode, body)
		}
	}
}

// TestContentType: clients of version 8 accept only an answer in their own type.
func TestContentType(t *testing.T) {
	h := elastic.New(elastic.Config{Door: receivertest.Door(telemetry.NewIntake(new(historytest.Memory), 0)), Log: quiet})
	res, _ := ask(t, h, "GET", "/", "", basic, "Accept: application/vnd.elasticsearch+json; compatible-with=8")
	if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/vnd.elasticsearch+json") {
		t.Error(got)
	}
}

// FuzzBulk: as many are kept as the answer says.
func FuzzBulk(f *testing.F) {
	for _, s := range []string{"{\"create\":{}}\n{}\n", "{\"index\":{\"_id\":1}}\n{\"a\":1}\n{\"delete\":{}}\n", "{\"update\":{}}\n\n", "{\"create\":{\"_index\":\"\\u0000\"}}\n[]\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		m := new(historytest.Memory)
		h := elastic.New(elastic.Config{Door: receivertest.Door(telemetry.NewIntake(m, 0)), Log: quiet})
		res, got := ask(t, h, "POST", "/_bulk", body, basic)
		if res.StatusCode >= 500 || !json.Valid([]byte(got)) {
			t.Fatalf("%d %s", res.StatusCode, got)
		}
		stats, _ := m.Stats(t.Context())
		if n := strings.Count(got, `"status":201`); res.StatusCode == 200 && n != stats.Records {
			t.Errorf("%d acknowledged, %d kept", n, stats.Records)
		}
	})
}
