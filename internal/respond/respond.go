// Package respond changes the world outside, carefully: blocks with guard rails,
// a preview, a mandatory expiry, an undo and a record, served to devices as
// external dynamic lists.
//
// [Service.Preview] says what a block would have done, [Service.Block] does it,
// [Service.Undo] takes it back, [Service.Render] gives a device its list.
package respond

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/ref"
)

// Action is one change outside: today always a block.
type Action struct {
	ID       string         `json:"id"`
	Type     indicator.Type `json:"type"`
	Value    string         `json:"value"`
	Reason   string         `json:"reason"`
	Incident string         `json:"incident"` // "" when not from an incident
	By       string         `json:"by"`
	Created  time.Time      `json:"created,omitzero"`
	Expires  time.Time      `json:"expires,omitzero"`
	State    ActionState    `json:"state"`
	Ended    time.Time      `json:"ended,omitzero"` // when undone or expired
	EndedBy  string         `json:"ended_by"`
	Preview  Preview        `json:"preview"` // as it was when the block was approved
}

// ActionState is where an action stands.
type ActionState string

// The states.
const (
	Active  ActionState = "active"
	Undone  ActionState = "undone"
	Expired ActionState = "expired"
)

// Refusal is a guard rail that stands in the way, with its reason.
type Refusal struct {
	Guard string `json:"guard"` // "never-block", "own-asset", "private-space", "public-suffix", "warning-list", "too-wide", "type"
	Why   string `json:"why"`
}

// Preview is what a block would have done to what was seen.
type Preview struct {
	Events   int       `json:"events"` // stored events that carry the value
	Hosts    []string  `json:"hosts"`  // own hosts among them, most events first, at most 20
	Users    []string  `json:"users"`
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Looked   int       `json:"looked"`   // events read for hosts and users (the newest)
	Refused  []Refusal `json:"refused"`  // guard rails; a block is possible only when empty
	Cautions []Refusal `json:"cautions"` // worth knowing, do not forbid
}

// List is an external dynamic list a device fetches.
type List struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`       // "ip", "domain", "url"
	TokenHash string    `json:"token_hash"` // SHA-256 hex of the token; a second one during rotation
	OldHash   string    `json:"old_hash"`
	Capacity  int       `json:"capacity"` // entries the device can hold; 0 = no limit
	Created   time.Time `json:"created,omitzero"`
	Fetched   time.Time `json:"fetched,omitzero"` // by a device, last
	FetchedBy string    `json:"fetched_by"`       // its address
	Serial    int64     `json:"serial"`           // grows with every change
}

// Guard answers what speaks against a block. The pipeline implements it over the
// organisation profile and the warning lists.
type Guard interface {
	OwnAsset(ctx context.Context, t indicator.Type, value string) (why string)
	NeverBlock(ctx context.Context, t indicator.Type, value string) (why string)
	Warned(ctx context.Context, t indicator.Type, value string) (why string)
}

// Past answers what stored events say of a value. The pipeline implements it
// over the history.
type Past interface {
	Seen(ctx context.Context, t indicator.Type, value string) (Preview, error)
}

// Store keeps actions and lists. Each method is one transaction with its act.
type Store interface {
	SaveAction(ctx context.Context, a Action, act ref.Act) error
	Action(ctx context.Context, id string) (Action, error)
	// Actions returns actions by state ("" = all) and incident ("" = all), newest first.
	Actions(ctx context.Context, state ActionState, incident string, limit int) ([]Action, error)
	// Expire ends the active actions whose time is over and records each.
	Expire(ctx context.Context, now time.Time) ([]Action, error)
	SaveList(ctx context.Context, l List, act ref.Act) error
	DeleteList(ctx context.Context, id string, act ref.Act) error
	Lists(ctx context.Context) ([]List, error)
	// Fetched notes that a device took a list; no audit line.
	Fetched(ctx context.Context, list string, at time.Time, by string) error
}
