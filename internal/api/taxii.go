package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// The TAXII 2.1 server (OASIS TAXII 2.1, 10 June 2021): one API root with three
// collections, for any client that sends a token, as Bearer or as the password of
// Basic authentication.

const (
	taxiiMedia = "application/taxii+json;version=2.1"
	stixMedia  = "application/stix+json;version=2.1"
	taxiiRoot  = "/taxii2/vedette/"
	taxiiPage  = 1000     // objects of one page, at most
	taxiiBody  = 64 << 20 // bytes of what a client pushes
)

// collection is one collection of the API root.
type collection struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Alias       string   `json:"alias"`
	CanRead     bool     `json:"can_read"`
	CanWrite    bool     `json:"can_write"`
	MediaTypes  []string `json:"media_types"`

	read func(t *taxii, q taxiiQuery) (taxiiList, error)
}

// collections are what the root offers. Their ids never change.
var collections = []collection{
	{
		ID: "9c3a8f0e-5a0f-5b1c-8a53-2f3f0b9c1a01", Alias: "indicators", Title: "Indicators", CanRead: true, read: (*taxii).indicators,
		Description: "Live indicators as merged over all sources.",
	},
	{
		ID: "9c3a8f0e-5a0f-5b1c-8a53-2f3f0b9c1a02", Alias: "knowledge", Title: "Knowledge", CanRead: true, read: (*taxii).objects,
		Description: "Actors, malware, campaigns, techniques, reports, observations and relations, as their sources published them.",
	},
	{
		ID: "9c3a8f0e-5a0f-5b1c-8a53-2f3f0b9c1a03", Alias: "inbox", Title: "Inbox", CanWrite: true,
		Description: "What is pushed here is read like a feed: indicators are matched at once, all else joins the knowledge base.",
	},
}

// taxii answers the requests of one API.
type taxii struct {
	api *API

	mu       sync.Mutex
	statuses map[string]taxiiStatus
	order    []string
}

func (a *API) taxii() map[string]http.Handler {
	t := &taxii{api: a, statuses: map[string]taxiiStatus{}}
	on := map[string]http.Handler{}
	for _, r := range taxiiRoutes {
		on[r.method+" "+r.path] = t.serve(r)
	}
	on["/taxii2/"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.fail(w, r, errs.New(errs.NotFound, "route_unknown", "There is no %s %s; begin at /taxii2/.", r.Method, r.URL.Path))
	})
	return on
}

// taxiiRoute is one line of the table of the TAXII server.
type taxiiRoute struct {
	method, path string
	role         ref.Role
	do           func(t *taxii, w http.ResponseWriter, c call) (any, error)
}

var taxiiRoutes = []taxiiRoute{
	{"GET", "/taxii2/{$}", ref.Viewer, (*taxii).discovery},
	{"GET", taxiiRoot + "{$}", ref.Viewer, (*taxii).root},
	{"GET", taxiiRoot + "status/{id}/{$}", ref.Analyst, (*taxii).status},
	{"GET", taxiiRoot + "collections/{$}", ref.Viewer, (*taxii).list},
	{"GET", taxiiRoot + "collections/{id}/{$}", ref.Viewer, (*taxii).one},
	{"GET", taxiiRoot + "collections/{id}/manifest/{$}", ref.Viewer, (*taxii).manifest},
	{"GET", taxiiRoot + "collections/{id}/objects/{$}", ref.Viewer, (*taxii).read},
	{"POST", taxiiRoot + "collections/{id}/objects/{$}", ref.Analyst, (*taxii).push},
	{"GET", taxiiRoot + "collections/{id}/objects/{object}/{$}", ref.Viewer, (*taxii).read},
	{"DELETE", taxiiRoot + "collections/{id}/objects/{object}/{$}", ref.Analyst, (*taxii).remove},
	{"GET", taxiiRoot + "collections/{id}/objects/{object}/versions/{$}", ref.Viewer, (*taxii).versions},
}

func (t *taxii) serve(rt taxiiRoute) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, ok := r.BasicAuth(); ok { // many clients know no other way to send a token
			r.Header.Set("Authorization", "Bearer "+password)
		}
		actor, err := t.api.actor(r, rt.role)
		if err != nil {
			t.fail(w, r, err)
			return
		}
		if !accepts(r.Header.Values("Accept")) {
			t.refuse(w, http.StatusNotAcceptable, "not_acceptable", "This server speaks "+taxiiMedia+".")
			return
		}
		c := call{ctx: ref.WithActor(r.Context(), actor), r: r, query: map[string]string{}}
		for name, values := range r.URL.Query() {
			c.query[name] = strings.Join(values, ",")
		}
		out, err := rt.do(t, w, c)
		if err != nil {
			t.fail(w, r, err)
			return
		}
		status := http.StatusOK
		if rt.method == http.MethodPost {
			status = http.StatusAccepted
		}
		t.answer(w, status, out)
	})
}

