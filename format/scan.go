package format

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/event"
)

// Limits on one JSON record. They bound what a hostile record can cost: a
// megabyte of small members under one long name would otherwise be copied into
// gigabytes of dotted names.
const (
	MaxDepth  = 64     // nested objects and arrays
	MaxFields = 20_000 // members of one record outside of arrays
	MaxName   = 512    // bytes of one dotted name
	maxNodes  = 8192   // names remembered by one Scanner
)

var (
	errTruncated = errors.New("the JSON object does not end")
	errTrailing  = errors.New("there is text after the JSON object")
)

// Scanner reads JSON objects into flat fields: {"a":{"b":1}} becomes "a.b".
// A null member is nil, an empty object stays as one, arrays are values.
// It remembers the names it has met, so that a stream of similar records
// allocates each name once. Not safe for concurrent use.
type Scanner struct {
	root   *node
	nodes  int
	src    string
	pos    int
	fields event.Fields
	depth  int
	width  int    // bytes that a field of the last records took
	more   int    // fields that are likely to be added
	room   []byte // of the last string with escapes

	wanted func(name string) bool // nil = all
	passed int                    // fields of the record that were not wanted
}

// node is one name met, with the names below it. Records of one stream have
// their members in the same order mostly: the child after the last one is
// tried before the map.
type node struct {
	key      string
	path     string
	place    int  // among its parent's ordered
	pass     bool // nobody wants its value
	ordered  []*node
	children map[string]*node
}

// roomForECS is how many fields are likely to be added to those of a record.
const roomForECS = 24

// NewScanner returns a scanner that puts prefix before every name:
// "suricata.eve" makes "suricata.eve.src_ip". An empty prefix adds nothing.
func NewScanner(prefix string) *Scanner {
	return &Scanner{root: &node{path: prefix}, more: roomForECS}
}

// NewBriefScanner returns a scanner that leaves out the fields, by their names with
// the prefix, that are not wanted. It reads no record that another would not read, and
// may refuse one that another reads: see MaxFields.
func NewBriefScanner(prefix string, wanted func(name string) bool) *Scanner {
	s := NewScanner(prefix)
	s.wanted, s.more = wanted, roomForECS/2
	return s
}

// Object reads the one object that record holds. Names that appear twice keep
// the last value. Bytes that are not UTF-8 become U+FFFD. An error is a *Fault
// with the reason "bad-json".
func (s *Scanner) Object(record string) (event.Fields, error) {
	if !utf8.ValidString(record) {
		record = strings.ToValidUTF8(record, "\ufffd")
	}
	s.src, s.pos, s.depth, s.passed = record, 0, 0, 0
	s.fields = make(event.Fields, min(len(record)/max(s.width, 8), 512)+s.more)
	fields := s.fields
	s.space()
	if s.pos >= len(s.src) || s.src[s.pos] != '{' {
		return nil, Faultf("bad-json", "byte %d: want a JSON object", s.pos+1)
	}
	err := s.object(s.root)
	if err == nil {
		s.space()
		if s.pos < len(s.src) {
			err = errTrailing
		}
	}
	if err != nil {
		err = &Fault{Reason: "bad-json", Err: fmt.Errorf("byte %d: %w", s.pos+1, err)}
	}
	s.width += (min(len(record)/max(len(fields), 1), 256) - s.width) / 4
	s.src, s.fields = "", nil
	return fields, err
}

func (s *Scanner) space() {
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// next skips white space and returns the byte there, 0 at the end.
func (s *Scanner) next() byte {
	s.space()
	if s.pos >= len(s.src) {
		return 0
	}
	return s.src[s.pos]
}

func (s *Scanner) unexpected(want string) error {
	if s.pos >= len(s.src) {
		return errTruncated
	}
	return fmt.Errorf("%q where %s should be", s.src[s.pos], want)
}

// members calls member for each member of the object at pos, pos being at its
// value.
func (s *Scanner) members(member func(key string) error) error {
	if s.depth++; s.depth > MaxDepth {
		return fmt.Errorf("nested deeper than %d", MaxDepth)
	}
	s.pos++
	if s.next() == '}' {
		s.pos++
		s.depth--
		return nil
	}
	for {
		if s.next() != '"' {
			return s.unexpected("a name")
		}
		key, err := s.str()
		if err != nil {
			return err
		}
		if s.next() != ':' {
			return s.unexpected("':'")
		}
		s.pos++
		s.space()
		if err := member(key); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			s.depth--
			return nil
		default:
			return s.unexpected("',' or '}'")
		}
	}
}

