package match_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/idna"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

func TestSearch(t *testing.T) {
	x := build(t, append([]string{"evil.com", "1.1.1.1", "bad-host.net:8443", "evil.co.uk", "2001:db8:9::9", "44d88612fea8a8f36de82e1278abb02f", "/Bot-net/add", "/?botid="}, known...))
	yes := []string{
		`{"dest_ip":"1.2.3.4"}`, `{"dest_ip":"10.200.3.4"}`, `{"n":"www.EVIL.example."}`, `{"u":"http:\/\/any.example\/a"}`,
		`evil\u002eexample`, `evil[.]example`, `evil[dot]example`, `hxxp://evil(.)example/`, "evil\u200b.example", `evil。example`, `x\nevil.example`,
		`%2Fevil.example`, `http%3A%2F%2Fevil.example%2Fx`, `https://a.org/r?u=http%3A%2F%2Fother.org%2Fgate.php`, `/x/44D88612FEA8A8F36DE82E1278ABB02F.exe`, `44d88612fea8a8f36de82e1278abb02f_sample`, `\\u0065vil.example`, `evil\\u002eexample`, `1.2.3.4-1.2.3.9`, `1.9.9.9-1.2.3.4`,
		`evil.co.uk-setup.exe`, `a-evil.com-b`, `::ffff:102:304`, `0:0:0:0:0:FFFF:0102:0304`, `2001:0DB8:0:0::1`, `src:2001:db8:9::9.`, `[2001:db8:9::9]:53`,
		`MD5=D41D8CD98F00B204E9800998ECF8427E,SHA1=da39a3ee5e6b4b0d3255bfef95601890afd80709`, `x\bd41d8cd98f00b204e9800998ecf8427e`,
		`mail guy@mail.example`, `C:\\a\\EVIL.exe`, `"url":"/gate.php"`, `GET /x?y=1 bücher.example`, `{"q":"xn--bcher-kva.example"}`, `bad-host.net`,
		`1.2.3.4:80`, `{"a":["x","y"],"b":"(1.2.3.4)"}`, `evil\x2eexample`, `\.evil`, `tls.example`, `"url":"/Bot-net/add?x"`, `http://other.org\\Bot-net\add`, `"url":"/?botid="`, `http://a.example?botid=`,
		`a#011evil.example`, `#015#0121.2.3.4#011`, `x#011d41d8cd98f00b204e9800998ecf8427e#012`, `#0112001:db8:9::9#012`,
		`GET /g%61te.php`, `"url":"\/g\u002561te\u00252Ephp"`, `/Bot%2dnet/add`, `/%42ot-net/%61dd?x`, `http:\\0x01020304\x`, `http://16909060/`, `http:\/\/16909060`, `Http:\\\\x@16909060:80`, `r=ftp://%65vil.example`,
		`{"u":"https://urldefense.com/v3/__https://1690*060__;OQ!!a"}`,
		`Q [0001 D NOERROR] A (3)www(4)Evil(7)example(0)`, `{"m":"A \u00284)evil(7)example(0)"}`, `{"m":"{\"n\":\"(2)a-(4)evil(7)example(0)\"}"}`,
	}
	no := []string{
		``, `{"dest_ip":"1.2.3.5","t":"2024-01-01T10:00:00.123456+0000","f":1.25}`, `notevil.example`, `evil.example.org`, `11.2.3.45`, `1.2.3.4.5`,
		`Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36`, `d41d8cd98f00b204e9800998ecf8427f`, `00:11:22:33:44:55`, `C:\\Windows\\explorer.exe`,
		`other@mail.example`[:5], `{"a":[{"b":1}],"c":{"d":[1,2]}}`, `Größe straße`, `2001:db7::1`, `{"path":"/index.php"}`,
		`/g%2561te.php`, `%%2567ate`, `{"AccessList":"%%4416 %%1538 %%1541"}`, `{"n":16909060,"f":"C:\\\\16909060\\x","t":"a: 0x01020304"}`, `x:16909060`, `https://a.org/?x=1:2`, `http://1.2.3.5/`,
		`(7)notevil(7)example(0)`, `(5)evil(7)example(0)`, `(4)evil(7)example`,
	}
	var records [][]byte
	for _, l := range append(slices.Clone(yes), no...) {
		records = append(records, []byte(l))
	}
	var got []int
	for _, c := range x.Searcher().Search(records, nil) {
		got = append(got, c.Record)
		if c.From < 0 || c.To > len(records[c.Record]) || c.From >= c.To {
			t.Errorf("%s: [%d, %d)", records[c.Record], c.From, c.To)
		}
	}
	for i, l := range append(slices.Clone(yes), no...) {
		if named := slices.Contains(got, i); named != (i < len(yes)) {
			t.Errorf("%s: %v", l, named)
		}
	}
}

