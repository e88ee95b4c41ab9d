package sigma

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// sweeper finds few texts in bytes as they stand in the record, and tells in the
// same pass whether these may stand for others (see opaque): 32 bytes at a time by
// instructions that not every processor has. Each text belongs to one of eight
// buckets and is known by three bytes of it; where a bucket has all three, its
// texts are compared.
type sweeper struct {
	rows    [6][16]byte // by low and high half of each of the three bytes: buckets
	buckets [8][]gramEntry
}

// sighting is a block of 32 bytes with buckets that may have a text there.
type sighting struct {
	buckets [sweepBlock]byte
	at      int
}

const (
	sweepBlock = 32
	sweepBytes = 3 // that a text is known by
	sweepTexts = 64
)

// newSweeper returns nil for texts that it is not for. In raw bytes letters are in
// either case, and what may be escaped is not looked for.
func newSweeper(finds []find, list []int32, raw bool) *sweeper {
	if !hasAVX2 || len(list) == 0 || len(list) > sweepTexts {
		return nil
	}
	var all []gramEntry
	for _, f := range list {
		at := sweepPlace(finds[f].lit, raw)
		if at < 0 {
			return nil
		}
		all = append(all, gramEntry{at: int32(at), find: f})
	}
	bytesOf := func(e gramEntry) []byte {
		lit := finds[e.find].lit[e.at:]
		return lit[:min(len(lit), sweepBytes)]
	}
	slices.SortFunc(all, func(a, b gramEntry) int { return bytes.Compare(bytesOf(a), bytesOf(b)) })
	w := &sweeper{}
	for n, e := range all { // those with the same three bytes are neighbours
		b := n * len(w.buckets) / len(all)
		w.buckets[b] = append(w.buckets[b], e)
		known := bytesOf(e)
		for k, c := range known {
			w.mark(k, c, b)
			if raw && 'a' <= c && c <= 'z' {
				w.mark(k, c-'a'+'A', b)
			}
		}
		for k := len(known); k < sweepBytes; k++ {
			for c := range 256 {
				w.mark(k, byte(c), b)
			}
		}
	}
	return w
}

func (w *sweeper) mark(k int, c byte, bucket int) {
	w.rows[2*k][c&15] |= 1 << bucket
	w.rows[2*k+1][c>>4] |= 1 << bucket
}

// sweepPlace finds the three bytes of a text that are rarest, or where the two of a
// shorter one are; in raw bytes none of them may be escaped. It is -1 for none.
func sweepPlace(lit []byte, raw bool) int {
	if len(lit) == sweepBytes-1 && !raw {
		return 0
	}
	least, found := math.Inf(1), -1
	for at := 0; at+sweepBytes <= len(lit); at++ {
		price := 0.0
		for k := range sweepBytes {
			if raw && !clean(lit[at+k]) {
				price = math.Inf(1)
			}
		}
		for i := max(0, at-1); i <= at && i+gram <= len(lit); i++ {
			price += gramPrice(string(lit[i : i+gram]))
		}
		if price < least {
			least, found = price, at
		}
	}
	return found
}

// sweep says whether raw may have one of the texts, and whether all of it is
// transparent; for less than a block it knows neither.
func (w *sweeper) sweep(finds []find, raw []byte, out []sighting) (may, clear bool) {
	const need = sweepBlock + sweepBytes - 1
	if len(raw) < need {
		return true, false
	}
	last := len(raw) - need
	n := (last+sweepBlock-1)/sweepBlock + 1
	found, signs := sweepAVX2(&w.rows, &raw[0], n, &raw[last], &out[0], len(out))
	if found > len(out) {
		return true, false
	}
	for i := range found {
		if w.holds(finds, raw, &out[i]) {
			return true, false
		}
	}
	if c := raw[len(raw)-2]; c == '\\' || c >= utf8.RuneSelf { // no block begins there
		return false, !opaque(raw)
	}
	return false, (uint32(signs) == 0 || !escaped(raw)) && (signs>>32 == 0 || !kelvinOrLongS(raw))
}

// holds compares the texts of the buckets in a block.
func (w *sweeper) holds(finds []find, raw []byte, s *sighting) bool {
	for i := 0; i < sweepBlock; i += 8 {
		for set := binary.LittleEndian.Uint64(s.buckets[i:]); set != 0; set &= set - 1 {
			bit := bits.TrailingZeros64(set)
			at := s.at + i + bit>>3
			for _, e := range w.buckets[bit&7] {
				if sameAround(finds[e.find].lit, int(e.at), raw, at) {
					return true
				}
			}
		}
	}
	return false
}

// sweepSlack is how many bytes behind a text are read by each.
const sweepSlack = sweepBlock + sweepBytes

// each calls found for each place where one of the texts stands in a folded value, of
// which the capacity has sweepSlack to spare.
func (w *sweeper) each(finds []find, text []byte, room []sighting, found func(i int32)) {
	for from := 0; from < len(text); {
		n := (len(text) - from + sweepBlock - 1) / sweepBlock
		blocks := text[from : from+n*sweepBlock+sweepBytes-1]
		seen, _ := sweepAVX2(&w.rows, &blocks[0], n, &blocks[(n-1)*sweepBlock], &room[0], len(room))
		for i := range min(seen, len(room)) {
			w.among(finds, text, from, &room[i], found)
		}
		if seen <= len(room) {
			return
		}
		from += room[len(room)-1].at + sweepBlock
	}
}

// among compares the texts of the buckets in a block.
func (w *sweeper) among(finds []find, text []byte, from int, s *sighting, found func(i int32)) {
	for i := 0; i < sweepBlock; i += 8 {
		for set := binary.LittleEndian.Uint64(s.buckets[i:]); set != 0; set &= set - 1 {
			bit := bits.TrailingZeros64(set)
			at := from + s.at + i + bit>>3
			for _, e := range w.buckets[bit&7] {
				start, lit := at-int(e.at), finds[e.find].lit
				if start >= 0 && start+len(lit) <= len(text) && string(text[start:start+len(lit)]) == string(lit) {
					found(e.find)
				}
			}
		}
	}
}
