package sigma

import (
	"bytes"
	"encoding/binary"
)

// shortTable finds texts of one to three bytes: single bytes one by one, longer
// ones by a bit for what they are.
type shortTable struct {
	finds []int32
	one   []int32
	two   []int32
	three []int32
	bits2 [64]uint64
	bits3 [64]uint64
}

func (t *shortTable) build(finds []find) {
	for _, i := range t.finds {
		switch lit := finds[i].lit; len(lit) {
		case 1:
			t.one = append(t.one, i)
		case 2:
			t.two = append(t.two, i)
			h := hash12(uint32(binary.LittleEndian.Uint16(lit)))
			t.bits2[h>>6] |= 1 << (h & 63)
		default:
			t.three = append(t.three, i)
			h := hash12(uint32(binary.LittleEndian.Uint16(lit)) | uint32(lit[2])<<16)
			t.bits3[h>>6] |= 1 << (h & 63)
		}
	}
}

func hash12(k uint32) uint32 { return k * golden >> 20 }

// look calls found with each text that is in the value, perhaps more than once.
func (t *shortTable) look(finds []find, text []byte, found func(i int32)) {
	for _, i := range t.one {
		if bytes.IndexByte(text, finds[i].lit[0]) >= 0 {
			found(i)
		}
	}
	if len(t.two)+len(t.three) == 0 {
		return
	}
	for i := 0; i+2 <= len(text); i++ {
		k := uint32(binary.LittleEndian.Uint16(text[i:]))
		if h := hash12(k); t.bits2[h>>6]&(1<<(h&63)) != 0 {
			lookPrefix(finds, t.two, text[i:], found)
		}
		if i+2 < len(text) {
			if h := hash12(k | uint32(text[i+2])<<16); t.bits3[h>>6]&(1<<(h&63)) != 0 {
				lookPrefix(finds, t.three, text[i:], found)
			}
		}
	}
}

func lookPrefix(finds []find, list []int32, text []byte, found func(i int32)) {
	for _, i := range list {
		if bytes.HasPrefix(text, finds[i].lit) {
			found(i)
		}
	}
}
