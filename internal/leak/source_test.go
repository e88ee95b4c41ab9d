package leak_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

type mine struct{}

func (mine) Ours(account, _ string) bool { return strings.HasSuffix(account, "@example.org") }
func (mine) Machine(string) bool         { return false }
func (mine) Domains() []string           { return []string{"example.org", "example.net"} }

// An archive that is encrypted, or not one that is opened here, is refused with what to do,
// and nothing of it is kept.
func TestRefusedArchives(t *testing.T) {
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	s := leak.New(leak.Config{Store: st.Leaks(), Own: mine{}, Key: func() ([]byte, error) { return bytes.Repeat([]byte{1}, credential.KeySize), nil }})
	var locked bytes.Buffer
	z := zip.NewWriter(&locked)
	w, err := z.Create("first.txt")
	if err == nil {
		_, err = w.Write([]byte("https://vpn.example.org:x@example.org:pw\n"))
	}
	if err == nil {
		_, err = z.CreateRaw(&zip.FileHeader{Name: "Passwords.txt", Flags: 1, Method: zip.Store})
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx := ref.WithActor(t.Context(), ref.SystemActor)
	for name, tt := range map[string]struct{ body, code string }{
		"logs.zip": {locked.String(), "archive_encrypted"}, "logs.7z": {"7z\xbc\xaf\x27\x1c0000", "archive_packed"}, "logs.rar": {"Rar!\x1a\x07\x000000", "archive_packed"}, "broken.zip": {"PK\x03\x04 and no more", "archive_broken"},
	} {
		_, err := s.Import(ctx, leak.Order{Name: name, Reader: strings.NewReader(tt.body)})
		if errs.CodeOf(err) != tt.code || errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.Known().Records); n != 0 {
		t.Errorf("%d records are kept of refused archives", n)
	}
}

// fixture answers as Have I Been Pwned does: 403 without a name of the program or a wrong
// key, 404 for none, 429 with a pause.
type fixture struct {
	mu     sync.Mutex
	asked  []string
	latest string
	busy   int  // so many answers are 429
	tier   bool // stealer logs are part of the subscription
}

func (f *fixture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.URL.Path)
	if r.UserAgent() == "" || strings.HasPrefix(r.UserAgent(), "Go-http-client") || r.Header.Get("hibp-api-key") != "the-key" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if f.busy > 0 {
		f.busy--
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	switch r.URL.Path {
	case "/latestbreach":
		_, _ = fmt.Fprintf(w, `{"Name":%q}`, f.latest)
	case "/breaches":
		_, _ = fmt.Fprint(w, `[{"Name":"Adobe","Domain":"adobe.com","BreachDate":"2013-10-04","DataClasses":["Passwords"]}]`)
	case "/breacheddomain/example.org":
		_, _ = fmt.Fprint(w, `{"j.doe":["Adobe"]}`)
	case "/stealerlogsbyemaildomain/example.org":
		if !f.tier {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprint(w, `{"k":["vpn.example.org"]}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (f *fixture) set(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fn()
}

func (f *fixture) count(path string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.asked {
		if strings.HasPrefix(p, path) {
			n++
		}
	}
	return n
}

// asking runs a source against a fixture until ok holds.
func asking(t *testing.T, f *fixture, key string, ok func(s *leak.Service) bool) *leak.Service {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	s := leak.New(leak.Config{Store: st.Leaks(), Own: mine{}, Key: func() ([]byte, error) { return bytes.Repeat([]byte{1}, credential.KeySize), nil }})
	client := fetch.New(fetch.Config{Allow: fetch.Allow{Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, Retries: -1})
	source := leak.NewSource(s, leak.SourceConfig{URL: srv.URL, Key: errs.Secret(key), Every: 20 * time.Millisecond, Pause: time.Millisecond, Fetch: client})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- source.Run(ctx) }()
	for end := time.Now().Add(10 * time.Second); !ok(s); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("it does not come to that: %+v, asked %v", s.Source(), f.asked)
			break
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return s
}

func said(s *leak.Service) (out []string) {
	for _, r := range s.Known().Records {
		out = append(out, fmt.Sprintf("%s %s %s %v", r.Account, r.Kind, r.Site, r.Password))
	}
	slices.Sort(out)
	return out
}

// The domains are asked for once for each new breach, and what is asked in between is only
// which is the latest.
func TestSourceAsksWhenThereIsSomethingNew(t *testing.T) {
	f := &fixture{latest: "Adobe", tier: true, busy: 2}
	s := asking(t, f, "the-key", func(s *leak.Service) bool { return f.count("/latestbreach") > 6 })
	if diff := cmp.Diff([]string{"j.doe@example.org breach adobe.com true", "k@example.org stealer vpn.example.org true"}, said(s)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if n := f.count("/breacheddomain/"); n != 2 {
		t.Errorf("the two domains were asked for %d times", n)
	}
	if st := s.Source(); st.Health != "good" || st.Latest != "Adobe" || st.Message != "" || len(st.Domains) != 2 {
		t.Errorf("%+v", st)
	}
	f = &fixture{latest: "Adobe", tier: true}
	asking(t, f, "the-key", func(*leak.Service) bool {
		if f.count("/latestbreach") == 3 {
			f.set(func() { f.latest = "Another" })
		}
		return f.count("/breacheddomain/") >= 4
	})
	if n := f.count("/breacheddomain/"); n != 4 {
		t.Errorf("after another breach the domains were asked for %d times", n)
	}
}

// A subscription without stealer logs is used for what it has.
func TestSourceWithoutStealerLogs(t *testing.T) {
	f := &fixture{latest: "Adobe"}
	s := asking(t, f, "the-key", func(s *leak.Service) bool { return s.Source().Latest != "" })
	if diff := cmp.Diff([]string{"j.doe@example.org breach adobe.com true"}, said(s)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if st := s.Source(); st.Health != "good" || !strings.Contains(st.Message, "higher tier") {
		t.Errorf("%+v", st)
	}
}

// A wrong key is said, without the key.
func TestSourceWithAWrongKey(t *testing.T) {
	f := &fixture{latest: "Adobe"}
	s := asking(t, f, "another-key", func(s *leak.Service) bool { return s.Source().Health == "failed" })
	if st := s.Source(); !strings.Contains(st.Message, "check the key") || strings.Contains(st.Message, "another-key") || len(s.Known().Records) > 0 {
		t.Errorf("%+v", st)
	}
}
