package app_test

import (
	"archive/tar"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/collect"
)

// TestFeedComesBack: what leaves as a MISP feed is what a MISP feed source pulls.
func TestFeedComesBack(t *testing.T) {
	from := dial(t, settings(apptest.Data(t)))
	importText(t, from, "claims.csv", claims)
	archive, report := export(t, from, "state=all&tlp=red&to=misp-feed")
	files := fstest.MapFS{}
	for r := tar.NewReader(strings.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = &fstest.MapFile{Data: data}
	}
	web := httptest.NewServer(http.FileServerFS(files))
	defer web.Close()
	c := settings(apptest.Data(t))
	c.Fetch.Allow = []string{"127.0.0.1"}
	to := dial(t, c)
	feed := collect.Feed{ID: "partner", Name: "Partner", Kind: "misp", URL: web.URL + "/manifest.json", Interval: time.Hour, Enabled: true}
	if err := to.Call(t.Context(), "POST", "/feeds", feed, nil); err != nil {
		t.Fatal(err)
	}
	var run collect.Run
	if err := to.Call(t.Context(), "POST", "/feeds/partner/run", nil, &run); err != nil {
		t.Fatal(err)
	}
	want, got := coarse(facts(t, from)), coarse(facts(t, to))
	delete(want, "user-account evil_admin") // MISP has no type for it
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if report.Stored != len(want) || report.Dropped["type"] != 1 || run.Report.Stored != len(want) || run.Report.Lost() > 0 {
		t.Errorf("out %+v, in %+v, want %d", report, run.Report, len(want))
	}
	if err := to.Call(t.Context(), "POST", "/feeds/partner/run", nil, &run); err != nil || run.Outcome != "unchanged" {
		t.Errorf("pulled again: %s, %v", run.Outcome, err)
	}
	if n := strings.Count(string(files["hashes.csv"].Data), "\n"); n != len(want)+3 { // of host and port each half
		t.Errorf("%d hashes of %d values", n, len(want))
	}
}
