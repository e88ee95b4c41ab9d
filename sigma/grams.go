package sigma

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// gramTable finds texts anywhere in a value, by four bytes of each: a bit for
// each four bytes sorts most places of a value out, the texts behind a bit that
// is set are compared. Where all texts are long only every so-manieth place needs
// a look, if every text is known by the four bytes at as many places of its own.
type gramTable struct {
	finds  []int32
	stride int
	words  []gramWord
	shift  uint
	grams  []gramEntry         // the first of each hash in the order of these, then the others
	texts  []byte              // all of them, so that what is compared lies close together
	few    *[1 << fewBits]bool // bits once more, of a table for few texts: no bound to check
}

// gramWord has in its low half a bit for each of 32 hashes, in the high one how many are
// set in the words before: what is known of a hash takes one look, and where its first
// entry is.
type gramWord uint64

func (w gramWord) has(h uint32) bool { return w>>(h&31)&1 != 0 }

func (w gramWord) first(h uint32) int32 {
	return int32(w>>32) + int32(bits.OnesCount32(uint32(w)&(1<<(h&31)-1)))
}

// gramEntry knows a text by four bytes, and by four more that sort out most places
// where only the first are there, before the text itself is looked up.
type gramEntry struct {
	gram uint32
	more uint32
	at   int32 // where the first four bytes are in the text
	far  int32 // where the others are, from the first four on
	text int32 // where the text begins in gramTable.texts
	size int32 // of the text
	find int32
	next int32 // entry of the same hash, 0 for none
}

// stands says whether the text of e stands in the value with its gram at i.
func (t *gramTable) stands(e *gramEntry, text []byte, i int) bool {
	start, size := i-int(e.at), int(e.size)
	return start >= 0 && start+size <= len(text) && binary.LittleEndian.Uint32(text[i+int(e.far):]) == e.more &&
		(size == gram || string(text[start:start+size]) == string(t.texts[e.text:int(e.text)+size]))
}

const (
	golden    = 0x9e3779b1
	golden64  = 0x9e3779b97f4a7c15
	maxStride = 8
	blank4    = 0x20202020

	fewBits = 13
)

// gramForm says how the four bytes of a text are looked for, and whether they can
// be where they stand.
type gramForm func(lit []byte, at int) (uint32, bool)

// plainGram is for folded values.
func plainGram(lit []byte, at int) (uint32, bool) {
	return binary.LittleEndian.Uint32(lit[at:]), true
}

// rawGram is for values as they stand in JSON, with letters in either case and
// with escapes: what may be escaped in two ways is not looked for.
func rawGram(lit []byte, at int) (uint32, bool) {
	for _, c := range lit[at : at+gram] {
		if !clean(c) {
			return 0, false
		}
	}
	return binary.LittleEndian.Uint32(lit[at:]) | blank4, true
}

// build fills the table; without texts, or when one cannot be found in this form,
// it stays empty.
func (t *gramTable) build(finds []find, form gramForm) {
	if len(t.finds) == 0 {
		return
	}
	shared := map[uint32]int{}
	longest := maxStride // places in a row that every text can be known by
	for _, f := range t.finds {
		row, most := 0, 0
		for at := 0; at+gram <= len(finds[f].lit); at++ {
			g, ok := form(finds[f].lit, at)
			if !ok {
				row = 0
				continue
			}
			shared[g]++
			row++
			most = max(most, row)
		}
		longest = min(longest, most)
	}
	if t.stride = max(longest, 1); longest == 0 {
		return
	}
	size := uint(10)
	for 1<<size < len(t.finds)*t.stride*16 && size < 21 {
		size++
	}
	t.shift = 32 - size
	entries := make([]gramEntry, 0, len(t.finds)*t.stride)
	var prices, all []float64
	for _, f := range t.finds {
		lit := finds[f].lit
		prices = appendPrices(prices[:0], lit)
		all = all[:0]
		for at, price := range prices {
			g, ok := form(lit, at)
			if price += float64(shared[g]); !ok {
				price = math.Inf(1)
			}
			all = append(all, price)
		}
		start := window(all, t.stride)
		for at := start; at < start+t.stride; at++ {
			g, _ := form(lit, at)
			far := second(prices, at)
			entries = append(entries, gramEntry{
				gram: g, at: int32(at), find: f, text: int32(len(t.texts)), size: int32(len(lit)),
				more: binary.LittleEndian.Uint32(lit[far:]), far: int32(far - at),
			})
		}
		t.texts = append(t.texts, lit...)
	}
	t.texts = slices.Clone(t.texts) // nothing to spare
	t.order(entries)
	if len(t.grams) <= 1<<fewBits/16 {
		t.few = new([1 << fewBits]bool)
		for i := range t.grams {
			t.few[t.grams[i].gram*golden>>(32-fewBits)] = true
		}
	}
}

