package match_test

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/match"
)

// TestFeed puts a public feed of nearly a million indicators through detection
// and into an index, and finds each of them again.
func TestFeed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var report indicator.LossReport
	var b match.Builder
	var kept []value
	maltrail(t, func(raw string) {
		typ, v, err := indicator.Detect(raw)
		if err == nil {
			err = b.Add(typ, v, uint64(len(kept)))
		}
		if err != nil {
			if reason := indicator.Reason(err); report.Dropped[reason] < 5 && reason != "public-suffix" {
				t.Log(err)
			}
			report.Drop(indicator.Reason(err))
			return
		}
		report.Store(typ)
		kept = append(kept, value{typ, v})
	})
	x := b.Build()
	t.Logf("%d in, %d kept, dropped %v, types %v; %d distinct, %.1f B each", report.In, report.Stored, report.Dropped, report.Types, x.Len(), float64(x.Size())/float64(x.Len()))
	if report.In < 900_000 || report.Lost() > report.In/500 {
		t.Errorf("%d of %d lost: %v", report.Lost(), report.In, report.Dropped)
	}
	if x.Len()+x.Duplicates() != len(kept) {
		t.Errorf("%d distinct and %d duplicates of %d", x.Len(), x.Duplicates(), len(kept))
	}
	missing := 0
	var hs []match.Hit
	for _, v := range kept {
		hs = x.Lookup(v.Type, v.Value, hs[:0])
		found := false
		for _, h := range hs {
			found = found || kept[h.ID] == v
		}
		if !found {
			if missing++; missing < 5 {
				t.Errorf("%v is not found: %v", v, hs)
			}
		}
	}
	if missing > 0 {
		t.Errorf("%d indicators are not found", missing)
	}
}

func maltrail(t *testing.T, each func(string)) {
	t.Helper()
	realdata.Tar(t, realdata.Path(t, "feeds-maltrail", "static.tar.gz"), func(name string, r io.Reader) {
		if !strings.HasSuffix(name, ".txt") {
			return
		}
		for s := bufio.NewScanner(r); s.Scan(); {
			line, _, _ := strings.Cut(s.Text(), "#")
			if line = strings.TrimSpace(line); line != "" {
				each(line)
			}
		}
	})
}
