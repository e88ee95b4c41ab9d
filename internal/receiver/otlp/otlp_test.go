package otlp_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver/otlp"
	"github.com/vedette-soc/vedette/internal/receiver/receivertest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

var quiet = slog.New(slog.DiscardHandler)

const (
	token  = "Authorization: Bearer " + receivertest.Token
	asJSON = "Content-Type: application/json"
	asWire = "Content-Type: application/x-protobuf"
)

func text(s string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
}

func pair(k string, v *common.AnyValue) *common.KeyValue { return &common.KeyValue{Key: k, Value: v} }

// request is a request as a Collector sends it; LogsData is the same on the wire as
// ExportLogsServiceRequest.
func request(records ...*logs.LogRecord) *logs.LogsData {
	return &logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{
		Resource:  &resource.Resource{Attributes: []*common.KeyValue{pair("host.name", text("web-1"))}},
		ScopeLogs: []*logs.ScopeLogs{{Scope: &common.InstrumentationScope{Name: "filelog"}, LogRecords: records}},
	}}}
}

func wire(t testing.TB, m proto.Message) string {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestConformance(t *testing.T) {
	for _, kind := range []string{asWire, asJSON} {
		t.Run(kind, func(t *testing.T) {
			receivertest.Run(t, func(t testing.TB, in *telemetry.Intake) receivertest.Sender {
				link := receivertest.Serve(t, otlp.New(otlp.Config{Door: receivertest.Door(in), Log: quiet})) + "/v1/logs"
				body := func(records []string) string {
					if kind == asJSON {
						return `{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + strings.Join(records, ",") + `]}]}]}`
					}
					var all []*logs.LogRecord
					for _, r := range records {
						all = append(all, &logs.LogRecord{Body: text(r)})
					}
					return wire(t, request(all...))
				}
				s := receivertest.Sender{
					Send: func(ctx context.Context, records []string) (int, error) {
						status, answer, err := receivertest.Post(ctx, link, body(records), token, kind)
						if err != nil || status != 200 {
							return 0, fmt.Errorf("status %d %s: %w", status, answer, err)
						}
						return len(records), nil
					},
					Half: func(ctx context.Context, r string) error {
						return receivertest.HalfPost(ctx, link, body([]string{r}), token, kind)
					},
				}
				if kind == asJSON {
					s.Wrap = func(s string) string { return fmt.Sprintf(`{"body":{"stringValue":%q}}`, s) }
					s.Illegible = `{"body":{"stringValue":7}}`
				}
				return s
			})
		})
	}
}

func post(t testing.TB, h http.Handler, body string, headers ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/logs", strings.NewReader(body))
	for _, header := range headers {
		if name, value, ok := strings.Cut(header, ": "); ok {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// TestRecord: all that a record says is kept, the same from both encodings.
func TestRecord(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 5000, time.UTC)
	trace, _ := hex.DecodeString("5b8efff798038103d269b633813fc60c")
	span, _ := hex.DecodeString("eee19b7ec3c1b174")
	list := &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{text("a\"b"), {Value: &common.AnyValue_IntValue{IntValue: -7}}}}}}
	inner := &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: []*common.KeyValue{
		pair("deep", &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: true}}), pair("none", nil),
	}}}}
	data := request(&logs.LogRecord{
		TimeUnixNano: uint64(at.UnixNano()), ObservedTimeUnixNano: uint64(at.Add(time.Second).UnixNano()), SeverityNumber: 9, SeverityText: "INFO",
		Body: inner, TraceId: trace, SpanId: span, EventName: "login",
		Attributes: []*common.KeyValue{
			pair("list", list), pair("half", &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: .5}}),
			pair("blob", &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: []byte("xy")}}), pair("empty", &common.AnyValue{Value: &common.AnyValue_KvlistValue{}}),
		},
	})
	const want = `{"timestamp":"2026-03-02T10:00:00.000005Z","observed":"2026-03-02T10:00:01.000005Z","severity":"INFO","severity_number":9,` +
		`"body":{"deep":true,"none":null},"attributes":{"list":["a\"b",-7],"half":0.5,"blob":"eHk=","empty":{}},"resource":{"host.name":"web-1"},` +
		`"scope":"filelog","trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174","event_name":"login"}`
	spelt, err := protojson.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	// OTLP has identifiers in hexadecimal and enumerations as numbers, unlike other JSON of protobuf.
	js := strings.NewReplacer("W47/95gDgQPSabYzgT/GDA==", hex.EncodeToString(trace), "7uGbfsPBsXQ=", hex.EncodeToString(span), `"SEVERITY_NUMBER_INFO"`, "9").Replace(string(spelt))
	for kind, body := range map[string]string{asWire: wire(t, data), asJSON: js} {
		m := new(historytest.Memory)
		h := otlp.New(otlp.Config{Door: receivertest.Door(telemetry.NewIntake(m, 0)), Log: quiet})
		if status, answer := post(t, h, body, token, kind); status != 200 || answer != "" && answer != "{}" {
			t.Errorf("%s: %d %q", kind, status, answer)
		}
		records, _ := m.Read(t.Context(), 1, 10)
		if len(records) != 1 {
			t.Fatalf("%s: %d records", kind, len(records))
		}
		if diff := cmp.Diff(want, string(records[0].Raw)); diff != "" {
			t.Errorf("%s: -want +got\n%s", kind, diff)
		}
		if records[0].Format != otlp.Format || records[0].Source != "otlp/sensor-1" {
			t.Errorf("%+v", records[0].Record)
		}
	}
}

func TestRefusals(t *testing.T) {
	deep := text("x")
	for range 40 {
		deep = &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{deep}}}}
	}
	for _, c := range []struct {
		name, body, kind, auth string
		status                 int
		has                    string
		kept                   int
	}{
		{"no token", "", asWire, "", 401, "token", 0},
		{"may not send", "", asWire, "Authorization: Bearer nobody", 403, "role", 0},
		{"another type", "x", "Content-Type: text/plain", token, 415, "x-protobuf", 0},
		{"no protobuf", "\xff\xff\xff", asWire, token, 400, "no export request", 0},
		{"torn protobuf", wire(t, request(&logs.LogRecord{Body: text("a line")}))[:20], asWire, token, 400, "no export request", 0},
		{"no JSON", "{", asJSON, token, 400, "no export request", 0},
		{"too deep", wire(t, request(&logs.LogRecord{Body: deep}, &logs.LogRecord{Body: text("fine")})), asWire, token, 200, "too-deep", 1},
		{"nothing", "", asWire, token, 200, "", 0},
		{"too much", strings.Repeat(" ", 17<<20), asJSON, token, 413, "larger", 0},
	} {
		m := new(historytest.Memory)
		h := otlp.New(otlp.Config{Door: receivertest.Door(telemetry.NewIntake(m, 0)), Log: quiet})
		status, answer := post(t, h, c.body, c.auth, c.kind)
		stats, _ := m.Stats(t.Context())
		if status != c.status || !strings.Contains(answer, c.has) || stats.Records != c.kept {
			t.Errorf("%s: %d %q, %d kept", c.name, status, answer, stats.Records)
		}
	}
}

// FuzzLogs: what is kept is JSON, and nothing panics.
func FuzzLogs(f *testing.F) {
	f.Add([]byte(wire(f, request(&logs.LogRecord{Body: text("a"), Attributes: []*common.KeyValue{pair("k", text("v"))}}))), false)
	f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"kvlistValue":{"values":[{"key":"a"}]}}}]}]}]}`), true)
	f.Fuzz(func(t *testing.T, body []byte, js bool) {
		kind := asWire
		if js {
			kind = asJSON
		}
		m := new(historytest.Memory)
		h := otlp.New(otlp.Config{Door: receivertest.Door(telemetry.NewIntake(m, 0)), Log: quiet})
		if status, answer := post(t, h, string(body), token, kind); status >= 500 {
			t.Fatalf("%d %s", status, answer)
		}
		records, _ := m.Read(t.Context(), 1, 1000)
		for _, r := range records {
			if !json.Valid(r.Raw) {
				t.Errorf("kept %q", r.Raw)
			}
		}
	})
}
