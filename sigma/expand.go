package sigma

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// placeholder finds placeholders, and before them what takes their meaning away:
// `\%` is a percent sign, and of `\\%` the backslash is none that does.
var placeholder = regexp.MustCompile(`\\[\\%]|%([\w.-]+)%`)

// maxExpanded bounds what one value becomes with its placeholders filled.
const maxExpanded = 50_000

// open returns the first placeholder of an item that has no values.
func (cp *compiler) open(it *Item) string {
	if !it.Has(Expand) {
		return ""
	}
	for _, v := range it.Values {
		for _, m := range placeholder.FindAllStringSubmatch(v.Text, -1) {
			if m[1] != "" && len(cp.opt.Placeholders[m[1]]) == 0 {
				return m[1]
			}
		}
	}
	return ""
}

// expand fills the placeholders of a text in every combination.
func (cp *compiler) expand(it *Item, s string) ([]string, error) {
	if !it.Has(Expand) {
		return []string{s}, nil
	}
	out := []string{""}
	end := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(s, -1) {
		var values []string
		switch found := s[m[0]:m[1]]; found {
		case `\\`:
			values = []string{found}
		case `\%`:
			values = []string{"%"}
		default:
			values = cp.opt.Placeholders[s[m[2]:m[3]]]
		}
		var next []string
		for _, head := range out {
			for _, v := range values {
				if next = append(next, head+s[end:m[0]]+v); len(next) > maxExpanded {
					return nil, fmt.Errorf("%q becomes more than %d values", s, maxExpanded)
				}
			}
		}
		out, end = next, m[1]
	}
	for i := range out {
		out[i] += s[end:]
	}
	return out, nil
}

// encode makes patterns of a text: as it is, or made wide and base64.
func encode(it *Item, s string) ([]pattern, error) {
	p := parsePattern(s)
	literal := p.literal()
	if it.Has(WinDash) {
		p.dash()
	}
	if !it.has(wides) && !it.has(codings) {
		return []pattern{p}, nil
	}
	if !literal {
		return nil, fmt.Errorf("%q has wildcards, which have no meaning once encoded", s)
	}
	texts, err := p.dashed()
	if err != nil {
		return nil, err
	}
	var out []pattern
	for _, text := range texts {
		some, err := encodeText(it, text)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// encodeText is encode for one text that has no wildcards.
func encodeText(it *Item, s string) ([]pattern, error) {
	wide, _ := it.one(wides)
	coding, _ := it.one(codings)
	b := widen([]byte(s), wide)
	switch coding {
	case Base64:
		return []pattern{plainPattern(base64.StdEncoding.EncodeToString(b))}, nil
	case Base64Offset:
		var out []pattern
		for shift := range 3 {
			if s := base64At(b, shift); s != "" {
				out = append(out, plainPattern(s))
			}
		}
		return out, nil
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("%q is no text once it is %s: add base64 or base64offset", s, wide)
	}
	return []pattern{plainPattern(string(b))}, nil
}

// widen writes text in UTF-16.
func widen(b []byte, wide Modifier) []byte {
	if wide == "" {
		return b
	}
	var order binary.AppendByteOrder = binary.LittleEndian
	if wide == UTF16BE {
		order = binary.BigEndian
	}
	units := utf16.Encode([]rune(string(b)))
	if wide == UTF16 {
		units = slices.Insert(units, 0, 0xfeff)
	}
	var out []byte
	for _, u := range units {
		out = order.AppendUint16(out, u)
	}
	return out
}

// base64At is what of the base64 of a longer text depends on b alone, when b
// stands shift bytes behind a multiple of three: a digit is left out at either
// end where it shares bits with what stands beside.
func base64At(b []byte, shift int) string {
	s := base64.StdEncoding.EncodeToString(append(make([]byte, shift), b...))
	start := [3]int{0, 2, 3}[shift]
	end := len(s) - [3]int{0, 3, 2}[(len(b)+shift)%3]
	return s[min(start, end):end]
}
