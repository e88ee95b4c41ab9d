// Package ndjson receives events over HTTP: POST /v1/events takes NDJSON, a JSON
// array of objects, lines of text, or a binary file of a known format such as
// EVTX, plain or compressed with gzip or zstd.
//
// [New] returns the handler for the machines' listener. Promises: it answers 200
// only when every event it counts as accepted is durable; an event that is too
// long or torn is refused and counted, and the others are kept; a body that
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
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Authoriser tells whose token a secret is. A token that lets nobody in is
// errs.Denied or errs.NotFound.
type Authoriser interface {
	Authorise(ctx context.Context, secret string) (ref.Actor, error)
}

// Config is what the handler needs. Zero limits mean the defaults.
type Config struct {
	Auth     Authoriser
	Intake   *telemetry.Intake
	Formats  *format.Recogniser
	Log      *slog.Logger
	MaxEvent int   // bytes of one event, default 1 MiB
	MaxBody  int64 // bytes of a body after decompression, default 64 MiB
	Requests int   // answered at the same time, default 64; more get 429
}

const (
	batchRecords = 2000
	batchBytes   = 2 << 20
)

type handler struct {
	Config
	places chan struct{}
}

// New returns the handler of POST /v1/events[?format=NAME] and GET /v1/health.
func New(c Config) http.Handler {
	if c.MaxEvent <= 0 {
		c.MaxEvent = format.DefaultMaxRecord
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 64 << 20
	}
	if c.Requests <= 0 {
		c.Requests = 64
	}
	h := &handler{Config: c, places: make(chan struct{}, c.Requests)}
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
	status := errs.HTTPStatus(err)
	switch res.Error.Code {
	case "token_missing", "token_unknown", "token_void":
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Bearer realm="vedette"`)
	case "body_too_large", "compression_bomb":
		status = http.StatusRequestEntityTooLarge
	case "encoding_unknown":
		status = http.StatusUnsupportedMediaType
	}
	if status >= http.StatusInternalServerError {
		h.Log.ErrorContext(r.Context(), "events not taken", "error", err)
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
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
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
	default:
		return errs.New(errs.RateLimited, "too_many_requests", "More than %d requests at the same time. Send again in a moment, best with more events per request.", h.Requests)
	}
	actor, err := h.authorise(r)
	if err != nil {
		return err
	}
	ctx := ref.WithActor(r.Context(), actor)
	if err := ref.Need(ctx, ref.Sender); err != nil {
		return err
	}
	declared := r.URL.Query().Get("format")
	header, err := telemetry.NewHeader(h.Formats, declared)
	if err != nil {
		return errs.New(errs.Invalid, "format_unknown", "There is no format %q; use one of %s, or none to have it recognised.", shorten(declared), strings.Join(h.Formats.Names(), ", "))
	}
	body, err := h.body(w, r)
	if err != nil {
		return err
	}
	defer body.close()
	in := batcher{handler: h, header: header, source: "http/" + actor.Name, res: res}
	return in.all(ctx, format.NewSplitter(body, "the body", h.Formats, h.MaxEvent))
}

func (h *handler) authorise(r *http.Request) (ref.Actor, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return ref.Actor{}, errs.New(errs.Denied, "token_missing", "Send a token of the role sender: Authorization: Bearer TOKEN.")
	}
	actor, err := h.Auth.Authorise(r.Context(), secret)
	switch errs.KindOf(err) {
	case errs.Denied, errs.NotFound:
		return actor, errs.New(errs.Denied, "token_unknown", "This token is unknown, revoked or expired. Make a new one of the role sender.").Because(err)
	}
	return actor, err
}

// batcher passes records on in batches, each durable before the next is read.
type batcher struct {
	*handler
	header *telemetry.Header
	source string
	res    *result
	batch  []telemetry.Record
	bytes  int
}

func (b *batcher) all(ctx context.Context, in *format.Splitter) error {
	for {
		raw, err := in.Next()
		if err == io.EOF {
			return b.flush(ctx)
		}
		if bad, ok := errors.AsType[*format.RecordError](err); ok {
			b.res.Refused[bad.Reason]++
			b.Intake.Refuse(b.source, bad.Reason, 1)
			continue
		}
		if err != nil {
			return b.broken(err)
		}
		name, context := b.header.Of(raw)
		if own := in.Format(); own != "" { // the file knows better than who sends it
			name, context = own, nil
		}
		b.batch = append(b.batch, telemetry.Record{Format: name, Context: context, Raw: raw})
		if b.bytes += len(raw); b.bytes >= batchBytes || len(b.batch) >= batchRecords {
			if err := b.flush(ctx); err != nil {
				return err
			}
		}
	}
}

func (b *batcher) flush(ctx context.Context) error {
	if err := b.Intake.Accept(ctx, b.source, b.batch); err != nil {
		return err
	}
	b.res.Accepted += len(b.batch)
	clear(b.batch)
	b.batch, b.bytes = b.batch[:0], 0
	return nil
}

// broken names what went wrong while the body was read. The records read since
// the last batch are not kept: the sender has to send them again in any case.
func (h *handler) broken(err error) error {
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return tooLarge(h.MaxBody)
	}
	if _, ours := errors.AsType[*errs.Error](err); ours {
		return err
	}
	return errs.New(errs.Invalid, "body_broken", "The body is damaged or broke off; send it again.").Because(err)
}

func shorten(s string) string {
	if len(s) > 40 {
		return strconv.Quote(s[:40]) + "…"
	}
	return s
}
