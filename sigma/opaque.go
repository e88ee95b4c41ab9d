package sigma

import (
	"bytes"
	"encoding/binary"
)

// opaque says whether bytes as they are in a record may stand for ASCII letters
// that are not there to be seen: by an escape \u, or because a character that is
// not ASCII becomes one without letter case (the signs for kelvin and long s).
func opaque(b []byte) bool {
	const (
		second = ones * 'u'
		step   = 7 // of eight bytes, so that each pair is seen whole
	)
	var pairs, all uint64
	i := 0
	for ; i+8 <= len(b); i += step {
		w := binary.LittleEndian.Uint64(b[i:])
		all |= w
		x := (w ^ slash) | (w>>8 ^ second)
		pairs |= (x - ones) &^ x & high
	}
	if pairs != 0 && escaped(b) {
		return true
	}
	for _, c := range b[min(i, len(b)):] {
		all |= uint64(c)
	}
	if i < len(b) && bytes.Contains(b[max(0, i-1):], []byte(`\u`)) && escaped(b) {
		return true
	}
	return all&high != 0 && kelvinOrLongS(b)
}

// escaped says whether b has an escape \u, which a path such as c:\\users has not.
func escaped(b []byte) bool {
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte(`\u`))
		if i < 0 {
			return false
		}
		start := from + i
		for start > 0 && b[start-1] == '\\' {
			start--
		}
		if (from+i-start)&1 == 0 {
			return true
		}
		from += i + 2
	}
}

func kelvinOrLongS(b []byte) bool {
	return bytes.Contains(b, []byte("\u212a")) || bytes.Contains(b, []byte("\u017f"))
}

// transparent says whether the gates of the index can judge the event by its bytes.
func (m *Matcher) transparent() bool {
	if m.view.known {
		return m.view.clear
	}
	m.view.known, m.view.clear = true, !m.view.reworded && !opaque(m.view.record)
	return m.view.clear
}

// rawView is the record of the event, when there is one.
type rawView struct {
	record   []byte
	lane     *lane
	known    bool // clear has been found out
	clear    bool
	reworded bool // a number has been written otherwise than in the record
	words    bool // they have been given
}

// needWords makes sure that keywords have all values to look through.
func (m *Matcher) needWords() {
	if m.view.words {
		return
	}
	m.view.words = true
	if m.view.lane != nil {
		m.view.lane.words(m)
	}
}
