// Package syslog receives messages over UDP, TCP and TLS, framed by octet counting
// (RFC 6587, RFC 5425) or by line ends, whichever the first byte of a connection
// shows. What a message says is left to the recognition of formats: RFC 5424,
// RFC 3164, CEF, LEEF, JSON or a bare line is kept as it came, without its frame.
//
// [Listen] opens the ports, [Server.Run] is a worker. Promises: syslog has no
// acknowledgement, so a TCP sender is slowed down by not being read from while the
// disk is busy, and what UDP loses is counted, by us and by the kernel; what one
// connection and all together can make us hold is bounded; a broken frame ends its
// own connection only.
package syslog

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Config says where to listen. An empty address is off; zero limits mean the
// defaults.
type Config struct {
	UDP, TCP, TLS string
	Secure        *tls.Config    // of TLS; with ClientCAs, senders must have a certificate
	Allow         []netip.Prefix // who may send; empty = everybody
	Intake        *telemetry.Intake
	MaxEvent      int           // bytes of one message, default 1 MiB
	Connections   int           // at the same time, default 1000
	Stall         time.Duration // a frame must be whole after this, default a minute
	Log           *slog.Logger
}

// Server listens.
type Server struct {
	Config
	udp   *net.UDPConn
	tcp   []net.Listener
	large *semaphore.Weighted // bytes of buffers beyond the first of each connection

	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu
}

// memory bounds what all connections hold of long messages; several of the
// longest fit.
const memory = 64 << 20

// Listen opens the ports.
func Listen(c Config) (*Server, error) {
	if c.MaxEvent <= 0 {
		c.MaxEvent = 1 << 20
	}
	if c.Connections <= 0 {
		c.Connections = 1000
	}
	if c.Stall <= 0 {
		c.Stall = time.Minute
	}
	s := &Server{Config: c, conns: map[net.Conn]bool{}, large: semaphore.NewWeighted(max(memory, 2*int64(c.MaxEvent)))}
	if err := s.open(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *Server) open() error {
	failed := func(key, addr string, err error) error {
		return errs.New(errs.Unavailable, "listen_failed", "The address %s of intake.syslog.%s cannot be used: %v.", addr, key, err)
	}
	if s.UDP != "" {
		addr, err := net.ResolveUDPAddr("udp", s.UDP)
		if err == nil {
			s.udp, err = net.ListenUDP("udp", addr)
		}
		if err != nil {
			return failed("udp", s.UDP, err)
		}
		_ = s.udp.SetReadBuffer(udpBuffer) // as much as the kernel allows
	}
	if s.TCP != "" {
		l, err := net.Listen("tcp", s.TCP)
		if err != nil {
			return failed("tcp", s.TCP, err)
		}
		s.tcp = append(s.tcp, l)
	}
	if s.TLS != "" {
		if s.Secure == nil {
			return errs.New(errs.Invalid, "config_invalid", "intake.syslog.tls needs tls.certificate and tls.key.")
		}
		l, err := net.Listen("tcp", s.TLS)
		if err != nil {
			return failed("tls", s.TLS, err)
		}
		s.tcp = append(s.tcp, tls.NewListener(l, s.Secure))
	}
	return nil
}

// Addrs are the addresses in use: UDP, TCP, TLS, as far as they are on.
func (s *Server) Addrs() []net.Addr {
	var out []net.Addr
	if s.udp != nil {
		out = append(out, s.udp.LocalAddr())
	}
	for _, l := range s.tcp {
		out = append(out, l.Addr())
	}
	return out
}

func (s *Server) close() {
	if s.udp != nil {
		_ = s.udp.Close()
	}
	for _, l := range s.tcp {
		_ = l.Close()
	}
}

// Run receives until ctx is done; it must be called once. What was read by then is
// kept.
func (s *Server) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(ref.WithActor(ctx, ref.SystemActor))
	defer cancel()
	failed := make(chan error, 4)
	var running sync.WaitGroup
	if s.udp != nil {
		running.Go(func() { failed <- s.datagrams(work) })
	}
	for _, l := range s.tcp {
		running.Go(func() { failed <- s.accept(work, l, &running) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		if err != nil {
			err = errs.Fatal(err)
		}
	}
	cancel()
	s.close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.SetReadDeadline(time.Now()) // what is read already is passed on
	}
	s.mu.Unlock()
	running.Wait()
	return err
}

func (s *Server) accept(ctx context.Context, l net.Listener, running *sync.WaitGroup) error {
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if err != nil { // too many open files, most likely: connections that end give some back
			s.Log.WarnContext(ctx, "syslog connection not taken", "error", err)
			select {
			case <-time.After(100 * time.Millisecond):
				continue
			case <-ctx.Done():
				return nil
			}
		}
		source, ok := s.admit(conn)
		if !ok {
			_ = conn.Close()
			continue
		}
		running.Go(func() {
			defer s.leave(conn)
			s.serve(ctx, conn, source)
		})
	}
}

// admit says whether a connection may stay, and what its sender is called.
func (s *Server) admit(conn net.Conn) (string, bool) {
	addr := address(conn.RemoteAddr())
	if !s.allowed(addr) {
		s.Intake.Refuse(sourceOf(addr), receiver.Stranger, 1)
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.Connections {
		s.Intake.Refuse(sourceOf(addr), "too-many-connections", 1)
		return "", false
	}
	s.conns[conn] = true
	return sourceOf(addr), true
}

func (s *Server) leave(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
}

func (s *Server) allowed(a netip.Addr) bool {
	if len(s.Allow) == 0 {
		return true
	}
	for _, p := range s.Allow {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func address(a net.Addr) netip.Addr {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap()
}

func sourceOf(a netip.Addr) string { return "syslog/" + a.WithZone("").String() }
