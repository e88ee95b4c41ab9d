package extract

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/indicator"
)

// finding is an observable before it is judged.
type finding struct {
	from, to   int // in the plain text
	typ        indicator.Type
	value      string
	suppressed Reason
	defanged   bool
	encoded    bool
	rank       int // of two of one length the higher wins
}

const (
	visibleURL = "[^\\s\"<>|^`{}\\\\\u201c\u201d\u2018\u2019\u00ab\u00bb]"
	longestURL = 2048
)

var (
	urlForm      = regexp.MustCompile(`(?i)\b(h[tx]{1,3}ps?|h\*\*ps?|[htx]?xxps?|ftps?|fxps?|sftp|wss?|tcp|udp|meows?|smb|ldaps?|rmi|ssh)://` + visibleURL + `+`)
	hostForm     = regexp.MustCompile(`[\p{L}\p{N}_][\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+)+\.?(?::\d{1,6}\b)?`)
	ipv6Form     = regexp.MustCompile(`\[?[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*(?:\d{1,3}(?:\.\d{1,3}){3})?\]?(?:/\d{1,6}|:\d{1,6})?`)
	emailForm    = regexp.MustCompile(`[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+`)
	hexForm      = regexp.MustCompile(`[0-9a-fA-F]{32,128}`)
	ja4Form      = regexp.MustCompile(`\b[tqd]\d\d[di]\d{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12}\b`)
	cveForm      = regexp.MustCompile("(?i)\\bCVE[-_ \u2010\u2011\u2012\u2013\u2014]\\d{4}[-_\u2010\u2011\u2012\u2013\u2014]\\d{4,19}")
	asnForm      = regexp.MustCompile(`\bAS(?:N ?\d{1,10}|\d{1,10}| \d{4,10})\b`)
	macForm      = regexp.MustCompile(`\b(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}\b|\b(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}\b`)
	registryForm = regexp.MustCompile(`(?i)\b(?:HKEY_(?:LOCAL_MACHINE|CURRENT_USER|CLASSES_ROOT|USERS|CURRENT_CONFIG)|HKLM|HKCU|HKCR|HKU|HKCC):?(?:\\{1,2}[^\\\s"'<>|,;` + "`" + `]+(?: [^\\\s"'<>|,;` + "`" + `]+){0,4})*\\{1,2}[^\\\s"'<>|,;` + "`" + `]+`)
	mutexForm    = regexp.MustCompile(`\b(?:Global|Local)\\[^\s"'<>|,;` + "`" + `]{3,120}`)
	agentForm    = regexp.MustCompile(`\bMozilla/\d\.\d \([^)\n]{3,200}\)(?: (?:like Gecko|\([^)\n]{3,60}\)|[A-Za-z]{2,20}/[\w.+-]{1,30}|U2/[\w.]+)){0,12}`)
)

// observables finds every observable in a plain text. Where two overlap the longer
// one wins.
func observables(p *plain) []finding {
	var all []finding
	all = appendURLs(all, p)
	all = appendHosts(all, p)
	all = appendForms(all, p)
	all = appendHashes(all, p)
	all = appendEncoded(all, p)
	slices.SortFunc(all, func(a, b finding) int {
		return cmp.Or(cmp.Compare(b.to-b.from, a.to-a.from), b.rank-a.rank, a.from-b.from)
	})
	taken := make([]uint64, len(p.text)/64+1)
	out := all[:0]
	for _, f := range all {
		if overlaps(taken, f.from, f.to) {
			continue
		}
		for i := f.from; i < f.to; i++ {
			taken[i/64] |= 1 << (i % 64)
		}
		f.defanged = f.encoded || p.defanged(f.from, f.to) || schemeDefanged(p.text[f.from:f.to])
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b finding) int { return a.from - b.from })
	return out
}

// overlaps looks at the ends only: what is longer was put down first.
func overlaps(taken []uint64, from, to int) bool {
	set := func(i int) bool { return taken[i/64]>>(i%64)&1 != 0 }
	return set(from) || set(to-1)
}

func schemeDefanged(s string) bool {
	scheme, _, ok := strings.Cut(s, "://")
	return ok && !slices.Contains([]string{"http", "https", "ftp", "ftps", "sftp", "ws", "wss", "tcp", "udp", "smb", "ldap", "ldaps", "rmi", "ssh"}, strings.ToLower(scheme))
}

func appendURLs(all []finding, p *plain) []finding {
	for _, at := range urlForm.FindAllStringIndex(p.text, -1) {
		from, to := at[0], trimURL(p.text, at[0], min(at[1], at[0]+longestURL))
		raw := p.text[from:to]
		scheme, rest, _ := strings.Cut(raw, "://")
		scheme = plainScheme(scheme)
		v, err := indicator.Canonical(indicator.URL, scheme+"://"+rest)
		if err != nil || rest == "" {
			continue
		}
		f := finding{from: from, to: to, typ: indicator.URL, value: v, rank: 3}
		f.suppressed = judgeHost(f.typ, v)
		all = append(all, f)
	}
	return all
}

// plainScheme undoes what is done to a scheme.
func plainScheme(s string) string {
	l := strings.ToLower(s)
	switch {
	case strings.HasPrefix(l, "f") && strings.Contains(l, "x"):
		return strings.ReplaceAll(l, "x", "t")
	case strings.HasPrefix(l, "meow"), strings.Contains(l, "x"), strings.Contains(l, "*"), l == "htp", l == "htps", l == "htttp", l == "htttps":
		if strings.HasSuffix(l, "s") {
			return "https"
		}
		return "http"
	}
	return l
}

