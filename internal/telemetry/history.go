// Package telemetry takes events in and remembers them: an acknowledged event is
// durable, is read by the matcher in order from a checkpoint, and can be found
// again by any observable in it.
package telemetry

import (
	"context"
	"time"
)

// Record is one event as received.
type Record struct {
	Received time.Time
	Source   string // receiver and sender: "http/token-name", "tail/PATH"
	Format   string // declared format; "" = to be recognised
	Context  []byte // what the format needs beside the line (a Zeek header), or nil
	Raw      []byte // unchanged, without its line end
}

// Seq numbers records in the order they were accepted, from 1, without gaps.
type Seq uint64

// Stored is a record with its number.
type Stored struct {
	Seq Seq
	Record
}

// Key is the hash of an observable under which records are found.
type Key uint64

// Found is where an observable was seen.
type Found struct {
	Seqs  []Seq // newest first, at most the limit asked for
	Count int   // all, also those beyond the limit
}

// History keeps records. Implementations are safe for concurrent use; one
// goroutine appends at a time is enough for them to be fast (they group).
type History interface {
	// Append keeps records and returns the number of the first. When it
	// returns nil they survive a crash of the process and of the machine.
	Append(ctx context.Context, records []Record) (Seq, error)
	// Read returns at most limit records with numbers >= from, in order; none
	// when there are no more (it does not wait). Numbers that retention has
	// removed are skipped.
	Read(ctx context.Context, from Seq, limit int) ([]Stored, error)
	// Note records what the record seq holds, so that Find returns it.
	// It is called in order of seq, once per record; after a crash the caller
	// notes again from Noted()+1.
	Note(ctx context.Context, seq Seq, n Note) error
	// Noted is the last record up to which notes are durable.
	Noted() Seq
	// Find returns where each key was seen.
	Find(ctx context.Context, key Key, limit int) (Found, error)
	// Stats says how much is kept.
	Stats(ctx context.Context) (Stats, error)
	// Retain removes the oldest records beyond size and age (0 = no limit).
	Retain(ctx context.Context, maxBytes int64, maxAge time.Duration) (removed int, err error)
	// Close flushes and closes. No other call may follow.
	Close() error
}

// Stats is how much a history keeps.
type Stats struct {
	Engine  string    `json:"engine"`
	First   Seq       `json:"first"`
	Last    Seq       `json:"last"`
	Records int       `json:"records"`
	Bytes   int64     `json:"bytes"` // on disk
	Oldest  time.Time `json:"oldest,omitzero"`
}

// Source is the health of one sender.
type Source struct {
	Name    string           `json:"name"`
	Events  int64            `json:"events"`
	Bytes   int64            `json:"bytes"`
	Refused map[string]int64 `json:"refused,omitempty"` // by reason
	First   time.Time        `json:"first,omitzero"`
	Last    time.Time        `json:"last,omitzero"`
	Lag     time.Duration    `json:"lag"` // age of the newest event when it arrived
	Formats map[string]int64 `json:"formats,omitempty"`
	// Pause is the longest recent time between two arrivals; Allowed is how long
	// the sender may be quiet before it is Silent.
	Pause   time.Duration `json:"pause,omitzero"`
	Allowed time.Duration `json:"allowed,omitzero"`
	Silent  bool          `json:"silent,omitzero"`
	// Ahead counts events from the future, and Skew is how far the last was.
	Ahead int64         `json:"ahead,omitzero"`
	Skew  time.Duration `json:"skew,omitzero"`
}

// CheckpointStore remembers how far a consumer got.
type CheckpointStore interface {
	Checkpoint(ctx context.Context, consumer string) (Seq, error)
	SaveCheckpoint(ctx context.Context, consumer string, seq Seq) error
}

// MemoryStore keeps what a consumer has to remember across a restart, with the
// record up to which it holds.
type MemoryStore interface {
	// Memory returns the zero Seq and nothing when there is none.
	Memory(ctx context.Context, consumer string) (Seq, []byte, error)
	SaveMemory(ctx context.Context, consumer string, seq Seq, state []byte) error
}