func TestUnseen(t *testing.T) {
	for _, tt := range []struct {
		t     indicator.Type
		value string
		seen  bool
	}{
		{indicator.Domain, "evil.example", true},
		{indicator.FileName, `c:\users\evil.exe`, true},
		{indicator.FileName, `evil`, false},
		{indicator.URL, "/gate.php?x", true},
		{indicator.URL, "/gate", true},
		{indicator.URL, "/?id=1", true},
		{indicator.URL, "/~who/", true},
		{indicator.URL, "/%EB%B3%B4", true},
		{indicator.URL, "/%20x", false},
		{indicator.URL, "http://a.example/x", true},
		{indicator.URL, "1.2.3.4/x", true},
		{indicator.Email, "root@localhost", false},
		{indicator.UserAgent, "curl", false},
		{indicator.MAC, "00:11:22:33:44:55", false},
	} {
		var b match.Builder
		if err := b.Add(tt.t, tt.value, 1); err != nil {
			t.Fatal(err)
		}
		var want []indicator.Type
		if !tt.seen {
			want = []indicator.Type{tt.t}
		}
		if d := cmp.Diff(want, b.Build().Unseen()); d != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.t, tt.value, d)
		}
	}
}

// dress writes a value as logs and people do.
func (w world) dress(v string) string {
	switch w.IntN(15) {
	case 12:
		counted := ""
		for label := range strings.SplitSeq(v, ".") {
			counted += fmt.Sprintf("(%d)%s", len(label), label)
		}
		v = counted + w.pick("(0)", "")
	case 8:
		v = w.pick("https://urldefense.com/v3/__https://", "/v3/__http:/", "https://urldefense.com/v3/__") + v + w.pick("__;", "__;!!a!b$", "__;Iw!!a", "_")
	case 9:
		v = w.pick("https://urldefense.proofpoint.com/v2/url?u=https-3A__", "u=http-3a__", "-3A__") + strings.ReplaceAll(strings.ReplaceAll(v, "-", "-2D"), "/", "_") + w.pick("&d=x", "_a", "-3Fa-3Db")
	case 10:
		v = w.pick("http%253A%252F%252F", "https://a.net/r?u=http%25253a%25252f%25252f", "%252F") + url.QueryEscape(url.QueryEscape(v))
	case 11:
		v = w.pick("https://www.google.com/url?q=http://", "https://protect-us.mimecast.com/s/a?domain=", "/url?q=") + v + w.pick("&sa=D", "")
	case 6:
		v = w.pick("http%3A%2F%2F", "https://a.net/r?u=http%3a%2f%2f", "http://") + url.QueryEscape(v)
	case 7:
		v = w.pick("44d88612fea8a8f36de82e1278abb02f", "D41D8CD98F00B204E9800998ECF8427E") + w.pick(".exe", "_sample", ".zip", "") + w.pick("", "/", "%2F") + v
	case 0:
		v = strings.ToUpper(v)
	case 1:
		v = strings.ReplaceAll(v, ".", w.pick("[.]", "(.)", "[dot]", `\.`, "[.", ".]", "{.}", ` [dot] `, "。", "．"))
	case 2:
		v = strings.ReplaceAll(v, "/", `\/`)
	case 3:
		i := w.IntN(len(v))
		v = v[:i] + fmt.Sprintf(`\u%04x`, v[i]) + v[i+1:]
	case 4:
		v += "."
	case 5:
		i := w.IntN(len(v) + 1)
		v = v[:i] + w.pick("\u200b", "\u00ad", "\ufeff") + v[i:]
	}
	before := w.pick("", " ", `"`, "'", "(", "=", "src:", `\n`, `\\t`, `%2F`, "-", "a-", "evil.exe-", "ü", "x=", "http://", "//", "@", "<", "[", ",")
	after := w.pick("", " ", `"`, "'", ")", ",", ";", ":443", "/x", `\n`, "-", "-a", "_", "-setup.exe", ".", "!", "ü", "%2F", ">", "]", "|", "?")
	return before + v + after
}

