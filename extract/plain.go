package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/indicator"
)

// plain is a text with defanging undone, and for each byte where it comes from.
type plain struct {
	text    string
	from    []int32 // of each byte: where in the body it begins
	to      []int32 // and ends
	changed []int32 // places in text that were defanged, in order
}

// span maps a span of the plain text to the body.
func (p *plain) span(from, to int) (int, int) { return int(p.from[from]), int(p.to[to-1]) }

// defanged says whether something in a span of the plain text was.
func (p *plain) defanged(from, to int) bool {
	lo, hi := 0, len(p.changed)
	for lo < hi {
		if mid := (lo + hi) / 2; int(p.changed[mid]) < from {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(p.changed) && int(p.changed[lo]) < to
}

// refanger walks over a body once.
type refanger struct {
	in      string
	out     []byte
	from    []int32
	to      []int32
	changed []int32
	wrapped int  // where in the output the last line end was taken out
	spaced  bool // inside an address written with blanks, "http:// host .com /path"
}

// refang undoes defanging everywhere in a body. Each rule looks at what stands
// around, so that prose stays as it is.
func refang(body string) *plain {
	r := &refanger{in: body, out: make([]byte, 0, len(body))}
	for i := 0; i < len(body); {
		n := r.step(i)
		if n == 0 {
			r.put(body[i], i, i+1)
			n = 1
		}
		i += n
	}
	return &plain{string(r.out), r.from, r.to, r.changed}
}

func (r *refanger) put(c byte, from, to int) {
	r.out = append(r.out, c)
	r.from = append(r.from, int32(from))
	r.to = append(r.to, int32(to))
}

// replace writes s for the piece [from, to) of the body.
func (r *refanger) replace(s string, from, to int) {
	r.changed = append(r.changed, int32(len(r.out)))
	for i := range len(s) {
		r.put(s[i], from, to)
	}
}

// step handles what is special at i and returns how much of the body it took.
func (r *refanger) step(i int) int {
	c := r.in[i]
	switch {
	case c >= utf8.RuneSelf:
		return r.wide(i)
	case c == '[' || c == '(' || c == '{' || c == '<':
		return r.bracket(i)
	case c == '.' && i+1 < len(r.in) && r.in[i+1] == ']' && r.afterHost() && hostAt(r.in, i+2):
		r.replace(".", i, i+2)
		return 2
	case c == '\\':
		return r.backslash(i)
	case c == ' ':
		return r.blank(i)
	case c == '\n':
		r.spaced = false
		return r.wrap(i)
	case c == '_' && strings.HasPrefix(r.in[i:], "__") && r.afterScheme() && hostAt(r.in, i+2):
		r.replace("://", i, i+2)
		return 2
	}
	return 0
}

// wide drops characters that take no room and makes full-width dots dots.
func (r *refanger) wide(i int) int {
	c, n := utf8.DecodeRuneInString(r.in[i:])
	switch {
	case c >= 0x200b && c <= 0x200f, c >= 0x202a && c <= 0x202e, c == 0x2060, c == 0xfeff, c == 0xad:
		return n
	case (c == 0x3002 || c == 0xff0e || c == 0xff61) && r.afterHost() && hostAt(r.in, i+n):
		r.replace(".", i, i+n)
		return n
	case c == 0xa0:
		r.put(' ', i, i+n)
		return n
	}
	return 0
}

// brackets are what may stand in brackets, and what it means.
var brackets = map[string]string{
	".": ".", "dot": ".", "d0t": ".", "punkt": ".", "point": ".", ",": ".", ":": ":", "://": "://", "//": "//", "/": "/", ":/": ":/", "at": "@", "@": "@", "a": "@",
}

func (r *refanger) bracket(i int) int {
	end := i + 1
	for end < len(r.in) && end-i < 12 && strings.IndexByte("])}>\n[", r.in[end]) < 0 {
		end++
	}
	with, ok := brackets[strings.ToLower(strings.TrimSpace(r.in[i+1:end]))]
	if !ok || end >= len(r.in) || strings.IndexByte("])}>", r.in[end]) < 0 {
		if r.in[i] == '[' && strings.HasPrefix(r.in[i+1:], ".") && r.afterHost() && hostAt(r.in, i+2) {
			r.replace(".", i, i+2)
			return 2
		}
		return 0
	}
	end++
	next := end
	if next < len(r.in) && r.in[next] == ' ' && len(r.out) > 0 && r.out[len(r.out)-1] == ' ' {
		next++ // "evil [.] com": blanks on both sides
	}
	if with == "." || with == "@" {
		if !hostAt(r.in, next) || !r.afterHost() && !(next > end && r.afterHostBlank()) {
			return 0
		}
		if next > end {
			r.unput()
			end = next
		}
	} else if len(r.out) == 0 || isSpace(r.out[len(r.out)-1]) {
		return 0
	}
	r.replace(with, i, end)
	return end - i
}

// unput takes back the blank before a dot.
func (r *refanger) unput() {
	n := len(r.out) - 1
	r.out, r.from, r.to = r.out[:n], r.from[:n], r.to[:n]
}

func (r *refanger) backslash(i int) int {
	if i+1 >= len(r.in) {
		return 0
	}
	switch next := r.in[i+1]; {
	case next == '.' && r.afterHost() && hostAt(r.in, i+2):
		r.replace(".", i, i+2)
		return 2
	case (next == '/' || next == '\\') && len(r.out) > 0 && (r.out[len(r.out)-1] == ':' || r.endsWith(":/")) && r.schemeBefore():
		r.replace("/", i, i+1+int(b2i(next == '/')))
		return 1 + int(b2i(next == '/'))
	case r.endsWith(":/") && r.schemeBefore():
		r.replace("/", i, i+1)
		return 1
	}
	return 0
}

func b2i(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func (r *refanger) endsWith(s string) bool {
	return len(r.out) >= len(s) && string(r.out[len(r.out)-len(s):]) == s
}

// schemeBefore says whether a scheme stands before the colon just written.
func (r *refanger) schemeBefore() bool {
	s := strings.TrimRight(string(r.out[max(0, len(r.out)-12):]), "/")
	s = strings.TrimSuffix(s, ":")
	return strings.HasSuffix(strings.ToLower(s), "ttp") || strings.HasSuffix(strings.ToLower(s), "ttps") ||
		strings.HasSuffix(strings.ToLower(s), "xxp") || strings.HasSuffix(strings.ToLower(s), "xxps")
}

func (r *refanger) afterScheme() bool {
	s := strings.ToLower(string(r.out[max(0, len(r.out)-6):]))
	for _, scheme := range []string{"http", "https", "hxxp", "hxxps", "ftp", "fxp"} {
		if strings.HasSuffix(s, scheme) && (len(s) == len(scheme) || !isWordByte(s[len(s)-len(scheme)-1])) {
			return true
		}
	}
	return false
}

// blank handles addresses spelled with blanks: " dot ", " AT ", and what a mail
// gateway makes of links.
func (r *refanger) blank(i int) int {
	rest := r.in[i:]
	switch {
	case r.endsWith("://") && hostAt(r.in, i+1):
		r.spaced = true
		r.changed = append(r.changed, int32(len(r.out)))
		return 1
	case r.spaced && len(rest) > 1 && (rest[1] == '/' || rest[1] == '.' && hostAt(r.in, i+2)):
		return 1
	}
	r.spaced = false
	if len(rest) > 5 && strings.EqualFold(rest[:5], " dot ") && r.afterHost() && hostAt(r.in, i+5) {
		label := rest[5:]
		if n := strings.IndexFunc(label, func(c rune) bool { return !inWord(c) && c != '-' }); n >= 0 {
			if tail := label[n:]; !strings.HasPrefix(strings.ToLower(tail), " dot ") && !indicator.KnownTLD(strings.ToLower(label[:n])) {
				return 0
			}
		} else if !indicator.KnownTLD(strings.ToLower(label)) {
			return 0
		}
		r.replace(".", i, i+5)
		return 5
	}
	if strings.HasPrefix(rest, " AT ") && r.afterHost() && hostAt(r.in, i+4) {
		word, _, _ := strings.Cut(rest[4:], " ")
		if strings.ContainsAny(word, "[({") || strings.HasPrefix(strings.ToLower(rest[4+len(word):]), " dot ") {
			r.replace("@", i, i+4)
			return 4
		}
	}
	return 0
}

func isHex(c byte) bool { return c-'0' <= 9 || c|0x20-'a' <= 5 }

func isWordByte(c byte) bool {
	return c-'0' <= 9 || c|0x20-'a' <= 25 || c >= utf8.RuneSelf
}

// afterHost says whether what was written last may stand in a name of a host.
func (r *refanger) afterHost() bool {
	return len(r.out) > 0 && (isWordByte(r.out[len(r.out)-1]) || r.out[len(r.out)-1] == '-' || r.out[len(r.out)-1] == '_')
}

func (r *refanger) afterHostBlank() bool {
	n := len(r.out)
	return n > 1 && r.out[n-1] == ' ' && isWordByte(r.out[n-2])
}

func hostAt(s string, i int) bool {
	return i < len(s) && (isWordByte(s[i]) || s[i] == '-' || s[i] == '_')
}
