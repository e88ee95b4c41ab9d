package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
)

var loopback = fetch.Allow{Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func get(t *testing.T, c *fetch.Client, r fetch.Request) (string, *fetch.Response, error) {
	t.Helper()
	resp, err := c.Do(t.Context(), r)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), resp, err
}

func TestConditionalRequest(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "list for %s", r.UserAgent())
	})
	c := fetch.New(fetch.Config{Allow: loopback, UserAgent: "test/1"})
	body, resp, err := get(t, c, fetch.Request{URL: url})
	if err != nil || body != "list for test/1" || resp.ETag != `"v1"` || resp.Status != fetch.OK || resp.ContentType != "text/plain" {
		t.Fatalf("got %q %+v %v", body, resp, err)
	}
	_, resp, err = get(t, c, fetch.Request{URL: url, ETag: resp.ETag})
	if err != nil || resp.Status != fetch.NotModified || resp.ETag != `"v1"` {
		t.Fatalf("second: got %+v %v", resp, err)
	}
}

func TestAddressesRefused(t *testing.T) {
	resolve := func(answers ...string) func(context.Context, string) ([]net.IPAddr, error) {
		return func(context.Context, string) ([]net.IPAddr, error) {
			var out []net.IPAddr
			for _, a := range answers {
				out = append(out, net.IPAddr{IP: net.ParseIP(a)})
			}
			return out, nil
		}
	}
	tests := []struct {
		url     string
		answers []string
		kind    errs.Kind
		code    string
	}{
		{"http://127.0.0.1/", nil, errs.Denied, "fetch_private_address"},
		{"http://[::1]/", nil, errs.Denied, "fetch_private_address"},
		{"http://[::ffff:10.0.0.1]/", nil, errs.Denied, "fetch_private_address"},
		{"http://169.254.169.254/latest/meta-data/", nil, errs.Denied, "fetch_private_address"},
		{"http://100.100.100.200/", nil, errs.Denied, "fetch_private_address"},
		{"http://[64:ff9b::7f00:1]/", nil, errs.Denied, "fetch_private_address"},
		{"http://224.0.0.1/", nil, errs.Denied, "fetch_private_address"},
		{"http://0.0.0.0/", nil, errs.Denied, "fetch_private_address"},
		{"http://rebind.example/", []string{"192.168.1.1"}, errs.Denied, "fetch_private_address"},
		{"http://rebind.example/", []string{"10.0.0.1", "fd00::1"}, errs.Denied, "fetch_private_address"},
		{"http://2130706433/", []string{"127.0.0.1"}, errs.Denied, "fetch_private_address"},
		{"file:///etc/passwd", nil, errs.Invalid, "fetch_url"},
		{"gopher://example.com/", nil, errs.Invalid, "fetch_scheme"},
		{"no address", nil, errs.Invalid, "fetch_url"},
	}
	for _, tt := range tests {
		c := fetch.New(fetch.Config{Resolve: resolve(tt.answers...), Retries: -1})
		_, err := c.Do(t.Context(), fetch.Request{URL: tt.url})
		if errs.KindOf(err) != tt.kind || errs.CodeOf(err) != tt.code {
			t.Errorf("%s: got %v (%s), want %s", tt.url, err, errs.CodeOf(err), tt.code)
		}
	}
}

func TestAllowedHostAndRebinding(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "inside") })
	port := url[strings.LastIndexByte(url, ':'):]
	var asked atomic.Int32
	resolve := func(context.Context, string) ([]net.IPAddr, error) {
		// A public answer first, a private one afterwards: whoever resolves twice is lost.
		if asked.Add(1) == 1 {
			return []net.IPAddr{{IP: net.ParseIP("127.0.0.1")}}, nil
		}
		return []net.IPAddr{{IP: net.ParseIP("127.0.0.2")}}, nil
	}
	c := fetch.New(fetch.Config{Resolve: resolve, Allow: loopback})
	if body, _, err := get(t, c, fetch.Request{URL: "http://list.example" + port}); err != nil || body != "inside" {
		t.Fatalf("first: %q %v", body, err)
	}
	c = fetch.New(fetch.Config{Resolve: resolve, Allow: loopback})
	if _, _, err := get(t, c, fetch.Request{URL: "http://list.example" + port}); errs.KindOf(err) != errs.Denied {
		t.Fatalf("second: want Denied, got %v", err)
	}
	asked.Store(0)
	c = fetch.New(fetch.Config{Resolve: resolve, Allow: fetch.Allow{Hosts: []string{"list.example"}}})
	if body, _, err := get(t, c, fetch.Request{URL: "http://LIST.example" + port}); err != nil || body != "inside" {
		t.Fatalf("allowed host: %q %v", body, err)
	}
}

