package syslog_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver/receivertest"
	"github.com/vedette-soc/vedette/internal/receiver/syslog"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

const local = "127.0.0.1:0"

// serve runs a server until the test ends.
func serve(t testing.TB, c syslog.Config) *syslog.Server {
	t.Helper()
	c.Log, c.Formats = slog.New(slog.DiscardHandler), format.NewRecogniser(windows.Format())
	s, err := syslog.Listen(c)
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
	return s
}

func lines(records []string) string { return strings.Join(records, "\n") + "\n" }

func counted(records []string) string {
	var b strings.Builder
	for _, r := range records {
		fmt.Fprintf(&b, "%d %s", len(r), r)
	}
	return b.String()
}

// stream is a client that opens a connection for each call.
func stream(dial func(context.Context) (net.Conn, error), frame func([]string) string, half string) receivertest.Sender {
	write := func(ctx context.Context, s string) error {
		conn, err := dial(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Write([]byte(s))
		return err
	}
	s := receivertest.Sender{Unacknowledged: true}
	s.Send = func(ctx context.Context, records []string) (int, error) {
		return len(records), write(ctx, frame(records))
	}
	if half != "" {
		s.Half = func(ctx context.Context, r string) error { return write(ctx, fmt.Sprintf(half, len(r), r[:len(r)/2])) }
	}
	return s
}

func TestConformance(t *testing.T) {
	t.Run("udp", func(t *testing.T) {
		receivertest.Run(t, func(t testing.TB, in *telemetry.Intake) receivertest.Sender {
			s := serve(t, syslog.Config{UDP: local, Intake: in, MaxEvent: receivertest.MaxEvent})
			conn, err := net.Dial("udp", s.Addrs()[0].String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			return receivertest.Sender{Unacknowledged: true, Lossy: true, Datagram: 65507, Send: func(_ context.Context, records []string) (int, error) {
				for i, r := range records {
					if _, err := conn.Write([]byte(r)); err != nil {
						return i, err
					}
				}
				return len(records), nil
			}}
		})
	})
	for name, frame := range map[string]func([]string) string{"lines": lines, "counted": counted} {
		half := ""
		if name == "counted" {
			half = "%d %s"
		}
		t.Run("tcp "+name, func(t *testing.T) {
			receivertest.Run(t, func(t testing.TB, in *telemetry.Intake) receivertest.Sender {
				s := serve(t, syslog.Config{TCP: local, Intake: in, MaxEvent: receivertest.MaxEvent})
				return stream(func(ctx context.Context) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, "tcp", s.Addrs()[0].String())
				}, frame, half)
			})
		})
		t.Run("tls "+name, func(t *testing.T) {
			server, client := certificates(t)
			receivertest.Run(t, func(t testing.TB, in *telemetry.Intake) receivertest.Sender {
				s := serve(t, syslog.Config{TLS: local, Secure: server, Intake: in, MaxEvent: receivertest.MaxEvent})
				return stream(func(ctx context.Context) (net.Conn, error) {
					return (&tls.Dialer{Config: client}).DialContext(ctx, "tcp", s.Addrs()[0].String())
				}, frame, half)
			})
		})
	}
}

// certificates makes one certificate for both sides, and asks for it.
func certificates(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay-1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	pair := []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	return &tls.Config{Certificates: pair, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12},
		&tls.Config{Certificates: pair, RootCAs: pool, MinVersion: tls.VersionTLS12}
}

type outcome struct {
	Kept    []string
	Refused map[string]int64
}

// after sends bytes over one connection, closes it, and waits for what becomes of
// them.
func after(t *testing.T, c syslog.Config, sent string, want outcome) outcome {
	t.Helper()
	h := new(historytest.Memory)
	c.Intake, c.TCP = telemetry.NewIntake(h, 0), local
	s := serve(t, c)
	conn, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = conn.Write([]byte(sent)) // the server may hang up
	_ = conn.(*net.TCPConn).CloseWrite()
	defer conn.Close()
	got := outcome{}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		got = outcome{Refused: map[string]int64{}}
		records, err := h.Read(t.Context(), 1, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			got.Kept = append(got.Kept, string(r.Raw))
		}
		for _, source := range c.Intake.Sources() {
			for reason, n := range source.Refused {
				got.Refused[reason] += n
			}
		}
		if cmp.Equal(want, got) {
			break
		}
	}
	return got
}

