// Package match finds the indicators that an observable touches: an address in a
// listed network, a name below a listed one, a URL under a listed path. It also
// finds observables in text of unknown form, and tells at the speed of memory
// which raw records can touch anything at all.
//
// Fill a [Builder], take its [Index] and call [Index.Lookup] with canonical
// values (see package indicator); put it behind a [Live] to exchange it under
// load and to change it at once; [Index.WriteTo] and [Open] keep it in a file
// that can be mapped into memory. [Scan] reads raw lines, a [Searcher] sorts out
// those that need no reading.
//
// An Index never changes, needs no lock, allocates nothing in a look-up and holds
// no pointers per entry, so its size costs the garbage collector nothing. The
// work of one look-up depends on the labels or path segments of the value, never
// on how many indicators there are. Whatever bytes an opened file holds, a
// look-up neither panics nor runs on.
package match

import (
	"encoding/binary"
	"math/bits"
	"runtime"

	"github.com/vedette-soc/vedette/indicator"
)

// Kind says how an indicator touches an observable.
type Kind uint8

// The kinds.
const (
	Exact   Kind = iota // the same value
	Parent              // the observable is a name below the indicator
	Network             // the indicator is a network that holds the address
	Path                // the URL is the indicator's with a query or under the other of http and https, or below it
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
	ID      uint64 // as given to Builder.Add
	Kind    Kind
	ViaHost bool // by the host of a URL, of an e-mail address, or of a host and port
}

// Index is a compiled set of indicators. All numbers in its tables are little
// endian, so that they are the same in memory and in a file.
//
// slots is an open-addressing table (linear probing) of 8 bytes each: the low
// half is the offset of a record in text, the high half a tag of its hash; 0 is
// free. A record is space (1 byte), id (8), length (uvarint), value; none lies
// across the end of a page. bloom stands in front, see filter.
type Index struct {
	text    [][]byte // pages of pageSize bytes; the last may be shorter
	slots   []byte
	bloom   filter
	nets    nets
	hosts   hosts
	begins6 begins6
	facts
	note []byte
	sums []uint64 // of the sections of the file it was opened from; nil when built
}

// facts are the counts and marks of an Index.
type facts struct {
	spaces uint64    // which spaces hold anything, a bit each
	unseen uint64    // which hold what a Searcher cannot see
	marks  [2]uint64 // bytes behind which a Searcher looks for parts of paths, a bit each
	depth  int       // most path segments any URL indicator has
	probes int       // most slots one look-up has to try
	n      int
	dups   int
}

const (
	slotSize = 8
	pageBits = 24
	pageSize = 1 << pageBits
	// recordHead is what stands before the length of a record's value.
	recordHead = 1 + 8
)

// Len returns the number of distinct indicators.
func (x *Index) Len() int { return x.n }

// Duplicates returns how many entries were added again; the first id stays.
func (x *Index) Duplicates() int { return x.dups }

// Note returns what Builder.Note was; the caller must not change it.
func (x *Index) Note() []byte { return x.note }

// Size returns the bytes the index holds.
func (x *Index) Size() int {
	return len(x.slots) + len(x.bloom) + x.textSize() + x.nets.size() + len(x.hosts) + len(x.begins6)
}

func (x *Index) textSize() int {
	n := 0
	for _, p := range x.text {
		n += len(p)
	}
	return n
}

// Lookup appends to dst every indicator that an observable touches and returns
// it. The value must be canonical.
//
//   - an address: itself and every network that holds it
//   - a name: itself and every name above it
//   - a host and port: itself, for a name also the names above with that port, then its host
//   - a URL: see [Index.url]; then its host, alone and with its port
//   - an e-mail address: itself, then its domain
//   - a file name with a path, an account with its domain: itself and its last part
//   - anything else: itself
func (x *Index) Lookup(t indicator.Type, value string, dst []Hit) []Hit {
	dst = x.lookup(t, value, dst)
	// The tables may be a mapped file, which its owner unmaps when the Index is
	// out of reach.
	runtime.KeepAlive(x)
	return dst
}

// find returns the id stored under a key.
func (x *Index) find(k key) (uint64, bool) {
	h := k.hash()
	if !x.bloom.has(h) {
		return 0, false
	}
	return x.findHash(k, h)
}

func (x *Index) findHash(k key, h uint64) (uint64, bool) {
	size := len(x.slots) / slotSize
	if size == 0 {
		return 0, false
	}
	i := home(h, size)
	for range x.probes {
		slot := binary.LittleEndian.Uint64(x.slots[i*slotSize:])
		if slot == 0 {
			return 0, false
		}
		if slot>>32 == h&0xffffffff {
			if id, ok := x.equal(uint32(slot), k); ok {
				return id, true
			}
		}
		if i++; i == size {
			i = 0
		}
	}
	return 0, false
}

// equal compares the record at off with a key.
func (x *Index) equal(off uint32, k key) (uint64, bool) {
	s, id, v := x.record(off)
	if s != k.space || len(v) != k.len() || !k.is(v) {
		return 0, false
	}
	return id, true
}

// record reads the record at off; its space is spaceNone where there is none.
func (x *Index) record(off uint32) (space, uint64, []byte) {
	page, at := int(off>>pageBits), int(off&(pageSize-1))
	if page >= len(x.text) || at+recordHead >= len(x.text[page]) {
		return spaceNone, 0, nil
	}
	rec := x.text[page][at:]
	n, w := binary.Uvarint(rec[recordHead:])
	if w <= 0 || n > uint64(len(rec)-recordHead-w) {
		return spaceNone, 0, nil
	}
	return space(rec[0]), binary.LittleEndian.Uint64(rec[1:]), rec[recordHead+w:][:n]
}

// home maps a hash evenly to [0, n) by its high bits.
func home(h uint64, n int) int {
	hi, _ := bits.Mul64(h, uint64(n))
	return int(hi)
}

func (x *Index) uses(s space) bool { return x.spaces>>s&1 != 0 }

// Has says whether any indicator of a type is in the index.
func (x *Index) Has(t indicator.Type) bool {
	switch t {
	case indicator.URL:
		return x.uses(spaceURL) || x.uses(spaceAnyURL) || x.uses(spacePath)
	case indicator.IPv4, indicator.IPv6:
		return x.uses(spaceOf(t)) || x.nets.n > 0
	}
	s := spaceOf(t)
	return s != spaceNone && x.uses(s)
}
