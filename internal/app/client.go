package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// socketName is the socket in the data directory on which a running server
// answers the command line. Who may write there may do everything.
const socketName = "control.sock"

// commandLine is who acts when the command line does.
var commandLine = ref.Actor{Ref: ref.Ref{Kind: ref.System, ID: "command-line"}, Name: "command line", Role: ref.Admin}

// Client speaks the API for the command line: with the running server when there
// is one, else with the opened data directory itself. Close it.
type Client struct {
	http  *http.Client
	close func() error
	sys   *System // opened by this process; nil when a server answers
}

// Dial returns a Client for the data directory of c.
func Dial(ctx context.Context, c config.Config) (*Client, error) {
	path := filepath.Join(c.Data, socketName)
	conn, err := net.Dial("unix", path)
	if err == nil {
		_ = conn.Close()
		tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}}
		return &Client{http: &http.Client{Transport: tr}, close: func() error { tr.CloseIdleConnections(); return nil }}, nil
	}
	sys, err := Open(ctx, Options{Config: c, Log: quiet()})
	if err != nil {
		return nil, err
	}
	return &Client{http: &http.Client{Transport: inProcess{sys.api}}, close: sys.Close, sys: sys}, nil
}

// Index makes sure that there is an index of the live indicators to look values
// up in, and that the history finds them: a server has both, this process makes
// them.
func (c *Client) Index(ctx context.Context) error {
	if c.sys == nil {
		return nil
	}
	if err := c.sys.matcher.Start(asSystem(ctx)); err != nil {
		return err
	}
	return c.sys.events.Note(ctx)
}

// Backtests does the back-tests that wait: a server has a worker for them, this
// process does them now.
func (c *Client) Backtests(ctx context.Context) error {
	if c.sys == nil {
		return nil
	}
	return c.sys.detect.Drain(asSystem(ctx))
}

// Alone says that no server runs: this process does everything itself.
func (c *Client) Alone() bool { return c.sys != nil }

// CatchUp lets this process match what the server had not come to when it
// stopped: a look back finds only what is noted.
func (c *Client) CatchUp(ctx context.Context) error {
	if c.sys == nil {
		return nil
	}
	return c.sys.catchUp(ctx)
}

// LookBack does the looks back that wait: a server has a worker for them, this
// process does them now.
func (c *Client) LookBack(ctx context.Context) error {
	if c.sys == nil {
		return nil
	}
	return c.sys.hunt.Drain(asSystem(ctx))
}

// Close ends the client.
func (c *Client) Close() error { return c.close() }

// Call sends body (nil, an io.Reader for a raw one, or anything JSON) to an API
// path and decodes the answer into out (nil = ignored). A failure comes back as
// the *errs.Error the server sent.
func (c *Client) Call(ctx context.Context, method, path string, body, out any) error {
	res, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if out == nil {
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	return json.NewDecoder(res.Body).Decode(out)
}

// Stream copies the answer of an API path to w and decodes its report into report.
// What w has got is only whole when Stream returns nil.
func (c *Client) Stream(ctx context.Context, path string, w io.Writer, report any) error {
	res, err := c.send(ctx, "GET", path, nil)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(w, res.Body); err != nil {
		return fmt.Errorf("receive the answer: %w", err)
	}
	line := res.Trailer.Get(api.ReportTrailer)
	if line == "" {
		return errs.New(errs.Unavailable, "answer_broken_off", "The answer was broken off; the server's log says why.")
	}
	return json.Unmarshal([]byte(line), report)
}

// send makes a request and returns its answer when that is a good one.
func (c *Client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case io.Reader:
		r = b
	default:
		j, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://vedette/api/v1"+path, r)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, errors.Join(failure(res), res.Body.Close())
	}
	return res, nil
}

// failure turns an error answer back into the error it was.
func failure(res *http.Response) error {
	var f api.Failure
	if err := json.NewDecoder(res.Body).Decode(&f); err != nil || f.Error.Code == "" {
		return fmt.Errorf("the server answered %s", res.Status)
	}
	kind := errs.Internal
	for _, k := range []errs.Kind{errs.Invalid, errs.NotFound, errs.Conflict, errs.Denied, errs.RateLimited, errs.Unavailable} {
		if errs.HTTPStatus(&errs.Error{Kind: k}) == res.StatusCode {
			kind = k
		}
	}
	if kind == errs.Internal {
		return fmt.Errorf("%s (request %s)", f.Error.Message, f.Error.Request)
	}
	return &errs.Error{Kind: kind, Code: f.Error.Code, Message: f.Error.Message, Fields: f.Error.Fields}
}

// control opens the socket of the command line in the data directory.
func control(dir string, h http.Handler) (net.Listener, http.Handler, error) {
	path := filepath.Join(dir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	return l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(ref.WithActor(r.Context(), commandLine)))
	}), nil
}
