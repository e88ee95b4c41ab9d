package match

import (
	"bytes"
	"math/bits"
	"unicode"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/indicator"
)

// foreignHost says whether a line has a word with letters of another script that
// may be the name of a host: it has a dot, or something that is neither a letter
// nor the mark on one, which may stand for a dot, or for nothing at all.
func foreignHost(line []byte) bool {
	for i := 0; i < len(line); {
		if classes[line[i]] == 0 {
			i++
			continue
		}
		foreign, dot := false, false
		for i < len(line) && classes[line[i]] != 0 {
			c := line[i]
			if c < utf8.RuneSelf {
				dot = dot || c == '.'
				i++
				continue
			}
			r, n := utf8.DecodeRune(line[i:])
			foreign = true
			dot = dot || r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsMark(r)
			i += n
		}
		if foreign && dot {
			return true
		}
	}
	return false
}

// oddHost says whether there is a URL in the line being searched whose host may mean
// another than it shows.
func (s *Searcher) oddHost() bool {
	var before uint64
	for w := range s.blocks {
		for schemes := s.blocks[w].schemes(&before); schemes != 0; schemes &= schemes - 1 {
			rest := s.line[w*blockSize+bits.TrailingZeros64(schemes)+1:]
			if behind := bytes.TrimLeft(rest, `/\`); len(behind) < len(rest) && indicator.OddHost(behind) {
				return true
			}
		}
	}
	return false
}

// foreignPercent says whether a line has a percent-encoding of what is not ASCII.
func foreignPercent(line []byte) bool {
	for {
		i := bytes.IndexByte(line, '%')
		if i < 0 || i+2 >= len(line) {
			return false
		}
		line = line[i+1:]
		if isHexByte(line[0]) && line[0] >= '8' && isHexByte(line[1]) {
			return true
		}
	}
}

// undoEscapes replaces each \uXXXX by what it stands for; again is false when
// there is none. A byte escaped as in Zeek's logs (\x2e) becomes that byte.
func undoEscapes(line []byte) (out []byte, again bool) {
	done := 0
	for i := 0; i < len(line); {
		b := bytes.IndexByte(line[i:], '\\')
		if b < 0 {
			break
		}
		i += b
		r, n := anyEscape(line[i:])
		if n == 0 {
			i++
			continue
		}
		out = append(out, line[done:i]...)
		out = utf8.AppendRune(out, r)
		i += n
		done = i
	}
	if done == 0 {
		return line, false
	}
	return append(out, line[done:]...), true
}

func anyEscape(b []byte) (r rune, n int) {
	if len(b) < 4 {
		return 0, 0
	}
	switch {
	case b[1] == 'u':
		return escapedRune(b)
	case b[1] == 'x' && isHexByte(b[2]) && isHexByte(b[3]):
		return rune(unhex(b[2])<<4 | unhex(b[3])), 4
	}
	return 0, 0
}

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// encodedURL says whether a line may have a URL whose path no mark stands before, not all
// of which stands there, or whose host of colons does not: it is percent-encoded, or a mail gateway wrote it.
func encodedURL(line []byte, percent bool) bool {
	for rest := line; percent; {
		i := bytes.IndexByte(rest, '%')
		if i < 0 {
			break
		}
		if n, _ := indicator.EncodedSlashes(rest[i:]); n > 0 {
			return true
		}
		rest = rest[i+1:]
	}
	return bytes.Contains(line, []byte("__;"))
}