// line is one record in one of the shapes that logs have.
func (w world) line() string {
	word := func() string {
		if w.IntN(3) == 0 {
			return w.pick("user", "GET", "10:00:00.123", "C:\\\\Windows\\\\cmd.exe", "x.y.z", "a_b-c.d", "3.14", "::", "1-2-3.4")
		}
		return w.dress(w.value())
	}
	switch w.IntN(4) {
	case 0:
		return fmt.Sprintf(`{"a":"%s","b":{"c":["%s","%s"]},"d":1.5}`, word(), word(), word())
	case 1:
		return fmt.Sprintf(`CEF:0|x|y|1.0|100|n|5|src=%s dst=%s request=%s`, word(), word(), word())
	case 2:
		return fmt.Sprintf(`<34>Oct 11 22:14:15 host app[12]: %s -> %s (%s)`, word(), word(), word())
	}
	return fmt.Sprintf(`{"m":"{\"u\":\"%s\",\"v\":\"%s\"}"}`, word(), word())
}

// TestSearchAgainstScan: whatever Scan finds and Lookup knows, Search has named.
func TestSearchAgainstScan(t *testing.T) {
	touched, named, lines := 0, 0, 0
	for seed := range uint64(300) {
		w := world{rand.New(rand.NewPCG(seed, 9))}
		var b match.Builder
		for i := range 5 {
			value := w.value()
			if w.IntN(8) == 0 {
				value = "44d88612fea8a8f36de82e1278abb02f"
			}
			if typ, v, err := indicator.Detect(value); err == nil {
				_ = b.Add(typ, v, uint64(i)) // what is refused is not there
			}
		}
		x := b.Build()
		if x.Unseen() != nil {
			continue
		}
		s := x.Searcher()
		records := make([][]byte, 200)
		for i := range records {
			records[i] = []byte(w.line())
		}
		is := map[int]bool{}
		for _, c := range s.Search(records, nil) {
			is[c.Record] = true
		}
		for i, r := range records {
			lines++
			hit := ""
			match.Scan(r, func(typ indicator.Type, v string) {
				if len(x.Lookup(typ, v, nil)) > 0 {
					hit = v
				}
			})
			if is[i] {
				named++
			}
			if hit == "" {
				continue
			}
			if touched++; !is[i] {
				t.Fatalf("seed %d: %q touches by %s and is not named", seed, r, hit)
			}
		}
	}
	t.Logf("%d of %d lines touch, %d are named", touched, lines, named)
	if touched < 500 || named > lines*9/10 {
		t.Error("the test has lost its bite")
	}
}

