// Package audit is the append-only, hash-chained record of every act that
// changed something.
//
// Stores write an [Entry] in the transaction of the change it records, with
// [Chain]; [Verify] reads the log from its start and finds the first line that
// was changed, removed or put in afterwards.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// Entry is one line of the log.
type Entry struct {
	Seq    int64           `json:"seq"`
	Time   time.Time       `json:"time"`
	Actor  string          `json:"actor"` // Ref of the actor
	Name   string          `json:"name"`
	Verb   string          `json:"verb"`
	Target string          `json:"target"` // Ref of the target
	Reason string          `json:"reason"`
	Detail json.RawMessage `json:"detail"`
	Prev   string          `json:"prev"` // hash of the line before; empty for the first
	Hash   string          `json:"hash"`
}

// Chain makes the entry that records act after the entry (seq, prev).
func Chain(seq int64, prev string, act ref.Act) (Entry, error) {
	detail, err := json.Marshal(act.Detail)
	if err != nil {
		return Entry{}, fmt.Errorf("record act %s: %w", act.Verb, err)
	}
	e := Entry{
		Seq: seq + 1, Time: act.Time.UTC().Truncate(time.Microsecond), Actor: act.Actor.Ref.String(), Name: act.Actor.Name,
		Verb: act.Verb, Target: act.Target.String(), Reason: act.Reason, Detail: detail, Prev: prev,
	}
	e.Hash = e.sum()
	return e, nil
}

// sum is SHA-256 over the JSON form of the entry without its own hash.
func (e Entry) sum() string {
	e.Hash = ""
	b, err := json.Marshal(e)
	if err != nil {
		return ""
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// Store reads the log. Entries calls fn in order of Seq, from the first entry
// with Seq > after.
type Store interface {
	Entries(ctx context.Context, after int64, fn func(Entry) error) error
	Latest(ctx context.Context, target ref.Ref, limit int) ([]Entry, error)
}

// Verify walks the whole log and returns the number of lines and the hash of the
// last. A broken chain is an errs.Conflict naming the first bad line.
func Verify(ctx context.Context, s Store) (int64, string, error) {
	var seq int64
	var prev string
	err := s.Entries(ctx, 0, func(e Entry) error {
		switch {
		case e.Seq != seq+1:
			return broken("line %d is missing: after line %d comes line %d", seq+1, seq, e.Seq)
		case e.Prev != prev:
			return broken("line %d does not follow line %d: its link is not that line's hash", e.Seq, seq)
		case e.sum() != e.Hash:
			return broken("line %d was changed after it was written", e.Seq)
		}
		seq, prev = e.Seq, e.Hash
		return nil
	})
	return seq, prev, err
}

func broken(format string, args ...any) error {
	return errs.New(errs.Conflict, "audit_chain_broken", "The audit log is not whole: "+format+".", args...)
}