// accepts reports whether a client takes TAXII 2.1.
func accepts(headers []string) bool {
	for _, h := range headers {
		for one := range strings.SplitSeq(h, ",") {
			kind, rest, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(one), " ", ""), ";")
			switch kind {
			case "*/*", "application/*":
				return true
			case "application/taxii+json":
				if !strings.Contains(rest, "version=") || strings.Contains(rest, "version=2.1") {
					return true
				}
			}
		}
	}
	return len(headers) == 0
}

func (t *taxii) answer(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", taxiiMedia)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client is gone, or it is not: nothing to be done
}

// taxiiError is an error message of TAXII.
type taxiiError struct {
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Code        string            `json:"error_code"`
	Status      string            `json:"http_status"`
	Details     map[string]string `json:"details,omitempty"`
}

func (t *taxii) refuse(w http.ResponseWriter, status int, code, why string) {
	t.answer(w, status, taxiiError{Title: http.StatusText(status), Description: why, Code: code, Status: http.StatusText(status)})
}

func (t *taxii) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := t.api.statusOf(w, r, err)
	if status == http.StatusUnauthorized {
		w.Header().Add("WWW-Authenticate", `Basic realm="vedette"`)
	}
	t.answer(w, status, taxiiError{
		Title: http.StatusText(status), Description: errs.Public(err), Code: errs.CodeOf(err), Status: http.StatusText(status), Details: errs.FieldsOf(err),
	})
}

func (t *taxii) discovery(_ http.ResponseWriter, c call) (any, error) {
	root := "https://"
	if c.r.TLS == nil {
		root = "http://"
	}
	root += c.r.Host + taxiiRoot
	return map[string]any{"title": "Vedette", "description": "Threat intelligence of this organisation.", "default": root, "api_roots": []string{root}}, nil
}

func (t *taxii) root(http.ResponseWriter, call) (any, error) {
	return map[string]any{"title": "Vedette", "versions": []string{taxiiMedia}, "max_content_length": taxiiBody}, nil
}

func (t *taxii) list(http.ResponseWriter, call) (any, error) {
	var out []collection
	for _, c := range collections {
		c.MediaTypes = []string{stixMedia}
		out = append(out, c)
	}
	return map[string]any{"collections": out}, nil
}

func (t *taxii) one(_ http.ResponseWriter, c call) (any, error) {
	found, err := collectionOf(c)
	found.MediaTypes = []string{stixMedia}
	return found, err
}

// collectionOf finds a collection by its id or alias.
func collectionOf(c call) (collection, error) {
	for _, one := range collections {
		if id := c.r.PathValue("id"); id == one.ID || id == one.Alias {
			return one, nil
		}
	}
	return collection{}, errs.New(errs.NotFound, "collection_unknown", "There is no collection %q; see %scollections/.", c.r.PathValue("id"), taxiiRoot)
}

// remove refuses: what came from a source is the source's to withdraw.
func (t *taxii) remove(_ http.ResponseWriter, c call) (any, error) {
	if _, err := collectionOf(c); err != nil {
		return nil, err
	}
	return nil, errs.New(errs.Denied, "not_removable", "Objects cannot be deleted here: a source withdraws or revokes what it published.")
}

// taxiiStatus says what became of a push.
type taxiiStatus struct {
	ID       string         `json:"id"`
	Status   string         `json:"status"`
	Asked    string         `json:"request_timestamp"`
	Total    int            `json:"total_count"`
	Success  int            `json:"success_count"`
	Failure  int            `json:"failure_count"`
	Pending  int            `json:"pending_count"`
	Failures []taxiiFailure `json:"failures,omitempty"`
}

type taxiiFailure struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Message string `json:"message"`
}

// statusesKept bounds how many statuses can be asked for.
const statusesKept = 1000

func (t *taxii) keep(s taxiiStatus) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.statuses[s.ID] = s
	if t.order = append(t.order, s.ID); len(t.order) > statusesKept {
		delete(t.statuses, t.order[0])
		t.order = t.order[1:]
	}
}

func (t *taxii) status(_ http.ResponseWriter, c call) (any, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.statuses[c.r.PathValue("id")]
	if !ok {
		return nil, errs.New(errs.NotFound, "status_unknown", "There is no status %q, or it is no longer kept.", c.r.PathValue("id"))
	}
	return s, nil
}

// taxiiTime is a time of TAXII: microseconds at least.
func taxiiTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func newStatus() taxiiStatus {
	return taxiiStatus{ID: uuid.NewString(), Status: "complete", Asked: taxiiTime(time.Now())}
}
