package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

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
	c.Intake.validate(c.TLS.Certificate != "", bad)
	switch c.Log {
	case "debug", "info", "warn", "error":
	default:
		bad("log: " + c.Log + " is not one of debug, info, warn, error")
	}
	if c.Intake.MaxEvent < 1024 || c.Intake.MaxBody < int64(c.Intake.MaxEvent) {
		bad("intake: max_event must be at least 1024 and max_body at least max_event")
	}
	c.History.validate(bad)
	c.Transport.validate(c, bad)
	c.Leaks.validate(bad)
	for i, l := range c.Life {
		if l.Lifetime <= 0 || l.Speed <= 0 || l.Threshold < 0 || l.Threshold >= 100 {
			bad(fmt.Sprintf("life, rule %d: lifetime and decay_speed must be above 0, threshold from 0 to below 100", i+1))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return errs.New(errs.Invalid, "config_invalid", "The configuration has %d problem(s): %s.", len(problems), strings.Join(problems, "; "))
}

func (l Leaks) validate(bad func(string)) {
	if l.HIBPKey != "" && !strings.HasPrefix(l.HIBPKey, "env:") && !strings.HasPrefix(l.HIBPKey, "file:") {
		bad("leaks.hibp_key: it must be env:NAME or file:PATH, not the key itself")
	}
	if u, err := url.Parse(l.HIBPURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		bad("leaks.hibp_url: it must be like https://haveibeenpwned.com/api/v3")
	}
	if l.Keep < 0 || l.HIBPEvery < time.Hour {
		bad("leaks: keep must not be negative, and hibp_every at least 1h")
	}
}

var databaseName = regexp.MustCompile(`^/[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// validate looks at the address of ClickHouse.
func (h History) validate(bad func(string)) {
	if h.ClickHouse == "" {
		if h.ClickHousePassword != "" || h.ClickHouseCA != "" {
			bad("history: clickhouse_password and clickhouse_ca need clickhouse")
		}
		return
	}
	u, err := url.Parse(h.ClickHouse)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		bad("history.clickhouse: it must be like http://user@host:8123/database")
		return
	case !databaseName.MatchString(u.Path):
		bad("history.clickhouse: its path must name a database, of letters, digits and _")
	}
	if _, ok := u.User.Password(); ok {
		bad("history.clickhouse: it must not hold the password; give that in clickhouse_password, best as env:NAME or file:PATH")
	}
	if h.ClickHouseCA != "" && u.Scheme != "https" {
		bad("history.clickhouse_ca: it needs https")
	}
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
		{"intake.lumberjack.tcp", c.Intake.Lumberjack.TCP},
		{"intake.lumberjack.tls", c.Intake.Lumberjack.TLS},
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
	for key, ranges := range map[string][]string{"syslog": c.Intake.Syslog.Allow, "lumberjack": c.Intake.Lumberjack.Allow} {
		for _, a := range ranges {
			if _, err := netip.ParsePrefix(a); err != nil {
				bad("intake." + key + ".allow: " + a + " is no address range such as 10.0.0.0/8")
			}
		}
	}
}

// validate looks at what senders need. secure says that there is a certificate.
func (c Intake) validate(secure bool, bad func(string)) {
	for key, l := range map[string]struct{ tls, ca string }{"syslog": {c.Syslog.TLS, c.Syslog.ClientCA}, "lumberjack": {c.Lumberjack.TLS, c.Lumberjack.ClientCA}} {
		if l.tls != "" && !secure {
			bad("intake." + key + ".tls: it needs tls.certificate and tls.key")
		}
		if l.ca != "" && l.tls == "" {
			bad("intake." + key + ".client_ca: only senders over TLS have certificates; set tls")
		}
	}
	if c.Silence < 0 {
		bad("intake.silence: it must not be negative")
	}
	for _, n := range c.NATS {
		if n.URL == "" || n.Stream == "" && n.Subject == "" {
			bad("intake.nats: each needs url, and stream or subject")
		}
	}
	for _, k := range c.Kafka {
		if len(k.Brokers) == 0 || len(k.Topics) == 0 {
			bad("intake.kafka: each needs brokers and topics")
		}
	}
}
