package app

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"

	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/receiver/elastic"
	"github.com/vedette-soc/vedette/internal/receiver/hec"
	"github.com/vedette-soc/vedette/internal/receiver/ndjson"
	"github.com/vedette-soc/vedette/internal/receiver/otlp"
	"github.com/vedette-soc/vedette/internal/receiver/stdin"
	"github.com/vedette-soc/vedette/internal/receiver/tail"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/ref"
)

// tokens lets senders in by their tokens.
type tokens struct{ *identity.Service }

// Authorise implements receiver.Authoriser.
func (t tokens) Authorise(ctx context.Context, secret string) (ref.Actor, error) {
	return t.Token(ctx, secret)
}

// intakeStage is everything that brings something in.
func (s *System) intakeStage(l *Listening, conf *tls.Config) ([]supervise.Worker, error) {
	var workers []supervise.Worker
	if s.collect != nil { // else another process keeps
		workers = append(workers, supervise.Worker{Name: "feeds", Run: s.collect.Run})
	}
	if s.opt.tenure != nil { // others receive
		return workers, nil
	}
	workers = append(workers, supervise.Worker{Name: "senders", Run: s.rememberSenders})
	for _, add := range []func(*Listening, *tls.Config) ([]supervise.Worker, error){s.httpReceivers, s.syslogReceivers, s.beatReceivers, s.brokerReceivers} {
		more, err := add(l, conf)
		if err != nil {
			return nil, err
		}
		workers = append(workers, more...)
	}
	return append(workers, s.localReceivers()...), nil
}

// httpReceivers are the protocols that HTTP carries, all on the same addresses.
func (s *System) httpReceivers(l *Listening, conf *tls.Config) ([]supervise.Worker, error) {
	c := s.opt.Config.Intake
	if c.Listen == "" {
		return nil, nil
	}
	door := receiver.NewDoor(receiver.DoorConfig{Auth: tokens{s.identity}, Intake: s.intake, MaxEvent: c.MaxEvent, MaxBody: c.MaxBody})
	log := s.opt.Log.With("component", "intake")
	collector := hec.New(hec.Config{Door: door, Log: log})
	mux := http.NewServeMux()
	mux.Handle("/", elastic.New(elastic.Config{Door: door, Log: log}))
	mux.Handle("/services/collector", collector)
	mux.Handle("/services/collector/", collector)
	mux.Handle("/v1/logs", otlp.New(otlp.Config{Door: door, Log: log}))
	mux.Handle("/v1/", ndjson.New(ndjson.Config{Door: door, Formats: s.formats, Log: log}))
	var workers []supervise.Worker
	for i, addr := range append([]string{c.Listen}, c.Also...) {
		name := "intake"
		if i > 0 {
			name += " " + addr
		}
		in, err := listen(name, addr, mux, conf, s.opt.Log)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			l.Intake = baseURL(in, conf != nil)
		}
		workers = append(workers, in.worker())
	}
	return workers, nil
}

// localReceivers read what is on this machine.
func (s *System) localReceivers() []supervise.Worker {
	c := s.opt.Config
	var workers []supervise.Worker
	if len(c.Intake.Tail) > 0 {
		w := &tail.Worker{State: filepath.Join(c.Data, tailName), Intake: s.intake, Formats: s.formats, MaxEvent: c.Intake.MaxEvent, Log: s.opt.Log}
		for _, t := range c.Intake.Tail {
			w.Files = append(w.Files, tail.Follow{Path: t.Path, Format: t.Format})
		}
		workers = append(workers, supervise.Worker{Name: "tail", Run: w.Run})
	}
	if len(s.replay) > 0 {
		workers = append(workers, s.replayWorker())
	}
	if c.Intake.Stdin {
		w := &stdin.Worker{In: os.Stdin, Intake: s.intake, Formats: s.formats, MaxEvent: c.Intake.MaxEvent, Log: s.opt.Log}
		workers = append(workers, supervise.Worker{Name: "stdin", Run: w.Run})
	}
	return workers
}
