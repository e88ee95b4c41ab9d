//go:build !amd64

package match

func fastBlocks(dst []block, src []byte) traits { return fillBlocks(dst, src) }

func fastMarks(dst []uint64, src []byte, set *byteSet) { markEach(dst, src, set) }
