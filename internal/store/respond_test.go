package store_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/internal/responder/edl"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
)

const ownProfile = `
name: Meridian
domains: [meridian.com]
networks: [{name: public, ranges: [192.0.2.0/24]}]
suppliers: [{name: PaySoft, domains: [paysoft.com]}]
never_block: [198.18.7.7, keep.evil.com]
`

// quietPast says that nothing was ever seen.
type quietPast struct{}

func (quietPast) Seen(context.Context, indicator.Type, string) (respond.Preview, error) {
	return respond.Preview{}, nil
}

func newRespond(t *testing.T, st *store.Store) *respond.Service {
	t.Helper()
	o := org.New(st.Org())
	if _, err := o.Import(system(t), []byte(ownProfile)); err != nil {
		t.Fatal(err)
	}
	lists, refused := misp.Compile([]misp.WarningList{
		{Name: "List of known public DNS resolvers", Type: misp.ListCIDR, List: []string{"8.8.8.8"}, MatchingAttributes: []string{"ip-dst", "ip-src"}},
		{Name: "Top sites", Type: misp.ListHostname, List: []string{"github.com"}, MatchingAttributes: []string{"domain", "hostname", "url"}},
	})
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	return respond.New(st.Responses(), pipeline.Guard{Org: o, Warnings: func() *misp.WarningSet { return lists }}, quietPast{})
}

// What the field's public incidents were made of must never leave.
func TestGuardRails(t *testing.T) {
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	s := newRespond(t, st)
	for _, tt := range []struct {
		t     indicator.Type
		value string
		guard string
	}{
		{indicator.IPv4, "8.8.8.8", "warning-list"},
		{indicator.IPv4, "8.8.8.0/24", "warning-list"},
		{indicator.IPv4, "38.0.0.0/8", "too-wide"},
		{indicator.Domain, "github.com", "warning-list"},
		{indicator.URL, "https://github.com/", "warning-list"},
		{indicator.IPv4, "192.0.2.9", "own-asset"},
		{indicator.IPv4, "192.0.0.0/16", "own-asset"},
		{indicator.Domain, "www.meridian.com", "own-asset"},
		{indicator.Domain, "meridian.com", "own-asset"},
		{indicator.Domain, "api.paysoft.com", "never-block"},
		{indicator.IPv4, "198.18.7.7", "never-block"},
		{indicator.IPv4, "198.18.7.0/24", "never-block"},
		{indicator.Domain, "evil.com", "never-block"}, // it would cover keep.evil.com
		{indicator.IPv4, "10.1.2.3", "private-space"},
		{indicator.IPv6, "fe80::1", "private-space"},
		{indicator.Domain, "co.uk", "public-suffix"},
		{indicator.MD5, "d41d8cd98f00b204e9800998ecf8427e", "type"},
	} {
		p, err := s.Preview(system(t), tt.t, tt.value)
		if err != nil {
			t.Fatal(err)
		}
		var guards []string
		for _, r := range p.Refused {
			if r.Why == "" {
				t.Errorf("%s: the guard %s gives no reason", tt.value, r.Guard)
			}
			guards = append(guards, r.Guard)
		}
		if !strings.Contains(strings.Join(guards, " "), tt.guard) {
			t.Errorf("%s is refused by %v, want %s", tt.value, guards, tt.guard)
		}
		_, err = s.Block(system(t), respond.Order{Type: tt.t, Value: tt.value, Reason: "test"})
		if errs.KindOf(err) != errs.Denied {
			t.Errorf("%s was blocked: %v", tt.value, err)
		}
	}
	for _, v := range []string{"other.com", "notgithub.com", "paysoft.com.evil.net", "evil-site.github.com"} {
		if p, err := s.Preview(system(t), indicator.Domain, v); err != nil || len(p.Refused) > 0 {
			t.Errorf("%s is refused: %+v, %v", v, p.Refused, err)
		}
	}
}

