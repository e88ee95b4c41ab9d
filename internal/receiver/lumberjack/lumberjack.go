// Package lumberjack receives events over version 2 of the Lumberjack protocol, as
// the output "logstash" of Beats and Logstash's own output send them.
//
// [Listen] opens the port, [Server.Run] is a worker. Promises: a window is
// acknowledged only when its events are durable, so that a sender repeats what was
// not; while the disk is busy the sender is told that we live and waits; a frame is
// read no further than its limits, compressed or not; a broken frame ends its own
// connection only. The protocol knows no tokens: who may send is said by address
// ranges, or by certificates.
package lumberjack

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Config says where to listen. Zero limits mean the defaults.
type Config struct {
	Listen      string
	Key         string         // of the configuration, for errors
	Secure      *tls.Config    // nil = without TLS; with ClientCAs, senders must have a certificate
	Allow       []netip.Prefix // who may send; empty = everybody
	Intake      *telemetry.Intake
	MaxEvent    int           // bytes of one event, default 1 MiB
	Connections int           // at the same time, default 1000
	Stall       time.Duration // a window must be whole after this, default a minute
	Log         *slog.Logger
}

// Server listens.
type Server struct {
	Config
	*receiver.Port
}

// Listen opens the port.
func Listen(c Config) (*Server, error) {
	if c.MaxEvent <= 0 {
		c.MaxEvent = 1 << 20
	}
	if c.Stall <= 0 {
		c.Stall = time.Minute
	}
	s := &Server{Config: c}
	port, err := receiver.OpenPort(receiver.PortConfig{
		Key: c.Key, Listen: c.Listen, Secure: c.Secure, Allow: c.Allow, Name: "lumberjack",
		Intake: c.Intake, Connections: c.Connections, Log: c.Log, Serve: s.serve,
	})
	if err != nil {
		return nil, err
	}
	s.Port = port
	return s, nil
}

// alive is how often a sender is told that we live while its window waits for the disk.
const alive = 3 * time.Second

// keep makes a window durable while the sender is told that we live. A sender that is
// gone shows itself when its next frame is read.
func (s *Server) keep(ctx context.Context, conn net.Conn, records []telemetry.Record) error {
	return receiver.KeepAlive(ctx, s.Intake, records, s.Log, alive, func() { _ = acknowledge(conn, 0) })
}
