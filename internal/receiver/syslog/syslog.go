// Package syslog receives messages over UDP, TCP and TLS, framed by octet counting
// (RFC 6587, RFC 5425) or by line ends, whichever the first byte of a connection
// shows; of the latter a record that spans lines is put together. What a message says is left to the recognition of formats: RFC 5424,
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

	"github.com/vedette-soc/vedette/format"
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
	Formats       *format.Recogniser // for records of several lines
	MaxEvent      int                // bytes of one message, default 1 MiB
	Connections   int                // at the same time on a port, default 1000
	Stall         time.Duration      // a frame must be whole after this, default a minute
	Log           *slog.Logger
}

// Server listens.
type Server struct {
	Config
	udp   *net.UDPConn
	tcp   []*receiver.Port
	large *semaphore.Weighted // bytes of buffers beyond the first of each connection
}

// memory bounds what all connections hold of long messages; several of the
// longest fit.
const memory = 64 << 20

// Listen opens the ports.
func Listen(c Config) (*Server, error) {
	if c.MaxEvent <= 0 {
		c.MaxEvent = 1 << 20
	}
	if c.Stall <= 0 {
		c.Stall = time.Minute
	}
	s := &Server{Config: c, large: semaphore.NewWeighted(max(memory, 2*int64(c.MaxEvent)))}
	if err := s.open(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *Server) open() error {
	if s.UDP != "" {
		addr, err := net.ResolveUDPAddr("udp", s.UDP)
		if err == nil {
			s.udp, err = net.ListenUDP("udp", addr)
		}
		if err != nil {
			return errs.New(errs.Unavailable, "listen_failed", "The address %s of intake.syslog.udp cannot be used: %v.", s.UDP, err)
		}
		_ = s.udp.SetReadBuffer(udpBuffer) // as much as the kernel allows
	}
	if s.TCP != "" {
		if err := s.stream("intake.syslog.tcp", s.TCP, nil); err != nil {
			return err
		}
	}
	if s.TLS == "" {
		return nil
	}
	if s.Secure == nil {
		return errs.New(errs.Invalid, "config_invalid", "intake.syslog.tls needs tls.certificate and tls.key.")
	}
	return s.stream("intake.syslog.tls", s.TLS, s.Secure)
}

func (s *Server) stream(key, addr string, secure *tls.Config) error {
	c := receiver.PortConfig{
		Key: key, Listen: addr, Secure: secure, Allow: s.Allow, Name: "syslog",
		Intake: s.Intake, Connections: s.Connections, Log: s.Log,
	}
	var port *receiver.Port
	c.Serve = func(ctx context.Context, conn net.Conn, source string) { s.serve(ctx, port, conn, source) }
	port, err := receiver.OpenPort(c)
	if err == nil {
		s.tcp = append(s.tcp, port)
	}
	return err
}

// Addrs are the addresses in use: UDP, TCP, TLS, as far as they are on.
func (s *Server) Addrs() []net.Addr {
	var out []net.Addr
	if s.udp != nil {
		out = append(out, s.udp.LocalAddr())
	}
	for _, p := range s.tcp {
		out = append(out, p.Addr())
	}
	return out
}

func (s *Server) close() {
	if s.udp != nil {
		_ = s.udp.Close()
	}
	for _, p := range s.tcp {
		_ = p.Close()
	}
}

// Run receives until ctx is done; it must be called once. What was read by then is
// kept.
func (s *Server) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(ref.WithActor(ctx, ref.SystemActor))
	defer cancel()
	failed := make(chan error, 3)
	var running sync.WaitGroup
	if s.udp != nil {
		running.Go(func() { failed <- s.datagrams(work) })
	}
	for _, p := range s.tcp {
		running.Go(func() { failed <- p.Run(work) })
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
	running.Wait()
	return err
}
