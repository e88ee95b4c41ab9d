package collect_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
)

// taxiiServer is a collection of so many indicators, added a second apart.
type taxiiServer struct {
	n       int
	gone    map[int]bool // taken away
	cursors bool         // it gives out next; else only the date of the last object
	asked   []string
	accept  string
	breakAt int // page that fails, from 1
}

func (s *taxiiServer) date(i int) string {
	return time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC).Format("2006-01-02T15:04:05.000000Z")
}

func (s *taxiiServer) answer(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/manifest/") {
		s.manifest(w, r)
		return
	}
	s.asked = append(s.asked, r.URL.Path+"?"+r.URL.RawQuery)
	s.accept = r.Header.Get("Accept")
	if len(s.asked) == s.breakAt {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	from := 0
	if at := r.URL.Query().Get("added_after"); at != "" {
		for from < s.n && s.date(from) <= at {
			from++
		}
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("next")); err == nil {
		from = n
	}
	to := min(from+2, s.n)
	if from == to {
		_, _ = w.Write([]byte("{}"))
		return
	}
	w.Header().Set("X-TAXII-Date-Added-Last", s.date(to-1))
	var objects []string
	for i := from; i < to; i++ {
		if s.gone[i] {
			continue
		}
		objects = append(objects, fmt.Sprintf(`{"type":"indicator","id":"indicator--%d","pattern":"[domain-name:value = 'host%d.evil.com']","valid_from":"2026-01-01T00:00:00Z"}`, i, i))
	}
	next := ""
	if s.cursors {
		next = fmt.Sprintf(`"next":"%d",`, to)
	}
	_, _ = fmt.Fprintf(w, `{"more":%v,%s"objects":[%s]}`, to < s.n, next, strings.Join(objects, ","))
}

// manifest lists three entries a page; a collection without cursors has none.
func (s *taxiiServer) manifest(w http.ResponseWriter, r *http.Request) {
	if !s.cursors {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("next"))
	to := min(from+3, s.n)
	var entries []string
	for i := from; i < to; i++ {
		if !s.gone[i] {
			entries = append(entries, fmt.Sprintf(`{"id":"indicator--%d","date_added":%q,"version":"2026-01-01T00:00:00.000Z"}`, i, s.date(i)))
		}
	}
	_, _ = fmt.Fprintf(w, `{"more":%v,"next":"%d","objects":[%s]}`, to < s.n, to, strings.Join(entries, ","))
}

// TestTAXIIFeedTakesAway: what a server no longer lists is withdrawn, a day later at most.
func TestTAXIIFeedTakesAway(t *testing.T) {
	for _, cursors := range []bool{true, false} {
		b := newBench(t)
		s := &taxiiServer{n: 7, cursors: cursors, gone: map[int]bool{}}
		b.web.handle = s.answer
		now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		b.WithClock(func() time.Time { return now })
		if err := b.Add(b.ctx, collect.Feed{ID: "f", URL: b.web.URL + "/api/collections/abc/", Interval: time.Hour, Enabled: true}); err != nil {
			t.Fatal(err)
		}
		live := []int{}
		for day := range 4 {
			now = now.Add(25 * time.Hour)
			switch day {
			case 1:
				s.n = 9 // two more, none gone
			case 2:
				s.gone[2], s.gone[5] = true, true
			}
			if _, st, err := b.run(t); err != nil || st.Health != collect.OK {
				t.Fatalf("day %d: %+v %v", day, st, err)
			}
			live = append(live, len(b.k.live))
		}
		want := []int{7, 9, 7, 7}
		if !cursors { // without a manifest nothing is known of it
			want = []int{7, 9, 9, 9}
		}
		if diff := cmp.Diff(want, live); diff != "" {
			t.Errorf("cursors %v: live by day: -want +got\n%s", cursors, diff)
		}
	}
}

func TestTAXIIFeed(t *testing.T) {
	for _, cursors := range []bool{true, false} {
		b := newBench(t)
		s := &taxiiServer{n: 5, cursors: cursors}
		b.web.handle = s.answer
		if err := b.Add(b.ctx, collect.Feed{ID: "f", URL: b.web.URL + "/api/collections/abc/", Interval: time.Hour, Enabled: true}); err != nil {
			t.Fatal(err)
		}
		if r, st, err := b.run(t); err != nil || r.Report.Stored != 5 || st.Health != collect.OK || len(s.asked) != 3 || s.accept != "application/taxii+json;version=2.1" {
			t.Fatalf("cursors %v: %+v %+v %v, asked for %v as %s", cursors, r, st, err, s.asked, s.accept)
		}
		if !strings.HasPrefix(s.asked[0], "/api/collections/abc/objects/?") {
			t.Errorf("asked for %s", s.asked[0])
		}
		s.asked = nil
		if r, _, err := b.run(t); err != nil || r.Outcome != "unchanged" {
			t.Errorf("again: %+v %v", r, err)
		}
		if want := "/api/collections/abc/objects/?added_after=" + strings.ReplaceAll(s.date(4), ":", "%3A"); !slices.Equal(s.asked, []string{want}) {
			t.Errorf("asked for %v, want %s", s.asked, want)
		}
		// A page that fails costs nothing that was good, and is read again.
		s.n, s.asked, s.breakAt = 9, nil, 2
		if _, st, err := b.run(t); err == nil || st.Health != collect.Dead || len(b.k.live) != 5 {
			t.Errorf("a broken page: %+v, %v, %d live", st, err, len(b.k.live))
		}
		s.asked, s.breakAt = nil, 0
		if r, _, err := b.run(t); err != nil || r.Report.Stored != 4 || len(b.k.live) != 9 {
			t.Errorf("after it: %+v %v, %d live", r, err, len(b.k.live))
		}
	}
}

func TestTAXIIFeedRefuses(t *testing.T) {
	for body, code := range map[string]string{
		`<html>`: "taxii_envelope", `[]`: "taxii_envelope", `{"more":true,"objects":[]}`: "taxii_stuck", `{"objects":[{]}`: "taxii_envelope", `{"objects":5}`: "taxii_envelope",
	} {
		b := newBench(t)
		b.web.handle = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
		if err := b.Add(b.ctx, collect.Feed{ID: "f", URL: b.web.URL + "/collections/abc/objects/", Interval: time.Hour, Enabled: true}); err != nil {
			t.Fatal(err)
		}
		_, st, err := b.run(t)
		if errs.CodeOf(err) != code || st.Health != collect.Changed {
			t.Errorf("%s: %v, %s; want %s", body, err, st.Health, code)
		}
	}
	var got []string
	for _, path := range []string{"/collections/a/", "/x/collections/a/objects", "/collections/", "/collections/a/b/", "/list.txt"} {
		b := newBench(t)
		b.web.handle = func(w http.ResponseWriter, r *http.Request) {
			got = append(got, r.URL.Path)
			_, _ = w.Write([]byte("{}"))
		}
		if err := b.Add(b.ctx, collect.Feed{ID: "f", URL: b.web.URL + path, Interval: time.Hour, Enabled: true}); err != nil {
			t.Fatal(err)
		}
		_, _, _ = b.run(t)
	}
	if diff := cmp.Diff([]string{"/collections/a/objects/", "/x/collections/a/objects/", "/collections/", "/collections/a/b/", "/list.txt"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
