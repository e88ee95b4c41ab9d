package credential

import (
	"bytes"
	"fmt"
)

// PackedError is an archive that is not opened here.
type PackedError struct{ Name, As string }

func (e *PackedError) Error() string {
	return fmt.Sprintf("%s is a %s archive; unpack it by hand and name the directory", e.Name, e.As)
}

// packed refuses archives that would only look like a file without use.
func packed(name string, head []byte) error {
	for magic, as := range map[string]string{"7z\xbc\xaf\x27\x1c": "7z", "Rar!\x1a\x07": "RAR", "PK\x03\x04": "zip", "\x1f\x8b\x08": "gzip"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return &PackedError{name, as}
		}
	}
	return nil
}
