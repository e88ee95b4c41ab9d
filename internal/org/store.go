// Package org is the organisation to protect: its assets with criticality and
// exposure, technologies, people, brands, suppliers, sector and countries.
//
// [Parse] reads a profile file strictly, [Compile] makes it quick to ask
// ([Index.Asset], [Index.Person] ...), [Service] keeps the current one.
package org

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/ref"
)

// Saved is a profile as stored: the file itself, numbered.
type Saved struct {
	Version int       `json:"version"`
	File    []byte    `json:"file,omitempty"` // YAML as imported
	Time    time.Time `json:"time,omitzero"`
	By      string    `json:"by"`
}

// Store keeps the versions of the profile.
type Store interface {
	// Current returns the newest version; Version 0 when there is none.
	Current(ctx context.Context) (Saved, error)
	// Version returns one version; Version 0 when there is no such one.
	Version(ctx context.Context, n int) (Saved, error)
	// Save keeps file as the next version, records act and announces "org.changed".
	Save(ctx context.Context, file []byte, act ref.Act) (Saved, error)
}
