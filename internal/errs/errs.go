// Package errs gives every error of the product a kind, a stable code and a
// message its reader can act on.
//
// Create one with [New] where the cause is known, wrap it on the way up with
// fmt.Errorf("verb phrase: %w", err), and turn it into an HTTP status or an exit
// code with [HTTPStatus] and [ExitCode] at the edge. An error without a kind is
// [Internal]: its text is for the log, never for the user.
package errs

import (
	"errors"
	"fmt"
)

// Kind says whose problem an error is.
type Kind uint8

// The kinds. The zero value is Internal, so that a forgotten kind is never
// mistaken for a user's mistake.
const (
	Internal    Kind = iota
	Invalid          // the input is wrong
	NotFound         // the thing does not exist, or the asker may not know of it
	Conflict         // the thing is in a state that forbids this
	Denied           // the asker may not do this
	RateLimited      // too often
	Unavailable      // a part we depend on is down; trying again may help
)

var kinds = [...]struct {
	name   string
	status int
	exit   int
}{
	Internal:    {"internal", 500, 1},
	Invalid:     {"invalid", 400, 2},
	NotFound:    {"not_found", 404, 1},
	Conflict:    {"conflict", 409, 1},
	Denied:      {"denied", 403, 1},
	RateLimited: {"rate_limited", 429, 1},
	Unavailable: {"unavailable", 503, 1},
}

func (k Kind) String() string { return kinds[k].name }

// Error is an error with a kind, a stable machine-readable code such as
// "alert_already_closed", and a message fit for the person who reads it.
type Error struct {
	Kind    Kind
	Code    string
	Message string
	Fields  map[string]string // per input field, for forms and the API
	Err     error             // the cause, for the log only; may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// New returns an error of kind k. The message is formatted as by fmt.Sprintf;
// a %w verb is not understood here: wrap with fmt.Errorf or set Err.
func New(k Kind, code, format string, args ...any) *Error {
	return &Error{Kind: k, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Because returns a copy of e that carries its cause.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// KindOf returns the kind of the first Error in err's chain, else Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if d, ok := errors.AsType[denied](err); ok && d.Denied() {
		return Denied
	}
	return Internal
}

// denied is what an error says of itself when it comes from the vocabulary,
// which knows nothing of kinds.
type denied interface {
	error
	Denied() bool
}

// CodeOf returns the code of the first Error in err's chain, else "internal".
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && e.Code != "" {
		return e.Code
	}
	return KindOf(err).String()
}

// Public returns the message that may be shown to a user. For Internal errors
// it says nothing of the cause.
func Public(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind != Internal {
		return e.Message
	}
	if d, ok := errors.AsType[denied](err); ok && d.Denied() {
		return d.Error()
	}
	return "Something went wrong inside Vedette. The log has the details."
}

// FieldsOf returns the per-field messages of the first Error in err's chain.
func FieldsOf(err error) map[string]string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fields
	}
	return nil
}

// HTTPStatus maps err to an HTTP status.
func HTTPStatus(err error) int { return kinds[KindOf(err)].status }

// ExitCode maps err to a process exit code: 0 done, 1 failed, 2 wrong use.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	return kinds[KindOf(err)].exit
}
