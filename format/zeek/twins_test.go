package zeek_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/internal/realdata"
)

func open(t *testing.T, path string) *format.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := format.NewReader(z, "log", format.NewRecogniser(zeek.Format()), format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTwins reads the same logs as TSV and as JSON. All but the raw bytes must
// agree, and each row must be readable alone with the context it came in.
func TestTwins(t *testing.T) {
	files, _ := filepath.Glob(realdata.Path(t, "zeek-wrccdc2018") + "/zeek-default/*.log.gz")
	if len(files) != 12 {
		t.Fatalf("%d logs, want 12", len(files))
	}
	total := 0
	for _, tsv := range files {
		name := strings.TrimSuffix(filepath.Base(tsv), ".log.gz")
		t.Run(name, func(t *testing.T) {
			total += compare(t, open(t, tsv), open(t, realdata.Path(t, "zeek-wrccdc2018", "zeek-json", name+".json.gz")), "zeek."+name)
		})
	}
	const lines, headers = 113867, 12 * 9
	if total != lines-headers && !t.Failed() {
		t.Errorf("%d events, want %d", total, lines-headers)
	}
}

func compare(t *testing.T, tsv, json *format.Reader, dataset string) int {
	rec := format.NewRecogniser(zeek.Format())
	for n := 0; ; n++ {
		a, errA := tsv.Next()
		b, errB := json.Next()
		if errA == io.EOF && errB == io.EOF {
			return n
		}
		if errA != nil || errB != nil {
			t.Fatalf("event %d: tsv: %v, json: %v", n+1, errA, errB)
		}
		if n%97 == 0 {
			alone(t, rec, tsv.Context(), a)
		}
		a.Raw, b.Raw = nil, nil
		a.Origin.FileLine = 0 // the lines of the header
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("event %d: -tsv +json\n%s", n+1, cmp.Diff(a, b))
		}
		if a.Time.IsZero() || a.Fields.String("event.dataset") != dataset {
			t.Fatalf("event %d: time %v, dataset %v", n+1, a.Time, a.Fields["event.dataset"])
		}
	}
}

func alone(t *testing.T, rec *format.Recogniser, context []byte, want event.Event) {
	t.Helper()
	s, err := rec.Resume(want.Format, context)
	if err != nil {
		t.Fatal(err)
	}
	got, ok, err := s.Decode(want.Raw)
	if err != nil || !ok {
		t.Fatalf("read alone: %v, %v", ok, err)
	}
	want.Origin, want.Observables = event.Origin{}, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("read alone: -stream +alone\n%s", diff)
	}
}
