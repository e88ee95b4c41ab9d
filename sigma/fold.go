package sigma

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const (
	high  = 0x8080808080808080
	ones  = 0x0101010101010101
	slash = ones * '\\'
)

// lower8 makes small letters of the eight ASCII characters in w.
func lower8(w uint64) uint64 {
	fromA := w + ones*(0x80-'A')
	afterZ := w + ones*(0x7f-'Z')
	return w | (fromA&^afterZ&high)>>2
}

// appendFold appends src in the one form of letters that foldRune gives, and says
// whether all of it is ASCII. With escapes src is the inside of a JSON string.
// Bytes that are not UTF-8 become U+FFFD, one for each run of them.
func appendFold(dst, src []byte, escapes bool) ([]byte, bool) {
	dst = slices.Grow(dst, len(src)+8)
	out := dst[:cap(dst)]
	i, o := 0, len(dst)
	for i+8 <= len(src) {
		w := binary.LittleEndian.Uint64(src[i:])
		if w&high != 0 {
			return appendFoldSlow(out[:o], src[i:], escapes), false
		}
		binary.LittleEndian.PutUint64(out[o:], lower8(w))
		if escapes {
			x := w ^ slash
			if found := (x - ones) &^ x & high; found != 0 {
				n := bits.TrailingZeros64(found) >> 3
				i, o = i+n, o+n
				if n < 7 && src[i+1] == '\\' { // as in every path
					out[o] = '\\'
					i, o = i+2, o+1
					continue
				}
				c, took := simpleEscape(src[i:])
				if took == 0 {
					return foldTail(out[:o], src[i:], true)
				}
				out[o] = c
				i, o = i+took, o+1
				continue
			}
		}
		i, o = i+8, o+8
	}
	return foldTail(out[:o], src[i:], escapes)
}

func foldTail(dst, src []byte, escapes bool) ([]byte, bool) {
	for i := 0; i < len(src); i++ {
		c := src[i]
		if c >= utf8.RuneSelf {
			return appendFoldSlow(dst, src[i:], escapes), false
		}
		if c == '\\' && escapes {
			plain, took := simpleEscape(src[i:])
			if took == 0 {
				n := len(dst)
				dst = appendFoldSlow(dst, src[i:], true)
				return dst, ascii(dst[n:])
			}
			dst = append(dst, plain)
			i += took - 1
			continue
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst, true
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// appendFoldSlow goes rune by rune.
func appendFoldSlow(dst, src []byte, escapes bool) []byte {
	if !escapes {
		if !utf8.Valid(src) {
			src = toValid(src)
		}
		return appendFoldRunes(dst, src)
	}
	n := len(dst)
	dst = appendUnescaped(dst, src)
	end := len(dst)
	dst = appendFoldRunes(dst, dst[n:end])
	return append(dst[:n], dst[end:]...)
}

func appendFoldRunes(dst, src []byte) []byte {
	for i := 0; i < len(src); {
		if c := src[i]; c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(src[i:])
		dst = utf8.AppendRune(dst, foldRune(r))
		i += n
	}
	return dst
}

// folded is foldString for values that mostly are in that form already.
func folded(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return foldString(s)
		}
	}
	return s
}

// foldString returns the folded form of a rule's text.
func foldString(s string) string {
	return string(appendFoldSlow(nil, []byte(s), false))
}
