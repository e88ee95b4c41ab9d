//go:build !amd64

package sigma

const hasAVX2 = false

func sweepAVX2(*[6][16]byte, *byte, int, *byte, *sighting, int) (int, uint64) {
	panic("sigma: no such instructions")
}
