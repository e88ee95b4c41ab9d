package credential

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"unicode/utf8"
)

// KeySize is the size of a key in bytes.
const KeySize = 32

// sealed is how many bytes of the HMAC are kept: enough that two passwords do not
// meet by chance.
const sealed = 12

// Sealer makes fingerprints of passwords. It belongs to one goroutine.
type Sealer struct {
	mac hash.Hash
	sum []byte
}

// NewSealer returns a Sealer with a key, which must be KeySize random bytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != KeySize {
		return nil, errors.New("a key of fingerprints has 32 bytes")
	}
	return &Sealer{mac: hmac.New(sha256.New, key)}, nil
}

// Seal returns the fingerprint of a password, HMAC-SHA-256 cut to 96 bits, and the class
// of its length; both are empty for an empty one.
func (s *Sealer) Seal(password []byte) (fingerprint, length string) {
	if len(password) == 0 {
		return "", ""
	}
	s.mac.Reset()
	s.mac.Write(password)
	s.sum = s.mac.Sum(s.sum[:0])
	return hex.EncodeToString(s.sum[:sealed]), lengthClass(utf8.RuneCount(password))
}

// lengthClass is all that is said of how long a password is.
func lengthClass(n int) string {
	switch {
	case n < 8:
		return "1-7"
	case n < 12:
		return "8-11"
	case n < 16:
		return "12-15"
	}
	return "16+"
}
