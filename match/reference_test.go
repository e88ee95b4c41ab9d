package match_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

type value struct {
	Type  indicator.Type
	Value string
}

// touches is the obvious reading of what Lookup promises, one indicator at a
// time, with the standard library's idea of addresses and URLs.
func touches(ind, obs value) bool {
	if ind == obs {
		return true
	}
	switch obs.Type {
	case indicator.IPv4, indicator.IPv6:
		return (ind.Type == indicator.IPv4 || ind.Type == indicator.IPv6) && holds(ind.Value, obs.Value)
	case indicator.Domain:
		return ind.Type == indicator.Domain && strings.HasSuffix(obs.Value, "."+ind.Value)
	case indicator.DomainPort:
		i := strings.LastIndexByte(obs.Value, ':')
		return ind.Type == indicator.DomainPort && strings.HasSuffix(obs.Value, "."+ind.Value) ||
			touches(ind, value{indicator.Domain, obs.Value[:i]})
	case indicator.IPv4Port, indicator.IPv6Port:
		a := netip.MustParseAddrPort(obs.Value).Addr()
		return touches(ind, addrValue(a))
	case indicator.Email:
		_, host, _ := strings.Cut(obs.Value, "@")
		return touches(ind, value{indicator.Domain, host})
	case indicator.URL:
		return touchesURL(ind, obs.Value)
	}
	return false
}

func addrValue(a netip.Addr) value {
	if a.Is4() {
		return value{indicator.IPv4, a.String()}
	}
	return value{indicator.IPv6, a.String()}
}

func holds(network, address string) bool {
	p, err := netip.ParsePrefix(network)
	if err != nil {
		return false
	}
	if q, err := netip.ParsePrefix(address); err == nil {
		return p.Bits() <= q.Bits() && p.Contains(q.Addr())
	}
	return p.Contains(netip.MustParseAddr(address))
}

func touchesURL(ind value, observed string) bool {
	if strings.HasPrefix(observed, "/") {
		path, _, _ := strings.Cut(observed, "?")
		return ind.Type == indicator.URL && (ind.Value == path || ind.Value == observed)
	}
	schemes := []string{"http", "https"}
	rest := observed
	if s, r, ok := strings.Cut(observed, "://"); ok {
		schemes, rest = []string{s}, r
	}
	for _, scheme := range schemes {
		u, err := url.Parse(scheme + "://" + rest)
		if err != nil {
			panic(err)
		}
		written := u.Port() != "" || len(schemes) == 1
		if u.Port() == map[string]string{"http": "80", "https": "443"}[scheme] {
			u.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
		}
		if oneURL(ind, u, written) {
			return true
		}
	}
	return false
}

// oneURL: portKnown says that the port was written or is the scheme's.
func oneURL(ind value, u *url.URL, portKnown bool) bool {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	full := u.EscapedPath()
	if u.RawQuery != "" || u.ForceQuery {
		full += "?" + u.RawQuery
	}
	host := u.Hostname()
	hostPart := strings.TrimSuffix(u.Host, ":"+u.Port())
	if ind.Type != indicator.URL {
		if a, err := netip.ParseAddr(host); err == nil {
			if portKnown && ind.Value == hostPart+":"+port && ind.Type == portType(a) {
				return true
			}
			return touches(ind, addrValue(a)) || ind == addrValue(a)
		}
		if portKnown {
			if o := (value{indicator.DomainPort, host + ":" + port}); ind == o || touches(ind, o) {
				return true
			}
		}
		return ind == value{indicator.Domain, host} || touches(ind, value{indicator.Domain, host})
	}
	switch {
	case strings.HasPrefix(ind.Value, "/"):
		return ind.Value == full || ind.Value == u.EscapedPath()
	case strings.Contains(ind.Value, "://"):
		schemes := []string{u.Scheme}
		if strings.HasPrefix(u.Scheme, "http") && u.Port() == "" {
			schemes = []string{"http", "https"}
		}
		for _, s := range schemes {
			if at := s + "://" + u.Host; ind.Value == at+full || ind.Value == at+u.EscapedPath() || ind.Value == at+"/" {
				return true
			}
		}
		return false
	}
	for _, h := range []string{hostPart, hostPart + ":" + port} {
		if h != hostPart && !portKnown {
			continue
		}
		path, ok := strings.CutPrefix(ind.Value, h)
		if !ok || path[0] != '/' {
			continue
		}
		if path == full || path == u.EscapedPath() {
			return true
		}
		below, ok := strings.CutPrefix(u.EscapedPath(), path)
		if ok && (strings.HasSuffix(path, "/") || strings.HasPrefix(below, "/")) {
			return true
		}
	}
	return false
}

