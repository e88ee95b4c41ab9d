//go:build !amd64

package match

func fastBlocks(dst []block, src []byte) traits { return fillBlocks(dst, src) }

func fastMarks(dst []uint64, src []byte, set [2]uint64) { markEach(dst, src, set) }
