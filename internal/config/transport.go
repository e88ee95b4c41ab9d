package config

import (
	"regexp"
	"time"
)

// Transport is how events go from those who receive them to those who match them, when
// one machine is not enough: through NATS JetStream. It needs history.clickhouse and a
// database of PostgreSQL, which all share; say what each process does with
// `vedette serve -role`.
type Transport struct {
	// Servers, parted by commas: nats://HOST:4222 or tls://HOST:4222. Empty = one
	// process does everything, and its history is the queue.
	NATS string `yaml:"nats"`
	// Name of the stream, made when absent; letters, digits, _ and -.
	Stream string `yaml:"stream"`
	// File of credentials, or a user and password, or a token; password and token
	// best as env:NAME or file:PATH.
	Credentials string `yaml:"credentials"`
	User        string `yaml:"user"`
	Password    string `yaml:"password"`
	Token       string `yaml:"token"`
	// PEM file of the authorities of the server's certificate; empty = the system's.
	CA string `yaml:"ca"`
	// Bytes of events that may wait in a stream that is made; when it is full senders
	// are told to wait.
	MaxBytes int64 `yaml:"max_bytes"`
	// Copies of a stream that is made, in a cluster: 1, 3 or 5.
	Replicas int `yaml:"replicas"`
	// After how long a matcher that says nothing counts as gone, so that another gets
	// what it had in hand; a keeper counts as gone after this, at most 10s.
	Redeliver time.Duration `yaml:"redeliver"`
	// Events a second that this process matches at most, to leave room for what else
	// runs there; 0 = no bound.
	Rate int `yaml:"rate"`
}

// On says whether several processes share the work.
func (t Transport) On() bool { return t.NATS != "" }

var streamName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,31}$`)

// validate looks at what a transport needs. c is the whole configuration.
func (t Transport) validate(c Config, bad func(string)) {
	if !t.On() {
		if t.Credentials != "" || t.User != "" || t.Password != "" || t.Token != "" || t.CA != "" {
			bad("transport: credentials, user, password, token and ca need nats")
		}
		return
	}
	if c.History.ClickHouse == "" {
		bad("transport.nats: several matchers write into one history, which must be ClickHouse; set history.clickhouse")
	}
	if c.Database == "" {
		bad("transport.nats: all processes share one database, which must be PostgreSQL; set database")
	}
	if !streamName.MatchString(t.Stream) {
		bad("transport.stream: it must be a name of letters, digits, _ and -")
	}
	if t.MaxBytes < 1<<20 {
		bad("transport.max_bytes: it must be at least 1 MiB")
	}
	if t.Replicas < 1 || t.Replicas > 5 || t.Replicas%2 == 0 {
		bad("transport.replicas: it must be 1, 3 or 5")
	}
	if t.Rate < 0 {
		bad("transport.rate: it must not be negative")
	}
	if t.Redeliver < time.Second || t.Redeliver > 10*time.Minute {
		bad("transport.redeliver: it must be between 1s and 10m")
	}
}
