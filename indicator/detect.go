package indicator

import "strings"

// Detect finds the type of a value and returns it with its canonical spelling.
// It knows addresses and networks, host and port, URLs with and without scheme,
// bare paths, e-mail addresses, hashes by their length (32 digits are an MD5,
// never a JA3), JA4, CVE numbers, AS numbers with their prefix, MAC addresses,
// registry keys, names, and file names by an extension that is no top-level
// domain. Anything else is refused with [ReasonUnknownType].
func Detect(raw string) (Type, string, error) {
	if len(raw) > maxValue {
		return "", "", refuse(ReasonTooLong, raw)
	}
	s, ok := clean(raw)
	if !ok {
		return "", "", refuse(ReasonText, raw)
	}
	if s == "" {
		return "", "", refuse(ReasonEmpty, raw)
	}
	switch t := shape(s); t {
	case "":
		return "", "", refuse(ReasonUnknownType, raw)
	case RegistryKey:
		return canonicalClean(t, tidy(raw))
	case Domain:
		if t, v, err := canonicalClean(Domain, s); err == nil {
			return t, v, nil
		}
		return "", "", refuse(ReasonUnknownType, raw)
	default:
		return canonicalClean(t, s)
	}
}

// shape guesses the type of a clean value from its punctuation.
func shape(s string) Type {
	var dots, colons, slashes, ats, bars, others int
	hex := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '.':
			dots++
		case ':':
			colons++
		case '/':
			slashes++
		case '@':
			ats++
		case '|':
			bars++
		}
		if !isHex(c) {
			hex = false
		}
		if c <= ' ' {
			others++
		}
	}
	if hex {
		return hashOfLength(len(s))
	}
	switch {
	case slashes > 0 && (strings.Contains(s, "://") || s[0] == '/'):
		return URL
	case colons > 0 && behindScheme(s):
		return URL
	case len(s) > 4 && (s[0] == 'H' || s[0] == 'h' || s[0] == '\\') && isRegistry(s):
		return RegistryKey
	case others > 0:
		return ""
	case ats > 0 && slashes == 0:
		return Email
	case slashes > 0:
		return withSlash(s, colons)
	case colons > 0 || bars > 0:
		return withColon(s, colons, bars)
	case dots == 0:
		return prefixed(s)
	case looksLikeAddress(s):
		return IPv4
	case dots == 2 && len(s) == 14 && allHex(strings.ReplaceAll(s, ".", "")):
		return MAC // Cisco's 0011.2233.4455
	case isFileName(s):
		return FileName
	}
	return Domain
}

// behindScheme says whether a value begins with a scheme and whatever stands for its
// slashes.
func behindScheme(s string) bool {
	_, _, ok := cutScheme(s)
	return ok
}

func hashOfLength(n int) Type {
	switch n {
	case 32:
		return MD5
	case 40:
		return SHA1
	case 64:
		return SHA256
	case 128:
		return SHA512
	}
	return ""
}

// withSlash tells a network from a URL without scheme.
func withSlash(s string, colons int) Type {
	host, bits, _ := strings.Cut(s, "/")
	if looksLikeAddress(host) && allDigits(bits) && (colons == 0 || colons > 1) {
		return IPv4
	}
	return URL
}

func withColon(s string, colons, bars int) Type {
	switch {
	case bars > 0:
		return DomainPort
	case colons == 1:
		if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
			return Email
		}
		return DomainPort
	case strings.Contains(s, "]:"):
		return IPv6Port
	case colons == 5 && len(s) == 17 && !strings.Contains(s, "::"):
		return MAC
	}
	return IPv6
}

// prefixed knows values without a dot by how they begin or by their form.
func prefixed(s string) Type {
	switch {
	case len(s) > 4 && strings.EqualFold(s[:4], "CVE-"):
		return Vulnerability
	case len(s) > 2 && strings.EqualFold(s[:2], "AS") && allDigits(s[2:]):
		return ASN
	case len(s) == 17 && strings.Count(s, "-") == 5:
		return MAC
	case len(s) == 36 && s[10] == '_' && s[23] == '_':
		return JA4
	}
	return ""
}

func isRegistry(s string) bool {
	for _, r := range registryRoots {
		if len(s) > len(r.long) && strings.EqualFold(s[:len(r.long)], r.long) &&
			(s[len(r.long)] == '\\' || s[len(r.long)] == ':') {
			return true
		}
	}
	return false
}

// isFileName: the extension is one of a file and no top-level domain. Names in
// .com, .zip or .sh are taken for names of hosts, as a list of indicators means
// them.
func isFileName(s string) bool {
	switch strings.ToLower(s[strings.LastIndexByte(s, '.')+1:]) {
	case "exe", "dll", "sys", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "hta", "lnk", "scr", "cpl",
		"doc", "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "rtf", "pdf", "jar", "msi", "tmp", "bin", "dat",
		"txt", "log", "php", "asp", "aspx", "jsp", "html", "htm", "xml", "json", "gif", "jpg", "jpeg", "png", "ico",
		"rar", "7z", "gz", "iso", "img", "apk", "dex", "elf", "swf", "ini", "cfg", "db", "sqlite", "chm", "ocx":
		return true
	}
	return false
}
