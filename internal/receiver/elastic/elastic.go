// Package elastic receives events from clients of Elasticsearch, unmodified: Beats,
// Elastic Agent, Logstash, Vector, Fluent Bit and the official libraries need only
// another address.
//
// [New] returns the handler of _bulk, of single documents, and of what clients ask
// and set up before they send. The token is the password of Basic (any user name),
// the key of ApiKey, or Bearer. Promises: an item is answered 201 only when its
// document is durable; a document that cannot be kept is refused by itself, 400 when
// it never can be, 429 when it should be sent again; update and delete are refused;
// a body costs memory for one batch and its answer only. Nothing can be searched
// through this door, and templates and policies are accepted and forgotten.
package elastic

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/ref"
)

// Config is what the handler needs.
type Config struct {
	Door *receiver.Door
	Log  *slog.Logger
}

type handler struct{ Config }

// New returns the handler; it answers every path.
func New(c Config) http.Handler { return &handler{c} }

// call is one request that was let in.
type call struct {
	w http.ResponseWriter
	r *http.Request
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch") // clients of version 8 ask for it
	ctx, leave, err := h.Door.Enter(r)
	defer leave()
	c := call{w, r.WithContext(ctxOr(ctx, r))}
	if err != nil {
		h.refuse(c, err)
		return
	}
	if !h.documents(c) && !h.probe(c) && !h.setUp(c) {
		c.fault(http.StatusBadRequest, "illegal_argument_exception",
			"Vedette takes documents in (_bulk, _doc, _create) and answers what clients ask before; "+r.Method+" of this path is not among it.")
	}
}

// source names the sender.
func source(r *http.Request) string { return "elastic/" + ref.ActorFrom(r.Context()).Name }

// documents answers what brings documents.
func (h *handler) documents(c call) bool {
	if c.r.Method != http.MethodPost && c.r.Method != http.MethodPut {
		return false
	}
	parts := strings.Split(strings.Trim(c.r.URL.Path, "/"), "/")
	last := parts[len(parts)-1]
	switch {
	case last == "_bulk" && len(parts) <= 3: // before version 7 a type stood behind the index
		index := ""
		if len(parts) > 1 {
			index = parts[0]
		}
		h.bulk(c, index)
	case len(parts) == 2 && last == "_doc" && c.r.Method == http.MethodPost:
		h.single(c, parts[0], "")
	case len(parts) == 3 && (parts[1] == "_doc" || parts[1] == "_create"):
		h.single(c, parts[0], parts[2])
	default:
		return false
	}
	return true
}

// refuse answers a whole request with an error.
func (h *handler) refuse(c call, err error) {
	status := receiver.Status(err)
	kind := "illegal_argument_exception"
	switch {
	case status == http.StatusUnauthorized:
		kind = "security_exception"
		c.w.Header().Add("WWW-Authenticate", `Basic realm="security", charset="UTF-8"`)
		c.w.Header().Add("WWW-Authenticate", "ApiKey")
		c.w.Header().Add("WWW-Authenticate", `Bearer realm="security"`)
	case status == http.StatusForbidden:
		kind = "security_exception"
	case receiver.Busy(status):
		kind = rejected
		c.w.Header().Set("Retry-After", "2")
	case status >= http.StatusInternalServerError:
		kind = "internal_server_error"
		h.Log.ErrorContext(c.r.Context(), "documents not taken", "error", err)
	}
	c.fault(status, kind, errs.Public(err))
}

// rejected is what Elasticsearch says when it is too busy.
const rejected = "es_rejected_execution_exception"

// cause is how Elasticsearch spells an error.
type cause struct {
	Type   string `json:"type"`
	Reason string `json:"reason"`
}

func (c call) fault(status int, kind, reason string) {
	c.answer(status, map[string]any{
		"error":  map[string]any{"root_cause": []cause{{kind, reason}}, "type": kind, "reason": reason},
		"status": status,
	})
}

// answer writes JSON in the content type that the client asked for: version 8 puts
// its version in.
func (c call) answer(status int, body any) {
	c.head(status)
	if c.r.Method != http.MethodHead {
		_ = json.NewEncoder(c.w).Encode(body) // the sender may have gone
	}
}

func (c call) head(status int) {
	kind := "application/json"
	if strings.Contains(c.r.Header.Get("Accept"), "application/vnd.elasticsearch+json") {
		kind = "application/vnd.elasticsearch+json;compatible-with=8"
	}
	c.w.Header().Set("Content-Type", kind)
	c.w.Header().Set("X-Content-Type-Options", "nosniff")
	c.w.WriteHeader(status)
}
