package match_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/idna"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// fetched is where a browser goes for a URL of the web, step by step as the URL Standard
// (https://url.spec.whatwg.org) and RFC 3986 §6.2.2 have it; "" when it goes nowhere.
func fetched(raw string) string {
	scheme, rest, _ := strings.Cut(raw, ":")
	scheme = strings.ToLower(scheme)
	port, web := map[string]string{"http": "80", "https": "443", "ftp": "21", "ws": "80", "wss": "443"}[scheme]
	if !web {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, asked := strings.Cut(rest, "?")
	rest = strings.TrimLeft(strings.ReplaceAll(rest, `\`, "/"), "/")
	host, path, _ := strings.Cut(rest, "/")
	host = host[strings.LastIndex(host, "@")+1:]
	if m := regexp.MustCompile(`^(.*):([0-9]*)$`).FindStringSubmatch(host); m != nil {
		host = m[1]
		if p := strings.TrimLeft(m[2], "0"); p != "" && p != port {
			port = p
		}
	}
	if host = hostFetched(host); host == "" {
		return ""
	}
	if port != map[string]string{"http": "80", "https": "443", "ftp": "21", "ws": "80", "wss": "443"}[scheme] {
		host += ":" + port
	}
	path = dotsRemoved(unreserved("/" + path))
	if asked {
		path += "?" + unreserved(query)
	}
	return scheme + "://" + host + path
}

// hostFetched is the host parser.
func hostFetched(host string) string {
	if strings.HasPrefix(host, "[") {
		a, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if err != nil {
			return ""
		}
		if a = a.Unmap(); a.Is4() {
			return a.String()
		}
		return "[" + a.String() + "]"
	}
	host, err := url.PathUnescape(host)
	if err != nil {
		return ""
	}
	host, err = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false)).ToASCII(host)
	if err != nil || !regexp.MustCompile(`^[-a-z0-9_.]+$`).MatchString(strings.ToLower(host)) {
		return ""
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	labels := strings.Split(host, ".")
	if slices.Contains(labels, "") {
		return ""
	}
	if last := labels[len(labels)-1]; regexp.MustCompile(`^([0-9]+|0x[0-9a-f]*)$`).MatchString(last) {
		return addressFetched(labels)
	}
	return host
}

// addressFetched is the IPv4 parser.
func addressFetched(labels []string) string {
	if len(labels) > 4 {
		return ""
	}
	sum := new(big.Int)
	for i, l := range labels {
		n, ok := new(big.Int), true
		switch {
		case l == "0x", strings.Trim(l, "0") == "":
		case strings.HasPrefix(l, "0x"):
			n, ok = n.SetString(l[2:], 16)
		case l[0] == '0':
			n, ok = n.SetString(l[1:], 8)
		default:
			n, ok = n.SetString(l, 10)
		}
		most, place := big.NewInt(255), uint(24-8*i)
		if i == len(labels)-1 {
			most, place = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), place+8), big.NewInt(1)), 0
		}
		if !ok || n.Sign() < 0 || n.Cmp(most) > 0 {
			return ""
		}
		sum.Add(sum, new(big.Int).Lsh(n, place))
	}
	return netip.AddrFrom4([4]byte(sum.FillBytes(make([]byte, 4)))).String()
}

// unreserved decodes what RFC 3986 §2.3 names, and writes all else in capitals.
func unreserved(s string) string {
	return regexp.MustCompile(`%[0-9a-fA-F]{2}|[^!-~]`).ReplaceAllStringFunc(s, func(e string) string {
		if e[0] != '%' || len(e) != 3 {
			return url.PathEscape(e)
		}
		if c, _ := url.PathUnescape(e); regexp.MustCompile(`^[-A-Za-z0-9._~]$`).MatchString(c) {
			return c
		}
		return strings.ToUpper(e)
	})
}

// dotsRemoved is remove_dot_segments of RFC 3986 §5.2.4, by its steps.
func dotsRemoved(in string) string {
	out := ""
	for in != "" {
		switch {
		case strings.HasPrefix(in, "/./"):
			in = in[2:]
		case in == "/.":
			in = "/"
		case strings.HasPrefix(in, "/../"), in == "/..":
			in = "/" + strings.TrimPrefix(in[3:], "/")
			out = out[:max(strings.LastIndex(out, "/"), 0)]
		default:
			n := len(in)
			if i := strings.Index(in[1:], "/"); i >= 0 {
				n = i + 1
			}
			out, in = out+in[:n], in[n:]
		}
	}
	return out
}

// speller writes a URL in other ways, most of which mean the same.
type speller struct{ world }

// some does something to a few of the characters of a text.
func (w speller) some(s string, in int, change func(c string) string) string {
	var b strings.Builder
	for _, c := range s {
		if w.IntN(in) == 0 {
			b.WriteString(change(string(c)))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func (w speller) percent(c string) string {
	e := ""
	for _, b := range []byte(c) {
		e += fmt.Sprintf(w.pick("%%%02x", "%%%02X"), b)
	}
	return e
}

func (w speller) name() string {
	name := w.pick("evil.example", "evil.example", "b.evil.example", "bücher.example", "evil.co.uk", "1.evil.example", "0xc0.example")
	switch w.IntN(4) {
	case 0:
		name = w.some(name, 6, w.percent)
	case 1:
		name = w.some(name, 4, strings.ToUpper)
	case 2:
		name = strings.ReplaceAll(name, ".", w.pick("。", "．", "｡", "%2e", "%2E", "%E3%80%82"))
	}
	return name + w.pick("", "", "", ".")
}

func (w speller) address() string {
	n := 0xc0a80100 + w.IntN(3)
	if w.IntN(4) == 0 {
		return fmt.Sprintf(w.pick("[::ffff:192.168.1.%d]", "[::FFFF:c0a8:10%x]", "[0:0::ffff:C0A8:010%d]"), n&0xff)
	}
	parts := []int{n>>24 + w.IntN(40)/39*256, n >> 16 & 0xff, n >> 8 & 0xff, n & 0xff} // rarely, too much
	switch w.IntN(4) {
	case 0:
		parts = []int{n}
	case 1:
		parts = []int{n >> 24, n & 0xffffff}
	case 2:
		parts = []int{n >> 24, n >> 16 & 0xff, n & 0xffff}
	}
	var out []string
	for _, p := range parts {
		out = append(out, fmt.Sprintf(w.pick("%d", "%d", "%d", "0x%x", "0X%X", "0x00%x", "0%o", "000%o"), p))
	}
	a := strings.Join(out, w.pick(".", ".", ".", "。", "%2e")) + w.pick("", "", "", ".", ".0")
	if w.IntN(6) == 0 {
		a = w.some(a, 3, func(c string) string {
			if c[0] >= '0' && c[0] <= '9' && w.IntN(2) == 0 {
				return string('０' + rune(c[0]-'0'))
			}
			return w.percent(c)
		})
	}
	return a
}

func (w speller) url() string {
	host := w.name()
	if w.IntN(2) == 0 {
		host = w.address()
	}
	slash := func() string { return w.pick("/", "/", "/", "/", `\`) }
	path := ""
	for range 1 + w.IntN(3) {
		path += slash() + w.pick("a", "b", "malware.exe", "~x", ".", "..", "%2e", ".%2E", w.pick("a", "%2F", "...", ".a", "%", "%%", "%4", "%25", "ü", ""))
	}
	path += w.pick("", "", "", "", "", "/.", "/..", "?q=a", w.pick("/", "?q=a.~", "?q=../a", `?q=\`))
	if w.IntN(2) == 0 {
		path = w.some(path, 5, func(c string) string {
			if strings.Contains(`/\?%`, c) {
				return c
			}
			return w.percent(c)
		})
	}
	return w.pick("http", "HTTP", "http", "http", "http", "ftp") + ":" + w.pick("//", "//", "//", "//", `\\`, `/\`, "///") + w.pick("", "", "", "good.example@", "evil.example:80@", "a@b@") + host +
		w.pick("", "", "", "", ":80", ":0080", ":", w.pick(":8080", ":21")) + path
}

// TestSpellingsAgainstReference: URLs in whatever spelling meet those that a browser would
// fetch from the same place, and nothing else.
func TestSpellingsAgainstReference(t *testing.T) {
	met, kept, spelled := 0, 0, map[string]bool{}
	for seed := range uint64(120) {
		w := speller{world{rand.New(rand.NewPCG(seed, 15))}}
		var b match.Builder
		plain := map[string]uint64{}
		for range 150 {
			raw := w.url()
			v := fetched(raw)
			if _, ok := plain[v]; v == "" || ok || joinsEscape.MatchString(raw) {
				continue
			}
			if path := v[strings.Index(v, "://")+3:]; strings.HasSuffix(path[strings.IndexByte(path, '/'):], "/") {
				continue // all of a host
			}
			if err := b.Add(indicator.URL, v, uint64(len(plain))); err != nil {
				t.Fatalf("%s: %v", v, err)
			}
			plain[v] = uint64(len(plain))
		}
		x := b.Build()
		s := x.Searcher()
		for range 300 {
			raw := w.url()
			want := fetched(raw)
			if joinsEscape.MatchString(raw) || strings.Contains(raw, `\.`) || strings.Contains(raw, `\/`) {
				continue // what is malformed has two readings, the others are taken for defanged
			}
			got, err := indicator.Canonical(indicator.URL, raw)
			if err != nil {
				got = ""
			}
			if got != want {
				t.Fatalf("seed %d: %q is %q (%v), a browser fetches %q", seed, raw, got, err, want)
			}
			kept++
			if want == "" {
				continue
			}
			wanted := map[uint64]bool{}
			without, _, _ := strings.Cut(want, "?")
			for _, v := range []string{want, without} {
				if id, ok := plain[v]; ok {
					wanted[id] = true
				}
			}
			same := func(hits []match.Hit) bool {
				ids := map[uint64]bool{}
				for _, h := range hits {
					ids[h.ID] = true
				}
				return fmt.Sprint(ids) == fmt.Sprint(wanted)
			}
			if hits := x.Lookup(indicator.URL, got, nil); !same(hits) {
				t.Fatalf("seed %d: %q, which is %s, touches %v, want %v of %v", seed, raw, want, hits, wanted, plain)
			}
			for _, text := range texts(raw) {
				if named := len(s.Search([][]byte{[]byte(text)}, nil)) > 0; len(wanted) > 0 && !named {
					t.Fatalf("seed %d: a search overlooks %s in %s", seed, want, text)
				}
				if strings.Contains(raw, `\`) || strings.HasSuffix(raw, ".") || strings.HasSuffix(raw, "?") {
					continue // how far it goes only a field tells
				}
				var hits []match.Hit
				match.Scan([]byte(text), func(typ indicator.Type, v string) { hits = x.Lookup(typ, v, hits) })
				if !same(hits) {
					t.Fatalf("seed %d: %s, in which there is %s, touches %v, want %v", seed, text, want, hits, wanted)
				}
			}
			if len(wanted) > 0 {
				met++
				spelled[raw] = true
			}
		}
	}
	t.Logf("%d URLs, %d met, in %d spellings", kept, met, len(spelled))
	if met < 1000 || len(spelled) < 1000 {
		t.Error("the test has lost its bite")
	}
}

// joinsEscape is a lone percent sign behind which a decoded digit would make an encoding.
var joinsEscape = regexp.MustCompile(`%[0-9a-fA-F]?%`)
