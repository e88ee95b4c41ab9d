package match_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// TestSearchAddresses: whatever way an address comes into the index, a record with
// it is named, from the first to the last address of a network, also after the
// index went through a file.
func TestSearchAddresses(t *testing.T) {
	for _, tt := range []struct {
		value
		named, not []string
	}{
		{value{indicator.IPv4, "203.0.113.9"}, []string{"203.0.113.9"}, []string{"203.0.113.8", "10.0.0.1"}},
		{value{indicator.IPv4, "11.0.0.0/8"}, []string{"11.0.0.0", "11.255.255.255", "11.127.3.4"}, []string{"10.255.255.255", "12.0.0.0"}},
		{value{indicator.IPv4, "20.16.0.0/13"}, []string{"20.16.0.0", "20.23.255.255"}, []string{"20.15.255.255", "20.24.0.0"}},
		{value{indicator.IPv4, "255.255.255.254/31"}, []string{"255.255.255.255"}, []string{"255.255.255.253"}},
		{value{indicator.URL, "http://198.51.100.7/a"}, []string{"198.51.100.7"}, []string{"198.51.100.8"}},
		{value{indicator.URL, "http://1.2.3/a"}, nil, []string{"1.2.3.4"}},
		{value{indicator.IPv4Port, "198.51.100.7:81"}, []string{"198.51.100.7"}, []string{"198.52.100.7"}},
	} {
		t.Run(tt.value.Value, func(t *testing.T) {
			var b match.Builder
			if err := b.Add(tt.value.Type, tt.value.Value, 1); err != nil {
				t.Fatal(err)
			}
			opened, err := match.Open(saved(t, b.Build()))
			if err != nil {
				t.Fatal(err)
			}
			s := opened.Searcher()
			for i, address := range append(tt.named, tt.not...) {
				line := fmt.Appendf(nil, `{"src_ip":"10.1.2.3","dest_ip":"%s"}`, address)
				if got, want := len(s.Search([][]byte{line}, nil)) > 0, i < len(tt.named); got != want {
					t.Errorf("%s: named %v, want %v", address, got, want)
				}
			}
		})
	}
}

// TestSearchNetworks compares with net/netip on networks of every length.
func TestSearchNetworks(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	address := func() netip.Addr {
		return netip.AddrFrom4([4]byte{byte(1 + r.IntN(223)), byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))})
	}
	for range 300 {
		p := netip.PrefixFrom(address(), 8+r.IntN(24)).Masked()
		var b match.Builder
		if err := b.Add(indicator.IPv4, p.String(), 1); err != nil {
			t.Fatal(err)
		}
		s := b.Build().Searcher()
		for range 50 {
			a := address()
			if r.IntN(2) == 0 { // near the network
				raw := a.As4()
				first := p.Addr().As4()
				copy(raw[:1+r.IntN(4)], first[:])
				a = netip.AddrFrom4(raw)
			}
			if got := len(s.Search([][]byte{[]byte("from " + a.String())}, nil)) > 0; p.Contains(a) && !got {
				t.Fatalf("%s in %s is not named", a, p)
			}
		}
	}
}

// TestMapped compares with a search for the sign itself.
func TestMapped(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	sign := regexp.MustCompile("(?i):ffff:")
	for range 200_000 {
		line := make([]byte, r.IntN(200))
		for i := range line {
			line[i] = "ffffFFFF:::0.a\x80"[r.IntN(15)]
		}
		if r.IntN(4) > 0 { // one run only
			for i := range line {
				line[i] = '0'
			}
			copy(line[r.IntN(len(line)+1):], ":xfFff:"[r.IntN(3):])
		}
		if got := match.Mapped(line); got != sign.Match(line) {
			t.Fatalf("%q: seen %v", line, got)
		}
	}
}
