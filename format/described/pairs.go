package described

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// pairsCut reads key=value and key="a value". Values that stand bare end at the
// separator.
type pairsCut struct {
	separator byte
	equals    byte
}

func (p *documentParser) pairs(n *yaml.Node) (pairsCut, error) {
	c := pairsCut{separator: ' ', equals: '='}
	if n == nil {
		return c, nil
	}
	list, err := members(n, "separator", "equals")
	if err != nil {
		return c, err
	}
	for _, m := range list {
		s, err := scalar(m[1])
		if err != nil {
			return c, err
		}
		if len(s) != 1 {
			return c, faultf(m[1], "%s: %q is not one character", m[0].Value, s)
		}
		if m[0].Value == "equals" {
			c.equals = s[0]
		} else {
			c.separator = s[0]
		}
	}
	return c, nil
}

func (c pairsCut) cut(r *decoder, record string) (bool, error) {
	r.begin(record)
	if c.separator == ' ' && c.equals == '=' && commaPairs(record) {
		c.separator = ','
	}
	c.read(record, r.put)
	return true, nil
}

// commaPairs says whether a comma and another key follow the first value, as where
// pairs are exported as CSV.
func commaPairs(record string) bool {
	_, rest, _ := strings.Cut(record, "=")
	end := strings.IndexAny(rest, " ,\"'")
	if end < 0 || rest[end] != ',' {
		return false
	}
	key, _, ok := strings.Cut(rest[end+1:], "=")
	return ok && pairKey(key)
}

// maxPairs bounds the pairs of one record.
const maxPairs = 1024

// beforeKey are the bytes behind which a key begins.
var beforeKey = [256]bool{' ': true, '\t': true, '\n': true, ',': true, ';': true, '|': true, '[': true, '(': true, '{': true}

// read calls put for each pair. What is no pair is passed over: the message has
// it.
func (c pairsCut) read(s string, put func(key, value string)) {
	for range maxPairs {
		eq := strings.IndexByte(s, c.equals)
		if eq < 0 {
			return
		}
		from := eq
		for from > 0 && !beforeKey[s[from-1]] {
			from--
		}
		key := s[from:eq]
		s = s[eq+1:]
		if c.separator != ' ' {
			s = strings.TrimLeft(s, " ")
		}
		var value string
		value, s = c.value(s)
		if pairKey(key) {
			put(key, value)
		}
	}
}

func (c pairsCut) value(s string) (value, rest string) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		end := strings.IndexByte(s, c.separator)
		if end < 0 {
			end = len(s)
		}
		return strings.TrimRight(s[:end], " \t\r\n"), s[end:]
	}
	quote := s[0]
	escaped := false
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			escaped = true
		case quote:
			value = s[1:i]
			if escaped && quote == '"' {
				value = unescape(value)
			}
			return value, s[i+1:]
		}
	}
	return s[1:], "" // the quote does not end: the record was cut off
}

// unescape takes the backslash away from quotes and backslashes.
func unescape(s string) string {
	return quotedPair.Replace(s)
}

var quotedPair = strings.NewReplacer(`\"`, `"`, `\\`, `\`)

func pairKey(key string) bool {
	if key == "" || len(key) > maxName {
		return false
	}
	for i := range len(key) {
		c := key[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' && c != '@' && c != '#' {
			return false
		}
	}
	return true
}