// TestForeignLetters: no letter of any script stands for a dot, or for nothing,
// in a name.
func TestForeignLetters(t *testing.T) {
	if testing.Short() {
		t.Skip("tries every character")
	}
	names := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
	var b match.Builder
	if err := b.Add(indicator.Domain, "evil.com", 1); err != nil {
		t.Fatal(err)
	}
	s := b.Build().Searcher()
	for r := rune(0x80); r <= 0x1ffff; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		for _, name := range []string{"evil" + string(r) + "com", "evil.c" + string(r) + "om", "ev" + string(r) + "l.com"} {
			if got, err := names.ToASCII(name); err == nil && got == "evil.com" && s.Search([][]byte{[]byte(name)}, nil) == nil {
				t.Errorf("%q (%U) is evil.com and is not named", name, r)
			}
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{
		`{"a":"http:\/\/evil.com\/x","b":"evil\u002eexample"}`, `1.2.3.4-5 [::1]:80 a@b.com`, `\ud83d\ude00 %3Aevil.example`, `http%3A%2F%2Fa.org%2Fgate.php d41d8cd98f00b204e9800998ecf8427e.exe`, "evil\u2024example [dot] d41d8cd98f00b204e9800998ecf8427e",
		`http://%65vil.example/g%61te%2Ephp http:\\0x01020304\x`, `https:\/\/evil.exampl\u0025\u0036\u0035 ftp://a@16909060:80/%70anel.php?id=1`, `/x/../%67ate.php http://evil。example http://１.2.3.4`,
	} {
		f.Add([]byte(s))
	}
	x := build(f, known)
	s := x.Searcher()
	f.Fuzz(func(t *testing.T, line []byte) {
		named := len(s.Search([][]byte{line}, nil)) > 0
		match.Scan(line, func(typ indicator.Type, v string) {
			if !named && len(x.Lookup(typ, v, nil)) > 0 {
				t.Fatalf("%q touches by %s %s and is not named", line, typ, v)
			}
		})
	})
}

// eveLines are records as Suricata writes them, of which few touch anything.
func eveLines(n int, seed uint64) [][]byte {
	r := rand.New(rand.NewPCG(seed, 3))
	host := func() string {
		return fmt.Sprintf("%s%d.%s%s", []string{"www", "api", "cdn-", "img"}[r.IntN(4)], r.IntN(100), []string{"example", "microsoft", "akamai", "my-site", "cloudfront"}[r.IntN(5)], topLevels[r.IntN(len(topLevels))])
	}
	out := make([][]byte, n)
	for i := range out {
		head := fmt.Sprintf(`{"timestamp":"2024-05-01T10:%02d:%02d.%06d+0000","flow_id":%d,"in_iface":"eth0","event_type":`, r.IntN(60), r.IntN(60), r.IntN(1e6), r.Uint64())
		ends := fmt.Sprintf(`"src_ip":"10.%d.%d.%d","src_port":%d,"dest_ip":"%d.%d.%d.%d","dest_port":443,"proto":"TCP",`, r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(65536), 1+r.IntN(223), r.IntN(256), r.IntN(256), r.IntN(256))
		switch r.IntN(10) {
		case 0, 1, 2, 3:
			out[i] = []byte(head + `"flow",` + ends + fmt.Sprintf(`"app_proto":"tls","flow":{"pkts_toserver":%d,"pkts_toclient":%d,"bytes_toserver":%d,"bytes_toclient":%d,"start":"2024-05-01T09:59:00.123456+0000","end":"2024-05-01T10:00:00.123456+0000","age":60,"state":"closed","reason":"timeout","alerted":false},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"fin":true,"psh":true,"ack":true,"state":"closed"},"community_id":"1:hO+sN4H+MG5MY/8hIrXPqc4ZQz4="}`, r.IntN(1000), r.IntN(1000), r.IntN(1e6), r.IntN(1e6)))
		case 4, 5, 6:
			out[i] = []byte(head + `"dns",` + ends + fmt.Sprintf(`"dns":{"version":2,"type":"answer","id":%d,"flags":"8180","qr":true,"rd":true,"ra":true,"rrname":"%s","rrtype":"A","rcode":"NOERROR","answers":[{"rrname":"%s","rrtype":"CNAME","ttl":300,"rdata":"%s"},{"rrname":"%s","rrtype":"A","ttl":60,"rdata":"93.184.%d.%d"}]}}`, r.IntN(65536), host(), host(), host(), host(), r.IntN(256), r.IntN(256)))
		case 7, 8:
			out[i] = []byte(head + `"tls",` + ends + fmt.Sprintf(`"tls":{"subject":"CN=%s","issuerdn":"C=US, O=Let's Encrypt, CN=R3","serial":"04:1B:8C:9E:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE","fingerprint":"aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd","sni":"%s","version":"TLS 1.3","notbefore":"2024-04-01T00:00:00","notafter":"2024-07-01T00:00:00","ja3":{"hash":"%032x"},"ja3s":{"hash":"%032x"}}}`, host(), host(), r.Uint64(), r.Uint64()))
		default:
			out[i] = []byte(head + `"http",` + ends + fmt.Sprintf(`"tx_id":0,"http":{"hostname":"%s","url":"/a/b/c%d.html?x=1","http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36","http_content_type":"text/html","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":%d}}`, host(), r.IntN(1000), r.IntN(1e6)))
		}
	}
	return out
}

// searchSizes are the sizes of index that benchmarks use: 10 million only when
// VEDETTE_BENCH_LARGE is set.
func searchSizes() []int {
	sizes := []int{10_000, 100_000, 1_000_000}
	if os.Getenv("VEDETTE_BENCH_LARGE") != "" {
		sizes = append(sizes, 10_000_000)
	}
	return sizes
}
