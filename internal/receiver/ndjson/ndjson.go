// Package ndjson receives events over HTTP: POST /v1/events takes NDJSON, a JSON
// array of objects, lines of text, or a binary file of a known format such as
// EVTX, plain or compressed with gzip or zstd.
//
// [New] returns the handler for the machines' listener. Promises: it answers 200
// only when every event it counts as accepted is durable; an event that is too
// long, torn or no text is refused and counted, and the others are kept; a body that
// breaks off, or is larger than allowed, costs memory for one batch only. The
// listener should have a read timeout; the handler sets none.
package ndjson

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Config is what the handler needs.
type Config struct {
	Door    *receiver.Door
	Formats *format.Recogniser
	Log     *slog.Logger
}

type handler struct{ Config }

// New returns the handler of POST /v1/events[?format=NAME] and GET /v1/health.
func New(c Config) http.Handler {
	h := &handler{c}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/events", h.events)
	mux.HandleFunc("GET /v1/health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	return mux
}

// result is the answer's body. After an error, too, it says what was kept: a
// sender that repeats the whole body doubles that much.
type result struct {
	Accepted int            `json:"accepted"`
	Refused  map[string]int `json:"refused"`
	Error    *problem       `json:"error,omitempty"`
}

type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (h *handler) events(w http.ResponseWriter, r *http.Request) {
	res := result{Refused: map[string]int{}}
	err := h.receive(w, r, &res)
	if err == nil {
		answer(w, http.StatusOK, res)
		return
	}
	res.Error = &problem{errs.CodeOf(err), errs.Public(err)}
	status := receiver.Status(err)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="vedette"`)
	}
	if status >= http.StatusInternalServerError {
		h.Log.ErrorContext(r.Context(), "events not taken", "error", err)
	}
	if receiver.Busy(status) {
		w.Header().Set("Retry-After", "2")
	}
	answer(w, status, res)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the sender may have gone
}

func (h *handler) receive(w http.ResponseWriter, r *http.Request, res *result) error {
	ctx, leave, err := h.Door.Enter(r)
	defer leave()
	if err != nil {
		return err
	}
	declared := r.URL.Query().Get("format")
	header, err := telemetry.NewHeader(h.Formats, declared)
	if err != nil {
		return errs.New(errs.Invalid, "format_unknown", "There is no format %.40q; use one of %s, or none to have it recognised.", declared, strings.Join(h.Formats.Names(), ", "))
	}
	body, err := h.Door.Open(w, r)
	if err != nil {
		return err
	}
	defer body.Close()
	batch := receiver.Batch{Intake: h.Door.Intake, Source: "http/" + ref.ActorFrom(ctx).Name}
	err = h.all(ctx, header, &batch, format.NewSplitter(body, "the body", h.Formats, h.Door.MaxEvent), res)
	res.Accepted = batch.Kept()
	return err
}

// all passes every record on.
func (h *handler) all(ctx context.Context, header *telemetry.Header, batch *receiver.Batch, in *format.Splitter, res *result) error {
	for {
		raw, err := in.Next()
		if err == io.EOF {
			return batch.Flush(ctx)
		}
		if bad, ok := errors.AsType[*format.RecordError](err); ok {
			res.Refused[bad.Reason]++
			h.Door.Intake.Refuse(batch.Source, bad.Reason, 1)
			continue
		}
		if err != nil {
			return h.Door.Broken(batch.Source, err)
		}
		if !receiver.Legible(raw) {
			res.Refused[receiver.Encoding]++
			h.Door.Intake.Refuse(batch.Source, receiver.Encoding, 1)
			continue
		}
		name, context := header.Of(raw)
		if own := in.Format(); own != "" { // the file knows better than who sends it
			name, context = own, nil
		}
		if err := batch.Add(ctx, telemetry.Record{Format: name, Context: context, Raw: raw}); err != nil {
			return err
		}
	}
}