// order puts the entries in their places.
func (t *gramTable) order(entries []gramEntry) {
	hash := func(e *gramEntry) uint32 { return e.gram * golden >> t.shift }
	slices.SortStableFunc(entries, func(a, b gramEntry) int { return cmp.Compare(hash(&a), hash(&b)) })
	t.words = make([]gramWord, 1<<(32-t.shift)/32)
	t.grams = make([]gramEntry, 0, len(entries))
	var rest []gramEntry
	for i := range entries {
		h := hash(&entries[i])
		if w := &t.words[h/32]; w.has(h) {
			rest = append(rest, entries[i])
		} else {
			*w |= 1 << (h & 31)
			t.grams = append(t.grams, entries[i])
		}
	}
	set := 0
	for i := range t.words {
		w := &t.words[i]
		n := bits.OnesCount32(uint32(*w))
		*w |= gramWord(set) << 32
		set += n
	}
	for _, e := range rest {
		h := hash(&e)
		first := &t.grams[t.words[h/32].first(h)]
		e.next, first.next = first.next, int32(len(t.grams))
		t.grams = append(t.grams, e)
	}
}

// window finds so many places in a row that values, and the other texts, have most
// seldom, given what each place costs.
func window(prices []float64, stride int) int {
	least, found := math.Inf(1), 0
	for i := 0; i+stride <= len(prices); i++ {
		price := 0.0
		for _, p := range prices[i : i+stride] {
			price += p
		}
		if price < least {
			least, found = price, i
		}
	}
	return found
}

// appendPrices says what each four bytes of a text cost.
func appendPrices(dst []float64, lit []byte) []float64 {
	for i := 0; i+gram <= len(lit); i++ {
		dst = append(dst, gramPrice(string(lit[i:i+gram])))
	}
	return dst
}

// second finds the four bytes of a text, given what they cost, that say most once
// those at are known: as few of the same as can be, and seldom.
func second(prices []float64, at int) int {
	least, found := math.Inf(1), at
	for i, price := range prices {
		same := max(0, gram-max(i-at, at-i))
		if price += 40 * float64(same); price < least {
			least, found = price, i
		}
	}
	return found
}

// gated says whether looking at values as they are in the record is worth it:
// nothing but long texts is looked for, and no rule is looked at for there being a
// value, whose questions it is better to answer in one pass.
func (s *slotIndex) gated() bool { return s.onlyParts() && s.parts.stride > 1 }

func (s *slotIndex) onlyParts() bool {
	return len(s.there) == 0 && len(s.parts.finds) == len(s.finds) && len(s.finds) > 0 && len(s.foreign) == 0
}

// mayHold says whether text as it is in the record may have one of the texts,
// unless the record is opaque.
func (t *gramTable) mayHold(finds []find, raw []byte) bool {
	few := t.few
	if few == nil {
		return true
	}
	for i := 0; i+gram <= len(raw); i += t.stride {
		g := binary.LittleEndian.Uint32(raw[i:]) | blank4
		if few[g*golden>>(32-fewBits)] && t.known(finds, raw, i, g) {
			return true
		}
	}
	return false
}

// known says whether gram g at i is that of a text of which also the neighbours
// are there, as far as they cannot be escaped.
func (t *gramTable) known(finds []find, raw []byte, i int, g uint32) bool {
	h := g * golden >> t.shift
	if !t.words[h/32].has(h) {
		return false
	}
	for k := t.words[h/32].first(h); ; {
		e := &t.grams[k]
		if e.gram == g && sameAround(finds[e.find].lit, int(e.at), raw, i) {
			return true
		}
		if k = e.next; k == 0 {
			return false
		}
	}
}

// sameAround says whether a text may be where its byte at stands at i: it compares
// as far as nothing can be escaped.
func sameAround(lit []byte, at int, raw []byte, i int) bool {
	for k := 1; k <= at && clean(lit[at-k]); k++ {
		if i-k < 0 || raw[i-k]|0x20 != lit[at-k]|0x20 {
			return false
		}
	}
	for k := 0; at+k < len(lit) && clean(lit[at+k]); k++ {
		if i+k >= len(raw) || raw[i+k]|0x20 != lit[at+k]|0x20 {
			return false
		}
	}
	return true
}

// clean says whether a character stands in JSON as it is, unless all is escaped.
func clean(c byte) bool { return c >= ' ' && c <= '~' && c != '\\' && c != '"' && c != '/' }
