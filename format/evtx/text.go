package evtx

import (
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendUTF16 appends UTF-16LE as it stands in JSON between quotes, without the
// NULs at its end. What is no UTF-16 becomes U+FFFD.
func appendUTF16(out, b []byte) []byte {
	n := len(b) &^ 1
	for n > 0 && b[n-1] == 0 && b[n-2] == 0 {
		n -= 2
	}
	for i := 0; i < n; i += 2 {
		if b[i+1] == 0 && plain(b[i]) {
			out = append(out, b[i])
			continue
		}
		r := rune(b[i]) | rune(b[i+1])<<8
		if utf16.IsSurrogate(r) {
			next := rune(0)
			if i+3 < n {
				next = rune(b[i+2]) | rune(b[i+3])<<8
			}
			if r = utf16.DecodeRune(r, next); r != utf8.RuneError {
				i += 2
			}
		}
		out = appendRune(out, r)
	}
	return out
}

// ansi is where code page 1252 differs from Latin-1, from 0x80 on.
var ansi = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

// appendANSI appends text of code page 1252, that of western Windows: the file
// does not say which one it is.
func appendANSI(out, b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	for _, c := range b {
		r := rune(c)
		if i := int(c) - 0x80; i >= 0 && i < len(ansi) {
			r = ansi[i]
		}
		out = appendRune(out, r)
	}
	return out
}

// plain says whether an ASCII character stands in JSON as it is.
func plain(c byte) bool { return c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' }

func appendRune(out []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(out, '\\', byte(r))
	case r == '\n':
		return append(out, '\\', 'n')
	case r == '\r':
		return append(out, '\\', 'r')
	case r == '\t':
		return append(out, '\\', 't')
	case r < ' ':
		return append(out, '\\', 'u', '0', '0', hexDigits[r>>4&0xf], hexDigits[r&0xf])
	}
	return utf8.AppendRune(out, r)
}
