package app

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"os"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver/syslog"
	"github.com/vedette-soc/vedette/internal/supervise"
)

// syslogReceivers listens for syslog where that is configured.
func (s *System) syslogReceivers(l *Listening, conf *tls.Config) ([]supervise.Worker, error) {
	c := s.opt.Config.Intake
	if c.Syslog.UDP == "" && c.Syslog.TCP == "" && c.Syslog.TLS == "" {
		return nil, nil
	}
	allow, err := prefixes("intake.syslog.allow", c.Syslog.Allow)
	if err != nil {
		return nil, err
	}
	secure, err := mutual(conf, c.Syslog.ClientCA)
	if err != nil {
		return nil, err
	}
	server, err := syslog.Listen(syslog.Config{
		UDP: c.Syslog.UDP, TCP: c.Syslog.TCP, TLS: c.Syslog.TLS, Secure: secure, Allow: allow,
		Intake: s.intake, Formats: s.formats, MaxEvent: c.MaxEvent, Log: s.opt.Log.With("component", "syslog"),
	})
	if err != nil {
		return nil, err
	}
	for _, a := range server.Addrs() {
		l.Syslog = append(l.Syslog, a.Network()+"/"+a.String())
	}
	return []supervise.Worker{{Name: "syslog", Run: server.Run}}, nil
}

// mutual is the TLS of listeners for machines that are no browsers; with a file of
// authorities, senders must have a certificate of one of them.
func mutual(conf *tls.Config, authorities string) (*tls.Config, error) {
	if conf == nil {
		return nil, nil
	}
	conf = conf.Clone()
	conf.NextProtos = nil
	if authorities == "" {
		return conf, nil
	}
	pem, err := os.ReadFile(authorities)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		return nil, errs.New(errs.Invalid, "tls_unreadable", "The file %q holds no certificate of an authority that can be read.", authorities).Because(err)
	}
	conf.ClientCAs, conf.ClientAuth = pool, tls.RequireAndVerifyClientCert
	return conf, nil
}

// prefixes reads the address ranges of a key.
func prefixes(key string, ranges []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, r := range ranges {
		p, err := netip.ParsePrefix(r)
		if err != nil {
			return nil, errs.New(errs.Invalid, "config_invalid", "%s: %q is no address range.", key, r)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
