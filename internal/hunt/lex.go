package hunt

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/internal/errs"
)

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenWord             // bare text
	tokenQuoted           // text that stood in quotes
	tokenSign             // ( ) , | : and comparisons
)

type token struct {
	kind tokenKind
	text string
	at   int // column, from 1, in characters
}

const (
	// maxQuery bounds a question, in bytes.
	maxQuery = 64 << 10
	// maxTokens bounds its parts.
	maxTokens = 20_000
)

func fault(at int, format string, args ...any) error {
	return errs.New(errs.Invalid, "query_invalid", "column %d: "+format, append([]any{at}, args...)...)
}

// lex cuts a question into tokens. A word that is followed by ":" or a comparison
// is the name of a field; the ":" of an address, a URL or a path is part of it.
func lex(text string) ([]token, error) {
	if len(text) > maxQuery {
		return nil, fault(1, "a question has at most %d bytes; put long lists of values into a list", maxQuery)
	}
	if !utf8.ValidString(text) {
		return nil, fault(1, "the question is no UTF-8 text")
	}
	l := lexer{rest: text, at: 1}
	for {
		l.skip(len(l.rest) - len(strings.TrimLeftFunc(l.rest, unicode.IsSpace)))
		if l.rest == "" {
			return append(l.out, token{tokenEnd, "", l.at}), nil
		}
		if len(l.out) >= maxTokens {
			return nil, fault(l.at, "the question is too long")
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
}

type lexer struct {
	rest string
	at   int
	out  []token
}

// skip moves on by n bytes.
func (l *lexer) skip(n int) {
	l.at += utf8.RuneCountInString(l.rest[:n])
	l.rest = l.rest[n:]
}

func (l *lexer) emit(k tokenKind, text string, size int) {
	l.out = append(l.out, token{k, text, l.at})
	l.skip(size)
}

var signs = []string{">=", "<=", "!=", ">", "<", "=", "(", ")", ",", "|"}

func (l *lexer) next() error {
	if l.rest[0] == '"' {
		return l.quoted()
	}
	for _, s := range signs {
		if strings.HasPrefix(l.rest, s) {
			l.emit(tokenSign, s, len(s))
			return nil
		}
	}
	if l.rest[0] == ':' {
		l.emit(tokenSign, ":", 1)
		return nil
	}
	word := l.rest[:wordEnd(l.rest)]
	if n := fieldEnd(word, l.rest); n > 0 && !l.inValue() {
		l.emit(tokenWord, word[:n], n)
		return nil
	}
	l.emit(tokenWord, word, len(word))
	return nil
}

// inValue says that a value must follow: after ":" a colon belongs to it.
func (l *lexer) inValue() bool {
	if len(l.out) == 0 {
		return false
	}
	last := l.out[len(l.out)-1]
	return last.kind == tokenSign && strings.Contains(":>=<=!=", last.text)
}

// wordEnd returns where a bare word ends.
func wordEnd(s string) int {
	for i, r := range s {
		if unicode.IsSpace(r) || strings.ContainsRune(`"(),|`, r) {
			return i
		}
		if i > 0 && (r == '<' || r == '>') {
			return i
		}
	}
	return len(s)
}

// fieldEnd returns how long the name of a field at the start of a word is, 0 when
// there is none.
func fieldEnd(word, rest string) int {
	n := 0
	for n < len(word) && fieldByte(word[n], n == 0) {
		n++
	}
	if n == 0 {
		return 0
	}
	after := word[n:]
	switch {
	case strings.HasPrefix(after, "://"), strings.HasPrefix(after, "::"), strings.HasPrefix(after, ":\\"):
		return 0
	case after == "" && n < len(rest) && strings.ContainsRune("<>=!", rune(rest[n])):
		return n
	case strings.HasPrefix(after, ":") && strings.Count(after, ":") > 1 && hexOnly(word): // an IPv6 or MAC address
		return 0
	case strings.HasPrefix(after, ":"), strings.HasPrefix(after, "="), strings.HasPrefix(after, "!="):
		return n
	}
	return 0
}

func fieldByte(c byte, first bool) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '@' || !first && (c >= '0' && c <= '9' || c == '.' || c == '-')
}

func hexOnly(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF:./") == ""
}

// quoted reads "..."; in it \" is a quote and \\ a backslash, any other
// backslash is itself.
func (l *lexer) quoted() error {
	var b strings.Builder
	for i := 1; i < len(l.rest); i++ {
		switch c := l.rest[i]; {
		case c == '"':
			l.emit(tokenQuoted, b.String(), i+1)
			return nil
		case c == '\\' && i+1 < len(l.rest) && (l.rest[i+1] == '"' || l.rest[i+1] == '\\'):
			i++
			b.WriteByte(l.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return fault(l.at, "the quote that begins here does not end")
}

// Quote writes a value so that a question takes it as it is, wildcards apart. Bytes
// that are no text become one.
func Quote(s string) string {
	s = strings.ToValidUTF8(s, "*")
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
