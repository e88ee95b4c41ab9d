package match

import "encoding/binary"

// filter is a register-blocked Bloom filter: five bits in one 64-bit word per
// key. With 16 bits a key, 0.5-1 % of the values that are not there get past.
type filter []byte

const filterBits = 16

// newFilter makes room for n keys. Its words are a multiple of parts, so that
// what is built in parts never shares a word.
func newFilter(n int) filter {
	words := n*filterBits/64 + 1
	return make(filter, 8*parts*((words+parts-1)/parts))
}

func (f filter) has(h uint64) bool {
	if len(f) < 8 {
		return false
	}
	m := filterMask(h)
	return binary.LittleEndian.Uint64(f[8*home(h, len(f)/8):])&m == m
}

func (f filter) add(h uint64) {
	w := f[8*home(h, len(f)/8):]
	binary.LittleEndian.PutUint64(w, binary.LittleEndian.Uint64(w)|filterMask(h))
}

func filterMask(h uint64) uint64 {
	g := h * 0x9e3779b97f4a7c15
	return 1<<(g>>34&63) | 1<<(g>>40&63) | 1<<(g>>46&63) | 1<<(g>>52&63) | 1<<(g>>58)
}

// prefetch has the processor fetch what probes will look at, all of it at once.
func (f filter) prefetch(probes []probe) {
	if len(f) >= 8 && len(probes) > 0 {
		prefetchWords(&f[0], len(f)/8, &probes[0], len(probes))
	}
}
