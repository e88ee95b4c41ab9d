package clickhouse_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/vedette-soc/vedette/internal/history/clickhousetest"
	"github.com/vedette-soc/vedette/internal/history/historytest"
)

// TestOpenReadsNoEvents: how many events there are is not counted one by one when a
// history is opened: the server knows it of each partition.
func TestOpenReadsNoEvents(t *testing.T) {
	s, dir := clickhousetest.Serve(t), t.TempDir()
	h := open(t, s, dir)
	for i := range 10 {
		if _, err := h.Append(t.Context(), historytest.Records(uint64(i), 90)); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	counting := ""
	s.After(func(query string) error {
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(query, "count()") && strings.Contains(query, "FROM events") {
			counting = query
		}
		return nil
	})
	h = open(t, s, dir)
	if stats, err := h.Stats(t.Context()); err != nil || stats.Records != 900 {
		t.Errorf("%+v, %v", stats, err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	s.After(nil)
	plan := "EXPLAIN " + strings.TrimSuffix(counting, " FORMAT RowBinary")
	res, err := http.Post(s.URL+"/?database="+database(dir)+"&query="+url.QueryEscape(plan), "text/plain", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(said), "_minmax_count_projection") || strings.Contains(string(said), "Granules") {
		t.Errorf("%s\nis answered by reading: %s (%v)", plan, said, err)
	}
}
