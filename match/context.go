package match

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// fileEndings are top-level domains that are as often the ending of a file, or
// of the name of a field.
var fileEndings = map[string]bool{
	"zip": true, "mov": true, "sh": true, "py": true, "pl": true, "rs": true, "md": true, "so": true,
	"ps": true, "pm": true, "name": true, "id": true, // user.name, event.id: fields
}

// hostKeys are parts of field names whose values are names of hosts.
var hostKeys = []string{"host", "domain", "query", "dns", "sni", "fqdn", "rrname", "server"}

// isKey says whether a word that ends at to is the name of a field.
func (s *scanner) isKey(to int) bool {
	rest := s.line[to:]
	if len(rest) > 0 && rest[0] == '=' {
		return true
	}
	if len(rest) < 2 || rest[0] != '"' && rest[0] != '\'' {
		return false
	}
	rest = bytes.TrimLeft(rest[1:], " ")
	return len(rest) > 0 && rest[0] == ':'
}

// meansHost says whether a name that might be a file's stands where a host does.
func (s *scanner) meansHost(from int, name string) bool {
	if from > 0 && (s.line[from-1] == '/' || s.line[from-1] == '\\') {
		return false
	}
	if strings.Count(name, ".") >= 2 {
		return true
	}
	window := s.line[max(0, from-64):from]
	before := bytes.TrimRight(window, " \"':=")
	if !bytes.ContainsAny(window[len(before):], ":=") {
		return false
	}
	start := len(before)
	for start > 0 && (isLetter(before[start-1]) || isDigit(before[start-1]) || strings.IndexByte("._-", before[start-1]) >= 0) {
		start--
	}
	key := strings.ToLower(string(before[start:]))
	for _, k := range hostKeys {
		if strings.Contains(key, k) {
			return true
		}
	}
	return false
}

// unescape undoes JSON's escapes in a line that is JSON, level by level for JSON
// within JSON; in other lines only \/ and \uXXXX, which nothing else writes. A
// line without a backslash comes back as it is.
func unescape(line []byte) []byte {
	for level := 0; level < 4 && bytes.IndexByte(line, '\\') >= 0; level++ {
		t := bytes.TrimLeft(line, " \t\xef\xbb\xbf")
		isJSON := level == 0 && len(t) > 0 && (t[0] == '{' || t[0] == '[') || level > 0 && bytes.Contains(line, []byte(`\"`))
		if !isJSON && !bytes.Contains(line, []byte(`\/`)) && !bytes.Contains(line, []byte(`\u`)) {
			break
		}
		line = unescapeOnce(line, isJSON)
	}
	return line
}

func unescapeOnce(line []byte, isJSON bool) []byte {
	out := make([]byte, 0, len(line))
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c != '\\' || i+1 == len(line) {
			out = append(out, c)
			continue
		}
		next := line[i+1]
		if r, n := escapedRune(line[i:]); n > 0 {
			out = utf8.AppendRune(out, r)
			i += n - 1
			continue
		}
		switch {
		case next == '/':
			out = append(out, '/')
		case !isJSON:
			out = append(out, c)
			continue
		case strings.IndexByte("nrtbf", next) >= 0:
			out = append(out, '\n')
		case next == '"' || next == '\\':
			out = append(out, next)
		default: // no escape, as in a path of Windows: keep both
			out = append(out, c, next)
		}
		i++
	}
	return out
}

// escapedRune reads \uXXXX, and two of them for what lies beyond the first plane.
func escapedRune(b []byte) (rune, int) {
	r, ok := hexRune(b)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hexRune(b[6:]); ok {
			if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
				return full, 12
			}
		}
	}
	return r, 6
}

func hexRune(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

func isDigit(c byte) bool   { return c-'0' <= 9 }
func isLetter(c byte) bool  { return c|0x20-'a' <= 25 }
func isHexByte(c byte) bool { return isDigit(c) || c|0x20-'a' <= 5 }

func onlyDigits(w []byte) bool {
	for _, c := range w {
		if !isDigit(c) {
			return false
		}
	}
	return len(w) > 0
}

func onlyDigitsAndDots(w []byte) bool {
	for _, c := range w {
		if !isDigit(c) && c != '.' {
			return false
		}
	}
	return true
}
