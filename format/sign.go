package format

import (
	"math/bits"
	"strings"
)

// Sign says declaratively how records of a format are told from all others. A
// [Recogniser] compiles the signs of all its formats into one index, so that a
// hundred formats cost one look at a record. All that a sign names must hold.
type Sign struct {
	// Score of a record that has the sign, 1 to 99.
	Score int

	// Keys are members that a JSON object must have, by dotted names, lists
	// being transparent: "events.name" is in {"events":[{"name":1}]}.
	Keys []string
	// Any are members of which each group must have at least one.
	Any [][]string
	// Never are members that must be absent.
	Never []string
	// Values are texts, of which one must be the value of a member: "*.com",
	// "PUT*", "*audit*" or whole.
	Values []Value

	// Programs are names that syslog gives to who logged: "sshd", "postfix/*".
	Programs []string
	// Starts are texts of which a line must begin with one.
	Starts []string
	// First are the bytes of which a line begins with one; it spares looking at
	// lines that begin otherwise.
	First string
	// Contains are texts that must all be in a line.
	Contains []string
	// Match decides about a line in the end; nil agrees. It must not allocate.
	Match func(line string) bool
}

// Value is a condition on one member.
type Value struct {
	Key   string
	Texts []string
}

// maxSignKeys is how many different members all signs together may name.
const maxSignKeys = 1024

type keySet [maxSignKeys / 64]uint64

func (k *keySet) set(i int)      { k[i>>6] |= 1 << (i & 63) }
func (k *keySet) has(i int) bool { return k[i>>6]&(1<<(i&63)) != 0 }

// signIndex holds the signs of all formats.
type signIndex struct {
	root     *signNode
	keys     int
	byKey    [][]objectSign // by the key that the sign needs and fewest others do
	programs map[string][]lineSign
	families []programFamily // "postfix/*"
	lines    lineSigns
}

// signNode is a member that some sign names.
type signNode struct {
	children map[string]*signNode
	key      int // -1: only on the way to others
	tests    []signTest
}

type signTest struct {
	key   int
	texts []string
}

type objectSign struct {
	format, score int
	needs         []int
	any           [][]int
	never         []int
}

type lineSign struct {
	format int
	sign   *Sign
}

type programFamily struct {
	prefix string
	sign   lineSign
}

func newSignIndex(formats []Format) *signIndex {
	x := &signIndex{root: &signNode{key: -1}, programs: map[string][]lineSign{}}
	var objects []objectSign
	uses := map[int]int{}
	for i := range formats {
		for j := range formats[i].Signs {
			s := &formats[i].Signs[j]
			if !s.object() {
				x.addLine(i, s)
				continue
			}
			o := x.compile(i, s)
			if len(o.needs) == 0 || x.keys > maxSignKeys {
				continue
			}
			objects = append(objects, o)
			for _, k := range o.needs {
				uses[k]++
			}
		}
	}
	x.lines.compile()
	x.byKey = make([][]objectSign, x.keys)
	for _, o := range objects {
		rare := o.needs[0]
		for _, k := range o.needs {
			if uses[k] < uses[rare] {
				rare = k
			}
		}
		x.byKey[rare] = append(x.byKey[rare], o)
	}
	return x
}

func (s *Sign) object() bool { return len(s.Keys)+len(s.Any)+len(s.Values) > 0 }

func (x *signIndex) addLine(format int, s *Sign) {
	l := lineSign{format, s}
	for _, p := range s.Programs {
		if prefix, ok := strings.CutSuffix(p, "*"); ok {
			x.families = append(x.families, programFamily{prefix, l})
			continue
		}
		x.programs[p] = append(x.programs[p], l)
	}
	if len(s.Programs) == 0 && s.Score > 0 {
		x.lines.signs = append(x.lines.signs, l)
	}
}

// object returns the format whose sign a JSON object has, -1 for none.
func (x *signIndex) object(head string) (format, score int) {
	format = -1
	if len(x.byKey) == 0 || x.keys > maxSignKeys {
		return format, 0
	}
	w := signWalk{src: head}
	w.object(x.root, 0)
	for word, set := range w.found {
		for ; set != 0; set &= set - 1 {
			list := x.byKey[word<<6+bits.TrailingZeros64(set)]
			for i := range list {
				o := &list[i]
				if (o.score > score || o.score == score && o.format < format) && o.holds(&w.found) {
					format, score = o.format, o.score
				}
			}
		}
	}
	return format, score
}

func (o *objectSign) holds(found *keySet) bool {
	for _, k := range o.needs {
		if !found.has(k) {
			return false
		}
	}
	for _, k := range o.never {
		if found.has(k) {
			return false
		}
	}
	for _, group := range o.any {
		ok := false
		for _, k := range group {
			ok = ok || found.has(k)
		}
		if !ok {
			return false
		}
	}
	return true
}

// program returns the format of what a program logged, -1 for none.
func (x *signIndex) program(name, body string) (format, score int) {
	format = -1
	if name == "" {
		return format, 0
	}
	list := x.programs[name]
	for i := range list {
		if l := &list[i]; l.sign.Score > score && l.sign.begins(body) && l.sign.agrees(body) {
			format, score = l.format, l.sign.Score
		}
	}
	for i := range x.families {
		f := &x.families[i]
		if f.sign.sign.Score > score && strings.HasPrefix(name, f.prefix) && f.sign.sign.begins(body) && f.sign.sign.agrees(body) {
			format, score = f.sign.format, f.sign.sign.Score
		}
	}
	return format, score
}

func (s *Sign) begins(line string) bool {
	for _, start := range s.Starts {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return len(s.Starts) == 0 && (s.First == "" || line != "" && strings.IndexByte(s.First, line[0]) >= 0)
}

func (s *Sign) agrees(line string) bool {
	for _, c := range s.Contains {
		if !strings.Contains(line, c) {
			return false
		}
	}
	return s.Match == nil || s.Match(line)
}

// resembles says whether text is one of the patterns: whole, or with '*' at the
// beginning, the end or both.
func resembles(text string, patterns []string) bool {
	for _, p := range patterns {
		head, open := strings.CutSuffix(p, "*")
		tail, free := strings.CutPrefix(head, "*")
		switch {
		case open && free && strings.Contains(text, tail), open && !free && strings.HasPrefix(text, head),
			!open && free && strings.HasSuffix(text, tail), text == p:
			return true
		}
	}
	return false
}
