// Package api is the face for programs: a REST API over JSON under /api/v1,
// described by an OpenAPI document that is made from the same table that routes
// requests.
//
// [New] returns the handler. Every request carries a token (Authorization:
// Bearer) whose role must reach the route's; errors are
// {"error":{"code","message","fields"}} with stable codes.
package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/report"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// maxJSON bounds a JSON body, in bytes.
const maxJSON = 4 << 20

// Config is what the API serves from.
type Config struct {
	Alerts       *alert.Service
	Intel        *intel.Service
	Landscape    *pipeline.Landscape
	Attack       *attack.Catalogue
	Collect      *collect.Service
	Investigate  *investigate.Service
	Respond      *respond.Service
	Reports      *report.Service
	Identity     *identity.Service
	Org          *org.Service
	Strangers    *org.Strangers
	Leaks        *pipeline.LeakBook
	Audit        audit.Store
	History      pipeline.PastHistory
	Decoder      *pipeline.Decoder
	Matcher      *pipeline.Matcher
	Workers      func() []supervise.Status
	Senders      func() []telemetry.Source
	Share        func(context.Context) *pipeline.Share // nil = one process does all
	Dead         pipeline.DeadLetters
	Matched      func() telemetry.Seq // the last event that was matched
	Rail         intel.Rail           // what keeps a value off devices
	Backup       Backup
	Doctor       func(context.Context) []Check
	Detect       *detect.Service
	Suppressions *pipeline.Suppressions
	Rules        *pipeline.Rules
	Hunt         *hunt.Service
	Retro        *pipeline.Retro
	Outward      *pipeline.Outward
	Inward       *pipeline.Inward
	Version      string
	Log          *slog.Logger
}

// API serves the routes of one Config.
type API struct {
	cfg Config
	mux *http.ServeMux
}

// New returns the API's handler.
func New(cfg Config) *API {
	a := &API{cfg: cfg, mux: http.NewServeMux()}
	for _, r := range a.routes() {
		a.mux.Handle(r.method+" "+r.path, a.serve(r))
	}
	for pattern, h := range a.taxii() {
		a.mux.Handle(pattern, h)
	}
	a.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		a.fail(w, r, errs.New(errs.NotFound, "route_unknown", "There is no %s %s; see /api/v1/openapi.json.", r.Method, r.URL.Path))
	})
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// call is one request as a route sees it.
type call struct {
	ctx   context.Context
	r     *http.Request
	query map[string]string // declared parameters only
}

func (c call) id() string { return c.r.PathValue("id") }

// int reads a number of the query, which serve has checked; 0 counts as not given.
func (c call) int(name string, otherwise int) int {
	n, _ := strconv.Atoi(c.query[name])
	return cmp.Or(n, otherwise)
}

// route is one line of the table.
type route struct {
	method, path string
	role         ref.Role
	summary      string
	query        []string     // names of the query parameters
	in, out      reflect.Type // JSON bodies; nil = none
	raw          bool         // the body is not JSON: do reads it
	do           func(c call, body any) (any, error)
	media        string // of an answer that is not JSON; stream writes it
	stream       func(c call, out *streamed) (any, error)
}

// get declares a route without a body.
func get[Out any](path string, role ref.Role, summary string, query []string, do func(call) (Out, error)) route {
	return route{
		method: "GET", path: "/api/v1" + path, role: role, summary: summary, query: query, out: reflect.TypeFor[Out](),
		do: func(c call, _ any) (any, error) { return do(c) },
	}
}

// send declares a route with a JSON body.
func send[In, Out any](method, path string, role ref.Role, summary string, do func(call, In) (Out, error)) route {
	return route{
		method: method, path: "/api/v1" + path, role: role, summary: summary, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		do: func(c call, body any) (any, error) { return do(c, *body.(*In)) },
	}
}

// none is the empty body or answer.
type none struct{}

func (a *API) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := a.actor(r, rt.role)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		c := call{ctx: ref.WithActor(r.Context(), actor), r: r, query: map[string]string{}}
		for name, values := range r.URL.Query() {
			if err := checkParameter(rt, name, values); err != nil {
				a.fail(w, r, err)
				return
			}
			c.query[name] = values[0]
		}
		if rt.stream != nil {
			a.serveStream(w, c, rt)
			return
		}
		var body any
		if rt.in != nil && !rt.raw {
			if body, err = decode(r, rt.in); err != nil {
				a.fail(w, r, err)
				return
			}
		}
		out, err := rt.do(c, body)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		answer(w, http.StatusOK, out)
	})
}

