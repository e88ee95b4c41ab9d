package app

import (
	"errors"
	"io"
	"net/http"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/ref"
)

// inProcess answers requests from a handler in this process.
type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	pr, pw := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: pw, ready: make(chan int, 1)}
	trailer := http.Header{} // read by the caller after the end of the body
	go func() {
		err := t.answer(w, r)
		w.WriteHeader(http.StatusOK)
		if report := w.header.Get(api.ReportTrailer); report != "" {
			trailer.Set(api.ReportTrailer, report)
		}
		_ = pw.CloseWithError(err)
	}()
	status := <-w.ready
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.shown, Body: pr, ContentLength: -1, Request: r, Trailer: trailer,
	}, nil
}

// answer serves r. A handler that breaks its answer off gives an error, as a
// broken connection would.
func (t inProcess) answer(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			err = errors.New("the answer was broken off")
		} else if p != nil {
			panic(p)
		}
	}()
	t.handler.ServeHTTP(w, r.WithContext(ref.WithActor(r.Context(), commandLine)))
	return nil
}

// pipeWriter is an http.ResponseWriter whose body is read while it is written.
type pipeWriter struct {
	header http.Header
	shown  http.Header // the header as it was when the status was sent
	body   *io.PipeWriter
	ready  chan int
	sent   bool
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	if !w.sent {
		w.sent = true
		w.shown = w.header.Clone()
		w.ready <- status
	}
}

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}
