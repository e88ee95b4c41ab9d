// Package otlp receives log records of OpenTelemetry over HTTP: POST /v1/logs with
// protobuf or JSON, as the Collector's exporter otlphttp and the SDKs send them.
//
// [New] returns the handler. Promises: success is answered only when all records of
// a request that it does not count as rejected are durable, and a request that fails
// keeps nothing, so that sending it again doubles nothing; bodies are read whole
// and therefore limited to 16 MiB, a few at a time.
package otlp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Config is what the handler needs.
type Config struct {
	Door *receiver.Door
	Log  *slog.Logger
}

const (
	// Format is what records are declared to be.
	Format = "otlp"
	// maxBody bounds a request; the Collector sends 8,192 records at most by default.
	maxBody = 16 << 20
	// readers is how many requests are taken apart at the same time.
	readers  = 4
	patience = 5 * time.Second
)

type handler struct {
	Config
	places chan struct{}
}

// New returns the handler of POST /v1/logs.
func New(c Config) http.Handler {
	h := &handler{c, make(chan struct{}, readers)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/logs", h.logs)
	return mux
}

// wire is one of the two encodings.
type wire struct {
	contentType string
	// read calls take for each record, whose bytes it gives up. An error ends it.
	read func(body []byte, maxEvent int, take func(r *record, refused string)) error
	// success and fault are the bodies of answers.
	success func(rejected int, why string) []byte
	fault   func(message string) []byte
}

var protobuf = wire{
	contentType: "application/x-protobuf", read: readProtobuf,
	success: func(rejected int, why string) []byte {
		if rejected == 0 {
			return nil
		}
		var p []byte
		p = protowire.AppendVarint(protowire.AppendTag(p, 1, protowire.VarintType), uint64(rejected))
		p = protowire.AppendString(protowire.AppendTag(p, 2, protowire.BytesType), why)
		return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), p)
	},
	fault: func(message string) []byte {
		return protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), message)
	},
}

var jsonWire = wire{
	contentType: "application/json", read: readJSON,
	success: func(rejected int, why string) []byte {
		if rejected == 0 {
			return []byte("{}")
		}
		return object(map[string]any{"partialSuccess": map[string]any{"rejectedLogRecords": rejected, "errorMessage": why}})
	},
	fault: func(message string) []byte { return object(map[string]any{"message": message}) },
}

func object(v map[string]any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // maps of texts and numbers have no errors
		return []byte("{}")
	}
	return b
}

func (h *handler) logs(w http.ResponseWriter, r *http.Request) {
	ctx, leave, err := h.Door.Enter(r)
	defer leave()
	enc := protobuf
	if err == nil {
		switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
		case "application/json":
			enc = jsonWire
		case "application/x-protobuf", "application/protobuf":
		default:
			err = errs.New(errs.Invalid, "encoding_unknown", "Content-Type must be application/x-protobuf or application/json.")
		}
	}
	var answer []byte
	if err == nil {
		answer, err = h.take(w, r.WithContext(ctx), enc)
	}
	status := http.StatusOK
	if err != nil {
		status, answer = receiver.Status(err), enc.fault(errs.Public(err))
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer realm="vedette"`)
		}
		if receiver.Busy(status) {
			w.Header().Set("Retry-After", "2")
		}
		if status == http.StatusInternalServerError {
			h.Log.ErrorContext(r.Context(), "log records not taken", "error", err)
		}
	}
	w.Header().Set("Content-Type", enc.contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(answer) // the sender may have gone
}

// take makes the records of a request durable, all or none.
func (h *handler) take(w http.ResponseWriter, r *http.Request, enc wire) ([]byte, error) {
	if err := h.wait(r.Context()); err != nil {
		return nil, err
	}
	defer func() { <-h.places }()
	source := "otlp/" + ref.ActorFrom(r.Context()).Name
	body, err := h.whole(w, r, source)
	if err != nil {
		return nil, err
	}
	var records []telemetry.Record
	refused := map[string]int{}
	err = enc.read(body, h.Door.MaxEvent, func(rec *record, reason string) {
		if reason != "" {
			refused[reason]++
			return
		}
		raw := rec.json()
		switch {
		case len(raw) > h.Door.MaxEvent:
			refused[receiver.TooLong]++
		case bytes.Contains(rec.Body, []byte(`\u0000`)):
			refused[receiver.Encoding]++
		default:
			records = append(records, telemetry.Record{Format: Format, Raw: raw})
		}
	})
	if err != nil {
		h.Door.Intake.Refuse(source, receiver.BadFrame, 1)
		return nil, errs.New(errs.Invalid, "body_broken", "The body is no export request for logs in %s.", enc.contentType).Because(err)
	}
	if err := h.Door.Intake.Accept(r.Context(), source, records); err != nil {
		return nil, err
	}
	rejected := 0
	var why []string
	for reason, n := range refused {
		h.Door.Intake.Refuse(source, reason, n)
		rejected += n
		why = append(why, reason)
	}
	return enc.success(rejected, strings.Join(why, ", ")), nil
}

func (h *handler) wait(ctx context.Context) error {
	select {
	case h.places <- struct{}{}:
		return nil
	case <-time.After(patience):
		return errs.New(errs.RateLimited, "too_many_requests", "More log records arrive than can be read. Send again in a moment.")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// whole reads a body.
func (h *handler) whole(w http.ResponseWriter, r *http.Request, source string) ([]byte, error) {
	body, err := h.Door.Open(w, r)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	switch {
	case err != nil:
		return nil, h.Door.Broken(source, err)
	case len(raw) > maxBody:
		h.Door.Intake.Refuse(source, receiver.TooLong, 1)
		return nil, errs.New(errs.Invalid, "body_too_large", "The body is larger than %d bytes after decompression; send fewer records at a time.", maxBody)
	}
	return raw, nil
}
