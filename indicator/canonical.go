package indicator

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Canonical brings a value of a known type into its one spelling.
func Canonical(t Type, raw string) (string, error) {
	raw = strings.TrimSpace(raw)
	bad := fmt.Errorf("%.80q is not of type %s", raw, t)
	switch t {
	case IPv4, IPv6:
		a, err := netip.ParseAddr(raw)
		a = a.Unmap().WithZone("")
		if err != nil || a.Is4() != (t == IPv4) {
			return "", bad
		}
		return a.String(), nil
	case IPv4Port, IPv6Port:
		a, err := netip.ParseAddrPort(raw)
		if err != nil || a.Addr().Is4() != (t == IPv4Port) {
			return "", bad
		}
		return a.String(), nil
	case Domain:
		d := strings.ToLower(strings.TrimSuffix(raw, "."))
		if !strings.Contains(d, ".") || strings.ContainsAny(d, " /:@\\\"'()[]{}<>=,;%&?#*+|$!~^`") || len(d) > 253 {
			return "", bad
		}
		if _, err := netip.ParseAddr(d); err == nil {
			return "", bad
		}
		return d, nil
	case URL:
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Scheme == "" {
			return "", bad
		}
		u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
		return u.String(), nil
	case Email:
		user, host, ok := strings.Cut(strings.Trim(raw, "<>"), "@")
		if !ok || user == "" || !strings.Contains(host, ".") || strings.ContainsAny(host, " @<>") {
			return "", bad
		}
		return user + "@" + strings.ToLower(host), nil
	case MD5, SHA1, SHA256, SHA512, CertSHA1, CertSHA256, JA3:
		h := strings.ToLower(strings.ReplaceAll(raw, ":", ""))
		want := map[Type]int{MD5: 32, JA3: 32, SHA1: 40, CertSHA1: 40, SHA256: 64, CertSHA256: 64, SHA512: 128}[t]
		if _, err := hex.DecodeString(h); err != nil || len(h) != want {
			return "", bad
		}
		return h, nil
	}
	if raw == "" {
		return "", bad
	}
	return raw, nil
}

// Detect finds the type of a value and its canonical spelling.
func Detect(raw string) (Type, string, error) {
	for _, t := range []Type{IPv4, IPv6, IPv4Port, URL, Email, SHA256, SHA1, MD5, Domain} {
		if v, err := Canonical(t, raw); err == nil {
			return t, v, nil
		}
	}
	return "", "", fmt.Errorf("%.80q is no indicator", raw)
}