func portType(a netip.Addr) indicator.Type {
	if a.Is4() {
		return indicator.IPv4Port
	}
	return indicator.IPv6Port
}

// world makes values from a small stock, so that they often touch.
type world struct{ *rand.Rand }

func (w world) pick(s ...string) string { return s[w.IntN(len(s))] }

func (w world) name() string {
	n := w.pick("evil", "notevil", "a", "b", "bücher", "xn--bcher-kva") + w.pick(".example", ".example", ".co.uk", ".net")
	for range w.IntN(4) {
		n = w.pick("www", "a", "b", "evil", "_dmarc") + "." + n
	}
	switch w.IntN(6) {
	case 0:
		n = strings.ToUpper(n)
	case 1:
		n += "."
	}
	return n
}

func (w world) addr() string {
	switch w.IntN(5) {
	case 0:
		return fmt.Sprintf("2001:db8:%x::%x", w.IntN(3), w.IntN(3))
	case 1:
		return fmt.Sprintf("2001:0DB8:%04x:0:0::%x", w.IntN(3), w.IntN(3))
	case 2:
		return fmt.Sprintf("::ffff:10.%d.0.%d", w.IntN(3), w.IntN(3))
	}
	return fmt.Sprintf("10.%d.%d.%d", w.IntN(3), w.IntN(3), w.IntN(3))
}

func (w world) host() string {
	switch w.IntN(4) {
	case 0:
		a := w.addr()
		if strings.Contains(a, ":") {
			return "[" + a + "]"
		}
		return a
	default:
		return w.name()
	}
}

func (w world) port() string { return w.pick("", "", ":80", ":443", ":8080") }

func (w world) path() string {
	var p strings.Builder
	for range w.IntN(4) {
		p.WriteString("/" + w.pick("a", "ab", "b", "%2f", "A", ""))
	}
	return p.String() + w.pick("", "", "/", "?x", "?x=1", "/?", "#f")
}

func (w world) value() string {
	switch w.IntN(9) {
	case 0:
		return w.addr()
	case 1:
		return w.addr() + fmt.Sprintf("/%d", 8+w.IntN(25))
	case 2, 3:
		return w.name()
	case 4:
		return w.host() + w.pick(":80", ":443", ":8080")
	case 5:
		return w.pick("http", "https", "HXXP", "ftp") + "://" + w.host() + w.port() + w.path()
	case 6:
		return w.host() + w.port() + "/" + w.path()
	case 7:
		return "/" + w.pick("a", "b", "ab") + w.path()
	}
	return w.pick("x", "y") + "@" + w.name()
}

func TestLookupAgainstReference(t *testing.T) {
	const rounds, indicators, observables = 60, 120, 250
	matched := 0
	for seed := range uint64(rounds) {
		w := world{rand.New(rand.NewPCG(seed, 1))}
		var set []value
		var b match.Builder
		for range indicators {
			typ, v, err := indicator.Detect(w.value())
			if err != nil || slices.Contains(set, value{typ, v}) || b.Add(typ, v, uint64(len(set))) != nil {
				continue
			}
			set = append(set, value{typ, v})
		}
		x := b.Build()
		for range observables {
			typ, v, err := indicator.Detect(w.value())
			if err != nil {
				continue
			}
			obs := value{typ, v}
			var want []string
			for _, ind := range set {
				if touches(ind, obs) {
					want = append(want, fmt.Sprint(ind))
				}
			}
			var got []string
			for _, h := range x.Lookup(typ, v, nil) {
				got = append(got, fmt.Sprint(set[h.ID]))
			}
			slices.Sort(want)
			slices.Sort(got)
			matched += len(got)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d: Lookup(%s %s) (-reference +got):\n%s", seed, typ, v, d)
			}
		}
	}
	if matched < rounds*observables/10 {
		t.Errorf("only %d hits: the test has lost its bite", matched)
	}
}
