// Package hec receives events from clients of Splunk's HTTP Event Collector,
// unmodified: Splunk forwarders, Vector, Fluent Bit, Docker's driver, Cribl and what
// was written against the API.
//
// [New] returns the handler of /services/collector and what stands below it: event,
// raw, health and ack, with the codes that Splunk answers. Promises: code 0 is
// answered only when every event of the request is durable, so that an
// acknowledgement that is asked for afterwards is always true; an event that is
// invalid ends its request with its number, and what stood before it is kept, as
// with Splunk; a body costs memory for one batch.
package hec

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/ref"
)

// Config is what the handler needs.
type Config struct {
	Door *receiver.Door
	Log  *slog.Logger
}

// Format is what records are declared to be that carry metadata.
const Format = "hec"

type handler struct {
	Config
	channels channels
}

// New returns the handler.
func New(c Config) http.Handler {
	h := &handler{Config: c}
	mux := http.NewServeMux()
	for _, path := range []string{"", "/event", "/event/1.0", "/raw", "/raw/1.0"} {
		take := h.events
		if strings.HasPrefix(path, "/raw") {
			take = h.raw
		}
		mux.HandleFunc("POST /services/collector"+path, h.entered(take))
	}
	for _, path := range []string{"/ack", "/ack/1.0"} {
		mux.HandleFunc("POST /services/collector"+path, h.entered(h.acks))
	}
	for _, path := range []string{"/health", "/health/1.0"} {
		mux.HandleFunc("GET /services/collector"+path, func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, reply{Text: "HEC is healthy", Code: 17})
		})
	}
	mux.HandleFunc("/services/collector/", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, reply{Text: "The requested URL was not found on this server.", Code: 404})
	})
	return mux
}

// reply is the body of an answer.
type reply struct {
	Text   string `json:"text"`
	Code   int    `json:"code"`
	Number *int   `json:"invalid-event-number,omitempty"`
	AckID  *int64 `json:"ackId,omitempty"`
}

// problem is a reply that is no success.
type problem struct {
	status int
	reply
}

func (p *problem) Error() string { return p.Text }

func fault(status, code int, text string) *problem {
	return &problem{status, reply{Text: text, Code: code}}
}

func invalid(code int, text string, number int) *problem {
	return &problem{http.StatusBadRequest, reply{Text: text, Code: code, Number: &number}}
}

// entered lets a request in and answers with what take makes of it.
func (h *handler) entered(take func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, leave, err := h.Door.Enter(r)
		defer leave()
		if err == nil {
			err = take(w, r.WithContext(ctx))
		}
		if err != nil {
			h.refuse(w, r, err)
		}
	}
}

func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p, ok := err.(*problem)
	if !ok {
		p = h.spell(r, err)
	}
	if receiver.Busy(p.status) {
		w.Header().Set("Retry-After", "2")
	}
	if p.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Splunk")
	}
	answer(w, p.status, p.reply)
}

// spell says an error in Splunk's codes.
func (h *handler) spell(r *http.Request, err error) *problem {
	switch errs.CodeOf(err) {
	case "token_missing":
		return fault(http.StatusUnauthorized, 2, "Token is required")
	case "token_malformed":
		return fault(http.StatusUnauthorized, 3, "Invalid authorization")
	case "token_unknown", "token_void":
		return fault(http.StatusForbidden, 4, "Invalid token")
	}
	status := receiver.Status(err)
	switch {
	case status == http.StatusForbidden:
		return fault(status, 1, "Token disabled")
	case receiver.Busy(status):
		return fault(http.StatusServiceUnavailable, 9, "Server is busy")
	case status >= http.StatusInternalServerError:
		h.Log.ErrorContext(r.Context(), "events not taken", "error", err)
		return fault(status, 8, "Internal server error")
	}
	return fault(status, 6, "Invalid data format: "+errs.Public(err))
}

// channel is what the client calls its connection, "" when it has no name for it.
func channel(r *http.Request) string {
	if c := r.URL.Query().Get("channel"); c != "" {
		return c
	}
	return r.Header.Get("X-Splunk-Request-Channel")
}

// success answers that all is durable.
func (h *handler) success(w http.ResponseWriter, r *http.Request) error {
	ok := reply{Text: "Success"}
	if c := channel(r); c != "" {
		if len(c) > maxChannel {
			return fault(http.StatusBadRequest, 11, "Invalid data channel")
		}
		id := h.channels.next(ref.ActorFrom(r.Context()).Name + "\x00" + c)
		ok.AckID = &id
	}
	answer(w, http.StatusOK, ok)
	return nil
}

// acks answers which requests are durable: all that were answered.
func (h *handler) acks(w http.ResponseWriter, r *http.Request) error {
	c := channel(r)
	if c == "" {
		return fault(http.StatusBadRequest, 10, "Data channel is missing")
	}
	var ask struct {
		Acks []int64 `json:"acks"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&ask); err != nil {
		return fault(http.StatusBadRequest, 6, "Invalid data format")
	}
	given := h.channels.given(ref.ActorFrom(r.Context()).Name + "\x00" + c)
	out := make(map[int64]bool, len(ask.Acks))
	for _, id := range ask.Acks {
		out[id] = id >= 0 && id < given
	}
	answer(w, http.StatusOK, map[string]any{"acks": out})
	return nil
}

const (
	maxChannel  = 256
	maxChannels = 10_000
)

// channels counts the requests of each channel. It forgets them all when there are
// too many: a client whose acknowledgement is not known sends again.
type channels struct {
	mu   sync.Mutex
	last map[string]int64 // guarded by mu
}

func (c *channels) next(name string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil || len(c.last) >= maxChannels {
		c.last = map[string]int64{}
	}
	id := c.last[name]
	c.last[name] = id + 1
	return id
}

func (c *channels) given(name string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last[name]
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the sender may have gone
}
