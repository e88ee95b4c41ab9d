// Package leak keeps which of our accounts were stolen: of whom, for which site, how and
// when, and never the password.
//
// [Service.Import] reads stealer logs, lists, tables and answers of Have I Been Pwned (the
// engine credential) and keeps what concerns us; [Service.Known] answers for the ranking,
// [Service.List] for people, and each reading is a line in the audit log; [Service.Erase]
// forgets an account, and [Service.Run] what is too old.
package leak

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/ref"
)

// Record is a stolen credential that concerns us.
type Record struct {
	ID string `json:"id"` // of account, site and fingerprint
	credential.Record
	First time.Time `json:"first,omitzero"` // known here
	// Password tells whether a password was among what was taken; of a breach its list says
	// so. It is not kept but known.
	Password bool `json:"-"`
}

// Store keeps records. A change, its line in the audit log and its announcement
// "leak.changed" are one transaction.
type Store interface {
	// Save inserts what is new and merges what is known (Record.Merge), and keeps breaches
	// in place of those of the same names. It returns how many are new, and how many say
	// something else than before.
	Save(ctx context.Context, list []Record, breaches []credential.Breach, act ref.Act) (stored, changed int, err error)
	// Records returns the records, the newest first, at most limit.
	Records(ctx context.Context, limit int) ([]Record, error)
	// Breaches returns what is known of breaches.
	Breaches(ctx context.Context) ([]credential.Breach, error)
	// Remove removes records and returns how many.
	Remove(ctx context.Context, r Removal, act ref.Act) (int, error)
	// Note keeps a line in the audit log.
	Note(ctx context.Context, act ref.Act) error
}

// Removal says which records go: those that meet all that is given.
type Removal struct {
	ID      string
	Account string
	Before  time.Time // first known before it
}

// Own tells what is ours.
type Own interface {
	// Ours tells whether a credential concerns us: an address of ours, somebody of ours, a
	// login at a site of ours.
	Ours(account, site string) bool
	// Machine tells whether a machine of that name is ours.
	Machine(name string) bool
	// Domains are those of our addresses.
	Domains() []string
}

// identify gives a record its id: what is the same theft has the same. A record without a
// password is one of its source; one without an account is one of its machine.
func (r *Record) identify() {
	parts := r.Account + "\x00" + r.Site + "\x00" + r.Fingerprint
	if r.Fingerprint == "" {
		parts += "\x00" + r.Source
	}
	if r.Account == "" {
		parts += "\x00" + r.Machine.Name + "\x00" + r.Machine.HWID
	}
	sum := sha256.Sum256([]byte(parts))
	r.ID = hex.EncodeToString(sum[:16])
}

// Merge adds to a record what another import says of the same. What was taken by malware
// says more than that it is in a list.
func (r Record) Merge(now Record) Record {
	if now.Kind.Strength() > r.Kind.Strength() {
		r.Kind, r.Source, r.Family = now.Kind, now.Source, now.Family
		if !now.Time.IsZero() {
			r.Time = now.Time
		}
	}
	if r.Time.IsZero() {
		r.Time = now.Time
	}
	if r.Machine == (credential.Machine{}) {
		r.Machine = now.Machine
	}
	if r.Family == "" {
		r.Family = now.Family
	}
	return r
}

// When is the best that is known of when it was taken.
func (r Record) When() time.Time {
	switch {
	case !r.Machine.Time.IsZero():
		return r.Machine.Time
	case !r.Time.IsZero():
		return r.Time
	}
	return r.First
}
