package match

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"
)

// Sealed gives the head of a file the checksum it should have, so that a fuzzer
// gets behind it.
func Sealed(file []byte) []byte {
	at := 8 * (3 + len((&Index{}).numbers()) + len((&Index{}).counts()) + 3*sectionCount)
	if len(file) < headSize {
		return file
	}
	out := append([]byte(nil), file...)
	binary.LittleEndian.PutUint64(out[at:], xxh3.Hash(out[:at]))
	return out
}

// Survey is survey.
var Survey = survey
