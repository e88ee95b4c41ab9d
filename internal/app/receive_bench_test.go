package app_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/receiver/elastic"
	"github.com/vedette-soc/vedette/internal/receiver/hec"
	"github.com/vedette-soc/vedette/internal/receiver/kafka"
	"github.com/vedette-soc/vedette/internal/receiver/lumberjack"
	"github.com/vedette-soc/vedette/internal/receiver/nats"
	"github.com/vedette-soc/vedette/internal/receiver/ndjson"
	"github.com/vedette-soc/vedette/internal/receiver/otlp"
	"github.com/vedette-soc/vedette/internal/receiver/receivertest"
	"github.com/vedette-soc/vedette/internal/receiver/syslog"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// many is how many events one round delivers.
const many = 10_000

var quiet = slog.New(slog.DiscardHandler)

// lines are the events of a round, 300 bytes each.
func lines() []string {
	out := make([]string, many)
	for i := range out {
		out[i] = fmt.Sprintf("<38>Mar  2 10:00:%02d gate-%d sshd[%d]: Failed password for invalid user admin%d from 198.51.100.%d port %d ssh2 %s", i%60, i%7, 1000+i%5000, i%31, i%250, 20000+i, strings.Repeat("x", 190))
	}
	return out
}

// exported is an export request as a Collector sends it.
func exported(all []string) string {
	scope := &logs.ScopeLogs{}
	for _, l := range all {
		scope.LogRecords = append(scope.LogRecords, &logs.LogRecord{Body: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: l}}})
	}
	b, err := proto.Marshal(&logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{ScopeLogs: []*logs.ScopeLogs{scope}}}})
	if err != nil {
		return ""
	}
	return string(b)
}

func document(s string) string { return fmt.Sprintf(`{"message":%q}`, s) }

