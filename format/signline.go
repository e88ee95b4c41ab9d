package format

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// lineSigns are the signs that lines have, the best first. Most of them contain some
// text, of which four bytes are looked for, all signs' in one pass over the record: so
// hardly more signs are tried than hold, however many there are.
type lineSigns struct {
	signs  []lineSign
	always signSet      // those that no text tells
	shorts []shortText  // that tell what no four bytes do
	begin  [256]signSet // by the first byte of the line
	heads  [1 << gramBits]uint16
	grams  []signGram // the first is none
}

// shortText is a text that stands in every record that has one of the signs.
type shortText struct {
	text  string
	signs signSet
}

// signGram is four bytes that stand in every record that has the sign.
type signGram struct {
	gram uint32
	sign uint16
	next uint16 // in grams, of the same hash; 0 = none
}

const (
	gramBits = 12
	// gramStride: only every second place of a record is looked at, and of each text two
	// grams that stand side by side are known, one of which is at such a place.
	gramStride = 2
	gramText   = 4 + gramStride - 1

	// maxLineSigns is how many signs are told apart by a set; those after them are
	// tried one by one.
	maxLineSigns = 1024
)

// signSet is a set of signs by their places.
type signSet [maxLineSigns / 64]uint64

func (s *signSet) add(i int) {
	if i < maxLineSigns {
		s[i>>6] |= 1 << (i & 63)
	}
}

func gramHash(g uint32) uint32 { return g * 0x9E3779B1 >> (32 - gramBits) }

func gramAt(s string, i int) uint32 {
	_ = s[i+3]
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

// compile makes the index of the signs, which come in the order of their formats. Of
// equal scores those with a beginning come first, then those of the first format.
func (x *lineSigns) compile() {
	slices.SortStableFunc(x.signs, func(a, b lineSign) int {
		return cmp.Or(cmp.Compare(b.sign.Score, a.sign.Score), cmp.Compare(a.sign.anywhere(), b.sign.anywhere()))
	})
	uses := map[uint32]int{}
	for i := range x.signs {
		for _, text := range x.signs[i].sign.Contains {
			for at := range max(len(text)-3, 0) {
				uses[gramAt(text, at)]++
			}
		}
	}
	x.grams = make([]signGram, 1)
	for i := range x.signs {
		s := x.signs[i].sign
		for b := range x.begin {
			if s.opens(byte(b)) {
				x.begin[b].add(i)
			}
		}
		text, at := s.rarest(uses)
		if i >= maxLineSigns {
			continue
		}
		if text == "" {
			x.short(i)
			continue
		}
		for k := range gramStride {
			g := gramAt(text, at+k)
			h := gramHash(g)
			x.grams = append(x.grams, signGram{g, uint16(i), x.heads[h]})
			x.heads[h] = uint16(len(x.grams) - 1)
		}
	}
}

// short keeps a sign that no four bytes tell. Where a beginning tells it, few lines are
// held against it.
func (x *lineSigns) short(i int) {
	s := x.signs[i].sign
	if s.anywhere() == 0 || len(s.Contains) == 0 {
		x.always.add(i)
		return
	}
	text := slices.MinFunc(s.Contains, func(a, b string) int {
		return cmp.Or(cmp.Compare(commonness((a + " ")[0]), commonness((b + " ")[0])), cmp.Compare(len(b), len(a)))
	})
	at := slices.IndexFunc(x.shorts, func(t shortText) bool { return t.text == text })
	if at < 0 {
		at = len(x.shorts)
		x.shorts = append(x.shorts, shortText{text: text})
	}
	x.shorts[at].signs.add(i)
}

// anywhere is 1 of a sign that no beginning tells.
func (s *Sign) anywhere() int {
	if len(s.Starts)+len(s.First) == 0 {
		return 1
	}
	return 0
}

// opens says whether a line that has the sign may begin with a byte.
func (s *Sign) opens(b byte) bool {
	if len(s.Starts) > 0 {
		return slices.ContainsFunc(s.Starts, func(start string) bool { return start != "" && start[0] == b })
	}
	return s.First == "" || strings.IndexByte(s.First, b) >= 0
}

// leads says whether a line begins as the sign says.
func (s *Sign) leads(line string) bool {
	for _, start := range s.Starts {
		if start != "" && strings.HasPrefix(line, start) {
			return true
		}
	}
	return len(s.Starts) == 0 && (s.First == "" || strings.IndexByte(s.First, line[0]) >= 0)
}

// rarest returns which of the texts to look for, and from where on in it; "" when all
// are too short.
func (s *Sign) rarest(uses map[uint32]int) (text string, at int) {
	least := -1
	for _, t := range s.Contains {
		for i := range max(len(t)-gramText+1, 0) {
			price := 0
			for k := range gramStride {
				price += 4 * uses[gramAt(t, i+k)]
			}
			for _, c := range []byte(t[i : i+gramText]) {
				price += commonness(c)
			}
			if least < 0 || price < least {
				text, at, least = t, i, price
			}
		}
	}
	return text, at
}

// commonness guesses how often a byte stands in logs.
func commonness(c byte) int {
	switch {
	case c >= '0' && c <= '9', c == ' ':
		return 3
	case c >= 'a' && c <= 'z':
		return 2
	}
	return 1
}

// may fills the set of the signs that a record, or any part of it, may have.
func (x *lineSigns) may(record string, out *signSet) {
	*out = x.always
	for i := range x.shorts {
		if t := &x.shorts[i]; strings.Contains(record, t.text) {
			for word := range t.signs {
				out[word] |= t.signs[word]
			}
		}
	}
	for i := 0; i+4 <= len(record); i += gramStride {
		g := gramAt(record, i)
		for at := x.heads[gramHash(g)]; at != 0; {
			e := &x.grams[at]
			if e.gram == g {
				out[e.sign>>6] |= 1 << (e.sign & 63)
			}
			at = e.next
		}
	}
}

// find returns the format whose sign a line has, -1 for none. may are the signs that the
// record may have in which it lies.
func (x *lineSigns) find(line string, may *signSet) (format, score int) {
	if line == "" {
		return -1, 0
	}
	begin := &x.begin[line[0]]
	for word := range (min(len(x.signs), maxLineSigns) + 63) / 64 {
		for set := may[word] & begin[word]; set != 0; set &= set - 1 {
			if l := &x.signs[word<<6+bits.TrailingZeros64(set)]; l.sign.leads(line) && l.sign.agrees(line) {
				return l.format, l.sign.Score
			}
		}
	}
	for i := maxLineSigns; i < len(x.signs); i++ {
		if l := &x.signs[i]; l.sign.leads(line) && l.sign.agrees(line) {
			return l.format, l.sign.Score
		}
	}
	return -1, 0
}

// line is find for a line alone.
func (x *lineSigns) line(line string) (format, score int) {
	var may signSet
	x.may(line, &may)
	return x.find(line, &may)
}
