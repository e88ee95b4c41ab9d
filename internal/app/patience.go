package app

import (
	"io"
	"net/http"
	"time"
)

// bodyWait is how long one request may keep us waiting for its body altogether.
const bodyWait = 5 * time.Minute

// patient counts, of the time that a request's body takes, only what was spent
// waiting for its sender. An import that the store takes ten minutes for is not
// broken off; a sender that lets us wait for longer than wait is.
func patient(h http.Handler, wait time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &waited{ReadCloser: r.Body, conn: http.NewResponseController(w), left: wait}
		}
		h.ServeHTTP(w, r)
	})
}

// waited is a body that is waited for.
type waited struct {
	io.ReadCloser
	conn *http.ResponseController
	left time.Duration
}

func (b *waited) Read(p []byte) (int, error) {
	start := time.Now()
	_ = b.conn.SetReadDeadline(start.Add(b.left)) // what has no deadlines has the server's own
	n, err := b.ReadCloser.Read(p)
	b.left -= time.Since(start)
	return n, err
}
