package clickhouse_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/clickhousetest"
)

// TestErrors: what stands in the way of the first question is said, and the password
// and the question are not.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name, code, body string
		status           int
		want             string
	}{
		{"wrong password", "516", "Code: 516. Authentication failed", 403, "clickhouse_denied"},
		{"may not", "497", "Code: 497. Not enough privileges", 500, "clickhouse_denied"},
		{"a proxy", "", "<html>bad gateway", 502, "clickhouse_silent"},
		{"something else", "", "hello", 404, "clickhouse_silent"},
		{"elsewhere", "", "", 302, "clickhouse_silent"},
		{"too busy", "202", "Code: 202.", 503, "clickhouse_full"},
		{"too much", "158", "Code: 158.", 500, "clickhouse_too_much"},
		{"broken off", "159", "Code: 159.", 500, "clickhouse_silent"},
		{"a bug", "47", "Code: 47. Unknown identifier", 404, "internal"},
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-ClickHouse-User") != "u" || r.Header.Get("X-ClickHouse-Key") != "s3cret" || strings.Contains(r.URL.String(), "s3cret") {
				t.Errorf("%s: asked with %v", c.name, r.Header)
			}
			if c.code != "" {
				w.Header().Set("X-ClickHouse-Exception-Code", c.code)
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		_, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: strings.Replace(web.URL, "//", "//u@", 1) + "/d", Password: "s3cret"})
		if err == nil || errs.CodeOf(err) != c.want || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "param_") {
			t.Errorf("%s: %v (%s), want %s", c.name, err, errs.CodeOf(err), c.want)
		}
		web.Close()
	}
	if _, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: "http://127.0.0.1:1/d"}); errs.KindOf(err) != errs.Unavailable || strings.Contains(err.Error(), "SELECT") {
		t.Errorf("nobody listens: %v", err)
	}
}

// TestHome: a database belongs to one data directory.
func TestHome(t *testing.T) {
	s := clickhousetest.Serve(t)
	open := func(home string) error {
		h, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: s.URL + "/" + database(t.Name()), Home: home})
		if err != nil {
			return err
		}
		return h.Close()
	}
	if err := open("one"); err != nil {
		t.Fatal(err)
	}
	if err := open("two"); errs.CodeOf(err) != "history_of_another" {
		t.Errorf("another home: %v", err)
	}
	if err := open("one"); err != nil {
		t.Error(err)
	}
}
