package api

import (
	"encoding/json"
	"net/http"

	"github.com/vedette-soc/vedette/ref"
)

// ReportTrailer is the trailer of a streamed answer that says, as JSON, what is
// in it. An answer without it was broken off.
const ReportTrailer = "Vedette-Report"

// stream declares a route whose answer is written as it comes. do writes it to
// out, whose media type it may set before the first byte, and returns the report.
func stream(path string, role ref.Role, summary, media string, query []string, do func(c call, out *streamed) (any, error)) route {
	return route{method: "GET", path: "/api/v1" + path, role: role, summary: summary, query: query, media: media, stream: do}
}

// streamed is an answer of bytes. Until the first one an error can still be told
// as any other.
type streamed struct {
	w     http.ResponseWriter
	media string
	begun bool
}

// Write implements io.Writer.
func (s *streamed) Write(b []byte) (int, error) {
	s.begin()
	return s.w.Write(b)
}

func (s *streamed) begin() {
	if s.begun {
		return
	}
	s.begun = true
	h := s.w.Header()
	h.Set("Content-Type", s.media)
	h.Set("Content-Disposition", "attachment")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Trailer", ReportTrailer)
	s.w.WriteHeader(http.StatusOK)
}

// serveStream answers with what rt.stream writes. A failure after the first byte
// breaks the connection off: the status is sent, and half an answer must not look
// like a whole one.
func (a *API) serveStream(w http.ResponseWriter, c call, rt route) {
	out := &streamed{w: w, media: rt.media}
	report, err := rt.stream(c, out)
	var line []byte
	if err == nil {
		line, err = json.Marshal(report)
	}
	if err != nil && !out.begun {
		a.fail(w, c.r, err)
		return
	}
	if err != nil {
		a.cfg.Log.ErrorContext(c.ctx, "answer broken off", "path", c.r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	out.begin()
	w.Header().Set(ReportTrailer, string(line))
}
