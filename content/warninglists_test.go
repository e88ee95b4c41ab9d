package content_test

import (
	"slices"
	"testing"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/misp"
)

func TestWarningLists(t *testing.T) {
	lists, err := content.WarningLists()
	if err != nil {
		t.Fatal(err)
	}
	set, refused := misp.Compile(lists)
	for _, r := range refused {
		t.Errorf("refused: %+v", r)
	}
	tests := []struct {
		kind  indicator.Type
		value string
		want  misp.Action // "" = on no list
	}{
		{indicator.IPv4, "10.1.2.3", misp.Suppress},
		{indicator.IPv4, "100.64.0.1", misp.Suppress},
		{indicator.IPv4, "127.0.0.1", misp.Suppress},
		{indicator.IPv4, "169.254.169.254", misp.Suppress},
		{indicator.IPv4, "203.0.113.9", misp.Suppress},
		{indicator.IPv4, "224.0.0.251", misp.Suppress},
		{indicator.IPv6, "2001:db8::1", misp.Suppress},
		{indicator.IPv6, "fe80::1", misp.Suppress},
		{indicator.IPv6, "fd00::1", misp.Suppress},
		{indicator.IPv4, "8.8.8.8", misp.Suppress},
		{indicator.IPv4Port, "1.1.1.1:53", misp.Suppress},
		{indicator.URL, "http://8.8.8.8/dns-query", misp.Suppress},
		{indicator.Domain, "dns.google", misp.Suppress},
		{indicator.Domain, "ocsp.digicert.com", misp.Suppress},
		{indicator.URL, "http://crl3.digicert.com/x.crl", misp.Suppress},
		{indicator.Domain, "printer.local", misp.Suppress},
		{indicator.SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", misp.Suppress},
		{indicator.MD5, "44d88612fea8a8f36de82e1278abb02f", misp.Suppress},
		{indicator.Domain, "github.com", misp.Downgrade},
		{indicator.Domain, "someone.github.io", misp.Downgrade},
		{indicator.Domain, "shop.weebly.com", misp.Downgrade},
		{indicator.Domain, "someone.blogspot.com", misp.Downgrade},
		{indicator.Domain, "bucket.s3.amazonaws.com", misp.Downgrade},
		{indicator.Domain, "e1234.a.akamaiedge.net", misp.Downgrade},
		{indicator.Domain, "api.telegram.org", misp.Downgrade},
		{indicator.Domain, "0.de.pool.ntp.org", misp.Downgrade},
		{indicator.Domain, "a.root-servers.net", misp.Downgrade},
		{indicator.IPv4, "193.0.14.129", misp.Downgrade},
		{indicator.Domain, "virustotal.com", misp.Downgrade},
		// What a stranger put on a platform is accused by its own address.
		{indicator.URL, "https://github.com/someone/implant/raw/main/a.exe", ""},
		{indicator.Domain, "notgithub.com", ""},
		{indicator.Domain, "github.com.login.example", ""},
		// Where exercises put their attackers.
		{indicator.IPv4, "198.18.0.1", ""},
		{indicator.IPv4, "198.19.255.254", ""},
		{indicator.Domain, "attacker.example", ""},
		{indicator.Domain, "attacker.test", ""},
	}
	for _, tt := range tests {
		hits := set.Match(tt.kind, tt.value)
		var got misp.Action
		if len(hits) > 0 {
			got = hits[0].Action
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q (%+v)", tt.value, got, tt.want, hits)
		}
	}
}

// TestWarningListsSuppress fixes which lists silence an indicator, since that is
// decided by their names.
func TestWarningListsSuppress(t *testing.T) {
	lists, err := content.WarningLists()
	if err != nil {
		t.Fatal(err)
	}
	suppress := []string{
		"RFC 1918: private addresses", "RFC 6598: addresses behind a carrier's translation", "RFC 5735: special-purpose IPv4 addresses",
		"RFC 5771: multicast addresses", "Link local addresses", "RFC 3849 and others: special-purpose IPv6 addresses", "RFC 6761: special-use names",
		"Public DNS resolvers: addresses", "Public DNS resolvers: names", "CRL and OCSP: where certificates are checked",
		"Empty files and the EICAR test file: hashes",
	}
	for _, l := range lists {
		want := misp.Downgrade
		if slices.Contains(suppress, l.Name) {
			want = misp.Suppress
		}
		if got := l.DefaultAction(); got != want {
			t.Errorf("%s: %s, want %s", l.Name, got, want)
		}
		if l.Description == "" || len(l.MatchingAttributes) == 0 {
			t.Errorf("%s: no description or attributes", l.Name)
		}
		if i := slices.IndexFunc(l.List, func(s string) bool { return s == "" }); i >= 0 {
			t.Errorf("%s: entry %d is empty", l.Name, i)
		}
	}
}