func TestRedirects(t *testing.T) {
	var key atomic.Value
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		key.Store(r.Header.Get("Auth-Key"))
		io.WriteString(w, "moved here")
	})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/private":
			http.Redirect(w, r, "http://10.1.2.3/", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/other":
			http.Redirect(w, r, other, http.StatusFound)
		}
	})
	c := fetch.New(fetch.Config{Allow: loopback, Retries: -1})
	for path, code := range map[string]string{"/private": "fetch_private_address", "/file": "fetch_url", "/loop": "fetch_redirects"} {
		if _, _, err := get(t, c, fetch.Request{URL: url + path}); errs.CodeOf(err) != code {
			t.Errorf("%s: got %v, want %s", path, err, code)
		}
	}
	body, resp, err := get(t, c, fetch.Request{URL: url + "/other", Header: http.Header{"Auth-Key": {"secret"}}})
	if err != nil || body != "moved here" || resp.FinalURL != other {
		t.Fatalf("got %q %+v %v", body, resp, err)
	}
	if got := key.Load(); got != "" {
		t.Errorf("the key followed the redirect to another origin: %q", got)
	}
}

func TestBodyLimits(t *testing.T) {
	zeros := make([]byte, 40<<20)
	var gz, zs bytes.Buffer
	g := gzip.NewWriter(&gz)
	g.Write(zeros)
	g.Close()
	z, _ := zstd.NewWriter(&zs)
	z.Write(zeros)
	z.Close()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(gz.Bytes())
		case "/zstd":
			w.Header().Set("Content-Encoding", "zstd")
			w.Write(zs.Bytes())
		case "/plain":
			w.Write(zeros)
		case "/small":
			w.Header().Set("Content-Encoding", "gzip")
			g := gzip.NewWriter(w)
			io.WriteString(g, "small")
			g.Close()
		}
	})
	c := fetch.New(fetch.Config{Allow: loopback, MaxBytes: 30 << 20})
	for path, code := range map[string]string{"/gzip": "compression_bomb", "/zstd": "compression_bomb", "/plain": "too_large"} {
		body, _, err := get(t, c, fetch.Request{URL: url + path})
		if errs.CodeOf(err) != code || len(body) > 30<<20 {
			t.Errorf("%s: got %d bytes, %v, want %s", path, len(body), err, code)
		}
	}
	if body, _, err := get(t, c, fetch.Request{URL: url + "/small"}); err != nil || body != "small" {
		t.Errorf("small: %q %v", body, err)
	}
}

func TestSlowBodyEnds(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "begin")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	c := fetch.New(fetch.Config{Allow: loopback, Timeout: 50 * time.Millisecond})
	body, _, err := get(t, c, fetch.Request{URL: url})
	if body != "begin" || errs.CodeOf(err) != "fetch_timeout" {
		t.Fatalf("got %q %v", body, err)
	}
}

func TestStatusErrors(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var code int
		fmt.Sscanf(r.URL.Path, "/%d", &code)
		if code == 429 {
			w.Header().Set("Retry-After", "120")
		}
		w.WriteHeader(code)
	})
	c := fetch.New(fetch.Config{Allow: loopback, RetryWait: time.Millisecond})
	for code, kind := range map[int]errs.Kind{401: errs.Denied, 403: errs.Denied, 404: errs.NotFound, 429: errs.RateLimited, 400: errs.Invalid, 503: errs.Unavailable} {
		_, _, err := get(t, c, fetch.Request{URL: fmt.Sprintf("%s/%d", url, code)})
		if errs.KindOf(err) != kind {
			t.Errorf("%d: got kind %s (%v), want %s", code, errs.KindOf(err), err, kind)
		}
		if code == 429 && (fetch.RetryAfter(err) != 2*time.Minute || fetch.Backoff(0, time.Second, err) != 2*time.Minute) {
			t.Errorf("429: Retry-After %s, backoff %s", fetch.RetryAfter(err), fetch.Backoff(0, time.Second, err))
		}
	}
}

func TestRetriesAreBounded(t *testing.T) {
	var asked atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n := asked.Add(1); r.URL.Path == "/never" || n < 3 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		io.WriteString(w, "third time")
	})
	c := fetch.New(fetch.Config{Allow: loopback, RetryWait: time.Millisecond})
	if body, _, err := get(t, c, fetch.Request{URL: url}); err != nil || body != "third time" || asked.Load() != 3 {
		t.Fatalf("got %q %v after %d", body, err, asked.Load())
	}
	asked.Store(0)
	if _, _, err := get(t, c, fetch.Request{URL: url + "/never"}); err == nil || asked.Load() != 3 {
		t.Fatalf("asked %d times, %v", asked.Load(), err)
	}
	asked.Store(0)
	if _, _, err := get(t, c, fetch.Request{URL: url + "/never", Method: "POST"}); err == nil || asked.Load() != 1 {
		t.Fatalf("POST sent %d times, %v", asked.Load(), err)
	}
}

func TestBackoffGrowsAndStops(t *testing.T) {
	for attempt, most := range map[int]time.Duration{0: time.Minute, 3: 8 * time.Minute, 60: 6 * time.Hour} {
		for range 50 {
			if d := fetch.Backoff(attempt, time.Minute, nil); d < most/2 || d > most {
				t.Fatalf("attempt %d: %s is not in [%s, %s]", attempt, d, most/2, most)
			}
		}
	}
}
