package text

import (
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

type entry struct {
	kind    indicator.Type // only where the line's form says it
	value   string
	comment string
}

// read returns the entries of one line, or why it has none. A comment, a title or
// an empty line has neither.
func read(line string) (entries []entry, dropped string) {
	if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") ||
		strings.HasPrefix(line, "//") || strings.HasPrefix(line, "!") || strings.HasPrefix(line, "[Adblock") {
		return nil, ""
	}
	switch {
	case strings.HasPrefix(line, "||"):
		return adblock(line)
	case strings.HasPrefix(line, "@@"):
		return nil, "exception-rule"
	case strings.HasPrefix(line, "address=/"), strings.HasPrefix(line, "server=/"), strings.HasPrefix(line, "local=/"):
		_, rest, _ := strings.Cut(line, "/")
		host, _, _ := strings.Cut(rest, "/")
		return domains("", host)
	}
	body, remark := splitRemark(line)
	words := strings.Fields(body)
	if len(words) == 0 {
		return nil, "prose"
	}
	if len(words) > 1 && isSink(words[0]) {
		return domains(remark, words[1:]...)
	}
	return values(words, remark)
}

// splitRemark takes off what follows a comment sign after white space.
func splitRemark(line string) (body, remark string) {
	for i := 1; i < len(line); i++ {
		if line[i-1] != ' ' && line[i-1] != '\t' {
			continue
		}
		for _, sign := range []string{"#", "//", ";"} {
			if rest, ok := strings.CutPrefix(line[i:], sign); ok {
				return line[:i], shorten(strings.TrimSpace(rest))
			}
		}
	}
	return line, ""
}

// isSink reports whether a hosts file uses the address to lead a name nowhere.
func isSink(word string) bool {
	ip, err := netip.ParseAddr(word)
	return err == nil && (ip.IsUnspecified() || ip.IsLoopback() || word == "255.255.255.255" || word == "fe80::1")
}

// domains returns the names of a hosts file's or dnsmasq's line, without those
// that every hosts file has.
func domains(remark string, names ...string) (entries []entry, dropped string) {
	for _, n := range names {
		if n != "" && strings.Contains(n, ".") && !isSink(n) && !strings.HasSuffix(n, ".localdomain") {
			entries = append(entries, entry{indicator.Domain, n, remark})
		}
	}
	if entries == nil {
		return nil, "local-name"
	}
	return entries, ""
}

// adblock reads the one ad-blocker rule that names a host as a whole: ||host^.
func adblock(line string) (entries []entry, dropped string) {
	rule, options, _ := strings.Cut(strings.TrimPrefix(line, "||"), "$")
	host, ok := strings.CutSuffix(strings.TrimSuffix(rule, "|"), "^")
	if !ok || host == "" || strings.ContainsAny(host, "/*^|") || strings.Contains(options, "domain=") {
		return nil, "partial-rule"
	}
	return []entry{{value: host}}, ""
}

// values finds the value in a line of words: the only word, the first one if it
// looks like a value, the one after a label, or the hashes among prose.
func values(words []string, remark string) (entries []entry, dropped string) {
	first := strings.Trim(words[0], `,;"'`)
	switch {
	case len(words) == 1 && first != "" && !strings.HasSuffix(first, ":"):
		return []entry{{"", first, remark}}, ""
	case len(words) >= 3 && words[1] == "-" && isAddress(first) && isAddress(words[2]):
		return []entry{{"", first + "-" + words[2], remark}}, ""
	case looksLikeValue(first):
		if remark == "" {
			remark = shorten(strings.TrimLeft(strings.Join(words[1:], " "), "-–|,; "))
		}
		return []entry{{"", first, remark}}, ""
	case len(words) == 2 && strings.HasSuffix(words[0], ":") && looksLikeValue(words[1]):
		return []entry{{"", strings.Trim(words[1], `,;"'`), strings.TrimSuffix(words[0], ":")}}, ""
	}
	for _, w := range words {
		if h := strings.Trim(w, `,;:"'()`); isHash(h) {
			entries = append(entries, entry{"", h, remark})
		}
	}
	if entries == nil {
		return nil, "prose"
	}
	return entries, ""
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// looksLikeValue reports whether a word that begins a line is more than a word:
// it has a dot, colon, slash or at sign inside, or is a hash.
func looksLikeValue(s string) bool {
	if isHash(s) {
		return true
	}
	inner := strings.Trim(s, ".:,;/()-")
	return len(inner) > 3 && strings.ContainsAny(inner, ".:@/") && !strings.HasSuffix(s, ":")
}

func isHash(s string) bool {
	switch len(s) {
	case 32, 40, 64, 128:
	default:
		return false
	}
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func shorten(s string) string {
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "")
	}
	return s
}
