package ndjson_test

import (
	"bytes"
	"io"
	"net/http/httptest"
	"testing"

	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/receiver"
)

// BenchmarkPost sends real EVE records, 5 MiB in each request, into a durable
// history.
func BenchmarkPost(b *testing.B) {
	var body []byte
	realdata.Tar(b, realdata.Path(b, "suricata", "eve.tar.gz"), func(_ string, r io.Reader) {
		file, err := io.ReadAll(r)
		if err != nil {
			b.Fatal(err)
		}
		if len(body) < 5<<20 {
			body = append(append(body, bytes.TrimSpace(file)...), '\n')
		}
	})
	h, err := segment.Open(b.TempDir(), segment.Limits{}, quiet)
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	s := newSite(h, receiver.DoorConfig{MaxEvent: 8 << 20})
	n := 0
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), "POST", "/v1/events", bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer good")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
		n += bytes.Count(body, []byte("\n"))
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
