package format

import (
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// maxWord is the longest word that is tried as an observable: no URL that a
// feed lists is longer.
const maxWord = 4096

// scanText calls emit for each observable in free text: addresses, names, URLs,
// mail addresses and hashes that stand as words of their own. The host of a URL
// is emitted as well.
func scanText(text string, emit func(indicator.Type, string)) {
	start := -1
	for i := 0; i <= len(text); i++ {
		if i < len(text) && !separator(text[i]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 && i-start >= 4 && i-start <= maxWord {
			scanWord(text[start:i], emit)
		}
		start = -1
	}
}

// separator parts the words of log lines, commands and scripts. '=' is one
// except inside of URLs, see scanWord.
func separator(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '"', '\'', '`', '<', '>', '|', ';', ',', '(', ')', '{', '}', '^', 0:
		return true
	}
	return false
}

func scanWord(word string, emit func(indicator.Type, string)) {
	if i := strings.Index(word, "://"); i >= 0 {
		for i > 0 && letter(word[i-1]) {
			i--
		}
		scanLink(word[i:], emit)
		return
	}
	for part := range strings.FieldsFuncSeq(word, func(r rune) bool { return r == '=' || r == '\\' || r == '[' || r == ']' }) {
		scanPart(strings.Trim(part, ".:/@-_*!?#$%&+~"), emit)
	}
}

// scanPart emits what a word is; of host and port, or host and path, the host
// as well.
func scanPart(part string, emit func(indicator.Type, string)) {
	if !promising(part) {
		return
	}
	t, v, ok := detect(part)
	if ok {
		emit(t, v)
	}
	switch t {
	case indicator.IPv4Port, indicator.IPv6Port, indicator.DomainPort:
	default:
		if ok {
			return
		}
	}
	if head, _, found := strings.Cut(part, "/"); found {
		scanPart(head, emit)
	} else if i := strings.LastIndexByte(part, ':'); i > 0 {
		if t, v, ok := detect(strings.TrimSuffix(part[:i], ":")); ok {
			emit(t, v)
		}
	}
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func scanLink(raw string, emit func(indicator.Type, string)) {
	raw = strings.TrimRight(raw, ".:!?*\\]")
	v, err := indicator.Canonical(indicator.URL, raw)
	if err != nil {
		return
	}
	emit(indicator.URL, v)
	if t, name, ok := indicator.HostOf(indicator.URL, v); ok {
		emit(t, name)
	}
}

// promising sorts out most words before the costlier detection: an observable
// has a dot or colon inside, the length of a hash, or begins as a CVE.
func promising(word string) bool {
	switch len(word) {
	case 32, 40, 64, 128:
		return true
	}
	if len(word) < 4 {
		return false
	}
	return strings.ContainsAny(word[1:len(word)-1], ".:") || strings.EqualFold(word[:4], "CVE-")
}

// searchable are the types that free text can show without naming them.
func searchable(t indicator.Type) bool {
	switch t {
	case indicator.IPv4, indicator.IPv6, indicator.IPv4Port, indicator.IPv6Port, indicator.Domain, indicator.DomainPort,
		indicator.URL, indicator.Email, indicator.MD5, indicator.SHA1, indicator.SHA256, indicator.SHA512,
		indicator.Vulnerability:
		return true
	}
	return false
}

func detect(word string) (indicator.Type, string, bool) {
	t, v, err := indicator.Detect(word)
	return t, v, err == nil && searchable(t)
}
