package config

import "time"

// Intake is how events come in.
type Intake struct {
	// Address for programs that send events over HTTP, each with a token of the
	// role sender: NDJSON (POST /v1/events), Elasticsearch (_bulk), Splunk HEC
	// (/services/collector), OTLP logs (/v1/logs). Empty = off.
	Listen string `yaml:"listen"`
	// Further addresses with the same, such as those that the product before had:
	// 0.0.0.0:9200 for Elasticsearch, 0.0.0.0:8088 for HEC.
	Also []string `yaml:"also"`
	// Largest single event in bytes; a larger one is refused and counted.
	MaxEvent int `yaml:"max_event"`
	// Largest request body in bytes, after decompression.
	MaxBody int64 `yaml:"max_body"`
	// Files to follow, each with an optional format (recognised when empty).
	Tail []Tail `yaml:"tail"`
	// Read events from standard input.
	Stdin bool `yaml:"stdin"`
	// Syslog over UDP, TCP and TLS.
	Syslog Syslog `yaml:"syslog"`
	// Lumberjack version 2: the output "logstash" of Beats, and Logstash itself.
	Lumberjack Lumberjack `yaml:"lumberjack"`
	// Streams of NATS JetStream to take events from.
	NATS []NATS `yaml:"nats"`
	// Topics of Kafka to take events from.
	Kafka []Kafka `yaml:"kafka"`
	// How long a sender may be quiet before it is shown as silent, e.g. 20m; 0 =
	// four times its longest usual pause.
	Silence time.Duration `yaml:"silence"`
}

// Syslog is where syslog messages come in. It knows no tokens: say who may send
// with allow, or ask for certificates.
type Syslog struct {
	// Address for datagrams, e.g. 0.0.0.0:514. Empty = off.
	UDP string `yaml:"udp"`
	// Address for TCP, framed by octet counting or line ends. Empty = off.
	TCP string `yaml:"tcp"`
	// Address for TLS, e.g. 0.0.0.0:6514, with the certificate of the key tls. Empty = off.
	TLS string `yaml:"tls"`
	// PEM file of the authorities whose certificates senders over TLS must have;
	// empty = none is asked for.
	ClientCA string `yaml:"client_ca"`
	// Address ranges that may send; empty = all.
	Allow []string `yaml:"allow"`
}

// Tail is a file to follow, or a pattern of files.
type Tail struct {
	Path   string `yaml:"path"`
	Format string `yaml:"format"`
}

// Lumberjack is where Beats send that think of us as Logstash. It knows no tokens:
// say who may send with allow, or ask for certificates.
type Lumberjack struct {
	// Address without TLS, e.g. 0.0.0.0:5044. Empty = off.
	TCP string `yaml:"tcp"`
	// Address for TLS, with the certificate of the key tls. Empty = off.
	TLS string `yaml:"tls"`
	// PEM file of the authorities whose certificates senders over TLS must have;
	// empty = none is asked for.
	ClientCA string `yaml:"client_ca"`
	// Address ranges that may send; empty = all.
	Allow []string `yaml:"allow"`
}

// NATS is a stream to take events from, through a durable consumer.
type NATS struct {
	// Servers, parted by commas: nats://HOST:4222 or tls://HOST:4222.
	URL string `yaml:"url"`
	// Name of the stream, or a subject by which it is found. With both, only
	// messages of the subject are taken.
	Stream  string `yaml:"stream"`
	Subject string `yaml:"subject"`
	// Durable name of the consumer; empty = vedette.
	Consumer string `yaml:"consumer"`
	// File of credentials, or a user and password, or a token; password and token
	// best as env:NAME or file:PATH.
	Credentials string `yaml:"credentials"`
	User        string `yaml:"user"`
	Password    string `yaml:"password"`
	Token       string `yaml:"token"`
	// PEM file of the authorities of the server's certificate; empty = the system's.
	CA string `yaml:"ca"`
	// Format of every event; recognised when empty.
	Format string `yaml:"format"`
}

// Kafka is topics to take events from, as a member of a consumer group.
type Kafka struct {
	// Addresses of brokers, each HOST:9092.
	Brokers []string `yaml:"brokers"`
	// Names of the topics.
	Topics []string `yaml:"topics"`
	// Consumer group; empty = vedette.
	Group string `yaml:"group"`
	// SASL: user, password (best as env:NAME or file:PATH) and mechanism: plain,
	// scram-sha-256 or scram-sha-512.
	User      string `yaml:"user"`
	Password  string `yaml:"password"`
	Mechanism string `yaml:"mechanism"`
	// Whether to speak TLS, and the PEM file of the authorities of the brokers'
	// certificates; empty = the system's.
	TLS bool   `yaml:"tls"`
	CA  string `yaml:"ca"`
	// Format of every event; recognised when empty.
	Format string `yaml:"format"`
}
