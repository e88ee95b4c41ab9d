//go:build !amd64

package match

func prefetchWords(*byte, int, *probe, int) {}

func prefetchBits(*byte, int, *probe, int) {}
