package match_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// known is the indicator set of the tables below; the position is the id.
var known = []string{
	"evil.example", "sub.evil.example", "1.2.3.4", "10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32", "2001:db8::1",
	"5.6.7.8:443", "[2001:db8:1::2]:8443", "evil.example:8080",
	"http://bad.example/a", "http://root.example/", "any.example/a", "any.example/dir/", "any.example:8443/p", "any.example/q?x=1",
	"/gate.php", "/panel.php?id=1", "guy@mail.example", "d41d8cd98f00b204e9800998ecf8427e", "evil.exe",
	"xn--bcher-kva.example", "1.2.3.4/x", "https://tls.example:8443/",
}

func build(t testing.TB, values []string) *match.Index {
	t.Helper()
	var b match.Builder
	for i, raw := range values {
		typ, v, err := indicator.Detect(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(typ, v, uint64(i)); err != nil {
			t.Fatal(err)
		}
	}
	return b.Build()
}

func hits(values []string, hs []match.Hit) []string {
	var out []string
	for _, h := range hs {
		s := values[h.ID] + " " + h.Kind.String()
		if h.ViaHost {
			s += " host"
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func TestLookup(t *testing.T) {
	tests := []struct {
		raw  string
		want []string
	}{
		{"evil.example", []string{"evil.example exact"}},
		{"EVIL.example.", []string{"evil.example exact"}},
		{"a.b.evil.example", []string{"evil.example parent"}},
		{"x.sub.evil.example", []string{"evil.example parent", "sub.evil.example parent"}},
		{"notevil.example", nil},
		{"evil.example.org", nil},
		{"bücher.example", []string{"xn--bcher-kva.example exact"}},
		{"1.2.3.4", []string{"1.2.3.4 exact"}},
		{"::ffff:1.2.3.4", []string{"1.2.3.4 exact"}},
		{"10.1.2.3", []string{"10.0.0.0/8 network", "10.1.0.0/16 network"}},
		{"10.2.0.0/16", []string{"10.0.0.0/8 network"}},
		{"10.0.0.0/8", []string{"10.0.0.0/8 exact"}},
		{"11.1.2.3", nil},
		{"2001:0DB8:0:0::1", []string{"2001:db8::/32 network", "2001:db8::1 exact"}},
		{"5.6.7.8", nil},
		{"5.6.7.8:443", []string{"5.6.7.8:443 exact"}},
		{"1.2.3.4:9", []string{"1.2.3.4 exact host"}},
		{"[2001:db8:1::2]:8443", []string{"2001:db8::/32 network host", "[2001:db8:1::2]:8443 exact"}},
		{"evil.example:8080", []string{"evil.example exact host", "evil.example:8080 exact"}},
		{"www.evil.example:8080", []string{"evil.example parent host", "evil.example:8080 parent"}},
		{"http://bad.example/a", []string{"http://bad.example/a exact"}},
		{"https://bad.example/a", []string{"http://bad.example/a path"}},
		{"http://bad.example/a?x=1", []string{"http://bad.example/a path"}},
		{"https://bad.example/a?x=1", []string{"http://bad.example/a path"}},
		{"http://bad.example/ab", nil},
		{"https://bad.example:8443/a", nil},
		{"ftp://bad.example/a", nil},
		{"bad.example/a", []string{"http://bad.example/a exact"}},
		{"bad.example:80/a", []string{"http://bad.example/a exact"}},
		{"bad.example:443/a", []string{"http://bad.example/a exact"}},
		{"bad.example:81/a", nil},
		{"http://bad.example/a/b", nil},
		{"http://root.example/x/y?z", []string{"http://root.example/ path"}},
		{"http://root.example", []string{"http://root.example/ exact"}},
		{"http://any.example/a", []string{"any.example/a exact"}},
		{"https://any.example:9/a/b?x", []string{"any.example/a path"}},
		{"http://any.example/a?x", []string{"any.example/a path"}},
		{"http://any.example/ab", nil},
		{"http://any.example/A", nil},
		{"http://any.example/dir/x", []string{"any.example/dir/ path"}},
		{"http://any.example/dir", nil},
		{"http://any.example/q?x=1", []string{"any.example/q?x=1 exact"}},
		{"http://any.example/q?x=12", nil},
		{"https://any.example:8443/p", []string{"any.example:8443/p exact"}},
		{"https://any.example/p", nil},
		{"https://tls.example:8443/x", []string{"https://tls.example:8443/ path"}},
		{"https://fine.example/gate.php?x=1", []string{"/gate.php any-host"}},
		{"https://fine.example/gate.php", []string{"/gate.php any-host"}},
		{"https://fine.example/a/gate.php", nil},
		{"https://fine.example/panel.php?id=1", []string{"/panel.php?id=1 any-host"}},
		{"https://fine.example/panel.php", nil},
		{"/gate.php", []string{"/gate.php any-host"}},
		{"http://1.2.3.4/x/y", []string{"1.2.3.4 exact host", "1.2.3.4/x path"}},
		{"https://5.6.7.8/", []string{"5.6.7.8:443 exact host"}},
		{"http://www.evil.example:8080/", []string{"evil.example parent host", "evil.example:8080 parent host"}},
		{"http://[2001:db8:1::2]:8443/", []string{"2001:db8::/32 network host", "[2001:db8:1::2]:8443 exact host"}},
		{"guy@mail.example", []string{"guy@mail.example exact"}},
		{"Other@Sub.EVIL.example", []string{"evil.example parent host", "sub.evil.example exact host"}},
		{"D41D8CD98F00B204E9800998ECF8427E", []string{"d41d8cd98f00b204e9800998ecf8427e exact"}},
	}
	x := build(t, known)
	for _, tt := range tests {
		typ, v, err := indicator.Detect(tt.raw)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, hits(known, x.Lookup(typ, v, nil))); d != "" {
			t.Errorf("Lookup(%s %s) (-want +got):\n%s", typ, v, d)
		}
	}
	if got := hits(known, x.Lookup(indicator.FileName, `c:\users\a\evil.exe`, nil)); !slices.Equal(got, []string{"evil.exe exact"}) {
		t.Errorf("a file name with its path: %v", got)
	}
}

func TestAddRefuses(t *testing.T) {
	var b match.Builder
	for _, tt := range []struct {
		t           indicator.Type
		value, want string
	}{
		{indicator.Domain, "co.uk", "public-suffix"},
		{indicator.IPv4, "0.0.0.0/0", "too-wide"},
		{indicator.IPv4, "10.0.0.1/8", "bad-address"},
		{indicator.IPv6, "10.0.0.0/24", "bad-address"},
		{indicator.MD5, "", "empty"},
		{"nonsense", "x", "unknown-type"},
	} {
		if got := indicator.Reason(b.Add(tt.t, tt.value, 1)); got != tt.want {
			t.Errorf("Add(%s, %q): %q, want %q", tt.t, tt.value, got, tt.want)
		}
	}
	if b.Len() != 0 {
		t.Errorf("%d refused entries are in", b.Len())
	}
}

func TestDuplicates(t *testing.T) {
	var b match.Builder
	const distinct = 20_000 // enough for several workers
	for range 3 {
		for i := range distinct {
			if err := b.Add(indicator.Domain, fmt.Sprintf("d%d.example", i), uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Add(indicator.IPv4, "10.0.0.0/8", 7); err != nil {
			t.Fatal(err)
		}
	}
	x := b.Build()
	if x.Len() != distinct+1 || x.Duplicates() != 2*(distinct+1) {
		t.Fatalf("%d distinct, %d duplicates", x.Len(), x.Duplicates())
	}
	for i := range distinct {
		hs := x.Lookup(indicator.Domain, fmt.Sprintf("d%d.example", i), nil)
		if len(hs) != 1 || hs[0].ID != uint64(i) {
			t.Fatalf("entry %d: %v", i, hs)
		}
	}
}

func TestEmptyIndex(t *testing.T) {
	var b match.Builder
	x := b.Build()
	for _, typ := range indicator.Types {
		if hs := x.Lookup(typ, "x", nil); hs != nil {
			t.Errorf("%s: %v", typ, hs)
		}
		_ = x.Lookup(typ, "", nil)
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	x := build(t, known)
	dst := make([]match.Hit, 0, 16)
	long := strings.Repeat("label.", 30) + "evil.example"
	for _, raw := range []string{
		"1.2.3.4", "10.1.2.3", "2001:db8::1", "5.6.7.8:443", long, long + ":8080", "http://" + long + ":8443/a/b/c?d",
		"https://5.6.7.8/gate.php?x", "http://[2001:db8:1::2]:8443/", "guy@" + long, "d41d8cd98f00b204e9800998ecf8427e",
	} {
		typ, v, err := indicator.Detect(raw)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { dst = x.Lookup(typ, v, dst[:0]) }); n != 0 {
			t.Errorf("Lookup(%s) allocates %.0f times", v, n)
		}
	}
}

// An account is claimed without its domain more often than with it.
func TestAccountWithItsDomain(t *testing.T) {
	var b match.Builder
	for i, v := range []string{"svc-evil", `other\thief`} {
		if err := b.Add(indicator.UserAccount, v, uint64(i)); err != nil {
			t.Fatal(err)
		}
	}
	x := b.Build()
	for value, want := range map[string][]uint64{`corp\svc-evil`: {0}, "svc-evil": {0}, `other\thief`: {1}, `corp\thief`: nil, "thief": nil} {
		var got []uint64
		for _, h := range x.Lookup(indicator.UserAccount, value, nil) {
			got = append(got, h.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s touches %v, want %v", value, got, want)
		}
	}
}

// TestOlderSpelling: what a store has kept of a URL in a spelling of before is found, and
// gives way to the spelling of today.
func TestOlderSpelling(t *testing.T) {
	var b match.Builder
	for i, v := range []string{
		"http://evil.example/%6Dalware%2Eexe", "any.example/a/../b%7E", "/x\\gate.php", "http://0xc0.0xa8.1.0x1/", "http://evil.example/malware.exe", "http://other.example/%2F", "http://other.example/%zz/./%",
	} {
		if err := b.Add(indicator.URL, v, uint64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if b.Len() != 7 {
		t.Errorf("%d were added, not 7", b.Len())
	}
	x := b.Build()
	if x.Len() != 6 || x.Duplicates() != 1 {
		t.Errorf("%d distinct and %d twice, not 6 and 1", x.Len(), x.Duplicates())
	}
	for raw, want := range map[string]uint64{
		"http://evil.example/malware.exe": 4, "http://evil.example/m%61lware.exe": 4, "https://any.example/b~/c": 1, "http://any.example/b%7e": 1,
		"http://fine.example/x/gate.php": 2, `http://fine.example/x\gate.php?a`: 2, "http://192.168.1.1/": 3, "http://other.example/%2f": 5, "http://other.example/%zz/%": 6,
	} {
		v, err := indicator.Canonical(indicator.URL, raw)
		if hs := x.Lookup(indicator.URL, v, nil); err != nil || len(hs) != 1 || hs[0].ID != want {
			t.Errorf("%s touches %v, %v, want %d", raw, hs, err, want)
		}
	}
	reach := x.Reach(100)
	if !reached(reach, indicator.URL, "http://any.example/b~") || !reached(reach, indicator.URL, "http://evil.example/malware.exe") {
		t.Error("what an older spelling touches is not in its reach")
	}
}

// TestOlderSpellingLive: one that ends leaves the other be, and the number of those that
// are in effect is right.
func TestOlderSpellingLive(t *testing.T) {
	const older, today = "http://evil.example/%6Dalware%2Eexe", "http://evil.example/malware.exe"
	var b match.Builder
	for i, v := range []string{older, today} {
		if err := b.Add(indicator.URL, v, uint64(i)); err != nil {
			t.Fatal(err)
		}
	}
	var l match.Live
	l.Store(b.Build(), l.Mark())
	l.Apply(match.Change{ID: 0, Type: indicator.URL, Value: older, Gone: true})
	if hs := l.Lookup(indicator.URL, today, nil); len(hs) != 1 || hs[0].ID != 1 {
		t.Errorf("%v is found, not the one that is left", hs)
	}

	var alone match.Builder
	if err := alone.Add(indicator.URL, older, 0); err != nil {
		t.Fatal(err)
	}
	l.Store(alone.Build(), l.Mark())
	l.Apply(match.Change{ID: 0, Type: indicator.URL, Value: older, Gone: true})
	if hs, n := l.Lookup(indicator.URL, today, nil), l.View().Len(); len(hs) > 0 || n != 0 {
		t.Errorf("%v is found, and there are %d: nothing is left", hs, n)
	}
	l.Apply(match.Change{ID: 0, Type: indicator.URL, Value: older})
	if hs := l.Lookup(indicator.URL, today, nil); len(hs) != 1 {
		t.Errorf("%v is found, not what came back", hs)
	}
}