func TestBlockLifeAndList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newRespond(t, st)
		secret, hash := identity.NewSecret("vdl_")
		list, err := s.AddList(system(t), "edge firewall", "ip", 0, secret, hash)
		if err != nil {
			t.Fatal(err)
		}
		block := func(typ indicator.Type, v string, life time.Duration) respond.Action {
			t.Helper()
			a, err := s.Block(system(t), respond.Order{Type: typ, Value: v, Reason: "C2", Life: life})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		first := block(indicator.IPv4, "203.0.113.9", time.Hour)
		again := block(indicator.IPv4, "203.0.113.9", 2*time.Hour)
		if again.ID != first.ID || !again.Expires.After(first.Expires) {
			t.Errorf("a second block of the same value is another one: %+v", again)
		}
		block(indicator.IPv4, "203.0.113.0/24", time.Hour) // covers the first
		block(indicator.Domain, "evil.net", time.Hour)
		gone := block(indicator.IPv4, "198.18.0.1", time.Minute)
		body := func() string {
			t.Helper()
			r, err := s.Render(t.Context(), list.ID, secret, "192.0.2.1")
			if err != nil {
				t.Fatal(err)
			}
			return string(r.Body)
		}
		if d := cmp.Diff("198.18.0.1\n203.0.113.0/24\n", body()); d != "" {
			t.Error(d)
		}
		ended, err := st.Responses().Expire(t.Context(), time.Now().Add(2*time.Minute))
		if err != nil || len(ended) != 1 || ended[0].ID != gone.ID {
			t.Errorf("expired %+v, %v", ended, err)
		}
		if d := cmp.Diff("203.0.113.0/24\n", body()); d != "" {
			t.Error(d)
		}
		for _, a := range []string{first.ID} {
			if _, err := s.Undo(system(t), a, "false alarm"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Undo(system(t), a, "again"); errs.KindOf(err) != errs.Conflict {
				t.Errorf("undone twice: %v", err)
			}
		}
		acts, err := s.Actions(system(t), respond.Active, "", 10)
		if err != nil || len(acts) != 2 {
			t.Errorf("%d active, %v; want 2", len(acts), err)
		}
		log, err := st.Audit().Latest(t.Context(), ref.Ref{Kind: ref.Action, ID: first.ID}, 10)
		if err != nil || len(log) != 3 || log[0].Verb != "respond.undo" {
			t.Errorf("audit %+v, %v", log, err)
		}
		lists, err := s.Lists(system(t))
		if err != nil || lists[0].FetchedBy != "192.0.2.1" || lists[0].Serial < 5 {
			t.Errorf("lists %+v, %v", lists, err)
		}
	})
}

func TestBlockNeedsReasonRoleAndTime(t *testing.T) {
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	s := newRespond(t, st)
	viewer := ref.WithActor(t.Context(), ref.Actor{Name: "v", Role: ref.Viewer})
	for _, tt := range []struct {
		ctx  context.Context
		o    respond.Order
		code string
	}{
		{system(t), respond.Order{Type: indicator.Domain, Value: "evil.net"}, "block_reason_missing"},
		{system(t), respond.Order{Type: indicator.Domain, Value: "evil.net", Reason: "x", Life: 365 * 24 * time.Hour}, "life_invalid"},
		{system(t), respond.Order{Type: indicator.Domain, Value: "not a name", Reason: "x"}, "value_invalid"},
		{viewer, respond.Order{Type: indicator.Domain, Value: "evil.net", Reason: "x"}, "denied"},
	} {
		if _, err := s.Block(tt.ctx, tt.o); errs.CodeOf(err) != tt.code {
			t.Errorf("%+v: %v, want %s", tt.o, err, tt.code)
		}
	}
}

// A device's conversation: token in any of three places, 304 when nothing
// changed, both tokens while one is being replaced, never an open route.
func TestDeviceListener(t *testing.T) {
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	s := newRespond(t, st)
	secret, hash := identity.NewSecret("vdl_")
	list, err := s.AddList(system(t), "proxy", "domain", 2, secret, hash)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(edl.New(s, nil))
	defer srv.Close()
	get := func(id string, set func(*http.Request)) *http.Response {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/edl/"+id, nil)
		set(r)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	if got := get(list.ID, bearer("wrong")).StatusCode; got != 401 {
		t.Errorf("a wrong token: %d", got)
	}
	if got := get("nothing", bearer(secret)).StatusCode; got != 401 {
		t.Errorf("an unknown list: %d", got)
	}
	if got := get(list.ID, func(*http.Request) {}).StatusCode; got != 401 {
		t.Errorf("no token: %d", got)
	}
	good := get(list.ID, func(r *http.Request) { r.SetBasicAuth("any", secret) })
	if good.StatusCode != 200 || good.Header.Get("X-TI-Count") != "0" {
		t.Errorf("an empty list: %d %v", good.StatusCode, good.Header)
	}
	for _, v := range []string{"a.net", "b.a.net", "c.net", "d.net"} {
		if _, err := s.Block(system(t), respond.Order{Type: indicator.Domain, Value: v, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	full := get(list.ID, func(r *http.Request) { r.URL.RawQuery = "token=" + secret })
	if full.Header.Get("X-TI-Count") != "2" || full.Header.Get("ETag") == good.Header.Get("ETag") {
		t.Errorf("a list beyond its capacity: %v", full.Header)
	}
	if got := get(list.ID, func(r *http.Request) { bearer(secret)(r); r.Header.Set("If-None-Match", full.Header.Get("ETag")) }).StatusCode; got != 304 {
		t.Errorf("nothing new: %d", got)
	}
	next, nextHash := identity.NewSecret("vdl_")
	if err := s.RotateList(system(t), list.ID, nextHash); err != nil {
		t.Fatal(err)
	}
	for _, tok := range []string{secret, next} {
		if got := get(list.ID, bearer(tok)).StatusCode; got != 200 {
			t.Errorf("during the rotation: %d", got)
		}
	}
	far := httptest.NewServer(edl.New(s, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}))
	defer far.Close()
	res, err := http.Get(far.URL + "/edl/" + list.ID + "?token=" + next)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 403 {
		t.Errorf("from an address that may not ask: %d", res.StatusCode)
	}
}
