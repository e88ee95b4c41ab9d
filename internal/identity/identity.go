// Package identity knows who may come in: people with a password and a session,
// programs with a token, and nobody else.
//
// [Service.SetUp] makes the first administrator by a one-time link,
// [Service.SignIn] and [Service.Session] serve the pages, [Service.Token] serves
// programs. Passwords are kept as Argon2id, tokens and sessions as SHA-256.
package identity

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/ref"
)

// User is a person who may sign in.
type User struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"` // sign-in name, lower case
	Role     ref.Role  `json:"role"`
	Password string    `json:"-"` // Argon2id in PHC form
	Created  time.Time `json:"created,omitzero"`
	Disabled bool      `json:"disabled"`
	Theme    string    `json:"theme"` // "", "dark", "light"
}

// Session is a signed-in browser.
type Session struct {
	Hash    string    `json:"-"` // SHA-256 hex of the cookie's secret
	User    string    `json:"user"`
	Created time.Time `json:"created,omitzero"`
	Seen    time.Time `json:"seen,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
}

// Token lets a program in.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Hash    string    `json:"-"`    // SHA-256 hex
	Role    ref.Role  `json:"role"` // Sender, Device, Viewer, Analyst or Admin
	Created time.Time `json:"created,omitzero"`
	Expires time.Time `json:"expires,omitzero"` // zero = never
	Used    time.Time `json:"used,omitzero"`
	Revoked bool      `json:"revoked"`
}

// Store keeps users, sessions and tokens. "Not found" is an errs.NotFound.
type Store interface {
	Users(ctx context.Context) ([]User, error)
	// SaveUser inserts or updates by ID; a taken name is an errs.Conflict.
	SaveUser(ctx context.Context, u User, act ref.Act) error
	UserNamed(ctx context.Context, name string) (User, error)
	SaveSession(ctx context.Context, s Session) error
	// SessionBy returns the session and its user.
	SessionBy(ctx context.Context, hash string) (Session, User, error)
	// EndSessions ends one session (by hash) or all of a user (by user id).
	EndSessions(ctx context.Context, hash, user string) error
	Tokens(ctx context.Context) ([]Token, error)
	SaveToken(ctx context.Context, t Token, act ref.Act) error
	TokenBy(ctx context.Context, hash string) (Token, error)
	// Setting keeps small values of this capability, such as the set-up secret's hash.
	Setting(ctx context.Context, key string) (string, error)
	SaveSetting(ctx context.Context, key, value string) error
}
