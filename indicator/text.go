package indicator

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// hexLengths are the digits of each type that is plain hexadecimal.
var hexLengths = map[Type]int{
	MD5: 32, SHA1: 40, SHA256: 64, SHA512: 128, CertSHA1: 40, CertSHA256: 64, JA3: 32,
}

// canonicalHex: lower case, of the length of its type, a leading "sha256:" or
// the like gone; colons and spaces between the bytes of a fingerprint go too.
func canonicalHex(t Type, s string) (string, error) {
	raw := s
	for _, p := range []string{"md5:", "sha1:", "sha256:", "sha512:", "sha-1:", "sha-256:", "sha-512:"} {
		if len(s) > len(p) && strings.EqualFold(s[:len(p)], p) {
			s = strings.TrimSpace(s[len(p):])
		}
	}
	if t == CertSHA1 || t == CertSHA256 {
		s = between.Replace(s)
	}
	reason := ReasonHash
	if t == JA3 {
		reason = ReasonFingerprint
	}
	if len(s) != hexLengths[t] || !allHex(s) {
		return "", refuse(reason, raw)
	}
	return strings.ToLower(s), nil
}

func allHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isHex(s[i]) {
			return false
		}
	}
	return s != ""
}

// canonicalJA4: a_b_c of the TLS client fingerprint: protocol, version, SNI,
// counts and ALPN in ten characters, then twice twelve hexadecimal digits.
func canonicalJA4(s string) (string, error) {
	l := strings.ToLower(s)
	if len(l) != 36 || l[10] != '_' || l[23] != '_' || !allHex(l[11:23]) || !allHex(l[24:]) {
		return "", refuse(ReasonFingerprint, s)
	}
	a := l[:10]
	if strings.IndexByte("tqd", a[0]) < 0 || strings.IndexByte("di", a[3]) < 0 {
		return "", refuse(ReasonFingerprint, s)
	}
	for i := 1; i < len(a); i++ {
		counts := i >= 4 && i < 8
		if counts && !isDigit(a[i]) || !counts && !isDigit(a[i]) && !isLetter(a[i]) {
			return "", refuse(ReasonFingerprint, s)
		}
	}
	return l, nil
}

// canonicalEmail: all lower case and the host canonical. Two mailboxes that
// differ in case are in practice one.
func canonicalEmail(s string) (string, error) {
	raw := s
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	i := strings.LastIndexByte(s, '@')
	if i <= 0 || i > 64*utf8.UTFMax || !utf8.ValidString(s) {
		return "", refuse(ReasonEmail, raw)
	}
	local := strings.ToLower(s[:i])
	for _, r := range local {
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("@<>,;\"'`:/\\", r) {
			return "", refuse(ReasonEmail, raw)
		}
	}
	host, err := canonicalDomain(s[i+1:])
	if err != nil {
		return "", refuse(ReasonEmail, raw)
	}
	return local + "@" + host, nil
}

// between is what stands between the bytes of a fingerprint, grouping between those of a
// MAC address.
var (
	between  = strings.NewReplacer(":", "", " ", "")
	grouping = strings.NewReplacer(":", "", "-", "", ".", "")
)

// canonicalMAC: six bytes as aa:bb:cc:dd:ee:ff, from colons, hyphens, Cisco's
// dots or plain digits.
func canonicalMAC(s string) (string, error) {
	h := strings.ToLower(grouping.Replace(s))
	if len(h) != 12 || !allHex(h) || len(s) > 17 {
		return "", refuse(ReasonMAC, s)
	}
	return h[:2] + ":" + h[2:4] + ":" + h[4:6] + ":" + h[6:8] + ":" + h[8:10] + ":" + h[10:], nil
}

// canonicalASN: "AS" and the number, from "AS123", "ASN123" or "123".
func canonicalASN(s string) (string, error) {
	d := strings.ToUpper(s)
	d = strings.TrimPrefix(d, "AS")
	d = strings.TrimPrefix(d, "N")
	d = strings.TrimLeft(strings.TrimSpace(d), "0")
	if n, ok := decimal(d, 1<<32-1); !ok || n == 0 {
		return "", refuse(ReasonASN, s)
	}
	return "AS" + d, nil
}

// canonicalCVE: upper case, four digits of a year, at least four of a number.
func canonicalCVE(s string) (string, error) {
	u := strings.ToUpper(s)
	if len(u) < 13 || len(u) > 20 || u[:4] != "CVE-" || u[8] != '-' || !allDigits(u[4:8]) || !allDigits(u[9:]) {
		return "", refuse(ReasonCVE, s)
	}
	return u, nil
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

var registryRoots = []struct{ long, short string }{
	{"hkey_local_machine", "HKLM"},
	{"hkey_current_user", "HKCU"},
	{"hkey_classes_root", "HKCR"},
	{"hkey_users", "HKU"},
	{"hkey_current_config", "HKCC"},
	{`\registry\machine`, "HKLM"},
	{`\registry\user`, "HKU"},
	{"hklm", "HKLM"},
	{"hkcu", "HKCU"},
	{"hkcr", "HKCR"},
	{"hku", "HKU"},
	{"hkcc", "HKCC"},
}

// canonicalRegistryKey: the short name of the root (HKLM for HKEY_LOCAL_MACHINE
// and for the kernel's \REGISTRY\MACHINE), the rest in lower case since keys
// have none, no closing backslash. A key under no known root keeps its start.
func canonicalRegistryKey(s string) (string, error) {
	l := strings.ToLower(strings.ReplaceAll(s, "/", `\`))
	l = strings.TrimPrefix(l, `computer\`)
	l = strings.TrimRight(l, `\`+quotes)
	for strings.Contains(l, `\\`) {
		l = strings.ReplaceAll(l, `\\`, `\`)
	}
	for _, r := range registryRoots {
		rest, ok := strings.CutPrefix(l, r.long)
		if !ok {
			continue
		}
		rest = strings.TrimPrefix(rest, ":")
		if rest == "" || rest[0] == '\\' {
			return r.short + rest, nil
		}
	}
	if l == "" || strings.IndexByte(l, '\\') < 0 {
		return "", refuse(ReasonRegistryKey, s)
	}
	return l, nil
}

// canonicalText: trimmed only; control characters are refused. Names of files
// and accounts are compared without case, so they are kept in lower case.
func canonicalText(t Type, s string) (string, error) {
	if !utf8.ValidString(s) || strings.IndexFunc(s, control) >= 0 {
		return "", refuse(ReasonText, s)
	}
	if t == FileName || t == UserAccount {
		s = strings.ToLower(s)
	}
	return s, nil
}

func control(r rune) bool { return r != '\t' && r != '\n' && r != '\r' && unicode.IsControl(r) }
