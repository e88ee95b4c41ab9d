package match_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

func TestScan(t *testing.T) {
	tests := []struct {
		line string
		want []string
	}{
		{`from 1.2.3.4 to 11.2.3.45`, []string{"1.2.3.4", "11.2.3.45"}},
		{`version 1.2.3 and 1.2.3.4.5 and 300.1.1.1`, nil},
		{`Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36`, nil},
		{`permitted tcp inside/10.1.1.1(1024) -> outside/2.2.2.2(80)`, []string{"10.1.1.1", "2.2.2.2"}},
		{`from outside:1.2.3.4/443 to inside:10.0.0.1/24 in 10.0.0.0/8.`, []string{"1.2.3.4:443", "10.0.0.1", "10.0.0.0/8"}},
		{`1.2.3.4:8080, [2001:DB8::1]:443; ::ffff:1.2.3.4 at 12:34:56 00:11:22:33:44:55`, []string{"1.2.3.4:8080", "2001:db8::1", "1.2.3.4"}},
		{`std::vector<int> a::b`, []string{"a::b"}},
		{`{"dest_ip":"1.2.3.4","tls":{"sni":"Evil.Example.COM."}}`, []string{"1.2.3.4", "evil.example.com"}},
		{`{"url":"http:\/\/evil.com\/a\/b?x=1","h":"evil\u002ecom"}`, []string{"http://evil.com/a/b?x=1", "evil.com"}},
		{`{"m":"line\nevil.com\tevil.net"}`, []string{"evil.com", "evil.net"}},
		{`{"m":"{\"u\":\"http:\\\/\\\/evil.com\\\/x\"}"}`, []string{"http://evil.com/x"}},
		{`C:\new.com\temp 10.0.0.1`, []string{"new.com", "10.0.0.1"}},
		{`host.name=srv1.evil.com user.id=7`, []string{"srv1.evil.com"}},
		{`{"host.name":"a.evil.com","process.name": "x"}`, []string{"a.evil.com"}},
		{`svchost.exe kernel32.dll report.pdf`, nil},
		{`run.sh setup.py backup.zip ./x.pl /opt/a.b.sh`, nil},
		{`query=run.sh "hostname":"evil.zip" www.evil.zip:443 see a.evil.pl`, []string{"run.sh", "evil.zip", "www.evil.zip:443", "a.evil.pl"}},
		{`see http://evil.com/a_(b). And (https://evil.net), <http://x.com>`, []string{"http://evil.com/a_(b", "https://evil.net/", "http://x.com/"}},
		{`GET evil.com/a/b.php?x=1 200`, []string{"evil.com/a/b.php?x=1"}},
		{`/var/www/evil.com/index.html`, []string{"evil.com"}},
		{`http://a.com/?u=http://evil.com/x`, []string{"http://a.com/?u=http://evil.com/x", "http://evil.com/x"}},
		{`http://a.com/?u=http://b.com/?v=http://evil.com/x`, []string{"http://a.com/?u=http://b.com/?v=http://evil.com/x", "http://b.com/?v=http://evil.com/x", "http://evil.com/x"}},
		{`u=http%3A%2F%2Fevil.com%2Fx`, []string{"http://evil.com/x"}},
		{`GET /r?u=HTTPS%3a%2f%2fEvil.com%3A8443%2Fx%3Fa%3Db&v=evil.net HTTP/1.1`, []string{"https://evil.com:8443/x?a=b", "evil.net"}},
		{`https://a.com/?url=https%3A%2F%2Fevil.com%2Fx&data=http%3A%2F%2Fevil.net`, []string{"https://a.com/?url=https%3A%2F%2Fevil.com%2Fx&data=http%3A%2F%2Fevil.net", "https://evil.com/x", "http://evil.net/"}},
		{`https://www.google.com/url?q=https://evil.com/q?a=b&sa=D`, []string{"https://www.google.com/url?q=https://evil.com/q?a=b&sa=D", "https://evil.com/q?a=b&sa=D", "https://evil.com/q?a=b"}},
		{`https://urldefense.com/v3/__https://evil.com/x*y**Az__;JSE_!!a!b$ https://urldefense.com/v3/__http:/evil.net__;!!a`, []string{"https://urldefense.com/v3/__https://evil.com/x*y**Az__;JSE_!!a!b$", "https://evil.com/x%y!?z", "https://urldefense.com/v3/__http:/evil.net__;!!a", "http://evil.net/"}},
		{`https://urldefense.proofpoint.com/v2/url?u=https-3A__evil-2Dx.com_x-5Fy-3Fa-3Db&d=c GET /v2/url?u=http-3a__1.2.3.4&d=c`, []string{"https://urldefense.proofpoint.com/v2/url?u=https-3A__evil-2Dx.com_x-5Fy-3Fa-3Db&d=c", "https://evil-x.com/x_y?a=b", "http://1.2.3.4/"}},
		{`https://a.com/?u=https%253A%252F%252Fevil.com%252Fx%252Fy&d=1 u=http%25253a%25252f%25252Fevil.net`, []string{"https://a.com/?u=https%253A%252F%252Fevil.com%252Fx%252Fy&d=1", "https://evil.com/x/y", "http://evil.net/"}},
		{`https://protect-us.mimecast.com/s/Ab?domain=evil.com https://eu-west-1.protection.sophos.com?d=evil.net&u=aHR0`, []string{"https://protect-us.mimecast.com/s/Ab?domain=evil.com", "evil.com", "https://eu-west-1.protection.sophos.com/?d=evil.net&u=aHR0", "evil.net"}},
		{`x%252Fevil.com`, []string{"evil.com"}},
		{`http%3A%2F%2Fevil%2Ecom%2Fx http%3A%2F%2F%65vil.com http%3A%2F%2F user%3A%2F%2F`, []string{"vil.com"}},
		{`/malware/44d88612fea8a8f36de82e1278abb02f.exe 44D88612FEA8A8F36DE82E1278ABB02F_sample sample-44d88612fea8a8f36de82e1278abb02f.zip`, []string{"44d88612fea8a8f36de82e1278abb02f", "44d88612fea8a8f36de82e1278abb02f", "44d88612fea8a8f36de82e1278abb02f"}},
		{`http://a.com/get/44d88612fea8a8f36de82e1278abb02f.exe?x=1`, []string{"http://a.com/get/44d88612fea8a8f36de82e1278abb02f.exe?x=1", "44d88612fea8a8f36de82e1278abb02f"}},
		{`a44d88612fea8a8f36de82e1278abb02f.exe 12345678901234567890123456789012.exe`, nil},
		{`mail from <Bad.Guy+1@evil.com>`, []string{"bad.guy+1@evil.com"}},
		{`Hashes=MD5=D41D8CD98F00B204E9800998ECF8427E,SHA1=da39a3ee5e6b4b0d3255bfef95601890afd80709`, []string{"d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709"}},
		{`id=12345678901234567890123456789012 d41d8cd98f00b204e9800998ecf8427ea`, nil},
		{`访问evil.com网站 “evil.net” bücher.com`, []string{"evil.com", "evil.net", "xn--bcher-kva.com"}},
		{`_dmarc.evil.com -evil.com evil.com:443`, []string{"_dmarc.evil.com", "evil.com", "evil.com:443"}},
		{`ip-10-0-0-1.internal 1.2.3.4-1.2.3.9`, []string{"1.2.3.4", "1.2.3.9"}},
		{`ftp://u:p@evil.com:2121/x`, []string{"ftp://evil.com:2121/x"}},
		{`UDP Rcv 10.0.0.5 0002 Q [0001 D NOERROR] A (3)www(4)evil(3)com(0)`, []string{"www.evil.com", "10.0.0.5"}},
		{`"[C00C](4)evil(3)net(0)" (4)evil(5)local(0) (4)evil(3)com (4)evil(3)zip(0)`, []string{"evil.net", "evil.zip"}},
		{`{"m":"A \u0028(4)Evil(3)COM(0) f(1)a(0)"}`, []string{"evil.com"}},
		{`a#011evil.com#015#01210.0.0.5#011http://evil.net/x#011 #099.evil.com`, []string{"evil.com", "10.0.0.5", "http://evil.net/x", "099.evil.com"}},
		{`a#0112001:db8::1#011d41d8cd98f00b204e9800998ecf8427e`, []string{"2001:db8::1", "d41d8cd98f00b204e9800998ecf8427e"}},
		{`http:\\evil.com\a\..\b, C:\\evil.net\x srv.evil.com:\\y`, []string{"http://evil.com/a../b", "evil.net", "srv.evil.com"}},
		{`{"p":"C:\\\\evil.net","u":"HTTPS:\\\\evil.com\\a"}`, []string{"evil.net", "https://evil.com/a"}},
		{`http://3232235777/ 3232235777 //3232235777/ x://3232235777/ http%3A%2F%2F3232235777%2F`, []string{"http://192.168.1.1/"}},
		{`u=https-3A__3232235777_x evil.com u=https-3A__evil-252Ecom_x`, []string{"evil.com"}},
		{``, nil},
	}
	for _, tt := range tests {
		var got []string
		match.Scan([]byte(tt.line), func(_ indicator.Type, v string) { got = append(got, v) })
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.line, d)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{
		`{"a":"http:\/\/evil.com\/x","b":"evil\u002ecom"}`, `u=http://a.com/?x=http://b.com`, `1.2.3.4/24 [::1]:80 a@b.com`, `\ud83d\ude00 %3Aevil.com`, `访问evil.com`,
		`http:\\evil.com\a\..\b http://0x7f.1/%2e%2e/%61`, `http://%65vil%2ecom/?u=http://3232235777/ http%3A%2F%2F127.1%2F`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		before := string(line)
		match.Scan(line, func(typ indicator.Type, v string) {
			if c, err := indicator.Canonical(typ, v); err != nil || c != v {
				t.Fatalf("%q: emitted %s %q, canonical %q, %v", line, typ, v, c, err)
			}
		})
		if string(line) != before {
			t.Fatal("the line was changed")
		}
	})
}