func (s *Scanner) object(n *node) error {
	next := 0
	empty := true
	err := s.members(func(key string) error {
		empty = false
		child, err := s.child(n, key, next)
		if err != nil {
			return err
		}
		next = child.place + 1
		if s.pos < len(s.src) && s.src[s.pos] == '{' {
			return s.object(child)
		}
		if child.pass {
			s.passed++
			return s.pass()
		}
		v, err := s.value()
		if err != nil {
			return err
		}
		return s.set(child.path, v)
	})
	if err == nil && empty && n != s.root {
		return s.set(n.path, map[string]any{})
	}
	return err
}

func (s *Scanner) set(path string, v any) error {
	s.fields[path] = v
	if len(s.fields)+s.passed > MaxFields {
		return fmt.Errorf("more than %d fields", MaxFields)
	}
	return nil
}

func (s *Scanner) child(n *node, key string, next int) (*node, error) {
	if next < len(n.ordered) && n.ordered[next].key == key {
		return n.ordered[next], nil
	}
	if c := n.children[key]; c != nil {
		return c, nil
	}
	path := strings.Clone(key)
	if n.path != "" {
		path = n.path + "." + key
	}
	if len(path) > MaxName {
		return nil, fmt.Errorf("a name longer than %d bytes", MaxName)
	}
	c := &node{key: path[len(path)-len(key):], path: path, place: len(n.ordered), pass: s.wanted != nil && !s.wanted(path)}
	if s.nodes < maxNodes {
		if n.children == nil {
			n.children = map[string]*node{}
		}
		n.children[c.key] = c
		n.ordered = append(n.ordered, c)
		s.nodes++
	}
	return c, nil
}

func (s *Scanner) value() (any, error) {
	if s.pos >= len(s.src) {
		return nil, errTruncated
	}
	switch c := s.src[s.pos]; c {
	case '"':
		return s.str()
	case '[':
		return s.array()
	case '{':
		m := map[string]any{}
		err := s.members(func(key string) error {
			v, err := s.value()
			m[key] = v
			return err
		})
		return m, err
	case 't':
		return true, s.word("true")
	case 'f':
		return false, s.word("false")
	case 'n':
		return nil, s.word("null")
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return s.number()
		}
		return nil, s.unexpected("a value")
	}
}

func (s *Scanner) word(w string) error {
	if !strings.HasPrefix(s.src[s.pos:], w) {
		if strings.HasPrefix(w, s.src[s.pos:]) {
			return errTruncated
		}
		return s.unexpected("a value")
	}
	s.pos += len(w)
	return nil
}

// array returns []string when every element is one, else []any.
func (s *Scanner) array() (any, error) {
	texts := []string{}
	var mixed []any
	err := s.elements(func() error {
		v, err := s.value()
		if err != nil {
			return err
		}
		if str, ok := v.(string); ok && mixed == nil {
			texts = append(texts, str)
			return nil
		}
		if mixed == nil {
			mixed = anys(texts)
		}
		mixed = append(mixed, v)
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case mixed != nil:
		return mixed, nil
	}
	return texts, nil
}

// elements calls element for each element of the array at pos, pos being at it.
func (s *Scanner) elements(element func() error) error {
	if s.depth++; s.depth > MaxDepth {
		return fmt.Errorf("nested deeper than %d", MaxDepth)
	}
	s.pos++
	if s.next() == ']' {
		s.pos++
		s.depth--
		return nil
	}
	for {
		s.space()
		if err := element(); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			s.depth--
			return nil
		default:
			return s.unexpected("',' or ']'")
		}
	}
}

// pass steps over the value at pos; what value would refuse it refuses.
func (s *Scanner) pass() error {
	if s.pos >= len(s.src) {
		return errTruncated
	}
	switch c := s.src[s.pos]; {
	case c == '"':
		end := closing(s.src, s.pos+1)
		if end < 0 {
			return errTruncated
		}
		s.pos = end + 1
		return nil
	case c == '[':
		return s.elements(s.pass)
	case c == '{':
		return s.members(func(string) error { return s.pass() })
	case c == '-' || c >= '0' && c <= '9':
		if digits, _ := s.digits(); !validNumber(digits) {
			return fmt.Errorf("%.40q is not a number", digits)
		}
		return nil
	}
	_, err := s.value()
	return err
}

func anys(texts []string) []any {
	out := make([]any, len(texts), len(texts)+1)
	for i, t := range texts {
		out[i] = t
	}
	return out
}
