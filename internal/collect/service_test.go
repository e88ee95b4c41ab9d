package collect_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/source/csv"
	"github.com/vedette-soc/vedette/internal/source/misp"
	"github.com/vedette-soc/vedette/internal/source/stix"
	"github.com/vedette-soc/vedette/internal/source/text"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
	stixobject "github.com/vedette-soc/vedette/stix"
)

// memory is a knowledge base of one source.
type memory struct {
	live map[string]string // value -> run
	own  string
	done int
}

func (m *memory) Merge(_ context.Context, _, run string, claims []indicator.Claim) (stored, merged int, _ map[string]int, _ error) {
	for _, c := range claims {
		if _, ok := m.live[c.Raw]; ok {
			merged++
		} else {
			stored++
		}
		m.live[c.Raw] = run
	}
	return stored, merged, nil, nil
}

func (m *memory) Withdraw(_ context.Context, _, run string) (n int, _ error) {
	for v, r := range m.live {
		if r != run {
			delete(m.live, v)
			n++
		}
	}
	return n, nil
}

func (m *memory) Objects(_ context.Context, _ string, o []stixobject.Object) (int, int, map[string]int, error) {
	return len(o), 0, nil, nil
}

func (m *memory) Suspicious(_ context.Context, _ indicator.Type, v string) string {
	if v == m.own {
		return "it is ours"
	}
	return ""
}
func (m *memory) Done(context.Context, string, string) error { m.done++; return nil }

// site is a web server whose answer the test sets.
type site struct {
	*httptest.Server
	handle func(w http.ResponseWriter, r *http.Request)
	asked  int
}

