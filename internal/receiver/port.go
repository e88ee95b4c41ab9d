package receiver

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// handshake is how long TLS may take to begin.
const handshake = 10 * time.Second

// PortConfig says what a port does.
type PortConfig struct {
	Key         string         // of the configuration, for errors
	Listen      string         // address
	Secure      *tls.Config    // nil = without TLS; with ClientCAs, senders must have a certificate
	Allow       []netip.Prefix // who may connect; empty = everybody
	Name        string         // of the protocol: sources are "NAME/ADDRESS"
	Intake      *telemetry.Intake
	Connections int // at the same time, default 1000
	Log         *slog.Logger
	// Serve talks to one sender until it goes. When ctx is done reading from conn
	// fails, and Serve must return soon.
	Serve func(ctx context.Context, conn net.Conn, source string)
}

// Port is a TCP port of a protocol that is not HTTP, with or without TLS.
type Port struct {
	PortConfig
	listener net.Listener

	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu
	ended bool              // guarded by mu
}

// OpenPort listens.
func OpenPort(c PortConfig) (*Port, error) {
	if c.Connections <= 0 {
		c.Connections = 1000
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "listen_failed", "The address %s of %s cannot be used: %v.", c.Listen, c.Key, err)
	}
	if c.Secure != nil {
		l = tls.NewListener(l, c.Secure)
	}
	return &Port{PortConfig: c, listener: l, conns: map[net.Conn]bool{}}, nil
}

// Addr is the address in use.
func (p *Port) Addr() net.Addr { return p.listener.Addr() }

// Close closes a port that was never run.
func (p *Port) Close() error { return p.listener.Close() }

// Run takes connections until ctx is done, and returns when all have ended; it must
// be called once.
func (p *Port) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	var running sync.WaitGroup
	defer running.Wait()
	stop := context.AfterFunc(ctx, p.end)
	defer stop()
	for {
		conn, err := p.listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if err != nil { // too many open files, most likely: connections that end give some back
			p.Log.WarnContext(ctx, "connection not taken", "protocol", p.Name, "error", err)
			select {
			case <-time.After(100 * time.Millisecond):
				continue
			case <-ctx.Done():
				return nil
			}
		}
		source, ok := p.admit(conn)
		if !ok {
			_ = conn.Close()
			continue
		}
		running.Go(func() {
			defer p.leave(conn)
			if source, ok := p.greet(ctx, conn, source); ok {
				p.Serve(ctx, conn, source)
			}
		})
	}
}

// end closes the port and lets nobody read on.
func (p *Port) end() {
	_ = p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for c := range p.conns {
		_ = c.SetReadDeadline(time.Now())
	}
}

// Wait bounds the next reads of a connection; zero is no bound. Behind the end of
// the port nothing is waited for.
func (p *Port) Wait(conn net.Conn, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		until = time.Now()
	}
	_ = conn.SetReadDeadline(until)
}

// admit says whether a connection may stay, and what its sender is called.
func (p *Port) admit(conn net.Conn) (string, bool) {
	addr := AddrOf(conn.RemoteAddr())
	source := p.Name + "/" + addr.String()
	if !Allowed(p.Allow, addr) {
		p.Intake.Refuse(source, Stranger, 1)
		return "", false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.conns) >= p.Connections {
		p.Intake.Refuse(source, "too-many-connections", 1)
		return "", false
	}
	p.conns[conn] = true
	if p.ended {
		_ = conn.SetReadDeadline(time.Now())
	}
	return source, true
}

func (p *Port) leave(conn net.Conn) {
	_ = conn.Close()
	p.mu.Lock()
	delete(p.conns, conn)
	p.mu.Unlock()
}

// greet begins TLS. Who shows a certificate is called by the name in it.
func (p *Port) greet(ctx context.Context, conn net.Conn, source string) (string, bool) {
	t, ok := conn.(*tls.Conn)
	if !ok {
		return source, true
	}
	short, cancel := context.WithTimeout(ctx, handshake)
	defer cancel()
	if err := t.HandshakeContext(short); err != nil {
		p.Intake.Refuse(source, "tls", 1)
		p.Log.DebugContext(ctx, "TLS refused", "source", source, "error", err)
		return "", false
	}
	if peers := t.ConnectionState().PeerCertificates; len(peers) > 0 && peers[0].Subject.CommonName != "" {
		source = p.Name + "/" + printable(peers[0].Subject.CommonName)
	}
	return source, true
}

// printable bounds the name that a certificate gives.
func printable(name string) string {
	out := make([]rune, 0, 64)
	for _, r := range name {
		if r > ' ' && r != 0x7f && len(out) < 64 {
			out = append(out, r)
		}
	}
	return string(out)
}

// Allowed says whether an address is in one of the ranges, of which none means all.
func Allowed(ranges []netip.Prefix, a netip.Addr) bool {
	for _, p := range ranges {
		if p.Contains(a) {
			return true
		}
	}
	return len(ranges) == 0
}

// AddrOf is the address of a peer without its port and zone.
func AddrOf(a net.Addr) netip.Addr {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap().WithZone("")
}
