package evtx

import (
	"bytes"
	"iter"
)

// items returns the elements of an array of a type. What is left over where the
// sizes do not add up comes as the last element.
func items(kind byte, b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			item, skip := cutItem(kind, b)
			if !yield(item) {
				return
			}
			b = b[len(item)+skip:]
		}
	}
}

// cutItem returns the first element, and how many bytes part it from the next.
func cutItem(kind byte, b []byte) (item []byte, skip int) {
	size := width(kind)
	switch kind {
	case kindString:
		return cutWide(b)
	case kindANSI:
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return b[:i], 1
		}
		return b, 0
	case kindSID:
		size = sidSize(b)
	case kindSizeT, kindHandle: // of which nothing says how wide they are
		if size = 4; len(b)%8 == 0 {
			size = 8
		}
	}
	if size == 0 || size > len(b) {
		size = len(b)
	}
	return b[:size], 0
}

func cutWide(b []byte) (item []byte, skip int) {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return b[:i], 2
		}
	}
	return b, 0
}