func newSite(t *testing.T) *site {
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked++
		s.handle(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) says(body string) {
	s.handle = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

type bench struct {
	*collect.Service
	k   *memory
	web *site
	ctx context.Context
}

func newBench(t *testing.T) bench {
	t.Helper()
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	b := bench{k: &memory{live: map[string]string{}}, web: newSite(t), ctx: ref.WithActor(t.Context(), ref.SystemActor)}
	b.Service = collect.New(collect.Config{
		Store: st.Feeds(), Knowledge: b.k, Parsers: []collect.Parser{csv.Parser{}, misp.Parser{}, stix.Parser{}, text.Parser{}}, SpoolDir: t.TempDir(),
		Fetch: fetch.New(fetch.Config{Retries: -1, Allow: fetch.Allow{Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, MaxBytes: 1 << 20}),
		Log:   slog.New(slog.DiscardHandler),
	})
	if err := b.Add(b.ctx, collect.Feed{ID: "f", URL: b.web.URL + "/list.txt", Interval: time.Hour, Snapshot: true, Enabled: true}); err != nil {
		t.Fatal(err)
	}
	return b
}

// run runs the feed and returns the run and the feed's health after it.
func (b bench) run(t *testing.T) (collect.Run, collect.State, error) {
	t.Helper()
	r, err := b.RunNow(b.ctx, "f")
	v, viewErr := b.Feed(b.ctx, "f")
	if viewErr != nil {
		t.Fatal(viewErr)
	}
	if !r.Report.Balanced() {
		t.Errorf("the loss report does not add up: %+v", r.Report)
	}
	return r, v.State, err
}

func names(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "host%d.evil.com\n", i)
	}
	return b.String()
}

func TestGoodRun(t *testing.T) {
	b := newBench(t)
	b.web.says("# list\n" + names(0, 150) + "host1.evil.com\nnot a name!\n")
	r, st, err := b.run(t)
	if err != nil || r.Outcome != "stored" || st.Health != collect.OK || r.Report.Stored != 150 || r.Report.Merged != 1 || len(b.k.live) != 150 || b.k.done != 1 {
		t.Fatalf("%+v %+v %v", r, st, err)
	}
	if len(r.Samples) == 0 || r.Samples[0].Line != 153 {
		t.Errorf("samples %+v", r.Samples)
	}
	// The same body again changes nothing.
	if r, _, err := b.run(t); err != nil || r.Outcome != "unchanged" || b.k.done != 1 {
		t.Errorf("%+v %v", r, err)
	}
	// What left the list is withdrawn.
	b.web.says(names(50, 160))
	if r, _, err := b.run(t); err != nil || r.Withdrawn != 50 || len(b.k.live) != 110 {
		t.Errorf("%+v, %d live, %v", r, len(b.k.live), err)
	}
}

func TestConditionalRequests(t *testing.T) {
	b := newBench(t)
	b.web.handle = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"v1"`)
		_, _ = w.Write([]byte(names(0, 10)))
	}
	if _, _, err := b.run(t); err != nil {
		t.Fatal(err)
	}
	if r, st, err := b.run(t); err != nil || r.Outcome != "unchanged" || r.Bytes != 0 || st.Health != collect.OK {
		t.Errorf("%+v %v", r, err)
	}
}

// A feed that is not what it was raises an alarm and keeps its last good set.
func TestBadRunsKeepTheLastGoodSet(t *testing.T) {
	for _, tt := range []struct {
		name   string
		handle func(w http.ResponseWriter, r *http.Request)
		health collect.Health
		says   string
	}{
		{"dies", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, collect.Dead, "500"},
		{"is gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, collect.Dead, "404"},
		{"is empty", func(http.ResponseWriter, *http.Request) {}, collect.Empty, "nothing usable"},
		{"has comments only", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("# none today\n")) }, collect.Empty, "nothing usable"},
		{"shrinks", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(names(0, 7))) }, collect.Empty, "shrank from 200 to 7"},
		{"explodes", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(names(0, 1500))) }, collect.Exploded, "grew from 200 to 1500"},
		{"answers a web page", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<!DOCTYPE html><html><body>Login</body></html>"))
		}, collect.Changed, "web page"},
		{"is garbage", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(names(0, 30) + strings.Repeat("%% broken !!\n", 170)))
		}, collect.Changed, "30 of 200"},
		{"is too large", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat("host.evil.com\n", 200_000)))
		}, collect.Changed, "large"},
		{"is a bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 64<<20))
			_ = z.Close()
		}, collect.Changed, ""},
		{"breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write([]byte(names(0, 100)))
		}, collect.Dead, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.web.says(names(0, 200))
			if _, _, err := b.run(t); err != nil {
				t.Fatal(err)
			}
			b.web.handle = tt.handle
			r, st, err := b.run(t)
			if err == nil || st.Health != tt.health || !strings.Contains(st.Message, tt.says) {
				t.Errorf("health %q, message %q, outcome %q, error %v; want %q that says %q", st.Health, st.Message, r.Outcome, err, tt.health, tt.says)
			}
			if len(b.k.live) != 200 || st.UsualSize != 200 || st.Failures != 1 || st.NextRun.Before(time.Now().Add(time.Minute)) {
				t.Errorf("%d live, state %+v", len(b.k.live), st)
			}
			// It recovers by itself.
			b.web.says(names(0, 201))
			if _, st, err := b.run(t); err != nil || st.Health != collect.OK || len(b.k.live) != 201 {
				t.Errorf("after the recovery: %+v, %d live, %v", st, len(b.k.live), err)
			}
		})
	}
}

// A MISP feed is a manifest and a file an event; only changed ones are fetched.
func TestManifestFeed(t *testing.T) {
	b := newBench(t)
	const one, two, gone = "5a1de0c4-4471-4d3e-9c10-000000000001", "5a1de0c4-4471-4d3e-9c10-000000000002", "5a1de0c4-4471-4d3e-9c10-000000000003"
	versions := map[string]string{one: "1", two: "1", gone: "1"}
	var asked []string
	b.web.handle = func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		id := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/feed/"), ".json")
		switch {
		case id == "manifest":
			var parts []string
			for _, id := range []string{one, two, gone} {
				parts = append(parts, fmt.Sprintf("%q:{\"info\":\"x\",\"timestamp\":%q}", id, versions[id]))
			}
			_, _ = fmt.Fprintf(w, "{%s}", strings.Join(parts, ","))
		case id == one || id == two:
			_, _ = fmt.Fprintf(w, `{"Event":{"uuid":%q,"info":"case","Attribute":[{"type":"domain","category":"Network activity","to_ids":true,"value":"v%s.%s.com"}]}}`, id, versions[id], id[len(id)-1:])
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}
	if err := b.Add(b.ctx, collect.Feed{ID: "f", Kind: "misp", URL: b.web.URL + "/feed/manifest.json", Interval: time.Hour, Enabled: true}); err != nil {
		t.Fatal(err)
	}
	if r, st, err := b.run(t); err != nil || r.Report.Stored != 2 || st.Health != collect.OK || len(asked) != 4 {
		t.Fatalf("%+v %+v %v, asked for %v", r, st, err, asked)
	}
	versions[two], asked = "2", nil
	if r, _, err := b.run(t); err != nil || r.Report.Stored != 1 || len(b.k.live) != 3 || len(asked) != 3 { // manifest, changed, missing
		t.Errorf("%+v %v, asked for %v", r, err, asked)
	}
	if r, _, err := b.run(t); err != nil || r.Outcome != "unchanged" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestAcknowledgedSetIsTaken(t *testing.T) {
	b := newBench(t)
	b.web.says(names(0, 200))
	_, _, _ = b.run(t)
	b.web.says(names(0, 2000))
	if _, _, err := b.run(t); errs.CodeOf(err) != "feed_held" {
		t.Fatalf("not held: %v", err)
	}
	if err := b.Acknowledge(b.ctx, "f", "they merged two lists"); err != nil {
		t.Fatal(err)
	}
	if _, st, err := b.run(t); err != nil || st.Health != collect.OK || len(b.k.live) != 2000 || st.Acknowledged {
		t.Errorf("%+v, %d live, %v", st, len(b.k.live), err)
	}
}

func TestPoisonIsDroppedAndSaid(t *testing.T) {
	b := newBench(t)
	b.k.own = "www.meridian.com"
	b.web.says(names(0, 50) + "www.meridian.com\n")
	r, st, err := b.run(t)
	if err != nil || st.Health != collect.Poisoned || r.Report.Dropped["own-asset"] != 1 || len(b.k.live) != 50 {
		t.Errorf("%+v %+v %v", r, st, err)
	}
}

func TestImportAccountsForEverything(t *testing.T) {
	b := newBench(t)
	for _, dry := range []bool{true, false} {
		r, err := b.Import(b.ctx, collect.Order{Name: "up.txt", Reader: strings.NewReader("evil.com\nEVIL.com.\nhxxp://evil[.]com/a\n010.1.2.3\n"), Dry: dry})
		if err != nil || !r.Report.Balanced() || r.Report.In != 4 || r.Report.Stored != 2 || r.Report.Merged != 1 || len(r.Report.Dropped) != 1 {
			t.Errorf("dry %t: %+v, %v", dry, r.Report, err)
		}
		if dry && len(b.k.live) > 0 {
			t.Error("a dry run stored something")
		}
	}
	viewer := ref.WithActor(t.Context(), ref.Actor{Name: "v", Role: ref.Viewer})
	if _, err := b.Import(viewer, collect.Order{}); errs.KindOf(err) != errs.Denied {
		t.Errorf("a viewer imported: %v", err)
	}
}

func TestTruncatedBundleNamesTheLine(t *testing.T) {
	b := newBench(t)
	_, err := b.Import(b.ctx, collect.Order{Name: "b.json", Reader: strings.NewReader(`{"type":"bundle","id":"bundle--1","objects":[
{"type":"malware","id":"malware--1","name":"X"},
{"type":"indicator","id":"ind`)})
	if errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "b.json, line 2") || !strings.Contains(err.Error(), "Get the file again") {
		t.Errorf("%v", err)
	}
}

func TestFeedIsChecked(t *testing.T) {
	b := newBench(t)
	err := b.Add(b.ctx, collect.Feed{ID: "", Kind: "nope", Interval: time.Second})
	if f := errs.FieldsOf(err); len(f) != 4 {
		t.Errorf("fields: %v", f)
	}
	analyst := ref.WithActor(t.Context(), ref.Actor{Name: "a", Role: ref.Analyst})
	if err := b.Switch(analyst, "f", false); errs.KindOf(err) != errs.Denied {
		t.Errorf("an analyst switched a feed: %v", err)
	}
}
