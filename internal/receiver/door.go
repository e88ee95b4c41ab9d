package receiver

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Authoriser tells whose token a secret is. A token that lets nobody in is
// errs.Denied or errs.NotFound.
type Authoriser interface {
	Authorise(ctx context.Context, secret string) (ref.Actor, error)
}

// Door lets HTTP senders in. All protocols of one listener share one, so that its
// limits hold for all of them together. Safe for concurrent use.
type Door struct {
	Intake   *telemetry.Intake
	MaxEvent int   // bytes of one event
	MaxBody  int64 // bytes of a body after decompression
	auth     Authoriser
	requests int
	places   chan struct{}
}

// DoorConfig is what a door needs. Zero limits mean the defaults.
type DoorConfig struct {
	Auth     Authoriser
	Intake   *telemetry.Intake
	MaxEvent int   // default 1 MiB
	MaxBody  int64 // default 64 MiB
	Requests int   // answered at the same time, default 64; more are told to come back
}

// NewDoor returns a door.
func NewDoor(c DoorConfig) *Door {
	if c.MaxEvent <= 0 {
		c.MaxEvent = 1 << 20
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 64 << 20
	}
	if c.Requests <= 0 {
		c.Requests = 64
	}
	return &Door{c.Intake, c.MaxEvent, c.MaxBody, c.Auth, c.Requests, make(chan struct{}, c.Requests)}
}

// Enter takes a place for the request and finds out who sends it. leave gives the
// place back; it is never nil.
func (d *Door) Enter(r *http.Request) (ctx context.Context, leave func(), err error) {
	leave = func() {}
	select {
	case d.places <- struct{}{}:
		leave = func() { <-d.places }
	default:
		return nil, leave, errs.New(errs.RateLimited, "too_many_requests", "More than %d requests at the same time. Send again in a moment, best with more events per request.", d.requests)
	}
	actor, err := d.authorise(r)
	if err != nil {
		return nil, leave, err
	}
	ctx = ref.WithActor(r.Context(), actor)
	return ctx, leave, ref.Need(ctx, ref.Sender)
}

func (d *Door) authorise(r *http.Request) (ref.Actor, error) {
	secret, err := Secret(r.Header.Get("Authorization"))
	if err != nil {
		return ref.Actor{}, err
	}
	actor, err := d.auth.Authorise(r.Context(), secret)
	switch errs.KindOf(err) {
	case errs.Denied, errs.NotFound:
		return actor, errs.New(errs.Denied, "token_unknown", "This token is unknown, revoked or expired. Make a new one of the role sender.").Because(err)
	}
	return actor, err
}

// Secret finds the token in an Authorization header, where each client can put
// it: Bearer TOKEN, Splunk TOKEN, Basic with the token as password, ApiKey with
// the token behind its id.
func Secret(header string) (string, error) {
	scheme, value, _ := strings.Cut(strings.TrimSpace(header), " ")
	value = strings.TrimSpace(value)
	secret := ""
	switch strings.ToLower(scheme) {
	case "bearer", "splunk":
		secret = value
	case "basic", "apikey":
		plain, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return "", errs.New(errs.Denied, "token_malformed", "The Authorization header is not what its scheme %s asks for.", shorten(scheme))
		}
		_, secret, _ = strings.Cut(string(plain), ":")
	case "":
	default:
		return "", errs.New(errs.Denied, "token_malformed", "The scheme %s of the Authorization header is not understood; use Bearer, Basic, ApiKey or Splunk.", shorten(scheme))
	}
	if secret == "" {
		return "", errs.New(errs.Denied, "token_missing", "Send a token of the role sender: Authorization: Bearer TOKEN.")
	}
	return secret, nil
}

// Unknown says whether an error means that the sender did not say who it is, or
// is not known: 401 in HTTP.
func Unknown(err error) bool {
	switch errs.CodeOf(err) {
	case "token_missing", "token_malformed", "token_unknown", "token_void":
		return true
	}
	return false
}

// Status is the HTTP status of an error that Enter, Open or reading a body gave.
func Status(err error) int {
	if Unknown(err) {
		return http.StatusUnauthorized
	}
	switch errs.CodeOf(err) {
	case "body_too_large", "compression_bomb":
		return http.StatusRequestEntityTooLarge
	case "encoding_unknown":
		return http.StatusUnsupportedMediaType
	}
	return errs.HTTPStatus(err)
}

// Busy says whether a sender should come back later.
func Busy(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

func shorten(s string) string {
	if len(s) > 40 {
		return strconv.Quote(s[:40]) + "…"
	}
	return strconv.Quote(s)
}
