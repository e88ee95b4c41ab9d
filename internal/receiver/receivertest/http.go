package receivertest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Token is the secret of a sender whose name is "sensor-1".
const Token = "a-token-of-tests"

// Tokens lets in who has Token, and finds an analyst and a nobody by their names.
type Tokens struct{}

// Authorise implements receiver.Authoriser.
func (Tokens) Authorise(_ context.Context, secret string) (ref.Actor, error) {
	switch secret {
	case Token:
		return ref.Actor{Name: "sensor-1", Role: ref.Sender}, nil
	case "nobody":
		return ref.Actor{Name: "nobody", Role: ref.Nobody}, nil
	}
	return ref.Actor{}, errs.New(errs.NotFound, "token_unknown", "There is no such token.")
}

// Door is a door as receivers under test must have it.
func Door(intake *telemetry.Intake) *receiver.Door {
	return receiver.NewDoor(receiver.DoorConfig{Auth: Tokens{}, Intake: intake, MaxEvent: MaxEvent})
}

// Serve answers with h until the test ends and returns the base URL.
func Serve(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// Post sends a body with a header such as "Authorization: X" and returns the answer.
func Post(ctx context.Context, link, body string, headers ...string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, link, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// HalfPost promises a body, sends half of it and hangs up.
func HalfPost(ctx context.Context, link, body string, headers ...string) error {
	u, err := url.Parse(link)
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n\r\n%s", u.RequestURI(), len(body), strings.Join(headers, "\r\n"), body[:len(body)/2])
	return err
}
