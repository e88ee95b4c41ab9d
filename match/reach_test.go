package match_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// reached says whether a set of indicators has a value in reach, as a history asks.
func reached(r *match.Reach, t indicator.Type, value string) bool {
	place := string(match.Place(t, value, nil))
	within := func(s match.Span) bool {
		return s.Type == t && place >= s.From && (s.To == "" || place < s.To)
	}
	if slices.ContainsFunc(r.Always(), within) {
		return true
	}
	has := match.Traces(t, value, nil)
	found := false
	for i, trace := range r.Traces() {
		if slices.Contains(has, trace) {
			r.Spans(i, func(s match.Span) { found = found || within(s) })
		}
	}
	return found
}

// nearby makes values that touch each other in every way there is, and some that
// nobody would send.
func nearby(rnd *rand.Rand) (indicator.Type, string) {
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	name := pick("", "www.", "a.b.", "evil-") + pick("evil.example", "example", "EVIL.example", "xn--bcher-kva.example", "bücher.example", "co.uk", "a.co.uk", "evil..example", "evil.example.", "1.2.3", ".")
	addr4 := pick("192.0.2.1", "192.0.2.9", "198.51.100.7", "10.0.0.1", "1.2.3", "255.255.255.255", "0.0.0.0")
	addr6 := pick("2001:db8::1", "2001:db8:1::1", "::1", "::ffff:192.0.2.1", "fe80::1%eth0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
	host := pick(name, addr4, "["+addr6+"]")
	port := pick("", ":80", ":443", ":8080")
	path := pick("/", "/a", "/a/b", "/a/b?x=1", "/A", "/ab", "/?x", "//a", "/a/", "/a//b", "/a/b/", "/a/b/c/d/e/f/g", "/a/b/c/d/e/f", "/a/b/c/d/e/f/g/h?x", "///", "/%C3%BC", "", "?q")
	switch rnd.IntN(18) {
	case 0, 1:
		return indicator.IPv4, addr4
	case 2:
		return indicator.IPv4, pick("192.0.2.0/24", "192.0.2.1/32", "198.51.100.0/23", "10.0.0.0/8", "255.255.255.0/24", "128.0.0.0/9")
	case 3:
		return indicator.IPv6, addr6
	case 4:
		return indicator.IPv6, pick("2001:db8::/32", "2001:db8:1::/48", "::1/128", "::ffff:192.0.2.0/120", "fe80::/10", "ff00::/8")
	case 5, 6:
		return indicator.Domain, name
	case 7, 8, 9:
		return indicator.URL, pick("http://", "https://", "ftp://", "") + host + port + path
	case 10:
		return indicator.URL, path
	case 11:
		return indicator.Email, pick("", "bob@", "a@b@", "Bob@") + name
	case 12:
		return indicator.DomainPort, name + port
	case 13:
		return pick2(rnd, indicator.IPv4Port, indicator.IPv6Port), pick(addr4, "["+addr6+"]", addr6) + port
	case 14:
		return indicator.FileName, pick("", `c:\users\`, "/tmp/", `c:\`) + pick("evil.exe", "evil", "", "evil.exe/x")
	case 15:
		return indicator.UserAccount, pick("", `corp\`, "corp/") + pick("bob", "alice")
	case 16:
		return indicator.SHA256, pick("aa", "ab")
	}
	return indicator.Types[rnd.IntN(len(indicator.Types))], pick("x", "y", name, addr4)
}

func pick2(rnd *rand.Rand, a, b indicator.Type) indicator.Type {
	if rnd.IntN(2) == 0 {
		return a
	}
	return b
}

// TestReach: what Lookup finds is in reach, of an indicator alone and of a set.
func TestReach(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	touched, reach, kinds := 0, 0, map[string]bool{}
	for range 3000 {
		var b match.Builder
		var added []string
		for range 1 + rnd.IntN(3) {
			kind, value := nearby(rnd)
			if b.Add(kind, value, 1) == nil {
				added = append(added, fmt.Sprintf("%s %q", kind, value))
			}
		}
		x := b.Build()
		r := x.Reach(1000)
		for range 60 {
			kind, value := nearby(rnd)
			in := reached(r, kind, value)
			if in {
				reach++
			}
			hits := x.Lookup(kind, value, nil)
			if len(hits) == 0 {
				continue
			}
			touched++
			kinds[fmt.Sprint(kind, hits[0].Kind, hits[0].ViaHost)] = true
			if !in {
				t.Fatalf("%v touch %s %q, which is not in their reach", added, kind, value)
			}
		}
	}
	t.Logf("%d touched in %d ways, %d in reach", touched, len(kinds), reach)
	if touched < 1000 || len(kinds) < 25 {
		t.Errorf("only %d values touched anything, in %d ways", touched, len(kinds))
	}
}

// TestReachOfView: what is put beside an index is in reach as well; more than asked
// for has none.
func TestReachOfView(t *testing.T) {
	var b match.Builder
	if err := b.Add(indicator.Domain, "evil.example", 1); err != nil {
		t.Fatal(err)
	}
	var l match.Live
	l.Store(b.Build(), l.Mark())
	l.Apply(match.Change{ID: 2, Type: indicator.IPv4, Value: "192.0.2.0/24"})
	r := l.View().Reach(2)
	for _, c := range []struct {
		kind indicator.Type
		v    string
		want bool
	}{
		{indicator.Domain, "www.evil.example", true},
		{indicator.Domain, "notevil.example", false},
		{indicator.URL, "http://192.0.2.7/x", true},
		{indicator.IPv4, "192.0.3.0", false},
	} {
		if got := reached(r, c.kind, c.v); got != c.want {
			t.Errorf("%s %s in reach: %v, want %v", c.kind, c.v, got, c.want)
		}
	}
	if l.View().Reach(1) != nil {
		t.Error("two indicators are no more than one")
	}
}

// FuzzReach: an indicator and a value of any bytes.
func FuzzReach(f *testing.F) {
	rnd := rand.New(rand.NewPCG(4, 5))
	for range 200 {
		a, av := nearby(rnd)
		b, bv := nearby(rnd)
		f.Add(slices.Index(indicator.Types, a), av, slices.Index(indicator.Types, b), bv)
	}
	f.Fuzz(func(t *testing.T, kind int, value string, otherKind int, other string) {
		types := indicator.Types
		if kind < 0 || kind >= len(types) || otherKind < 0 || otherKind >= len(types) {
			return
		}
		var b match.Builder
		if b.Add(types[kind], value, 1) != nil {
			return
		}
		x := b.Build()
		if len(x.Lookup(types[otherKind], other, nil)) > 0 && !reached(x.Reach(10), types[otherKind], other) {
			t.Errorf("%s %q touches %s %q, which is not in its reach", types[kind], value, types[otherKind], other)
		}
	})
}

// TestItselfOfAnything: of whatever spelling an indicator is, it has its trace when it says so.
func TestItselfOfAnything(t *testing.T) {
	for _, kind := range indicator.Types {
		for _, v := range []string{"", ":", "a", "a.", ".a", "a:1", "[::1]:80", "1.2.3.4", "1.2.3.4:5", "/", "/a/", "//", "a@b", "@", `a\b`, `\`, "http://", "http://a/b/c/d/e/f/g/h", "a//b/", "a/?b/c"} {
			r := match.NewReach([]match.Wanted{{Type: kind, Value: v}})
			for i, trace := range r.Traces() {
				if w, known, _ := r.Itself(i); known && !slices.Contains(match.Traces(w.Type, w.Value, nil), trace) {
					t.Errorf("%s %q says that it has its trace, and has not", kind, v)
				}
			}
		}
	}
}

// TestReachInOrder: the traces of many indicators are in order, and each belongs to the
// indicator that has it.
func TestReachInOrder(t *testing.T) {
	for _, n := range []int{1, 999, 1000, 20_000} {
		var wanted []match.Wanted
		for i := range n {
			wanted = append(wanted, match.Wanted{Type: indicator.Domain, Value: fmt.Sprintf("h%d.example", i*7%max(n-5, 1))}) // some twice
		}
		r := match.NewReach(wanted)
		if len(r.Traces()) != n || !slices.IsSorted(r.Traces()) {
			t.Fatalf("%d of %d traces, in order: %v", len(r.Traces()), n, slices.IsSorted(r.Traces()))
		}
		for i, trace := range r.Traces() {
			w, known, _ := r.Itself(i)
			if own := match.Traces(w.Type, w.Value, nil)[0]; own != trace || !known {
				t.Fatalf("the %d-th trace of %d is %x, that of its indicator %s is %x", i, n, trace, w.Value, own)
			}
		}
	}
}

// TestItself: what touches an indicator is within its spans, or, of its own type, the
// indicator itself where it says that only this is.
func TestItself(t *testing.T) {
	rnd := rand.New(rand.NewPCG(14, 3))
	only := 0
	for range 60_000 {
		var b match.Builder
		kind, v := nearby(rnd)
		if b.Add(kind, v, 1) != nil {
			continue
		}
		x := b.Build()
		r := x.Reach(10)
		if len(r.Traces()) == 0 {
			continue
		}
		itself, known, alone := r.Itself(0)
		if alone {
			only++
		}
		if known && !slices.Contains(match.Traces(itself.Type, itself.Value, nil), r.Traces()[0]) {
			t.Fatalf("%s %q says that it has its trace, and has not", kind, v)
		}
		for range 4 {
			t2, v2 := nearby(rnd)
			if len(x.Lookup(t2, v2, nil)) == 0 || !slices.Contains(match.Traces(t2, v2, nil), r.Traces()[0]) {
				continue
			}
			if alone && t2 == itself.Type && v2 != itself.Value {
				t.Fatalf("%s %q touches %s %q, which says that it touches only itself", t2, v2, kind, v)
			}
			if t2 == itself.Type && v2 == itself.Value && !known {
				t.Fatalf("%s %q has the trace of itself and does not know", kind, v)
			}
		}
	}
	if only < 500 {
		t.Errorf("only %d touch only themselves: that proves little", only)
	}
}
