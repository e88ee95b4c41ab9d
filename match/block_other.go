//go:build !amd64

package match

func fastBlocks(dst []block, src []byte) traits { return fillBlocks(dst, src) }
