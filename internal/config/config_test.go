package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
)

func write(t *testing.T, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "vedette.yaml")
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// What Print writes must read back as the same configuration, and explain every
// key.
func TestPrintIsAConfiguration(t *testing.T) {
	var b bytes.Buffer
	if err := config.Print(&b, config.Default()); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(write(t, b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if d := cmp.Diff(config.Default(), got, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	for _, key := range []string{"# Address of the pages", "# Loopback address; empty = off.", "max_age: 2160h0m0s"} {
		if !strings.Contains(b.String(), key) {
			t.Errorf("no %q in\n%s", key, b.String())
		}
	}
}

func TestBadConfigurations(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"listen: 127.0.0.1:1\nlisten_adress: x\n", "line 2"},
		{"private: {listen: \"0.0.0.0:9\"}\n", "loopback"},
		{"tls: {certificate: a.pem}\n", "go together"},
		{"log: loud\nlisten: nowhere\n", "2 problem(s)"},
		{"life: [{lifetime: 9}]\n", "life, rule 1: lifetime and decay_speed must be above 0"},
		{"leaks: {hibp_key: abc}\n", "env:NAME or file:PATH"},
		{"leaks: {hibp_every: 1m}\n", "at least 1h"},
		{"leaks: {hibp_url: nowhere}\n", "leaks.hibp_url"},
		{"intake: {max_event: many}\n", "line 1"},
		{"intake: {also: [nowhere]}\n", "intake.also"},
		{"intake: {syslog: {tls: \":6514\"}}\n", "needs tls.certificate"},
		{"history: {clickhouse: \"tcp://h:9000/d\"}\n", "http://user@host:8123/database"},
		{"history: {clickhouse: \"http://h:8123/a-b\"}\n", "must name a database"},
		{"history: {clickhouse: \"http://u:secret@h:8123/d\"}\n", "must not hold the password"},
		{"history: {clickhouse_password: x}\n", "need clickhouse"},
		{"intake: {syslog: {udp: \":514\", allow: [ten]}}\n", "no address range"},
		{"transport: {nats: \"nats://h:4222\"}\n", "2 problem(s)"},
		{"transport: {nats: \"nats://h:4222\"}\ndatabase: env:X\n", "set history.clickhouse"},
		{"transport: {nats: \"nats://h:4222\"}\nhistory: {clickhouse: \"http://h:8123/d\"}\n", "set database"},
		{"transport: {user: u}\n", "need nats"},
		{"transport: {nats: n, stream: \"a.b\", max_bytes: 1, replicas: 2, redeliver: 1ms, rate: -1}\n", "7 problem(s)"},
	} {
		_, err := config.Load(write(t, tt.text))
		if errs.KindOf(err) != errs.Invalid || !strings.Contains(errs.Public(err), tt.want) {
			t.Errorf("%q: %v, want an Invalid that says %q", tt.text, err, tt.want)
		}
	}
	if _, err := config.Load(filepath.Join(t.TempDir(), "none.yaml")); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a missing file: %v", err)
	}
}

func TestReveal(t *testing.T) {
	t.Setenv("VEDETTE_TEST_SECRET", "s3")
	for _, tt := range []struct{ in, want string }{{"env:VEDETTE_TEST_SECRET", "s3"}, {"file:" + write(t, " s4\n"), "s4"}, {"plain", "plain"}} {
		if got, err := config.Reveal(tt.in); err != nil || got.Reveal() != tt.want {
			t.Errorf("Reveal(%q) = %q, %v", tt.in, got.Reveal(), err)
		}
	}
	if _, err := config.Reveal("env:VEDETTE_TEST_NONE"); errs.CodeOf(err) != "secret_missing" {
		t.Errorf("a missing secret: %v", err)
	}
}
