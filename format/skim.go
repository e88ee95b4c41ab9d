package format

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits under which Skim is sure of what a Scanner would say; within them no
// limit of the Scanner can be reached.
const (
	skimDepth   = 8
	skimName    = 48
	skimMembers = 2000
)

// Skim says whether a record is surely one JSON object that Scanner.Object reads,
// with the member named (when not empty) being a string that is not empty or a
// number, and with none of the members named as never. It is several times faster
// than reading, allocates nothing, and says no when in doubt.
func Skim(record, member string, never ...string) bool {
	s := skimmer{src: record, member: member, never: never}
	for _, name := range never {
		s.lengths |= 1 << len(name)
	}
	s.space()
	if !s.object(1) || member != "" && s.found != 1 {
		return false
	}
	s.space()
	return s.pos == len(s.src)
}

// SkimOwn is Skim for records that may carry the line that a shipper read, which is
// then opened: it says that this record surely is not such a shell, because it has no
// line, or because it says something of its own. See [Shipped].
func SkimOwn(record string) bool {
	s := skimmer{src: record, shells: true}
	s.space()
	if !s.object(1) || s.line && !s.own {
		return false
	}
	s.space()
	return s.pos == len(s.src)
}

type skimmer struct {
	src     string
	pos     int
	members int
	member  string
	found   int
	never   []string
	lengths uint64 // that names in never have

	shells bool   // whether it is a shell is asked for:
	outer  string // the member of the record in which the one being read lies
	line   bool   // there may be a line
	own    bool   // there surely is more than a shell
}

func (s *skimmer) space() {
	for s.pos < len(s.src) && (s.src[s.pos] == ' ' || s.src[s.pos] == '\t' || s.src[s.pos] == '\n' || s.src[s.pos] == '\r') {
		s.pos++
	}
}

// take steps over c, and the white space around it.
func (s *skimmer) take(c byte) bool {
	s.space()
	if s.pos >= len(s.src) || s.src[s.pos] != c {
		return false
	}
	s.pos++
	s.space()
	return true
}

func (s *skimmer) object(depth int) bool {
	if depth > skimDepth || !s.take('{') {
		return false
	}
	if s.take('}') {
		return true
	}
	for {
		from := s.pos
		if s.members++; s.members > skimMembers || !s.str() || s.pos-from > skimName {
			return false
		}
		key := s.src[from+1 : s.pos-1]
		if !plainName(key) || !s.take(':') {
			return false
		}
		if depth == 1 && s.lengths>>len(key)&1 != 0 && slices.Contains(s.never, key) {
			return false
		}
		if depth == 1 && s.member != "" && key == s.member {
			if !s.telling() {
				return false
			}
			s.found++
		}
		if s.shells && !s.weigh(key, depth) {
			return false
		}
		if !s.value(depth) {
			return false
		}
		if s.take(',') {
			continue
		}
		return s.take('}')
	}
}

// weigh notes what the member at pos is to a shell. Only two names deep: what lies
// deeper counts for nothing. False is a doubt: below a member without a name another
// may be called as if it stood at the top.
func (s *skimmer) weigh(key string, depth int) bool {
	switch {
	case key == "":
		return false
	case depth == 1:
		s.outer = key
		s.line = s.line || isLine(key)
		s.own = s.own || s.telling() && !shell(key) && !strings.HasPrefix(key, "vedette")
	case depth == 2 && !s.own && s.telling():
		var name [2*skimName + 1]byte
		n := copy(name[:], s.outer)
		name[n] = '.'
		n += 1 + copy(name[n+1:], key)
		s.own = !shell(name[:n]) && !strings.HasPrefix(s.outer, "vedette")
	}
	return true
}

// plainName: without escapes, and no longer when its bytes are made UTF-8.
func plainName(key string) bool {
	for i := range len(key) {
		if key[i] == '\\' || key[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// telling says whether the value at pos is a string that is not empty, or a number.
func (s *skimmer) telling() bool {
	rest := s.src[s.pos:]
	return len(rest) > 1 && (rest[0] == '"' && rest[1] != '"' || rest[0] >= '0' && rest[0] <= '9')
}

func (s *skimmer) array(depth int) bool {
	if depth > skimDepth || !s.take('[') {
		return false
	}
	if s.take(']') {
		return true
	}
	for {
		if !s.value(depth) {
			return false
		}
		if s.take(',') {
			continue
		}
		return s.take(']')
	}
}

func (s *skimmer) value(depth int) bool {
	if s.pos >= len(s.src) {
		return false
	}
	switch c := s.src[s.pos]; c {
	case '"':
		return s.str()
	case '{':
		return s.object(depth + 1)
	case '[':
		return s.array(depth + 1)
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n': // of a name that was there before, it takes away what was said
		return !s.own && s.word("null")
	default:
		return s.number()
	}
}

func (s *skimmer) word(w string) bool {
	if !strings.HasPrefix(s.src[s.pos:], w) {
		return false
	}
	s.pos += len(w)
	return true
}

// str steps over the string at pos.
func (s *skimmer) str() bool {
	if s.pos >= len(s.src) || s.src[s.pos] != '"' {
		return false
	}
	end := closing(s.src, s.pos+1)
	if end < 0 {
		return false
	}
	s.pos = end + 1
	return true
}

// number steps over digits with a fraction; anything less plain is a doubt.
func (s *skimmer) number() bool {
	if s.src[s.pos] == '-' {
		s.pos++
	}
	if !s.digits() {
		return false
	}
	if s.pos < len(s.src) && s.src[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return false
		}
	}
	if s.pos == len(s.src) {
		return false
	}
	switch s.src[s.pos] {
	case ',', '}', ']', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

func (s *skimmer) digits() bool {
	from := s.pos
	for s.pos < len(s.src) && s.src[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > from
}
