// Package web is the face for people: pages rendered on the server, complete
// without JavaScript, with the reason for everything first.
//
// [New] makes the handler from the services in [Config]; [Routes] lists what it
// serves and who may ask for it. Each page is one struct with one template of
// its name.
//
// Promises: text from outside is escaped by html/template, observables are shown
// defanged and never as links, and invisible direction marks are made visible in
// every answer. Nothing is served inline: the content security policy forbids
// it. An internal error shows a request id, and its cause goes to the log.
package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

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

// Config holds what the pages show and change. Fields are required unless said
// otherwise.
type Config struct {
	Alerts       *alert.Service
	Intel        *intel.Service
	Landscape    *pipeline.Landscape
	Collect      *collect.Service
	Investigate  *investigate.Service
	Respond      *respond.Service
	Identity     *identity.Service
	Org          *org.Service
	Audit        audit.Store
	History      pipeline.PastHistory
	Decoder      *pipeline.Decoder
	Detect       *detect.Service
	Suppressions *pipeline.Suppressions
	Rules        *pipeline.Rules
	Hunt         *hunt.Service
	Reports      *report.Service
	Setup        pipeline.Setup // what answers of the guided set-up change
	// Strangers are hosts of ours that no asset names; nil = not shown.
	Strangers *org.Strangers
	// Leaks are which accounts of ours were stolen.
	Leaks *pipeline.LeakBook

	// Index describes the live index of indicators (pipeline.Matcher.State).
	Index func() pipeline.IndexState
	// Attack is the catalogue that the matrix is laid out over.
	Attack *attack.Catalogue
	// Technique names ATT&CK techniques.
	Technique investigate.TechniqueName
	// Changes subscribes to the ids of incidents as they change; the returned
	// function ends the subscription. nil = pages do not learn of changes.
	Changes func() (<-chan []string, func())
	// Workers says how the supervised workers are; nil = not shown.
	Workers func() []supervise.Status
	// Matched is the last event that was matched; nil = not shown.
	Matched func() telemetry.Seq
	Share   func(context.Context) *pipeline.Share // nil = one process does all
	// Senders says who delivers events; nil = not shown.
	Senders func() []telemetry.Source

	// IntakeURL is where senders reach the intake, without the path; "" = its usual
	// address is shown.
	IntakeURL string
	// ListURL is where devices fetch lists, up to the list's id, such as
	// "https://vedette.example:8443/lists/"; "" = shown as a path only.
	ListURL string
	Engine  string // of the relational store, for the health page
	Version string
	// Secure marks cookies as HTTPS only also when TLS ends before this process.
	Secure bool
	Log    *slog.Logger
}

//go:embed templates static
var files embed.FS

type server struct {
	cfg   Config
	pages *pageSet
	now   func() time.Time
}

// New returns the handler of all pages. It panics when a template that ships with
// the program is broken.
func New(cfg Config) http.Handler {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{cfg: cfg, now: time.Now}
	s.pages = parsePages(s.now)
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", http.StripPrefix("/static/", staticFiles(static)))
	for _, r := range routes {
		mux.Handle(r.pattern, s.serve(r))
	}
	mux.Handle("/", s.serve(route{need: ref.Viewer, do: (*server).unknownPage}))

	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, visitor{}, errs.New(errs.Denied, "cross_origin", "This form was sent from another site. Open Vedette itself and try again."))
	}))
	return headers(origin.Handler(mux))
}

// policy lets pages load what this origin serves and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// staticFiles serves the embedded assets. They are named without their content, so
// a browser asks each time whether its copy is still good.
func staticFiles(dir fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := fs.ReadFile(dir, r.URL.Path)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		sum := sha256.Sum256(body)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
		http.ServeContent(w, r, r.URL.Path, time.Time{}, bytes.NewReader(body))
	})
}

func (s *server) unknownPage(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	return nil, errs.New(errs.NotFound, "page_unknown", "There is no page %q.", r.URL.Path)
}

// visitor is who looks at a page.
type visitor struct {
	user   identity.User
	actor  ref.Actor
	secret string // of the session cookie
}

func (v visitor) may(r ref.Role) bool { return v.actor.Role >= r }

// as returns ctx with the visitor as its actor.
func (v visitor) as(ctx context.Context) context.Context { return ref.WithActor(ctx, v.actor) }