// parameterType is what a query parameter holds, as OpenAPI names it.
func parameterType(name string) string {
	switch name {
	case "limit", "min_confidence":
		return "integer"
	case "dry_run":
		return "boolean"
	}
	return "string"
}

func checkParameter(rt route, name string, values []string) error {
	if !slices.Contains(rt.query, name) {
		return errs.New(errs.Invalid, "parameter_unknown", "This route has no parameter %q.", name)
	}
	if len(values) > 1 {
		return errs.New(errs.Invalid, "parameter_invalid", "The parameter %q is given %d times.", name, len(values))
	}
	switch v := values[0]; parameterType(name) {
	case "integer":
		if n, err := strconv.Atoi(v); err != nil || n < 0 {
			return errs.New(errs.Invalid, "parameter_invalid", "%s=%q is no number from 0.", name, v)
		}
	case "boolean":
		if v != "true" && v != "false" {
			return errs.New(errs.Invalid, "parameter_invalid", "%s=%q is neither true nor false.", name, v)
		}
	}
	return nil
}

// actor returns who asks. Routes for Nobody ask for no token.
func (a *API) actor(r *http.Request, need ref.Role) (ref.Actor, error) {
	if who := ref.ActorFrom(r.Context()); who.Role > ref.Nobody { // put there by the command line, in this process
		return who, nil
	}
	if need == ref.Nobody {
		return ref.Actor{}, nil
	}
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ref.Actor{}, errs.New(errs.Denied, "token_missing", "Send a token: Authorization: Bearer TOKEN.")
	}
	who, err := a.cfg.Identity.Token(r.Context(), strings.TrimSpace(secret))
	if errs.KindOf(err) == errs.NotFound {
		return ref.Actor{}, errs.New(errs.Denied, "token_unknown", "This token is not known.")
	}
	if err != nil {
		return ref.Actor{}, err
	}
	return who, ref.Need(ref.WithActor(r.Context(), who), need)
}

// decode reads a JSON body strictly into a new value of t.
func decode(r *http.Request, t reflect.Type) (any, error) {
	v := reflect.New(t).Interface()
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxJSON))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if errors.Is(err, io.EOF) && t.NumField() == 0 {
		return v, nil
	}
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows it")
		}
	}
	if err != nil {
		return nil, errs.New(errs.Invalid, "body_invalid", "The body is not the JSON this route takes: %s.", strings.TrimPrefix(err.Error(), "json: "))
	}
	return v, nil
}

func answer(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client is gone, or it is not: nothing to be done
}

// Failure is the body of an error.
type Failure struct {
	Error FailureDetail `json:"error"`
}

// FailureDetail says what went wrong: Code is for programs, Message for people.
type FailureDetail struct {
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Fields  map[string]string `json:"fields,omitempty"`
	Request string            `json:"request,omitempty"` // for internal errors: the id to look for in the log
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := a.statusOf(w, r, err)
	answer(w, status, Failure{FailureDetail{
		Code: errs.CodeOf(err), Message: errs.Public(err), Fields: errs.FieldsOf(err), Request: w.Header().Get(requestHeader),
	}})
}

// requestHeader bears the id under which the log tells of an internal error.
const requestHeader = "X-Request-Id"

// statusOf is the status of an error. It asks for a token where that is what
// lacks, and writes internal errors to the log.
func (a *API) statusOf(w http.ResponseWriter, r *http.Request, err error) int {
	status := errs.HTTPStatus(err)
	switch {
	case errs.KindOf(err) == errs.Denied && slices.Contains([]string{"token_missing", "token_unknown", "token_void"}, errs.CodeOf(err)):
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", "Bearer")
	case status == http.StatusInternalServerError:
		request := rand.Text()
		w.Header().Set(requestHeader, request)
		a.cfg.Log.ErrorContext(r.Context(), "request failed", "request", request, "path", r.URL.Path, "error", err)
	}
	return status
}
