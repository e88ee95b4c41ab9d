package telemetry

import (
	"io"
	"time"
)

// Row is one event as it leaves the history in a table.
type Row struct {
	Seq      Seq
	Received time.Time
	Time     time.Time // of the event
	Source   string
	Format   string // that read it
	Dataset  string
	Category []string
	Action   string
	// Source and destination, host and user; empty where the event names none.
	SourceIP, DestinationIP, Host, User string
	// IPs, Domains, URLs and Hashes are the observables.
	IPs, Domains, URLs, Hashes []string
	Raw                        []byte
}

// Table takes rows and writes them in a form that other engines read. What was
// written is whole only once Close has returned nil. Not safe for concurrent use.
type Table interface {
	Add(rows []Row) error
	Close() error
}

// Tables makes a Table that writes to w.
type Tables func(w io.Writer) Table
