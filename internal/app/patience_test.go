package app_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
)

// TestPatience holds that a body which is worked on for longer than its sender may
// keep us waiting arrives whole, and that one which does not come ends.
func TestPatience(t *testing.T) {
	const wait = 300 * time.Millisecond
	got := make(chan error, 1)
	s := httptest.NewUnstartedServer(app.Patient(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		in := bufio.NewReader(r.Body)
		n := 0
		for {
			b := make([]byte, 512<<10)
			k, err := io.ReadFull(in, b)
			if n += k; err != nil {
				if n == 4<<20 && err == io.EOF {
					err = nil
				}
				got <- err
				return
			}
			time.Sleep(wait / 4) // work
		}
	}), wait))
	s.Config.ReadTimeout = wait
	s.Start()
	defer s.Close()
	if _, err := http.Post(s.URL, "text/plain", io.LimitReader(endless{}, 4<<20)); err != nil {
		t.Error(err)
	}
	if err := <-got; err != nil {
		t.Errorf("a body that was worked on: %v", err)
	}

	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhello"); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err == nil {
		t.Error("a body that never came was taken")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