// BenchmarkReceivers: from the socket until the events are on disk. Each round is of
// the same events; HTTP in one request of a connection that stays.
func BenchmarkReceivers(b *testing.B) {
	all := lines()
	documents := make([]string, len(all))
	for i, l := range all {
		documents[i] = document(l)
	}
	join := func(before, after string) string {
		var s strings.Builder
		for _, d := range documents {
			s.WriteString(before + d + after)
		}
		return s.String()
	}
	records := make([]string, len(all))
	for i, l := range all {
		records[i] = fmt.Sprintf(`{"body":{"stringValue":%q}}`, l)
	}
	for _, c := range []struct {
		name string
		run  func(b *testing.B, in *telemetry.Intake) (send func())
	}{
		{"ndjson", posting(func(in *telemetry.Intake) http.Handler {
			return ndjson.New(ndjson.Config{Door: receivertest.Door(in), Formats: format.NewRecogniser(), Log: quiet})
		}, "/v1/events", "", join("", "\n"))},
		{"elastic", posting(func(in *telemetry.Intake) http.Handler {
			return elastic.New(elastic.Config{Door: receivertest.Door(in), Log: quiet})
		}, "/_bulk", "", join("{\"create\":{\"_index\":\"logs\"}}\n", "\n"))},
		{"hec", posting(func(in *telemetry.Intake) http.Handler {
			return hec.New(hec.Config{Door: receivertest.Door(in), Log: quiet})
		}, "/services/collector/event", "", join(`{"host":"h","event":`, `}`))},
		{"otlp json", posting(func(in *telemetry.Intake) http.Handler {
			return otlp.New(otlp.Config{Door: receivertest.Door(in), Log: quiet})
		}, "/v1/logs", "application/json", `{"resourceLogs":[{"scopeLogs":[{"logRecords":[`+strings.Join(records, ",")+`]}]}]}`)},
		{"otlp protobuf", posting(func(in *telemetry.Intake) http.Handler {
			return otlp.New(otlp.Config{Door: receivertest.Door(in), Log: quiet})
		}, "/v1/logs", "application/x-protobuf", exported(all))},
		{"syslog tcp", syslogRound("tcp", strings.Join(all, "\n")+"\n")},
		{"lumberjack", lumberjackRound(documents)},
		{"nats", natsRound(all)},
		{"kafka", kafkaRound(all)},
	} {
		b.Run(c.name, func(b *testing.B) {
			h, err := segment.Open(b.TempDir(), segment.Limits{}, quiet)
			if err != nil {
				b.Fatal(err)
			}
			defer h.Close()
			in := telemetry.NewIntake(h, 0)
			send := c.run(b, in)
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				send()
				n += many
				waitKept(b, in, int64(n))
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// waitKept waits until n events are kept of all senders.
func waitKept(b *testing.B, in *telemetry.Intake, n int64) {
	b.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Microsecond) {
		kept := int64(0)
		for _, s := range in.Sources() {
			kept += s.Events
		}
		if kept >= n {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("%d of %d events are kept", kept, n)
		}
	}
}

func posting(handler func(*telemetry.Intake) http.Handler, path, kind, body string) func(*testing.B, *telemetry.Intake) func() {
	return func(b *testing.B, in *telemetry.Intake) func() {
		s := httptest.NewServer(handler(in))
		b.Cleanup(s.Close)
		return func() {
			status, answer, err := receivertest.Post(b.Context(), s.URL+path, body, "Authorization: Bearer "+receivertest.Token, "Content-Type: "+kind)
			if err != nil || status != http.StatusOK {
				b.Fatalf("%d %.300s %v", status, answer, err)
			}
		}
	}
}

// during runs a worker as long as the benchmark.
func during(b *testing.B, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
}

func syslogRound(network, body string) func(*testing.B, *telemetry.Intake) func() {
	return func(b *testing.B, in *telemetry.Intake) func() {
		s, err := syslog.Listen(syslog.Config{TCP: "127.0.0.1:0", Intake: in, Formats: format.NewRecogniser(), Log: quiet})
		if err != nil {
			b.Fatal(err)
		}
		during(b, s.Run)
		conn, err := net.Dial(network, s.Addrs()[0].String())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		return func() {
			if _, err := io.WriteString(conn, body); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func lumberjackRound(documents []string) func(*testing.B, *telemetry.Intake) func() {
	var events, packed bytes.Buffer
	for i, d := range documents {
		events.WriteString("2J")
		events.Write(binary.BigEndian.AppendUint32(nil, uint32(i+1)))
		events.Write(binary.BigEndian.AppendUint32(nil, uint32(len(d))))
		events.WriteString(d)
	}
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(events.Bytes())
	_ = z.Close()
	window := binary.BigEndian.AppendUint32([]byte("2W"), uint32(len(documents)))
	window = append(binary.BigEndian.AppendUint32(append(window, "2C"...), uint32(packed.Len())), packed.Bytes()...)
	return func(b *testing.B, in *telemetry.Intake) func() {
		s, err := lumberjack.Listen(lumberjack.Config{Listen: "127.0.0.1:0", Intake: in, Log: quiet})
		if err != nil {
			b.Fatal(err)
		}
		during(b, s.Run)
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		return func() {
			if _, err := conn.Write(window); err != nil {
				b.Fatal(err)
			}
			for last := uint32(0); last < uint32(len(documents)); {
				var ack [6]byte
				if _, err := io.ReadFull(conn, ack[:]); err != nil {
					b.Fatal(err)
				}
				last = binary.BigEndian.Uint32(ack[2:])
			}
		}
	}
}

func natsRound(all []string) func(*testing.B, *telemetry.Intake) func() {
	return func(b *testing.B, in *telemetry.Intake) func() {
		s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: b.TempDir(), NoSigs: true, NoLog: true})
		if err != nil {
			b.Fatal(err)
		}
		go s.Start()
		b.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		if !s.ReadyForConnections(10 * time.Second) {
			b.Fatal("the broker does not start")
		}
		conn, err := natsgo.Connect(s.ClientURL())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(conn.Close)
		js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(2*many))
		if err == nil {
			_, err = js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "LOGS", Subjects: []string{"logs"}})
		}
		if err != nil {
			b.Fatal(err)
		}
		w := nats.Worker{URL: s.ClientURL(), Stream: "LOGS", Intake: in, Formats: format.NewRecogniser(), Log: quiet}
		during(b, w.Run)
		return func() {
			for _, l := range all {
				if _, err := js.PublishAsync("logs", []byte(l)); err != nil {
					b.Fatal(err)
				}
			}
			<-js.PublishAsyncComplete()
		}
	}
}

func kafkaRound(all []string) func(*testing.B, *telemetry.Intake) func() {
	return func(b *testing.B, in *telemetry.Intake) func() {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "logs"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(c.Close)
		p, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.DefaultProduceTopic("logs"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(p.Close)
		w := kafka.Worker{Brokers: c.ListenAddrs(), Topics: []string{"logs"}, Intake: in, Formats: format.NewRecogniser(), Log: quiet}
		during(b, w.Run)
		batch := make([]*kgo.Record, len(all))
		return func() {
			for i, l := range all {
				batch[i] = kgo.StringRecord(l)
			}
			if err := p.ProduceSync(b.Context(), batch...).FirstErr(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkReceiversJSON is to be measured against: what decoding costs: encoding/json of the same
// documents.
func BenchmarkReceiversJSON(b *testing.B) {
	all := lines()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for _, l := range all {
			var v map[string]any
			if err := json.Unmarshal([]byte(document(l)), &v); err != nil {
				b.Fatal(err)
			}
		}
		n += len(all)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
