package hec

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

func (h *handler) batch(r *http.Request) *receiver.Batch {
	return &receiver.Batch{Intake: h.Door.Intake, Source: "hec/" + ref.ActorFrom(r.Context()).Name}
}

// events takes concatenated objects, with or without white space between them, or
// an array of them.
func (h *handler) events(w http.ResponseWriter, r *http.Request) error {
	body, err := h.Door.Open(w, r)
	if err != nil {
		return err
	}
	defer body.Close()
	batch := h.batch(r)
	in := newObjects(body, h.Door.MaxEvent)
	n := 0
	for ; ; n++ {
		raw, err := in.next()
		if err == io.EOF {
			break
		}
		if errors.Is(err, receiver.ErrTooLong) {
			h.Door.Intake.Refuse(batch.Source, receiver.TooLong, 1)
			continue
		}
		var bad *problem
		switch {
		case errors.Is(err, errTorn):
			h.Door.Intake.Refuse(batch.Source, receiver.Half, 1)
			bad = invalid(6, "Invalid data format", n)
		case err != nil && !errors.Is(err, errNoObject):
			return h.Door.Broken(batch.Source, err)
		case err != nil:
			h.Door.Intake.Refuse(batch.Source, receiver.BadJSON, 1)
			bad = invalid(6, "Invalid data format", n)
		default:
			if bad = check(raw, n); bad != nil {
				h.Door.Intake.Refuse(batch.Source, receiver.BadJSON, 1)
			}
		}
		if bad != nil {
			if err := batch.Flush(r.Context()); err != nil {
				return err
			}
			return bad
		}
		if err := batch.Add(r.Context(), telemetry.Record{Format: Format, Raw: raw}); err != nil {
			return err
		}
	}
	if n == 0 {
		return fault(http.StatusBadRequest, 5, "No data")
	}
	if err := batch.Flush(r.Context()); err != nil {
		return err
	}
	return h.success(w, r)
}

// check says what is wrong with an object.
func check(raw []byte, n int) *problem {
	var e struct {
		Event json.RawMessage `json:"event"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return invalid(6, "Invalid data format", n)
	}
	switch string(e.Event) {
	case "":
		return invalid(12, "Event field is required", n)
	case `""`, "null":
		return invalid(13, "Event field cannot be blank", n)
	}
	return nil
}

// raw takes lines. What the address says of them is kept around each.
func (h *handler) raw(w http.ResponseWriter, r *http.Request) error {
	body, err := h.Door.Open(w, r)
	if err != nil {
		return err
	}
	defer body.Close()
	batch := h.batch(r)
	around := metadata(r.URL.Query())
	lines := receiver.NewLines(body, h.Door.MaxEvent)
	n := 0
	for {
		raw, err := lines.Next()
		switch {
		case err == io.EOF:
			if n == 0 {
				return fault(http.StatusBadRequest, 5, "No data")
			}
			if err := batch.Flush(r.Context()); err != nil {
				return err
			}
			return h.success(w, r)
		case errors.Is(err, receiver.ErrTooLong):
			h.Door.Intake.Refuse(batch.Source, receiver.TooLong, 1)
			n++
			continue
		case err != nil:
			return h.Door.Broken(batch.Source, err)
		case len(raw) == 0:
			continue
		}
		n++
		if !receiver.Legible(raw) {
			h.Door.Intake.Refuse(batch.Source, receiver.Encoding, 1)
			continue
		}
		record := telemetry.Record{Raw: raw}
		if around != nil {
			record = wrapped(around, raw)
		}
		if err := batch.Add(r.Context(), record); err != nil {
			return err
		}
	}
}

// metadata is what the query says of all lines; nil when it says nothing.
func metadata(q url.Values) map[string]string {
	var out map[string]string
	for _, name := range []string{"host", "source", "sourcetype", "index", "time"} {
		if v := q.Get(name); v != "" && len(v) <= 1024 {
			if out == nil {
				out = map[string]string{}
			}
			out[name] = v
		}
	}
	return out
}

func wrapped(around map[string]string, line []byte) telemetry.Record {
	object := map[string]string{"event": string(line)}
	for name, v := range around {
		object[name] = v
	}
	raw, err := json.Marshal(object)
	if err != nil { // a map of strings has no errors
		return telemetry.Record{Raw: line}
	}
	return telemetry.Record{Format: Format, Raw: raw}
}
