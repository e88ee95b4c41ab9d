package lumberjack_test

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
	"strings"
	"testing"
	"time"

	client "github.com/elastic/go-lumber/client/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver/lumberjack"
	"github.com/vedette-soc/vedette/internal/receiver/receivertest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

func serve(t testing.TB, c lumberjack.Config) string {
	t.Helper()
	c.Listen, c.Log = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	s, err := lumberjack.Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s.Addr().String()
}

func u32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// window frames records as a Beat does.
func window(records []string, compress bool) []byte {
	var events bytes.Buffer
	for i, r := range records {
		events.WriteString("2J")
		events.Write(u32(i + 1))
		events.Write(u32(len(r)))
		events.WriteString(r)
	}
	out := append([]byte("2W"), u32(len(records))...)
	if !compress {
		return append(out, events.Bytes()...)
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(events.Bytes())
	_ = z.Close()
	return append(append(append(out, "2C"...), u32(packed.Len())...), packed.Bytes()...)
}

// acknowledged reads acknowledgements until the last one.
func acknowledged(conn net.Conn, last int) (int, error) {
	done := 0
	for done < last {
		var b [6]byte
		if _, err := io.ReadFull(conn, b[:]); err != nil {
			return done, err
		}
		if string(b[:2]) != "2A" {
			return done, fmt.Errorf("%q is no acknowledgement", b[:2])
		}
		done = max(done, int(binary.BigEndian.Uint32(b[2:])))
	}
	return done, nil
}

func TestConformance(t *testing.T) {
	for name, compress := range map[string]bool{"plain": false, "compressed": true} {
		t.Run(name, func(t *testing.T) {
			receivertest.Run(t, func(t testing.TB, in *telemetry.Intake) receivertest.Sender {
				addr := serve(t, lumberjack.Config{Intake: in, MaxEvent: receivertest.MaxEvent})
				dial := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", addr) }
				return receivertest.Sender{
					Wrap:      func(s string) string { return fmt.Sprintf(`{"message":%q}`, s) },
					Illegible: `{"message":`,
					Send: func(ctx context.Context, records []string) (int, error) {
						conn, err := dial(ctx)
						if err != nil {
							return 0, err
						}
						defer conn.Close()
						if d, ok := ctx.Deadline(); ok {
							_ = conn.SetDeadline(d)
						}
						if _, err := conn.Write(window(records, compress)); err != nil {
							return 0, err
						}
						return acknowledged(conn, len(records))
					},
					Half: func(ctx context.Context, r string) error {
						conn, err := dial(ctx)
						if err != nil {
							return err
						}
						defer conn.Close()
						w := window([]string{r}, compress)
						_, err = conn.Write(w[:len(w)-len(r)/2-4])
						return err
					},
				}
			})
		})
	}
}

// TestClient: the client library of Elastic is content.
func TestClient(t *testing.T) {
	h := new(historytest.Memory)
	addr := serve(t, lumberjack.Config{Intake: telemetry.NewIntake(h, 0)})
	for level := range 4 {
		c, err := client.SyncDial(addr, client.CompressionLevel(level), client.Timeout(10*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		var events []any
		for i := range 3000 {
			events = append(events, map[string]any{"message": fmt.Sprint("line ", level, " ", i)})
		}
		if n, err := c.Send(events); n != len(events) || err != nil {
			t.Errorf("%d of %d acknowledged: %v", n, len(events), err)
		}
		_ = c.Close()
		if stats, _ := h.Stats(t.Context()); stats.Records != (level+1)*len(events) {
			t.Errorf("%d kept", stats.Records)
		}
	}
}

// TestFrames: what comes of frames of all kinds; the connection's end is that of
// the sender.
func TestFrames(t *testing.T) {
	pairs := func(kv ...string) []byte {
		out := append(append(append([]byte("1W"), u32(1)...), append([]byte("1D"), u32(1)...)...), u32(len(kv)/2)...)
		for _, s := range kv {
			out = append(append(out, u32(len(s))...), s...)
		}
		return out
	}
	good := window([]string{`{"a":1}`}, false)
	bomb := func() []byte {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		_, _ = z.Write([]byte("2J"))
		_, _ = z.Write(u32(1))
		_, _ = z.Write(u32(32 << 20))
		zero := make([]byte, 1<<20)
		for range 32 {
			_, _ = z.Write(zero)
		}
		_ = z.Close()
		return append(append(append(append([]byte("2W"), u32(1)...), "2C"...), u32(packed.Len())...), packed.Bytes()...)
	}
	for _, c := range []struct {
		name    string
		sent    []byte
		kept    []string
		refused map[string]int64
	}{
		{"one", good, []string{`{"a":1}`}, nil},
		{"two windows", append(bytes.Clone(good), good...), []string{`{"a":1}`, `{"a":1}`}, nil},
		{"version 1", pairs("line", "x", "host", "h"), []string{`{"host":"h","line":"x"}`}, nil},
		{"HTTP", []byte("GET / HTTP/1.1\r\n\r\n"), nil, map[string]int64{"bad-frame": 1}},
		{"no window", good[6:], nil, map[string]int64{"bad-frame": 1}},
		{"empty window", []byte("2W\x00\x00\x00\x00"), nil, map[string]int64{"bad-frame": 1}},
		{"huge window", []byte("2W\xff\xff\xff\xff"), nil, map[string]int64{"bad-frame": 1}},
		{"huge compressed", []byte("2W\x00\x00\x00\x012C\xff\xff\xff\xff"), nil, map[string]int64{"too-long": 1}},
		{"not compressed", []byte("2W\x00\x00\x00\x012C\x00\x00\x00\x04abcd"), nil, map[string]int64{"bad-frame": 1}},
		{"half", good[:len(good)-3], nil, map[string]int64{"half-frame": 1}},
		{"half a head", good[:3], nil, map[string]int64{"half-frame": 1}},
		{"a bomb", bomb(), nil, map[string]int64{"too-long": 1}},
		{"long pair", pairs("line", strings.Repeat("x", 3000)), nil, map[string]int64{"too-long": 1}},
		{"nothing", nil, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := new(historytest.Memory)
			in := telemetry.NewIntake(h, 0)
			conn, err := net.Dial("tcp", serve(t, lumberjack.Config{Intake: in, MaxEvent: 2048}))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, _ = conn.Write(c.sent) // the server may hang up
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, conn) // until the server hangs up
			var kept []string
			records, _ := h.Read(t.Context(), 1, 10)
			for _, r := range records {
				kept = append(kept, string(r.Raw))
				if !json.Valid(r.Raw) {
					t.Errorf("kept %q", r.Raw)
				}
			}
			var refused map[string]int64
			for _, s := range in.Sources() {
				if len(s.Refused) > 0 {
					refused = s.Refused
				}
			}
			if diff := cmp.Diff(c.kept, kept) + cmp.Diff(c.refused, refused); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// FuzzStream: whatever comes, the server ends and keeps JSON only.
func FuzzStream(f *testing.F) {
	f.Add(window([]string{`{"a":1}`, `{}`}, false))
	f.Add(window([]string{`{"a":1}`}, true))
	h := new(historytest.Memory)
	in := telemetry.NewIntake(h, 0)
	addr := serve(f, lumberjack.Config{Intake: in, MaxEvent: 2048})
	f.Fuzz(func(t *testing.T, sent []byte) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Skip(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = conn.Write(sent)
		_ = conn.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatal("the server does not hang up")
		}
		records, _ := h.Read(t.Context(), 1, 1<<20)
		for _, r := range records {
			if !json.Valid(r.Raw) {
				t.Errorf("kept %q", r.Raw)
			}
		}
	})
}