// trimURL takes off what belongs to the sentence or to the markup around.
func trimURL(s string, from, to int) int {
	if i := strings.IndexByte(s[from:to], '['); i > 0 && !strings.HasSuffix(s[from:from+i], "://") {
		to = from + i // AsciiDoc: address[text]
	}
	for _, stop := range []string{"](", ")[", "&quot;", "&gt;", "&lt;"} {
		if i := strings.Index(s[from:to], stop); i > 0 {
			to = from + i
		}
	}
	for to > from {
		c := s[to-1]
		switch {
		case strings.IndexByte(".,;:!?'*+~", c) >= 0:
		case c == ')' && strings.Count(s[from:to], "(") < strings.Count(s[from:to], ")"):
		case c == ']' && strings.Count(s[from:to], "[") < strings.Count(s[from:to], "]"):
		default:
			return to
		}
		to--
	}
	return to
}

var versionBefore = regexp.MustCompile(`(?i)(?:\b(?:v|ver|version|versions|build|release|firmware|prior to|before|through|Chrome|Firefox|Edge|Safari|update|patch|and earlier)[ ./:]?|[A-Za-z]/|[=<>]=?)$`)

// appendForms finds what has a form of its own.
func appendForms(all []finding, p *plain) []finding {
	for _, form := range []struct {
		re  *regexp.Regexp
		typ indicator.Type
	}{
		{ja4Form, indicator.JA4},
		{cveForm, indicator.Vulnerability},
		{asnForm, indicator.ASN},
		{macForm, indicator.MAC},
		{registryForm, indicator.RegistryKey},
		{mutexForm, indicator.Mutex},
		{agentForm, indicator.UserAgent},
		{ipv6Form, indicator.IPv6},
	} {
		for _, at := range form.re.FindAllStringIndex(p.text, -1) {
			if f, ok := formFinding(p.text, at[0], at[1], form.typ); ok {
				all = append(all, f)
			}
		}
	}
	return all
}

func formFinding(s string, from, to int, t indicator.Type) (finding, bool) {
	raw := s[from:to]
	switch t {
	case indicator.IPv6:
		return ipv6Finding(s, from, to)
	case indicator.MAC:
		if from > 0 && (s[from-1] == ':' || s[from-1] == '-') || to < len(s) && (s[to] == ':' || s[to] == '-') && to+1 < len(s) && isHex(s[to+1]) {
			return finding{}, false
		}
	case indicator.Vulnerability:
		if to < len(s) && isWordByte(s[to]) {
			return finding{}, false
		}
		raw = "CVE-" + strings.Map(func(c rune) rune {
			if c >= '0' && c <= '9' {
				return c
			}
			return '-'
		}, strings.TrimLeft(raw[3:], "-_ \u2010\u2011\u2012\u2013\u2014"))
		if len(raw) > 20 {
			return finding{from: from, to: to, typ: t, value: raw, rank: 2}, len(raw) <= 28
		}
	case indicator.ASN:
		raw = strings.ReplaceAll(raw, " ", "")
	case indicator.RegistryKey, indicator.Mutex:
		to = from + len(strings.TrimRight(raw, ".:)]"))
		raw = s[from:to]
	}
	v, err := indicator.Canonical(t, raw)
	return finding{from: from, to: to, typ: t, value: v, rank: 2}, err == nil
}

func ipv6Finding(s string, from, to int) (finding, bool) {
	for to > from && (s[to-1] == ':' && !strings.HasSuffix(s[from:to], "::")) {
		to--
	}
	raw := s[from:to]
	if strings.HasPrefix(raw, "[") && !strings.Contains(raw, "]") {
		raw, from = raw[1:], from+1
	} else if strings.HasSuffix(raw, "]") && !strings.HasPrefix(raw, "[") {
		raw, to = raw[:len(raw)-1], to-1
	}
	if len(strings.Trim(raw, ":[]/")) < 3 || from > 0 && (isWordByte(s[from-1]) || s[from-1] == ':' || s[from-1] == '.') || to < len(s) && (isWordByte(s[to]) || s[to] == ':') {
		return finding{}, false
	}
	t := indicator.IPv6
	if strings.Contains(raw, "]:") {
		t = indicator.IPv6Port
	}
	raw = strings.TrimPrefix(raw, "[")
	if t == indicator.IPv6Port {
		raw = "[" + raw
	} else {
		raw = strings.TrimSuffix(raw, "]")
	}
	v, err := indicator.Canonical(t, raw)
	if err != nil || strings.Count(v, ":") < 2 {
		return finding{}, false
	}
	f := finding{from: from, to: to, typ: t, value: v, rank: 2}
	f.suppressed = judgeHost(t, v)
	return f, true
}

// appendHashes finds runs of hexadecimal digits of the length of a hash.
func appendHashes(all []finding, p *plain) []finding {
	s := p.text
	for _, at := range hexForm.FindAllStringIndex(s, -1) {
		from, to := at[0], at[1]
		if !hashLength(to-from) || from > 0 && glued(s, from-1, from) || to < len(s) && glued(s, to, to-1) {
			continue
		}
		raw := s[from:to]
		if strings.Trim(raw, raw[:1]) == "" || strings.Trim(raw, "0123456789") == "" && to-from < 64 {
			continue // 00000…, or a long number
		}
		t := map[int]indicator.Type{32: indicator.MD5, 40: indicator.SHA1, 64: indicator.SHA256, 128: indicator.SHA512}[to-from]
		all = append(all, finding{from: from, to: to, typ: t, value: strings.ToLower(raw), rank: 2})
	}
	return all
}

// glued says whether a byte beside a run makes it part of something else.
func glued(s string, at, _ int) bool {
	c := s[at]
	return isWordByte(c) && c < utf8.RuneSelf || c == '_' || c == '-' && at > 0 && at+1 < len(s) && isHex(s[at-1]) && isHex(s[at+1]) || c == '%'
}
