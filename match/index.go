// Package match finds the indicators that an observable touches: an address in a
// listed network, a name below a listed one, a URL under a listed path. It also
// finds observables in text of unknown form.
//
// Fill a [Builder], take its [Index] and call [Index.Lookup] with canonical
// values (see package indicator); put it behind a [Live] to exchange it under
// load and to add to it at once; [Scan] reads raw lines.
//
// An Index never changes, needs no lock, allocates nothing in a look-up and holds
// no pointers per entry, so its size costs the garbage collector nothing. The
// work of one look-up depends on the labels or path segments of the value, never
// on how many indicators there are.
package match

import (
	"encoding/binary"
	"math/bits"

	"github.com/vedette-soc/vedette/indicator"
)

// Kind says how an indicator touches an observable.
type Kind uint8

// The kinds.
const (
	Exact   Kind = iota // the same value
	Parent              // the observable is a name below the indicator
	Network             // the indicator is a network that holds the address
	Path                // the URL is below the indicator's path
	AnyHost             // the indicator is a path, on whatever host
)

// String returns the kind's word.
func (k Kind) String() string {
	words := [...]string{"exact", "parent", "network", "path", "any-host"}
	if int(k) < len(words) {
		return words[k]
	}
	return "unknown"
}

// Hit is one indicator that touches the observable.
type Hit struct {
	ID      uint32 // as given to Builder.Add
	Kind    Kind
	ViaHost bool // by the host of a URL, of an e-mail address, or of a host and port
}

// Index is a compiled set of indicators.
//
// slots is an open-addressing table (linear probing): the low half of a slot is
// the offset of a record in text, the high half a tag of its hash; 0 is free.
// A record is space (1 byte), id (4, little endian), length (uvarint), value.
// bloom stands in front: one 64-bit word per key, five bits in it.
type Index struct {
	slots  []uint64
	bloom  []uint64
	text   []byte
	nets   nets
	spaces [spaceCount]bool // which spaces hold anything
	depth  int              // most path segments any URL indicator has
	n      int
	dups   int
}

// Len returns the number of distinct indicators.
func (x *Index) Len() int { return x.n }

// Duplicates returns how many entries were added again; the first id stays.
func (x *Index) Duplicates() int { return x.dups }

// Size returns the bytes the index holds.
func (x *Index) Size() int {
	return 8*len(x.slots) + 8*len(x.bloom) + len(x.text) + x.nets.size()
}

// find returns the id stored under a key.
func (x *Index) find(k key) (uint32, bool) {
	if len(x.slots) == 0 {
		return 0, false
	}
	h := k.hash()
	if !x.mayHold(h) {
		return 0, false
	}
	tag := h << 32
	for i := home(h, len(x.slots)); ; i++ {
		if i == len(x.slots) {
			i = 0
		}
		slot := x.slots[i]
		if slot == 0 {
			return 0, false
		}
		if slot&^0xffffffff == tag {
			if id, ok := x.equal(uint32(slot), k); ok {
				return id, true
			}
		}
	}
}

// equal compares the record at off with a key.
func (x *Index) equal(off uint32, k key) (uint32, bool) {
	rec := x.text[off:]
	if space(rec[0]) != k.space {
		return 0, false
	}
	n, w := binary.Uvarint(rec[5:])
	v := rec[5+w : 5+w+int(n)]
	if len(v) != k.len() {
		return 0, false
	}
	if !k.is(v) {
		return 0, false
	}
	return binary.LittleEndian.Uint32(rec[1:]), true
}

// mayHold asks the Bloom filter.
func (x *Index) mayHold(h uint64) bool {
	m := bloomBits(h)
	return x.bloom[home(h, len(x.bloom))]&m == m
}

// home maps a hash evenly to [0, n) by its high bits.
func home(h uint64, n int) int {
	hi, _ := bits.Mul64(h, uint64(n))
	return int(hi)
}

func bloomBits(h uint64) uint64 {
	g := h * 0x9e3779b97f4a7c15
	return 1<<(g>>34&63) | 1<<(g>>40&63) | 1<<(g>>46&63) | 1<<(g>>52&63) | 1<<(g>>58)
}

// Has says whether any indicator of a type is in the index.
func (x *Index) Has(t indicator.Type) bool {
	switch t {
	case indicator.URL:
		return x.spaces[spaceURL] || x.spaces[spaceAnyURL] || x.spaces[spacePath]
	case indicator.IPv4, indicator.IPv6:
		return x.spaces[spaceOf(t)] || x.nets.n > 0
	}
	s := spaceOf(t)
	return s != 0 && x.spaces[s]
}
