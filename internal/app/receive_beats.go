package app

import (
	"crypto/tls"

	"github.com/vedette-soc/vedette/internal/receiver/lumberjack"
	"github.com/vedette-soc/vedette/internal/supervise"
)

// beatReceivers listens for Beats and Logstash where that is configured.
func (s *System) beatReceivers(l *Listening, conf *tls.Config) ([]supervise.Worker, error) {
	c := s.opt.Config.Intake
	allow, err := prefixes("intake.lumberjack.allow", c.Lumberjack.Allow)
	if err != nil {
		return nil, err
	}
	secure, err := mutual(conf, c.Lumberjack.ClientCA)
	if err != nil {
		return nil, err
	}
	var workers []supervise.Worker
	for _, port := range []struct {
		key, addr string
		secure    *tls.Config
	}{{"tcp", c.Lumberjack.TCP, nil}, {"tls", c.Lumberjack.TLS, secure}} {
		if port.addr == "" {
			continue
		}
		server, err := lumberjack.Listen(lumberjack.Config{
			Listen: port.addr, Key: "intake.lumberjack." + port.key, Secure: port.secure, Allow: allow,
			Intake: s.intake, MaxEvent: c.MaxEvent, Log: s.opt.Log.With("component", "lumberjack"),
		})
		if err != nil {
			return nil, err
		}
		l.Lumberjack = append(l.Lumberjack, server.Addr().String())
		workers = append(workers, supervise.Worker{Name: "lumberjack " + port.key, Run: server.Run})
	}
	return workers, nil
}
