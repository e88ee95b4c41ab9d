package stix

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenLiteral
	tokenSymbol
)

type token struct {
	kind  tokenKind
	text  string
	value Value // of a literal
	pos   int
}

type lexer struct {
	text string
	pos  int
}

// PatternError says where in a pattern something is wrong.
type PatternError struct {
	Column  int // in bytes, from 1
	Message string
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("pattern, column %d: %s", e.Column, e.Message)
}

func patternError(pos int, format string, args ...any) error {
	return &PatternError{pos + 1, fmt.Sprintf(format, args...)}
}

func (l *lexer) next() (token, error) {
	for l.pos < len(l.text) && strings.IndexByte(" \t\r\n\v\f", l.text[l.pos]) >= 0 {
		l.pos++
	}
	start := l.pos
	if start == len(l.text) {
		return token{kind: tokenEnd, pos: start}, nil
	}
	rest := l.text[start:]
	c := rest[0]
	if len(rest) > 1 && rest[1] == '\'' && (c == 't' || c == 'h' || c == 'b') {
		l.pos++
		s, err := l.quoted()
		if err != nil {
			return token{}, err
		}
		v, err := prefixed(c, s, start)
		return token{tokenLiteral, s, v, start}, err
	}
	switch {
	case c == '\'':
		s, err := l.quoted()
		return token{tokenLiteral, s, Value{Kind: String, Text: s}, start}, err
	case c >= '0' && c <= '9', (c == '-' || c == '+') && len(rest) > 1, c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return l.number()
	case isWordStart(c):
		for l.pos < len(l.text) && (isWordStart(l.text[l.pos]) || isDigit(l.text[l.pos]) || l.text[l.pos] == '-') {
			l.pos++
		}
		return token{kind: tokenWord, text: l.text[start:l.pos], pos: start}, nil
	}
	for _, s := range []string{"!=", "<>", "<=", ">=", "=="} {
		if strings.HasPrefix(rest, s) {
			l.pos += 2
			return token{kind: tokenSymbol, text: s, pos: start}, nil
		}
	}
	if strings.IndexByte("[]()=<>:.,*", c) < 0 {
		return token{}, patternError(start, "unexpected character %q", c)
	}
	l.pos++
	return token{kind: tokenSymbol, text: rest[:1], pos: start}, nil
}

// quoted reads a string in single quotes, in which \' and \\ are escapes. Another
// character after a backslash stands for itself, backslash included: that is how
// careless producers write Windows paths.
func (l *lexer) quoted() (string, error) {
	start := l.pos
	var b strings.Builder
	for i := start + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '\'':
			l.pos = i + 1
			return b.String(), nil
		case c == '\\' && i+1 < len(l.text) && (l.text[i+1] == '\'' || l.text[i+1] == '\\'):
			i++
			b.WriteByte(l.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", patternError(start, "the string that begins here has no end")
}

func (l *lexer) number() (token, error) {
	start := l.pos
	l.pos++
	for l.pos < len(l.text) && (isDigit(l.text[l.pos]) || l.text[l.pos] == '.') {
		l.pos++
	}
	s := l.text[start:l.pos]
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return token{tokenLiteral, s, Value{Kind: Integer, Text: s, Int: n, Float: float64(n)}, start}, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return token{}, patternError(start, "%q is no number", s)
	}
	return token{tokenLiteral, s, Value{Kind: Float, Text: s, Float: f}, start}, nil
}

func prefixed(c byte, s string, pos int) (Value, error) {
	switch c {
	case 'h':
		b, err := hex.DecodeString(s)
		if err != nil {
			return Value{}, patternError(pos, "h'…' needs an even number of hexadecimal digits")
		}
		return Value{Kind: Hex, Text: s, Bytes: b}, nil
	case 'b':
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return Value{}, patternError(pos, "b'…' is not base64")
		}
		return Value{Kind: Binary, Text: s, Bytes: b}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !strings.HasSuffix(s, "Z") {
		return Value{}, patternError(pos, "t'…' must be a time like 2026-01-02T15:04:05Z")
	}
	return Value{Kind: Timestamp, Text: s, Time: t.UTC()}, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
