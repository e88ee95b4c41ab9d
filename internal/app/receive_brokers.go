package app

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"

	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver/kafka"
	"github.com/vedette-soc/vedette/internal/receiver/nats"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// brokerReceivers takes events from brokers where that is configured.
func (s *System) brokerReceivers(*Listening, *tls.Config) ([]supervise.Worker, error) {
	var workers []supervise.Worker
	for _, c := range s.opt.Config.Intake.NATS {
		w, err := s.natsWorker(c)
		if err != nil {
			return nil, err
		}
		workers = append(workers, supervise.Worker{Name: "nats " + c.Stream + c.Subject, Run: w.Run})
	}
	for _, c := range s.opt.Config.Intake.Kafka {
		w, err := s.kafkaWorker(c)
		if err != nil {
			return nil, err
		}
		workers = append(workers, supervise.Worker{Name: "kafka " + strings.Join(c.Topics, " "), Run: w.Run})
	}
	return workers, nil
}

func (s *System) natsWorker(c config.NATS) (*nats.Worker, error) {
	if err := s.formatKnown("intake.nats", c.Format); err != nil {
		return nil, err
	}
	password, token, secure, err := natsSecrets(c.Password, c.Token, c.CA)
	if err != nil {
		return nil, err
	}
	return &nats.Worker{
		URL: c.URL, Stream: c.Stream, Subject: c.Subject, Consumer: c.Consumer, Format: c.Format, Credentials: c.Credentials,
		User: c.User, Password: password, Token: token, Secure: secure,
		Intake: s.intake, Formats: s.formats, MaxEvent: s.opt.Config.Intake.MaxEvent, Log: s.opt.Log.With("component", "nats"),
	}, nil
}

// natsSecrets reads what a connection to NATS shows and asks for.
func natsSecrets(password, token, authorities string) (p, t errs.Secret, secure *tls.Config, err error) {
	if p, err = config.Reveal(password); err != nil {
		return p, t, nil, err
	}
	if t, err = config.Reveal(token); err != nil {
		return p, t, nil, err
	}
	secure, err = client(authorities != "", authorities)
	return p, t, secure, err
}

func (s *System) kafkaWorker(c config.Kafka) (*kafka.Worker, error) {
	if err := s.formatKnown("intake.kafka", c.Format); err != nil {
		return nil, err
	}
	password, err := config.Reveal(c.Password)
	if err != nil {
		return nil, err
	}
	secure, err := client(c.TLS, c.CA)
	if err != nil {
		return nil, err
	}
	return &kafka.Worker{
		Brokers: c.Brokers, Topics: c.Topics, Group: c.Group, Format: c.Format, User: c.User, Password: password, Mechanism: c.Mechanism, Secure: secure,
		Intake: s.intake, Formats: s.formats, MaxEvent: s.opt.Config.Intake.MaxEvent, Log: s.opt.Log.With("component", "kafka"),
	}, nil
}

// formatKnown says whether a declared format is one of ours.
func (s *System) formatKnown(key, name string) error {
	if _, err := telemetry.NewHeader(s.formats, name); err != nil {
		return errs.New(errs.Invalid, "config_invalid", "%s: there is no format %q; use one of %s, or none to have it recognised.", key, name, strings.Join(s.formats.Names(), ", "))
	}
	return nil
}

// client is TLS towards a server; nil when it is not wanted.
func client(wanted bool, authorities string) (*tls.Config, error) {
	if !wanted {
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities == "" {
		return conf, nil
	}
	pem, err := os.ReadFile(authorities)
	conf.RootCAs = x509.NewCertPool()
	if err != nil || !conf.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errs.New(errs.Invalid, "tls_unreadable", "The file %q holds no certificate of an authority that can be read.", authorities).Because(err)
	}
	return conf, nil
}
