package segment

import (
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
)

// wordReader reads blocks of words, one at a time.
type wordReader struct {
	packed, plain []byte
	values        []string
}

// read returns the values of a block, until the next is read.
func (w *wordReader) read(d *zstd.Decoder, s *sidecar, b wordBlock) ([]string, error) {
	var err error
	if w.packed, err = s.word(b, w.packed); err != nil {
		return nil, err
	}
	if w.plain, err = d.DecodeAll(w.packed, w.plain[:0]); err != nil || len(w.plain) != int(b.plain) {
		return nil, badSidecar(s.file.Name(), "its words do not decode")
	}
	w.values = w.values[:0]
	if !eachWord(string(w.plain), b.count, func(v string) { w.values = append(w.values, v) }) {
		return nil, badSidecar(s.file.Name(), "its words do not decode")
	}
	return w.values, nil
}

// word reads a block of words as it lies in the file.
func (s *sidecar) word(w wordBlock, scratch []byte) ([]byte, error) {
	if cap(scratch) < int(w.size) {
		scratch = make([]byte, max(int(w.size), wordBytes))
	}
	buf := scratch[:w.size]
	if _, err := s.file.ReadAt(buf, int64(w.off)); err != nil {
		return nil, fmt.Errorf("read %s: %w", s.file.Name(), err)
	}
	if crc32.Checksum(buf, castagnoli) != w.crc {
		return nil, badSidecar(s.file.Name(), "the checksum of its words does not fit")
	}
	return buf, nil
}

// eachWord calls fn with count values; false says that they are malformed.
func eachWord(plain string, count uint32, fn func(string)) bool {
	for range count {
		n, w := uvarint(plain)
		if w <= 0 || n > uint64(len(plain)-w) {
			return false
		}
		fn(plain[w : w+int(n)])
		plain = plain[w+int(n):]
	}
	return plain == ""
}

// uvarint is binary.Uvarint of a string.
func uvarint(s string) (uint64, int) {
	var v uint64
	for i := 0; i < len(s) && i < 5; i++ {
		v |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
