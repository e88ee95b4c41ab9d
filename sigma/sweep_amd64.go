package sigma

import "golang.org/x/sys/cpu"

var hasAVX2 = cpu.X86.HasAVX2

// sweepAVX2 looks at n blocks of 32 bytes, n > 0, the last of them from what last
// points at; two more bytes behind each are read. It writes down the blocks where
// a bucket has all three bytes, one more than room when there are more. The halves
// of signs are not zero where there was \u (low) or a byte that the sign for
// kelvin or the long s begins with (high); they are of all blocks unless there was
// no more room.
//
//go:noescape
func sweepAVX2(rows *[6][16]byte, src *byte, n int, last *byte, out *sighting, room int) (found int, signs uint64)
