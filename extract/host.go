package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/indicator"
)

// appendHosts finds names, addresses, host and port, addresses without scheme, and
// names of files, and keeps them apart.
func appendHosts(all []finding, p *plain) []finding {
	s := p.text
	for _, at := range hostForm.FindAllStringIndex(s, -1) {
		from, to := at[0], at[1]
		if s[to-1] == '.' {
			to--
		}
		if f, ok := hostFinding(p, from, to); ok {
			all = append(all, f)
		}
	}
	for _, at := range emailForm.FindAllStringIndex(s, -1) {
		from := at[0]
		for s[from] == '.' || s[from] == '-' || s[from] == '_' && from+1 < at[1] {
			from++
		}
		v, err := indicator.Canonical(indicator.Email, s[from:at[1]])
		if err != nil || from > 0 && (s[from-1] == '/' || s[from-1] == ':' && at[0] > 1 && s[from-2] != 'o') {
			continue
		}
		f := finding{from: from, to: at[1], typ: indicator.Email, value: v, rank: 2}
		f.suppressed = judgeHost(f.typ, v)
		all = append(all, f)
	}
	return all
}

// hostFinding judges a run of labels.
func hostFinding(p *plain, from, to int) (finding, bool) {
	s := p.text
	before := byte(' ')
	if from > 0 {
		before = s[from-1]
	}
	if before == '@' || before == '%' || before == '$' {
		return finding{}, false
	}
	raw := s[from:to]
	name, port, ported := strings.Cut(raw, ":")
	if dottedQuad(name) {
		return addressFinding(p, from, to, before, ported)
	}
	f := finding{from: from, to: to, typ: indicator.Domain}
	if ported {
		f.typ = indicator.DomainPort
		if len(port) > 5 {
			f.to, f.typ, raw = from+len(name), indicator.Domain, name
		}
	}
	if file, sure := fileName(p, from, from+len(name), before); file {
		return fileFinding(p, from, from+len(name), sure), true
	}
	if before == '\\' || before == '-' || before == '.' {
		return finding{}, false
	}
	if end := pathEnd(s, f.to); end > f.to && before != '/' {
		f.to, f.typ, raw = end, indicator.URL, s[from:end]
	}
	v, err := indicator.Canonical(f.typ, raw)
	if err != nil {
		return finding{}, false
	}
	f.value = v
	f.suppressed = judgeName(p, from, from+len(name), before)
	if f.suppressed == "" {
		f.suppressed = judgeHost(f.typ, v)
	}
	if f.suppressed == UnknownTLD && !p.defanged(from, to) {
		return finding{}, false // a dotted word of prose or code
	}
	return f, f.suppressed != "-"
}

// pathEnd returns where the path after a host ends; at itself when there is none.
func pathEnd(s string, at int) int {
	if at >= len(s) || s[at] != '/' {
		return at
	}
	end := at
	for end < len(s) && end-at < longestURL && s[end] > ' ' && strings.IndexByte("\"<>|^`{}\\", s[end]) < 0 {
		c, n := utf8.DecodeRuneInString(s[end:])
		if c >= utf8.RuneSelf && !inWord(c) {
			break
		}
		end += n
	}
	return trimURL(s, at, end)
}

func dottedQuad(s string) bool {
	dots := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			dots++
		case c-'0' > 9:
			return false
		}
	}
	return dots >= 3
}

func addressFinding(p *plain, from, to int, before byte, ported bool) (finding, bool) {
	s := p.text
	if before == '.' || before == '-' && from > 1 && s[from-2] != ' ' || to < len(s) && (s[to] == '_' || s[to] == '-' && to+1 < len(s) && s[to+1]-'0' <= 9 && false) {
		return finding{}, false
	}
	f := finding{from: from, to: to, typ: indicator.IPv4, rank: 1}
	if ported {
		f.typ = indicator.IPv4Port
	} else if end := to + digitsAfter(s, to, '/'); end > to && (end == len(s) || s[end] != '/' && !isWordByte(s[end])) {
		f.to = end // a network
	} else if end := pathEnd(s, to); end > to+1 {
		f.to, f.typ = end, indicator.URL
	}
	v, err := indicator.Canonical(f.typ, s[f.from:f.to])
	if err != nil {
		if f.to, f.typ = from+strings.IndexFunc(s[from:to]+" ", func(c rune) bool { return c != '.' && (c < '0' || c > '9') }), indicator.IPv4; f.to <= from {
			return finding{}, false
		}
		if v, err = indicator.Canonical(f.typ, s[f.from:f.to]); err != nil {
			return finding{}, false
		}
	}
	f.value = v
	f.suppressed = judgeHost(f.typ, v)
	if isVersion(s, from, v) && !p.defanged(from, f.to) {
		f.suppressed = VersionNumber
	}
	return f, true
}

// digitsAfter is the length of a sign and the digits after it.
func digitsAfter(s string, at int, sign byte) int {
	if at >= len(s) || s[at] != sign {
		return 0
	}
	n := 1
	for at+n < len(s) && s[at+n]-'0' <= 9 && n < 4 {
		n++
	}
	if n == 1 {
		return 0
	}
	return n
}

func isVersion(s string, from int, value string) bool {
	if strings.HasSuffix(value, ".0") && strings.Count(value, ".") == 3 && (strings.HasPrefix(value, "0.") || len(value) < 9) {
		return true
	}
	return versionBefore.MatchString(s[max(0, from-20):from])
}
