// Package fetch is the only way out: every outbound HTTP request of the product,
// and every file, directory and archive it reads, goes through here and is bounded.
//
// [New] makes a [Client]; [Client.Do] sends one [Request] and answers OK or
// NotModified, everything else is an errs error that says what to do;
// [RetryAfter] and [Backoff] tell a scheduler when to come back. [Walk] and
// [WalkReader] read files, directories and archives, member by member.
//
// Promises: no connection to a loopback, private, link-local or otherwise special
// address unless the Config allows it, checked when dialling and after every
// redirect; no more bytes, time or redirects than configured, before and after
// decompression; no endless retry.
package fetch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Config bounds a Client. The zero value is safe and usable.
type Config struct {
	UserAgent    string        // default "vedette"
	Timeout      time.Duration // for the whole exchange, body included; default 5 min
	MaxBytes     int64         // of the body after decoding; default 1 GiB
	MaxRatio     int64         // decoded : received, checked beyond 16 MiB; default 250
	MaxRedirects int           // default 5, -1 = none
	Retries      int           // on 5xx and broken connections; default 2, -1 = none
	RetryWait    time.Duration // first wait between retries, doubled each time; default 1 s
	Allow        Allow
	Proxy        *url.URL // the proxy then resolves names and is trusted to refuse private ones
	Resolve      func(ctx context.Context, host string) ([]net.IPAddr, error)
}

// Request is one thing to get. Method is GET when empty.
type Request struct {
	Method       string
	URL          string
	Header       http.Header // sent to the URL's own origin only, never to where it redirects
	Body         []byte
	ETag         string // of the copy we have
	LastModified string // of the copy we have, as the server wrote it
}

// Status says whether there is anything new.
type Status uint8

// The two good outcomes.
const (
	OK Status = iota
	NotModified
)

// Response is a successful answer. The caller closes Body, which is never nil;
// reading it fails with an errs.Invalid when the size limit is passed.
type Response struct {
	Status       Status
	Body         io.ReadCloser
	ETag         string
	LastModified string
	ContentType  string
	FinalURL     string
	Header       http.Header // as the server sent it
}

// Client sends requests. Safe for concurrent use.
type Client struct {
	cfg  Config
	http *http.Client
}

// New returns a Client that keeps to cfg.
func New(cfg Config) *Client {
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "vedette")
	cfg.Timeout = cmp.Or(cfg.Timeout, 5*time.Minute)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 1<<30)
	cfg.MaxRatio = cmp.Or(cfg.MaxRatio, 250)
	cfg.MaxRedirects = cmp.Or(cfg.MaxRedirects, 5)
	cfg.Retries = cmp.Or(cfg.Retries, 2)
	cfg.RetryWait = cmp.Or(cfg.RetryWait, time.Second)
	if cfg.Resolve == nil {
		cfg.Resolve = net.DefaultResolver.LookupIPAddr
	}
	g := &guard{allow: cfg.Allow, resolve: cfg.Resolve}
	t := &http.Transport{
		DialContext:            g.dial,
		TLSHandshakeTimeout:    15 * time.Second,
		ResponseHeaderTimeout:  min(cfg.Timeout, time.Minute),
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        30 * time.Second,
		DisableCompression:     true, // decoded here, under a limit
		ForceAttemptHTTP2:      true,
	}
	if cfg.Proxy != nil {
		t.Proxy = http.ProxyURL(cfg.Proxy)
		g.proxy = hostPort(cfg.Proxy)
	}
	c := &Client{cfg: cfg}
	c.http = &http.Client{Transport: t, CheckRedirect: c.checkRedirect}
	return c
}

// Do sends r and returns its answer. Idempotent requests are retried a few times
// on 5xx and broken connections, unless the server asks for a longer pause.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	u, err := c.checkURL(r.URL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	for attempt := 0; ; attempt++ {
		resp, err := c.once(ctx, cancel, r, u)
		if err == nil {
			return resp, nil // cancel runs when the body is closed
		}
		wait := Backoff(attempt, c.cfg.RetryWait, err)
		if attempt >= c.cfg.Retries || !retryable(r, err) || wait > 10*c.cfg.RetryWait {
			cancel()
			return nil, err
		}
		select {
		case <-ctx.Done():
			cancel()
			return nil, err
		case <-time.After(wait):
		}
	}
}

func (c *Client) once(ctx context.Context, cancel context.CancelFunc, r Request, u *url.URL) (*Response, error) {
	ctx = context.WithValue(ctx, headerKey{}, r.Header)
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.Method, http.MethodGet), u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, errs.New(errs.Invalid, "fetch_request", "The request to %s cannot be made; check its method and address.", u.Redacted()).Because(err)
	}
	for k, v := range r.Header {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	req.Header.Set("Accept-Encoding", "gzip, zstd")
	if r.ETag != "" {
		req.Header.Set("If-None-Match", r.ETag)
	}
	if r.LastModified != "" {
		req.Header.Set("If-Modified-Since", r.LastModified)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, transportError(u, err)
	}
	out := &Response{
		Header: resp.Header, ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified"),
		ContentType: resp.Header.Get("Content-Type"), FinalURL: resp.Request.URL.String(),
	}
	switch {
	case resp.StatusCode == http.StatusNotModified:
		resp.Body.Close()
		cancel()
		out.Status, out.Body = NotModified, http.NoBody
		out.ETag, out.LastModified = cmp.Or(out.ETag, r.ETag), cmp.Or(out.LastModified, r.LastModified)
		return out, nil
	case resp.StatusCode/100 != 2:
		// Drained a little, so that the connection can be used again.
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
		resp.Body.Close()
		return nil, statusError(u, resp)
	}
	body, err := c.decode(resp, u)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	out.Body = &closer{Reader: body, close: func() error { defer cancel(); return resp.Body.Close() }}
	return out, nil
}

// retryable reports whether sending r again may help and can do no harm.
func retryable(r Request, err error) bool {
	if m := cmp.Or(r.Method, http.MethodGet); m != http.MethodGet && m != http.MethodHead {
		return false
	}
	return errs.KindOf(err) == errs.Unavailable && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled)
}

type closer struct {
	io.Reader
	close func() error
}

func (c *closer) Close() error { return c.close() }
