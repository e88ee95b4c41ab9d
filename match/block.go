package match

import (
	"encoding/binary"
	"math/bits"
)

// block says of 64 bytes of a record what each of them is, a bit each, the first
// byte lowest. A Searcher finds its way by these: where a token begins and ends,
// and what is in it, is then a matter of a few instructions instead of a look at
// each byte.
type block struct {
	token  uint64 // letters, digits, '-', '_', '.'
	dot    uint64
	colon  uint64
	digit  uint64
	hex    uint64
	hyphen uint64
	open   uint64 // '[', '(', '{'
}

const blockSize = 64

// traits are what any byte of a record is.
type traits struct {
	foreign   bool // not ASCII
	backslash bool
	percent   bool
	schemed   bool // a colon behind what may be the last letter of a scheme, such as http
}

// blocks maps a line; the last block has no bytes in it. The result is valid until
// the next call.
func (m *mapper) blocks(line []byte) ([]block, traits) {
	n, rest := (len(line)+blockSize-1)/blockSize, len(line)%blockSize
	if cap(m.out) < n+1 {
		m.out = make([]block, n+1+n/4)
	}
	out := m.out[:n+1]
	out[n] = block{}
	var t traits
	switch {
	case n == 0:
	case len(line) < blockSize:
		m.tail = [blockSize]byte{}
		copy(m.tail[:], line)
		t = m.fill(out[:1], m.tail[:])
	default:
		if t = m.fill(out[:n], line); rest > 0 {
			out[n-1].drop(blockSize - rest)
		}
	}
	return out, t
}

// drop takes the first bytes away: those that the block before has too.
func (b *block) drop(n int) {
	*b = block{b.token >> n, b.dot >> n, b.colon >> n, b.digit >> n, b.hex >> n, b.hyphen >> n, b.open >> n}
}

// mapper maps one record after another.
type mapper struct {
	out   []block
	marks []uint64
	tail  [blockSize]byte
	slow  bool // without the instructions of this processor, for tests
}

func (m *mapper) fill(dst []block, src []byte) traits {
	if m.slow {
		return fillBlocks(dst, src)
	}
	return fastBlocks(dst, src)
}

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// fillBlocks maps src, a block or more, to len(dst) blocks, eight bytes at a time. The
// last block is of the last 64 bytes, wherever they begin.
func fillBlocks(dst []block, src []byte) traits {
	var all, escapes, percents, schemes, before uint64
	for i := range dst {
		part := src[min(i*blockSize, len(src)-blockSize):][:blockSize]
		var b block
		for at := 0; at < blockSize; at += 8 {
			w := binary.LittleEndian.Uint64(part[at:])
			all |= w
			ascii := ^w & tops
			w &^= tops
			folded := w | 0x20*ones
			digit := between(w, '0', '9') & ascii
			dot, hyphen := equals(w, '.')&ascii, equals(w, '-')&ascii
			b.token |= gather(between(folded, 'a', 'z')&ascii|digit|dot|hyphen|equals(w, '_')&ascii) << at
			b.digit |= gather(digit) << at
			b.hex |= gather(between(folded, 'a', 'f')&ascii|digit) << at
			if dot != 0 {
				b.dot |= gather(dot) << at
			}
			if hyphen != 0 {
				b.hyphen |= gather(hyphen) << at
			}
			if colon := equals(w, ':') & ascii; colon != 0 {
				b.colon |= gather(colon) << at
			}
			if open := (equals(folded, '{') | equals(w, '(')) & ascii; open != 0 {
				b.open |= gather(open) << at
			}
			escapes |= equals(w, '\\') & ascii
			percents |= equals(w, '%') & ascii
		}
		dst[i] = b
		schemes |= b.schemes(&before)
	}
	return traits{foreign: all&tops != 0, backslash: escapes != 0, percent: percents != 0, schemed: schemes != 0}
}

// schemes marks the colons behind what may be the last letter of a scheme: one that is no
// hexadecimal digit, as in times and addresses; before is what the block before leaves over.
func (b *block) schemes(before *uint64) uint64 {
	last := b.token &^ b.hex
	out := b.colon & (last<<1 | *before)
	*before = last >> (blockSize - 1)
	return out
}

// equals sets the highest bit of each byte of w, all below 0x80, that is c.
func equals(w uint64, c byte) uint64 { return (tops - (w ^ uint64(c)*ones)) & tops }

// between sets the highest bit of each byte of w, all below 0x80, from first to last.
func between(w uint64, first, last byte) uint64 {
	return (w + uint64(0x80-first)*ones) &^ (w + uint64(0x7f-last)*ones) & tops
}

// gather moves the highest bits of the bytes together.
func gather(m uint64) uint64 { return (m >> 7 * 0x0102040810204080) >> 56 }

// runStart returns where the run of set bits begins that ends just before at.
func runStart(m []block, at int, kind func(*block) uint64) int {
	for at > 0 {
		w, b := (at-1)/blockSize, uint((at-1)%blockSize)
		if gap := ^kind(&m[w]) << (63 - b); gap != 0 {
			return at - bits.LeadingZeros64(gap)
		}
		at = w * blockSize
	}
	return 0
}

// runEnd returns where the run of set bits ends that at is in, or at itself.
func runEnd(m []block, at int, kind func(*block) uint64) int {
	for {
		w, b := at/blockSize, uint(at%blockSize)
		if gap := ^kind(&m[w]) >> b; gap != 0 {
			return at + bits.TrailingZeros64(gap)
		}
		at = (w + 1) * blockSize
	}
}
