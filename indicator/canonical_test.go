package indicator_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
)

func TestCanonical(t *testing.T) {
	tests := []struct {
		t    indicator.Type
		raw  string
		want string // a value, or "!reason"
	}{
		{indicator.IPv4, "8.8.8.8", "8.8.8.8"},
		{indicator.IPv4, " 8[.]8[.]8[.]8\u200b", "8.8.8.8"},
		{indicator.IPv4, "8.8.8[.8", "8.8.8.8"},
		{indicator.IPv4, "::ffff:10.1.2.3", "10.1.2.3"},
		{indicator.IPv4, "::ffff:0a01:0203", "10.1.2.3"},
		{indicator.IPv6, "::ffff:10.1.2.3", "!wrong-type"},
		{indicator.IPv4, "010.1.2.3", "!bad-address"},
		{indicator.IPv4, "1.2.3", "!bad-address"},
		{indicator.IPv4, "256.1.1.1", "!bad-address"},
		{indicator.IPv4, "1.2.3.4/24", "1.2.3.0/24"},
		{indicator.IPv4, "1.2.3.4/32", "1.2.3.4"},
		{indicator.IPv4, "1.2.3.4/33", "!bad-address"},
		{indicator.IPv4, "::ffff:1.2.3.4/120", "1.2.3.0/24"},
		{indicator.IPv6, "2001:0DB8:0::1", "2001:db8::1"},
		{indicator.IPv6, "[2001:db8::1]", "2001:db8::1"},
		{indicator.IPv6, "2001[:]db8[:][:]1", "2001:db8::1"},
		{indicator.IPv6, "fe80::1%eth0", "fe80::1"},
		{indicator.IPv6, "2001:db8::1/128", "2001:db8::1"},
		{indicator.IPv6, "2001:db8:1:2::3/32", "2001:db8::/32"},
		{indicator.Domain, "WWW.Example.COM.", "www.example.com"},
		{indicator.Domain, "hxxp", "hxxp"},
		{indicator.Domain, "evil[dot]example[.]com", "evil.example.com"},
		{indicator.Domain, "evil\\.com", "evil.com"},
		{indicator.Domain, "*.evil.com", "evil.com"},
		{indicator.Domain, ".evil.com", "evil.com"},
		{indicator.Domain, "bücher.example", "xn--bcher-kva.example"},
		{indicator.Domain, "BÜCHER.example", "xn--bcher-kva.example"},
		{indicator.Domain, "xn--bcher-kva.example", "xn--bcher-kva.example"},
		{indicator.Domain, "faß.de", "xn--fa-hia.de"},
		{indicator.Domain, "evil。com", "evil.com"},
		{indicator.Domain, "_ldap._tcp.dc._msdcs.corp.example", "_ldap._tcp.dc._msdcs.corp.example"},
		{indicator.Domain, "a..b", "!bad-domain"},
		{indicator.Domain, "a b.com", "!bad-domain"},
		{indicator.Domain, "1.2.3", "!bad-domain"},
		{indicator.Domain, "", "!empty"},
		{indicator.URL, "hxxps://Evil[.]Example:443/A/b?Q=%2f#frag", "https://evil.example/A/b?Q=%2F"},
		{indicator.URL, "http://user:pw@evil.example", "http://evil.example/"},
		{indicator.URL, "http://evil.example:8080?x=1", "http://evil.example:8080/?x=1"},
		{indicator.URL, "HTTP://[2001:DB8::1]:80/x", "http://[2001:db8::1]/x"},
		{indicator.URL, "evil.example/a", "evil.example/a"},
		{indicator.URL, "//evil.example/a", "evil.example/a"},
		{indicator.URL, "1.2.3.4:8080/x", "1.2.3.4:8080/x"},
		{indicator.URL, "/gate.php?id=1", "/gate.php?id=1"},
		{indicator.URL, "http://bücher.example/ü x", "http://xn--bcher-kva.example/%C3%BC%20x"},
		{indicator.URL, "http://evil.example/%7euser/%61%2e%2fb?%5F=%20", "http://evil.example/~user/a.%2Fb?_=%20"},
		{indicator.URL, "http://evil.example/100%/%zz/%%41/%%31", "http://evil.example/100%/%zz/%%41/%%31"},
		{indicator.URL, "http://evil.example/%4%31%%33%34", "http://evil.example/%4%31%%334"},
		{indicator.URL, "http://evil.example/a/./b/../c/..", "http://evil.example/a/"},
		{indicator.URL, "http://evil.example/a/.", "http://evil.example/a/"},
		{indicator.URL, "http://evil.example/../..", "http://evil.example/"},
		{indicator.URL, "http://evil.example/a//../b/.../.c/..d/e../", "http://evil.example/a/b/.../.c/..d/e../"},
		{indicator.URL, "http://evil.example/a?x=/../b", "http://evil.example/a?x=/../b"},
		{indicator.URL, "evil.example/a/%2E%2e/b", "evil.example/b"},
		{indicator.URL, "/a/../gate.php", "/gate.php"},
		{indicator.URL, "/..//evil.example/%61", "/..//evil.example/a"},
		{indicator.URL, "/..", "!bad-url"},
		{indicator.URL, `/a\b?c\d`, `/a/b?c\d`},
		{indicator.URL, `x://evil.example/a\b`, `x://evil.example/a\b`},
		{indicator.URL, `http:\\evil.example\a`, "http://evil.example/a"},
		{indicator.URL, "http://3232235777/", "http://192.168.1.1/"},
		{indicator.URL, "http://0x/", "http://0.0.0.0/"},
		{indicator.URL, "http://127.1:8080/", "http://127.0.0.1:8080/"},
		{indicator.URL, "http://1.2.3.4.5/", "!bad-url"},
		{indicator.URL, "http://256.1.1.1/", "!bad-url"},
		{indicator.URL, "http://99999999999999999999/", "!bad-url"},
		{indicator.URL, "http://08/", "!bad-url"},
		{indicator.URL, "http://0x1.example/", "http://0x1.example/"},
		{indicator.URL, "http://evil%2/", "!bad-url"},
		{indicator.URL, "http://a%5B::1]/", "!bad-url"},
		{indicator.URL, "3232235777/x", "!bad-url"},
		{indicator.URL, "/", "!bad-url"},
		{indicator.URL, "http://", "!bad-url"},
		{indicator.URL, "http://evil.example:99999/", "!bad-url"},
		{indicator.Email, "MailTo:Bad.Guy@Evil[.]example", "bad.guy@evil.example"},
		{indicator.Email, "bad[at]evil[dot]example", "bad@evil.example"},
		{indicator.Email, "a@b@c.example", "!bad-email"},
		{indicator.MD5, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"},
		{indicator.MD5, "d41d8cd98f00b204e9800998ecf8427", "!bad-hash"},
		{indicator.MD5, "g41d8cd98f00b204e9800998ecf8427e", "!bad-hash"},
		{indicator.SHA1, "sha1:DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{indicator.CertSHA1, "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{indicator.JA3, "E7D705A3286E19EA42F587B344EE6865", "e7d705a3286e19ea42f587b344ee6865"},
		{indicator.JA4, "t13d1516h2_8daaf6152771_b186095e22b6", "t13d1516h2_8daaf6152771_b186095e22b6"},
		{indicator.JA4, "x13d1516h2_8daaf6152771_b186095e22b6", "!bad-fingerprint"},
		{indicator.ASN, "asn0123", "AS123"},
		{indicator.ASN, "123", "AS123"},
		{indicator.ASN, "AS0", "!bad-asn"},
		{indicator.MAC, "00-11-22-AA-BB-CC", "00:11:22:aa:bb:cc"},
		{indicator.MAC, "0011.22aa.bbcc", "00:11:22:aa:bb:cc"},
		{indicator.Vulnerability, "cve-2024-12345", "CVE-2024-12345"},
		{indicator.Vulnerability, "CVE-24-1", "!bad-cve"},
		{indicator.RegistryKey, `HKEY_LOCAL_MACHINE\Software\Run\`, `HKLM\software\run`},
		{indicator.RegistryKey, `\REGISTRY\MACHINE\Software\Run`, `HKLM\software\run`},
		{indicator.RegistryKey, `HKLM:\Software\Run`, `HKLM\software\run`},
		{indicator.RegistryKey, "nonsense", "!bad-registry-key"},
		{indicator.FileName, ` "Evil.EXE" `, "evil.exe"},
		{indicator.Mutex, ` Global\Mtx[.]1 `, `Global\Mtx[.]1`},
		{indicator.UserAgent, "Mozilla/5.0 (X)", "Mozilla/5.0 (X)"},
		{indicator.UserAgent, "a\x00b", "!bad-text"},
		{indicator.IPv4Port, "1.2.3.4:080", "1.2.3.4:80"},
		{indicator.IPv4Port, "1.2.3.4|443", "1.2.3.4:443"},
		{indicator.IPv4Port, "1.2.3.4:0", "!bad-port"},
		{indicator.IPv6Port, "[2001:DB8::1]:443", "[2001:db8::1]:443"},
		{indicator.DomainPort, "Example.com.:443", "example.com:443"},
		{"nonsense", "x", "!unknown-type"},
	}
	for _, tt := range tests {
		got, err := indicator.Canonical(tt.t, tt.raw)
		if err != nil {
			got = "!" + indicator.Reason(err)
		}
		if got != tt.want {
			t.Errorf("Canonical(%s, %q) = %q, want %q", tt.t, tt.raw, got, tt.want)
		}
	}
}

func TestDetect(t *testing.T) {
	type result struct {
		Type  indicator.Type
		Value string
	}
	tests := []struct {
		raw  string
		want result
	}{
		{"8.8.8.8", result{indicator.IPv4, "8.8.8.8"}},
		{"010.1.2.3", result{"", "bad-address"}},
		{"10.0.0.0/8", result{indicator.IPv4, "10.0.0.0/8"}},
		{"2001:DB8::/32", result{indicator.IPv6, "2001:db8::/32"}},
		{"::ffff:10.1.2.3", result{indicator.IPv4, "10.1.2.3"}},
		{"1.2.3.4:8080", result{indicator.IPv4Port, "1.2.3.4:8080"}},
		{"1.2.3.4:8080/x", result{indicator.URL, "1.2.3.4:8080/x"}},
		{"1.2.3.4/x", result{indicator.URL, "1.2.3.4/x"}},
		{"[2001:db8::1]:443", result{indicator.IPv6Port, "[2001:db8::1]:443"}},
		{"example.com:443", result{indicator.DomainPort, "example.com:443"}},
		{"example.com|443", result{indicator.DomainPort, "example.com:443"}},
		{"hxxp://evil[.]com", result{indicator.URL, "http://evil.com/"}},
		{`http:\\evil.com\a`, result{indicator.URL, "http://evil.com/a"}},
		{"http://3232235777", result{indicator.URL, "http://192.168.1.1/"}},
		{"3232235777", result{"", "unknown-type"}},
		{"evil.com/a/b", result{indicator.URL, "evil.com/a/b"}},
		{"/gate.php", result{indicator.URL, "/gate.php"}},
		{"a@b.example", result{indicator.Email, "a@b.example"}},
		{"d41d8cd98f00b204e9800998ecf8427e", result{indicator.MD5, "d41d8cd98f00b204e9800998ecf8427e"}},
		{"CVE-2024-3094", result{indicator.Vulnerability, "CVE-2024-3094"}},
		{"AS64500", result{indicator.ASN, "AS64500"}},
		{"64500", result{"", "unknown-type"}},
		{"00:11:22:33:44:55", result{indicator.MAC, "00:11:22:33:44:55"}},
		{`HKEY_CURRENT_USER\Software\X`, result{indicator.RegistryKey, `HKCU\software\x`}},
		{"evil.example", result{indicator.Domain, "evil.example"}},
		{"svchost.exe", result{indicator.FileName, "svchost.exe"}},
		{"archive.zip", result{indicator.Domain, "archive.zip"}},
		{"two words", result{"", "unknown-type"}},
		{"word", result{"", "unknown-type"}},
		{"  ", result{"", "empty"}},
	}
	for _, tt := range tests {
		typ, v, err := indicator.Detect(tt.raw)
		got := result{typ, v}
		if err != nil {
			got.Value = indicator.Reason(err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("Detect(%q) (-want +got):\n%s", tt.raw, d)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		t           indicator.Type
		value, want string
	}{
		{indicator.Domain, "com", "public-suffix"},
		{indicator.Domain, "co.uk", "public-suffix"},
		{indicator.Domain, "github.io", "public-suffix"},
		{indicator.Domain, "evil.github.io", ""},
		{indicator.Domain, "example.com", ""},
		{indicator.DomainPort, "co.uk:443", "public-suffix"},
		{indicator.URL, "https://github.io/", ""},
		{indicator.URL, "com/x", "public-suffix"},
		{indicator.URL, "/x.php", ""},
		{indicator.IPv4, "0.0.0.0/0", "too-wide"},
		{indicator.IPv4, "10.0.0.0/8", ""},
		{indicator.IPv6, "2000::/3", "too-wide"},
		{indicator.IPv6, "2001:db8::/32", ""},
	} {
		if got := indicator.Reason(indicator.Check(tt.t, tt.value)); got != tt.want {
			t.Errorf("Check(%s, %q) = %q, want %q", tt.t, tt.value, got, tt.want)
		}
	}
}

func TestHostOf(t *testing.T) {
	for _, tt := range []struct {
		t           indicator.Type
		value, want string
	}{
		{indicator.URL, "http://evil.example:8080/a/b", "domain-name evil.example"},
		{indicator.URL, "evil.example/a", "domain-name evil.example"},
		{indicator.URL, "https://[2001:db8::1]:8443/", "ipv6-addr 2001:db8::1"},
		{indicator.URL, "http://1.2.3.4/", "ipv4-addr 1.2.3.4"},
		{indicator.URL, "/gate.php", " "},
		{indicator.Email, "a@b.example", "domain-name b.example"},
		{indicator.IPv6Port, "[2001:db8::1]:443", "ipv6-addr 2001:db8::1"},
		{indicator.DomainPort, "b.example:443", "domain-name b.example"},
		{indicator.MD5, "d41d8cd98f00b204e9800998ecf8427e", " "},
	} {
		h, v, _ := indicator.HostOf(tt.t, tt.value)
		if got := string(h) + " " + v; got != tt.want {
			t.Errorf("HostOf(%s, %q) = %q, want %q", tt.t, tt.value, got, tt.want)
		}
	}
}

func TestDefangIsUndone(t *testing.T) {
	for _, v := range []string{"http://evil.example/a.b", "https://1.2.3.4:8080/", "evil.example", "a@b.example", "2001:db8::1", "1.2.3.0/24"} {
		d := indicator.Defang(v)
		if d == v {
			t.Errorf("Defang(%q) left it as it is", v)
		}
		if got := indicator.Refang(d); got != v {
			t.Errorf("Refang(Defang(%q) = %q) = %q", v, d, got)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{
		"8.8.8.8", "hxxp://a[.]b/%%3a#'", "[[.]]a", "a@b.example", "bücher.example", "::ffff:1.2.3.4/96",
		"evil.com:443/x", `HKLM\\a`, "xn--a.com", "1.2.3.4|80", "'\"a.b,;#", "sha1:sha1:da", "/\u200b#",
		"http://%65vil。com/%7e/../%2e/%%34%31", `http:\\\a@0x7f.1\b?c\d`, "/..//%2e%2e\\a", "ftp://030052000401.:21/./",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, typ := range indicator.Types {
			v, err := indicator.Canonical(typ, raw)
			if err != nil {
				if indicator.Reason(err) == indicator.ReasonOther {
					t.Fatalf("Canonical(%s, %q): untyped error %v", typ, raw, err)
				}
				continue
			}
			again, err := indicator.Canonical(typ, v)
			if err != nil || again != v {
				t.Fatalf("Canonical(%s, %q) = %q, again %q, %v", typ, raw, v, again, err)
			}
			indicator.HostOf(typ, v)
			_ = indicator.Check(typ, v)
		}
		if typ, v, err := indicator.Detect(raw); err == nil {
			if again, err := indicator.Canonical(typ, v); err != nil || again != v {
				t.Fatalf("Detect(%q) = %s %q, Canonical of it %q, %v", raw, typ, v, again, err)
			}
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	values := []string{
		"8.8.8.8", "evil.example.com", "hxxp://evil[.]example/a/b?c=d", "d41d8cd98f00b204e9800998ecf8427e",
		"1.2.3.4:8080", "http://evil.example/a/b/c.php", "a@evil.example", "sub.domain.evil.example",
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _, _ = indicator.Detect(values[i%len(values)])
	}
}
