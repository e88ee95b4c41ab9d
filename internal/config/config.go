// Package config reads the one configuration file. Nothing has to be configured:
// the zero file gives a server on loopback with embedded stores.
//
// [Load] reads a file strictly over the defaults of [Default]; [Print] writes a
// configuration as a file with every key explained, which `vedette config` shows.
package config

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Config is the configuration. The comment of a field is its documentation.
type Config struct {
	// Directory of the embedded stores, created when absent.
	Data string `yaml:"data"`
	// Address of the pages and the API for people.
	Listen string `yaml:"listen"`
	// Relational store: empty for SQLite in the data directory, or a PostgreSQL
	// URL, best as a reference (env:NAME or file:PATH) because it holds a password.
	Database string `yaml:"database"`
	// Log level: debug, info, warn or error.
	Log string `yaml:"log"`

	TLS     TLS     `yaml:"tls"`
	Intake  Intake  `yaml:"intake"`
	Devices Devices `yaml:"devices"`
	Private Private `yaml:"private"`
	History History `yaml:"history"`
	// Several processes that share the work, see docs/operations.md.
	Transport Transport `yaml:"transport"`
	Fetch     Fetch     `yaml:"fetch"`
	Warnings  Warnings  `yaml:"warninglists"`
	Leaks     Leaks     `yaml:"leaks"`
	Formats   Formats   `yaml:"formats"`
	// How fast indicators age, in place of the built-in models: rules of source, types
	// (both may be left out), lifetime (days), decay_speed and threshold. The first that
	// fits counts. `vedette feed life` proposes rules.
	Life []Life `yaml:"life"`
}

// TLS serves the pages, the intake and the lists over TLS.
type TLS struct {
	// PEM files of the certificate chain and its key. Both or none.
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
}

// Devices is how firewalls and resolvers fetch lists.
type Devices struct {
	// Address of the external dynamic lists (GET /edl/ID, one token each).
	// Empty = off.
	Listen string `yaml:"listen"`
	// Address ranges that may ask at all; empty = all.
	Allow []string `yaml:"allow"`
}

// Private is the listener for metrics and debugging, without a sign-in.
type Private struct {
	// Loopback address; empty = off.
	Listen string `yaml:"listen"`
}

// History is how long events are kept. What passes either limit is removed,
// oldest first.
type History struct {
	// Bytes on disk; 0 = no limit.
	MaxBytes int64 `yaml:"max_bytes"`
	// Age, e.g. 2160h; 0 = no limit.
	MaxAge time.Duration `yaml:"max_age"`
	// Where events are kept: empty for segments in the data directory, or a database of
	// ClickHouse: http://user@host:8123/database. `vedette history migrate` brings what
	// is in segments there.
	ClickHouse string `yaml:"clickhouse"`
	// Password of that user, best as env:NAME or file:PATH.
	ClickHousePassword string `yaml:"clickhouse_password"`
	// PEM file of the authorities of the server's certificate (https://); empty = the system's.
	ClickHouseCA string `yaml:"clickhouse_ca"`
}

// Fetch is how feeds are fetched.
type Fetch struct {
	// Private addresses, ranges or host names that feeds may be fetched from;
	// all others are refused.
	Allow []string `yaml:"allow"`
	// Proxy URL for all requests to the outside.
	Proxy string `yaml:"proxy"`
	// Largest feed in bytes, after decompression.
	MaxBytes int64 `yaml:"max_bytes"`
	// Longest time for one feed.
	Timeout time.Duration `yaml:"timeout"`
}

// Warnings are MISP warning lists.
type Warnings struct {
	// Directory of lists (each a list.json), read at start beside those built in.
	Directory string `yaml:"directory"`
}

// Leaks are stolen credentials of ours.
type Leaks struct {
	// How long one is kept since it was first known; 0 = for ever.
	Keep time.Duration `yaml:"keep"`
	// Key of a subscription to Have I Been Pwned, as env:NAME or file:PATH; empty = it is
	// not asked. What leaves is the key and the domains of the profile.
	HIBPKey string `yaml:"hibp_key"`
	// Where its API is.
	HIBPURL string `yaml:"hibp_url"`
	// How often it is asked for its latest breach.
	HIBPEvery time.Duration `yaml:"hibp_every"`
}

// Life is a decay model: score = confidence x (1 - (age / lifetime)^(1 / decay_speed));
// an indicator expires when it falls below the threshold.
type Life struct {
	// Feed whose entries it holds for; empty = all.
	Source string `yaml:"source,omitempty"`
	// Types it holds for, e.g. ipv4-addr; empty = all.
	Types []string `yaml:"types,omitempty"`
	// Days.
	Lifetime float64 `yaml:"lifetime"`
	// 1 falls evenly, above 1 first fast, below 1 first slowly.
	Speed float64 `yaml:"decay_speed"`
	// 0-100.
	Threshold float64 `yaml:"threshold"`
}

// Formats are descriptions of log formats.
type Formats struct {
	// Directory of descriptions (YAML, docs/new-format.md), read at start; they come
	// before those built in.
	Directory string `yaml:"directory"`
}

// Default is the configuration when nothing is said.
func Default() Config {
	return Config{
		Data: "vedette-data", Listen: "127.0.0.1:8443", Log: "info",
		Intake:    Intake{Listen: "127.0.0.1:8444", MaxEvent: 1 << 20, MaxBody: 64 << 20},
		Devices:   Devices{Listen: "127.0.0.1:8445"},
		Private:   Private{Listen: "127.0.0.1:8446"},
		History:   History{MaxBytes: 20 << 30, MaxAge: 90 * 24 * time.Hour},
		Fetch:     Fetch{MaxBytes: 1 << 30, Timeout: 10 * time.Minute},
		Leaks:     Leaks{Keep: 2 * 365 * 24 * time.Hour, HIBPURL: "https://haveibeenpwned.com/api/v3", HIBPEvery: 6 * time.Hour},
		Transport: Transport{Stream: "VEDETTE", MaxBytes: 8 << 30, Replicas: 1, Redeliver: 30 * time.Second},
	}
}

// Load reads the file at path over the defaults; "" gives the defaults.
func Load(path string) (Config, error) {
	c := Default()
	if path == "" {
		return c, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return c, errs.New(errs.Invalid, "config_unreadable", "The configuration file %q cannot be read.", path).Because(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, errs.New(errs.Invalid, "config_invalid", "%s: %s. Run `vedette config` for all keys.", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return c, c.Validate()
}

// Reveal reads a value that may be a secret reference: "env:NAME", "file:PATH",
// or the value itself.
func Reveal(v string) (errs.Secret, error) {
	switch {
	case strings.HasPrefix(v, "env:"):
		name := strings.TrimPrefix(v, "env:")
		s, ok := os.LookupEnv(name)
		if !ok {
			return "", errs.New(errs.Invalid, "secret_missing", "The environment variable %q is not set.", name)
		}
		return errs.Secret(s), nil
	case strings.HasPrefix(v, "file:"):
		path := strings.TrimPrefix(v, "file:")
		b, err := os.ReadFile(path)
		if err != nil {
			return "", errs.New(errs.Invalid, "secret_missing", "The secret file %q cannot be read.", path).Because(err)
		}
		return errs.Secret(strings.TrimSpace(string(b))), nil
	}
	return errs.Secret(v), nil
}
