package config

import (
	"net"
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Validate reports everything that is wrong with c, at once.
func (c Config) Validate() error {
	var problems []string
	bad := func(s string) { problems = append(problems, s) }
	c.addresses(bad)
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		bad("tls: certificate and key go together")
	}
	if c.Intake.Syslog.TLS != "" && c.TLS.Certificate == "" {
		bad("intake.syslog.tls: it needs tls.certificate and tls.key")
	}
	if c.Intake.Silence < 0 {
		bad("intake.silence: it must not be negative")
	}
	switch c.Log {
	case "debug", "info", "warn", "error":
	default:
		bad("log: " + c.Log + " is not one of debug, info, warn, error")
	}
	if c.Intake.MaxEvent < 1024 || c.Intake.MaxBody < int64(c.Intake.MaxEvent) {
		bad("intake: max_event must be at least 1024 and max_body at least max_event")
	}
	if len(problems) == 0 {
		return nil
	}
	return errs.New(errs.Invalid, "config_invalid", "The configuration has %d problem(s): %s.", len(problems), strings.Join(problems, "; "))
}

// addresses looks at where c listens and whom it listens to.
func (c Config) addresses(bad func(string)) {
	type setting struct{ key, addr string }
	all := []setting{
		{"listen", c.Listen},
		{"intake.listen", c.Intake.Listen},
		{"intake.syslog.udp", c.Intake.Syslog.UDP},
		{"intake.syslog.tcp", c.Intake.Syslog.TCP},
		{"intake.syslog.tls", c.Intake.Syslog.TLS},
		{"devices.listen", c.Devices.Listen},
		{"private.listen", c.Private.Listen},
	}
	for _, a := range c.Intake.Also {
		all = append(all, setting{"intake.also", a})
	}
	for _, l := range all {
		if l.addr == "" && l.key != "listen" {
			continue
		}
		host, _, err := net.SplitHostPort(l.addr)
		if err != nil {
			bad(l.key + ": " + err.Error())
		} else if ip := net.ParseIP(host); l.key == "private.listen" && (ip == nil || !ip.IsLoopback()) {
			bad("private.listen: it has no sign-in and must be a loopback address")
		}
	}
	for _, a := range c.Intake.Syslog.Allow {
		if _, err := netip.ParsePrefix(a); err != nil {
			bad("intake.syslog.allow: " + a + " is no address range such as 10.0.0.0/8")
		}
	}
}
