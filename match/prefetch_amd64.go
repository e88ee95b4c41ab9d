package match

// prefetchWords asks for the words of a filter that n probes, n > 0, will look at.
//
//go:noescape
func prefetchWords(table *byte, words int, first *probe, n int)

// prefetchBits asks for the bits of n addresses, n > 0, in a table with one for
// each block of addresses: those that are the same without their low bits.
//
//go:noescape
func prefetchBits(table *byte, low int, first *probe, n int)