func BenchmarkScan(b *testing.B) {
	line := []byte(`{"timestamp":"2024-05-01T10:00:00.123456+0000","flow_id":1234567890123456,"event_type":"tls","src_ip":"10.1.2.3","src_port":51234,"dest_ip":"93.184.216.34","dest_port":443,"proto":"TCP","tls":{"subject":"CN=www.example.com","issuerdn":"C=US, O=Example, CN=Example CA","serial":"0A:1B","fingerprint":"aa:bb:cc","sni":"www.example.com","version":"TLS 1.3"},"community_id":"1:` + strings.Repeat("x", 27) + `="}`)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		match.Scan(line, func(indicator.Type, string) {})
	}
}

// TestScanHostile: what looks like a URL again and again and is none is not read to its
// end each time. Quadratic, each of these took minutes.
func TestScanHostile(t *testing.T) {
	for _, unit := range []string{"=http://a&", "http-3a___", "https://x.com/v3/__https://", "http%253a%252f%252f", "x://", "-3a__http-3a__-", "a-", "(1)a", "(63)", "(2)ab(0)"} {
		for _, word := range []int{4000, 1_000_000} {
			line := strings.Repeat(strings.Repeat(unit, word/len(unit))+" ", 1_000_000/word)
			found := false
			match.Scan([]byte(line+"http://evil.com/x"), func(_ indicator.Type, value string) { found = found || value == "http://evil.com/x" })
			if !found {
				t.Errorf("%s, in words of %d: the URL at the end is not found", unit, word)
			}
		}
	}
}