func TestFraming(t *testing.T) {
	long := strings.Repeat("y", 2000)
	for _, c := range []struct {
		name, sent string
		kept       []string
		refused    map[string]int64
	}{
		{"lines", "<34>1 - - - - - - a\n<34>b\r\nCEF:0|x\n\n", []string{"<34>1 - - - - - - a", "<34>b", "CEF:0|x"}, nil},
		{"no end", "<34>a\nlast", []string{"<34>a", "last"}, nil},
		{"counted", "3 abc4 d\nef2 gh", []string{"abc", "d\nef", "gh"}, nil},
		{"line end counted in, and not", "4 abc\n3 def\n3 ghi\n", []string{"abc", "def", "ghi"}, nil},
		{"a line that begins with a date", "2026-11-28T10:00:00Z a b\n10 bytes\n", []string{"2026-11-28T10:00:00Z a b", "10 bytes"}, nil},
		{"latin-1 stays", "na\xefve\n", []string{"na\xefve"}, nil},
		{"NUL ends", "abc\x00\n", []string{"abc"}, nil},
		{"half", "3 abc10 defg", []string{"abc"}, map[string]int64{"half-frame": 1}},
		{"half a count", "3 abc10", []string{"abc"}, map[string]int64{"half-frame": 1}},
		{"no count", "3 abcdef\n3 ghi", []string{"abc"}, map[string]int64{"bad-frame": 1}},
		{"count too large", "3 abc9999999999 d", []string{"abc"}, map[string]int64{"bad-frame": 1}},
		{"long line", long + "\nb\n", []string{"b"}, map[string]int64{"too-long": 1}},
		{"long counted", "2000 " + long + "1 b", []string{"b"}, map[string]int64{"too-long": 1}},
		{"long and half", "9000 " + long, nil, map[string]int64{"too-long": 1, "half-frame": 1}},
		{"UTF-16", "<\x003\x004\x00>\x00a\x00\n\x00\nb\n", []string{"b"}, map[string]int64{"encoding": 1}},
		{"nothing", "", nil, nil},
		{"an event over lines", "<13>a\n<14>Jun  1 10:00:00 h s[1]: <Event><System>\r\n<EventID>1</EventID>\r\n</System></Event>\r\n<13>b\n", []string{"<13>a", "<14>Jun  1 10:00:00 h s[1]: <Event><System>\r\n<EventID>1</EventID>\r\n</System></Event>", "<13>b"}, nil},
		{"an event that does not end", "<14>s: <Event><System>\n<13>a\n<13>b", []string{"<14>s: <Event><System>", "<13>a", "<13>b"}, nil},
		{"JSON over lines", "{\n\"a\": 1\n}\n[{\"b\":2},{}]\n", []string{"{\n\"a\": 1\n}", `{"b":2}`, "{}"}, nil},
		{"an event of Splunk", "<13> 04/25/2023 07:01:02 PM\nLogName=Security\nMessage=a\n\nb:\n<13>c\n", []string{"<13> 04/25/2023 07:01:02 PM\nLogName=Security\nMessage=a\n\nb:", "<13>c"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := outcome{c.kept, c.refused}
			if want.Refused == nil {
				want.Refused = map[string]int64{}
			}
			if diff := cmp.Diff(want, after(t, syslog.Config{MaxEvent: 1024}, c.sent, want)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestStrangers: who may not send is counted.
func TestStrangers(t *testing.T) {
	want := outcome{Refused: map[string]int64{"not-allowed": 1}}
	c := syslog.Config{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	if diff := cmp.Diff(want, after(t, c, "a\n", want)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// connect makes a connection that ends with the test.
func connect(t testing.TB, s *syslog.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestHugeLine: a line of 100 MB costs no memory, and the next one is kept.
func TestHugeLine(t *testing.T) {
	for name, prefix := range map[string]string{"line": "", "counted": "104857600 "} {
		t.Run(name, func(t *testing.T) {
			h := new(historytest.Memory)
			in := telemetry.NewIntake(h, 0)
			s := serve(t, syslog.Config{TCP: local, Intake: in})
			conn := connect(t, s)
			var before, now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			peak := uint64(0)
			_, err := conn.Write([]byte(prefix))
			part := bytes.Repeat([]byte("x"), 1<<20)
			for i := 0; i < 100 && err == nil; i++ {
				_, err = conn.Write(part)
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
			if prefix == "" {
				_, _ = conn.Write([]byte("\n"))
			} else {
				_, _ = conn.Write([]byte("1 "))
			}
			if _, err := conn.Write([]byte("b\n")); err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
			for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
				if stats, _ := h.Stats(t.Context()); stats.Records == 1 {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("the line behind was not kept: %+v", in.Sources())
				}
			}
			if grown := int64(peak) - int64(before.HeapAlloc); grown > 16<<20 {
				t.Errorf("%d bytes were held", grown)
			}
		})
	}
}

// TestStall: half a frame that is never finished ends its connection.
func TestStall(t *testing.T) {
	h := new(historytest.Memory)
	in := telemetry.NewIntake(h, 0)
	s := serve(t, syslog.Config{TCP: local, Intake: in, Stall: 50 * time.Millisecond})
	conn := connect(t, s)
	if _, err := conn.Write([]byte("3 abc9 de")); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Fatalf("the connection is still open: %v", err)
	}
	if diff := cmp.Diff(map[string]int64{"half-frame": 1}, in.Sources()[0].Refused); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if stats, _ := h.Stats(t.Context()); stats.Records != 1 {
		t.Errorf("%d records kept", stats.Records)
	}
}

// TestAwaited: a record whose end does not come keeps nothing for long, however much
// its sender goes on to send.
func TestAwaited(t *testing.T) {
	h := new(historytest.Memory)
	in := telemetry.NewIntake(h, 0)
	s := serve(t, syslog.Config{TCP: local, Intake: in})
	conn := connect(t, s)
	sent := 0
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := conn.Write([]byte("{\"a\":[\n1,\n")); err != nil {
			t.Fatal(err)
		}
		sent++
		if stats, _ := h.Stats(t.Context()); stats.Records > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("nothing of %d lines is kept", 2*sent)
		}
	}
	if len(in.Sources()[0].Refused) > 0 {
		t.Errorf("refused %v", in.Sources()[0].Refused)
	}
}

// FuzzStream: whatever comes over a connection, the server ends it with its sender,
// keeps nothing beyond the limit and nothing with NUL in it.
func FuzzStream(f *testing.F) {
	for _, s := range []string{"<34>a\nb\n", "3 abc4 defg", "3 abc\n", "9999 x", "12345678901 x", "a\x00\n\x00", "<1>a<Event><System>\n</Event>\n", "{\n}\n[{}]\n"} {
		f.Add([]byte(s))
	}
	h := new(historytest.Memory)
	in := telemetry.NewIntake(h, 0)
	s := serve(f, syslog.Config{TCP: local, Intake: in, MaxEvent: 64})
	seen := telemetry.Seq(0)
	f.Fuzz(func(t *testing.T, sent []byte) {
		conn, err := net.Dial("tcp", s.Addrs()[0].String())
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
		records, _ := h.Read(t.Context(), seen+1, 1<<20)
		for _, r := range records {
			seen = r.Seq
			if len(r.Raw) == 0 || len(r.Raw) > 64 || bytes.IndexByte(r.Raw, 0) >= 0 {
				t.Errorf("kept %q", r.Raw)
			}
		}
	})
}
