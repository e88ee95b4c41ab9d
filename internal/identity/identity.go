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
	ID       string
	Name     string // sign-in name, lower case
	Role     ref.Role
	Password string // Argon2id in PHC form
	Created  time.Time
	Disabled bool
	Theme    string // "", "dark", "light"
}

// Session is a signed-in browser.
type Session struct {
	Hash    string // SHA-256 hex of the cookie's secret
	User    string
	Created time.Time
	Seen    time.Time
	Expires time.Time
}

// Token lets a program in.
type Token struct {
	ID      string
	Name    string
	Hash    string   // SHA-256 hex
	Role    ref.Role // Sender, Device, Viewer, Analyst or Admin
	Created time.Time
	Expires time.Time // zero = never
	Used    time.Time
	Revoked bool
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
