package intel

import (
	"bufio"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// newRPZ begins a response policy zone: a name is answered as if it did not exist,
// as are all below it, and answers with a listed address are too. The origin and
// the serial (seconds since 1970) are the zone's own; the resolver gives it a name.
// Source: Internet-Draft draft-vixie-dnsop-dns-rpz-00.
func newRPZ(w *bufio.Writer, now time.Time) *lines {
	_, _ = fmt.Fprintf(w, "$TTL 60\n@ SOA localhost. root.localhost. %d 60 60 432000 60\n@ NS localhost.\n", uint32(now.Unix())) // a failure comes back from Flush
	return &lines{w: w, line: policy}
}

// policy is the records of one indicator.
func policy(i indicator.Indicator) (line, dropped string) {
	switch i.Type {
	case indicator.Domain:
		name, ok := zoneName(i.Value)
		if !ok {
			return "", "unwritable"
		}
		return name + " CNAME .\n*." + name + " CNAME .", ""
	case indicator.IPv4, indicator.IPv6:
		p, err := netip.ParsePrefix(i.Value)
		if err != nil {
			a, err := netip.ParseAddr(i.Value)
			if err != nil {
				return "", "unwritable"
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		return policyAddress(p.Masked()) + ".rpz-ip CNAME .", ""
	}
	return "", "type"
}

// policyAddress writes the length of a prefix, then its parts from the last to the
// first; in an IPv6 address the longest run of zeros is "zz".
func policyAddress(p netip.Prefix) string {
	sep := "."
	text := p.Addr().String()
	if p.Addr().Is6() {
		sep = ":"
		text = strings.ReplaceAll(text, "::", ":zz:")
		text = strings.TrimSuffix(strings.TrimPrefix(text, ":"), ":")
	}
	parts := strings.Split(text, sep)
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strconv.Itoa(p.Bits()) + "." + strings.Join(parts, ".")
}

// zoneName is a name as it stands in a zone file, relative to the zone; ok is false
// when the zone would make it too long or it has characters that mean something there.
func zoneName(s string) (string, bool) {
	const room = 64 // for the zone's own name
	if s == "" || len(s) > 253-room || strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"();\@$*`, r)
	}) {
		return "", false
	}
	return s, true
}
