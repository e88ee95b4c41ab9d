package match

import "golang.org/x/sys/cpu"

var hasAVX2 = cpu.X86.HasAVX2

// fastBlocks is fillBlocks with instructions that look at 32 bytes at once.
func fastBlocks(dst []block, src []byte) traits {
	if !hasAVX2 || len(dst) == 0 {
		return fillBlocks(dst, src)
	}
	last := src[len(src)-blockSize:]
	found := blocksAVX2(&dst[0], &src[0], len(dst), &last[0])
	return traits{foreign: found&1 != 0, backslash: found&2 != 0, percent: found&4 != 0, schemed: found&8 != 0}
}

// blocksAVX2 maps n blocks, n > 0, the last of them from what last points at. It
// returns a bit for each of the traits, in their order.
//
//go:noescape
func blocksAVX2(dst *block, src *byte, n int, last *byte) uint64

// fastMarks is markEach for whole blocks, with a look at 32 bytes for all bytes of
// the set at once.
func fastMarks(dst []uint64, src []byte, set *byteSet) {
	if !hasAVX2 || len(dst) == 0 {
		markEach(dst, src, set)
		return
	}
	marksAVX2(&dst[0], &src[:len(dst)*blockSize][0], len(dst), &set.rows)
}

// marksAVX2 marks the bytes of a set in n blocks, n > 0.
//
//go:noescape
func marksAVX2(dst *uint64, src *byte, n int, rows *[16]byte)
