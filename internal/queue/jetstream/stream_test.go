package jetstream_test

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	client "github.com/nats-io/nats.go/jetstream"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/queue/jetstream"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestOpenErrors: what is wrong with the server or the stream is said.
func TestOpenErrors(t *testing.T) {
	b := newBroker(t)
	locked, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, Username: "vedette", Password: "right", JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	go locked.Start()
	t.Cleanup(func() { locked.Shutdown(); locked.WaitForShutdown() })
	if !locked.ReadyForConnections(10 * time.Second) {
		t.Fatal("the broker does not start")
	}
	b.open(func(c *jetstream.Config) { c.URL, c.User, c.Password = locked.ClientURL(), "vedette", "right" })
	conn, err := nats.Connect(b.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := client.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), client.StreamConfig{Name: "THEIRS", Subjects: []string{"theirs"}}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*jetstream.Config)
		want   string
	}{
		"no server":        {func(c *jetstream.Config) { c.URL = "nats://user:secret@127.0.0.1:1" }, "127.0.0.1:1 does not answer"},
		"wrong password":   {func(c *jetstream.Config) { c.URL, c.User, c.Password = locked.ClientURL(), "vedette", "wrong" }, "does not let us in"},
		"another's stream": {func(c *jetstream.Config) { c.Stream = "THEIRS" }, "must have retention work queue"},
		"no room":          {func(c *jetstream.Config) { c.MaxBytes = 1 << 60 }, "room for transport.max_bytes"},
	} {
		c := jetstream.Config{URL: b.ClientURL(), Stream: "PROOF", MaxBytes: 1 << 20, Replicas: 1, Redeliver: time.Second}
		tt.change(&c)
		_, err := jetstream.Open(t.Context(), c)
		if err == nil || !strings.Contains(errs.Public(err), tt.want) || strings.Contains(errs.Public(err), "secret") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// TestMadeAnew: who has the stream in mind that was there before gets nothing of another.
func TestMadeAnew(t *testing.T) {
	b := newBroker(t)
	old := b.open(nil)
	if _, err := old.Append(t.Context(), records("old", 1)); err != nil {
		t.Fatal(err)
	}
	done(t, old, 1)
	conn, err := nats.Connect(b.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := client.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream(t.Context(), "PROOF"); err != nil {
		t.Fatal(err)
	}
	b.open(nil)
	for range 3 {
		lots, err := old.TakeLots(t.Context(), 1)
		if errs.IsFatal(err) {
			return
		}
		if len(lots) > 0 {
			t.Fatalf("a lot of another stream came as %d", lots[0].Number)
		}
	}
	t.Error("nobody is told that the stream is another")
}

// cluster is three NATS servers that know each other and have a leader.
func cluster(t *testing.T) (servers []*server.Server, address string) {
	t.Helper()
	for range 5 { // what else runs may take a port before its server does
		if servers = serversOf(t); servers != nil {
			break
		}
	}
	if servers == nil {
		t.Fatal("the servers do not start")
	}
	var urls []string
	for _, s := range servers {
		urls = append(urls, s.ClientURL())
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		led, peers := false, 0
		for _, s := range servers {
			led = led || s.JetStreamIsLeader() && s.JetStreamIsCurrent()
			peers += len(s.JetStreamClusterPeers())
		}
		if led && peers >= 3 {
			return servers, strings.Join(urls, ",")
		}
		if time.Now().After(end) {
			t.Fatal("the servers find no leader")
		}
	}
}

// serversOf starts three servers, each on a port that was held until then. It returns nil,
// and leaves none running, if one does not start.
func serversOf(t *testing.T) (servers []*server.Server) {
	t.Helper()
	var held []net.Listener
	var routes []*url.URL
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		held, routes = append(held, l), append(routes, &url.URL{Scheme: "nats", Host: l.Addr().String()})
	}
	for i, l := range held {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprint("n", i), Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
			Cluster: server.ClusterOpts{Name: "proof", Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}, Routes: routes,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		go s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		if servers = append(servers, s); s.ReadyForConnections(10 * time.Second) {
			continue
		}
		for _, s := range servers {
			s.Shutdown()
		}
		return nil
	}
	return servers
}

// TestCluster: of three servers with three copies, the one that leads the stream goes
// away while events come. What was acknowledged is handed out, each lot under one number.
func TestCluster(t *testing.T) {
	servers, address := cluster(t)
	var q *jetstream.Queue
	var err error
	for range 20 { // the servers may not know of each other's JetStream yet
		if q, err = jetstream.Open(t.Context(), jetstream.Config{URL: address, Stream: "PROOF", MaxBytes: 16 << 20, Replicas: 3, Redeliver: 2 * time.Second}); err == nil {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() {
			for k := range 60 {
				name := fmt.Sprintf("%d-%d", i, k)
				if _, err := q.Append(t.Context(), records(name, 1)); err == nil {
					mu.Lock()
					acknowledged["http/"+name] = true
					mu.Unlock()
				} else if errs.KindOf(err) != errs.Unavailable {
					t.Error(err)
				}
				if i == 0 && k == 20 {
					leaderOf(t, servers, address).Shutdown()
				}
			}
		})
	}
	all.Wait()
	numbers, got := map[telemetry.LotNumber]string{}, map[string]bool{}
	missing := func() (n int) {
		for name := range acknowledged {
			if !got[name] {
				n++
			}
		}
		return n
	}
	for end := time.Now().Add(60 * time.Second); missing() > 0; {
		if time.Now().After(end) {
			t.Fatalf("%d of %d that were acknowledged never came", missing(), len(acknowledged))
		}
		lots, err := q.TakeLots(t.Context(), 8)
		if err != nil {
			time.Sleep(200 * time.Millisecond)
			continue
		}
		for _, l := range lots {
			first := string(l.Records[0].Raw)
			if had, ok := numbers[l.Number]; ok && had != first {
				t.Errorf("lot %d was %q, now it is %q", l.Number, had, first)
			}
			numbers[l.Number] = first
			for _, r := range l.Records {
				got[r.Source] = true
			}
			_ = l.Hand.Done(t.Context()) // else it comes again
		}
	}
	if len(acknowledged) < 90 {
		t.Errorf("only %d of 180 were acknowledged", len(acknowledged))
	}
	t.Logf("%d of 180 acknowledged, in %d lots", len(acknowledged), len(numbers))
}

// leaderOf returns the server that leads the stream.
func leaderOf(t *testing.T, servers []*server.Server, address string) *server.Server {
	t.Helper()
	conn, err := nats.Connect(address)
	if err != nil {
		t.Error(err)
		return servers[0]
	}
	defer conn.Close()
	js, err := client.New(conn)
	if err != nil {
		t.Error(err)
		return servers[0]
	}
	s, err := js.Stream(t.Context(), "PROOF")
	if err != nil {
		t.Error(err)
		return servers[0]
	}
	for _, one := range servers {
		if s.CachedInfo().Cluster != nil && one.Name() == s.CachedInfo().Cluster.Leader {
			return one
		}
	}
	t.Error("nobody leads the stream")
	return servers[0]
}
