package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/supervise"
)

// listener is an open port with what answers on it.
type listener struct {
	name string
	net.Listener
	server *http.Server
}

// listen opens a TCP port, with TLS when conf is given.
func listen(name, addr string, h http.Handler, conf *tls.Config, logger *slog.Logger) (*listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "listen_failed", "The address %s of %s cannot be used: %v. Choose another with the configuration key or flag.", addr, name, err)
	}
	if conf != nil {
		l = tls.NewListener(l, conf)
	}
	return newListener(name, l, h, logger), nil
}

func newListener(name string, l net.Listener, h http.Handler, logger *slog.Logger) *listener {
	return &listener{name, l, &http.Server{
		Handler: patient(h, bodyWait), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: bodyWait, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: log.New(debugWriter{logger}, "", 0),
	}}
}

// debugWriter logs what net/http has to say of broken clients, which on a port
// open to the internet is noise.
type debugWriter struct{ log *slog.Logger }

func (w debugWriter) Write(b []byte) (int, error) {
	w.log.Debug("http", "message", string(b))
	return len(b), nil
}

// worker serves until its context is done, then lets requests end.
func (l *listener) worker() supervise.Worker {
	return supervise.Worker{Name: l.name, Run: func(ctx context.Context) error {
		failed := make(chan error, 1)
		go func() { failed <- l.server.Serve(l.Listener) }()
		select {
		case err := <-failed:
			return errs.Fatal(fmt.Errorf("serve %s: %w", l.name, err))
		case <-ctx.Done():
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := l.server.Shutdown(end); err != nil { // a stream that never ends, such as the live queue
			err = l.server.Close()
			if err != nil && !errors.Is(err, net.ErrClosed) {
				return err
			}
		}
		return nil
	}}
}

// tlsConfig reads certificate and key; nil when none are configured.
func tlsConfig(certificate, key string) (*tls.Config, error) {
	if certificate == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, errs.New(errs.Invalid, "tls_unreadable", "The TLS certificate or key cannot be used.").Because(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}
