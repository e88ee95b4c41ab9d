// Package ref names things across capabilities: a [Ref] is the node of every
// graph, the target of every audit line and the path of every page. An [Actor]
// is who does something, an [Act] is what was done, a [Fact] is what the rest of
// the house is told afterwards through the outbox.
package ref

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Kind is the sort of thing a Ref points to.
type Kind string

// The kinds of things the product refers to.
const (
	Indicator   Kind = "indicator"
	Observable  Kind = "observable"
	Entity      Kind = "entity" // actor, malware, tool, campaign, technique ...
	Feed        Kind = "feed"
	FeedRun     Kind = "feed-run"
	WarningList Kind = "warninglist"
	Event       Kind = "event"
	Detection   Kind = "detection"
	Alert       Kind = "alert"
	Incident    Kind = "incident"
	Asset       Kind = "asset"
	Person      Kind = "person"
	Action      Kind = "action"
	List        Kind = "list" // an external dynamic list
	User        Kind = "user"
	Token       Kind = "token"
	Profile     Kind = "profile"
	Rule        Kind = "rule"
	Pack        Kind = "pack" // of rules
	Job         Kind = "job"  // a look back over the history
	Hunt        Kind = "hunt" // a question that is kept
	Report      Kind = "report"
	System      Kind = "system"
)

// Ref names one thing. IDs are opaque to everybody but the owner of the kind.
type Ref struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
}

func (r Ref) String() string { return string(r.Kind) + "/" + r.ID }

// Parse reads the form that String writes.
func Parse(s string) (Ref, error) {
	k, id, ok := strings.Cut(s, "/")
	if !ok || k == "" || id == "" {
		return Ref{}, fmt.Errorf("parse reference %q: want KIND/ID", s)
	}
	return Ref{Kind(k), id}, nil
}

// Role is what an actor may do. Roles are ordered: each may do all that the
// ones before it may.
type Role uint8

// The roles, least first.
const (
	Nobody  Role = iota
	Sender       // may deliver events (machine listener)
	Device       // may fetch lists (device listener)
	Viewer       // may read
	Analyst      // may judge, block, import
	Admin        // may manage users, feeds, tokens, configuration
)

var roleNames = [...]string{"nobody", "sender", "device", "viewer", "analyst", "admin"}

func (r Role) String() string { return roleNames[r] }

// ParseRole reads a role's name.
func ParseRole(s string) (Role, error) {
	for i, n := range roleNames {
		if n == s {
			return Role(i), nil
		}
	}
	return Nobody, fmt.Errorf("role %q is not one of %s", s, strings.Join(roleNames[1:], ", "))
}

// MarshalText writes the role's name.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the role's name.
func (r *Role) UnmarshalText(b []byte) (err error) {
	*r, err = ParseRole(string(b))
	return err
}

// Actor is who does something: a user, an API token, or the system itself.
type Actor struct {
	Ref  Ref
	Name string
	Role Role
}

// SystemActor acts when no person does: the scheduler, the pipeline, expiry.
var SystemActor = Actor{Ref: Ref{System, "vedette"}, Name: "vedette", Role: Admin}

type actorKey struct{}

// WithActor returns a context in which a acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns who acts in ctx; the zero Actor (role Nobody) when nobody does.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// Act is one line of the audit log: who did what to which thing, and why.
type Act struct {
	Actor  Actor
	Verb   string // "alert.judge", "respond.block": capability and verb
	Target Ref
	Reason string
	Detail map[string]any // small, no secrets
	Time   time.Time
}

// Fact is an announcement in the outbox: topic, and the thing it is about.
type Fact struct {
	Seq   int64
	Topic string // "intel.changed", "org.changed", "respond.changed", "rules.changed", "alert.judged"
	Ref   Ref
	Time  time.Time
}

// DeniedError says that the actor's role does not suffice.
type DeniedError struct {
	Actor Actor
	Need  Role
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("this needs the role %s; %q has %s", e.Need, e.Actor.Name, e.Actor.Role)
}

// Denied marks the error for whoever maps errors to answers.
func (e *DeniedError) Denied() bool { return true }

// Need returns a *DeniedError unless the actor of ctx has at least role r.
func Need(ctx context.Context, r Role) error {
	if a := ActorFrom(ctx); a.Role < r {
		return &DeniedError{Actor: a, Need: r}
	}
	return nil
}
