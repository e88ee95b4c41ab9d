package clickhousetest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/history/clickhousetest"
)

func TestMain(m *testing.M) { clickhousetest.Main(m) }

func ask(t *testing.T, s *clickhousetest.Server, query, body string, more url.Values) (string, string) {
	t.Helper()
	q := url.Values{"query": {query}}
	for k, v := range more {
		q[k] = v
	}
	res, err := http.Post(s.URL+"/?"+q.Encode(), "", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), res.Header.Get("X-ClickHouse-Exception-Code")
}

// TestFront: the front speaks as the server does: data, parameters, settings, errors.
func TestFront(t *testing.T) {
	s := clickhousetest.Serve(t)
	version, code := ask(t, s, "SELECT version()", "", nil)
	t.Logf("ClickHouse %s", version)
	if code != "" || !strings.HasPrefix(version, "26.") {
		t.Errorf("%q, code %q", version, code)
	}
	ask(t, s, "CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a", "", nil)
	out, code := ask(t, s, "INSERT INTO t FORMAT RowBinary", "\x0a\x0a\x00\x00\x00\x00\x00\x00\x05'\n\x00\xff;\x0a\x0a\x01\x00\x00\x00\x00\x00\x00", nil)
	if out != "" || code != "" {
		t.Errorf("insert: %q, code %q", out, code)
	}
	out, _ = ask(t, s, "SELECT hex(b) FROM t WHERE a IN {a:Array(UInt64)} FORMAT RowBinary", "", url.Values{"param_a": {"[2570,2]"}, "max_execution_time": {"5"}})
	if diff := cmp.Diff("\x0a270A00FF3B", out); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if _, code := ask(t, s, "SELECT 1 FROM nothing", "", nil); code != "60" {
		t.Errorf("an unknown table has code %q", code)
	}
}
