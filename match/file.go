package match

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"

	"github.com/zeebo/xxh3"
)

// A file is a head of headSize bytes and after it the sections, each beginning
// at a multiple of sectionAlign with zeros between. All numbers are little
// endian, of 8 bytes:
//
//	magic, version, size of the file
//	distinct networks, slots tried at most in their table, prefix lengths in use (IPv4; IPv6: 3 numbers)
//	spaces, unseen, marks (2 numbers), depth, probes, distinct indicators, duplicates
//	for each section: offset, length, XXH3 of its bytes
//	XXH3 of the head before it
//
// version changes with whatever makes an older index answer otherwise: the
// layout, the hashes, the meaning of a space.
const (
	fileMagic    = 0x7865646e69746476 // "vdtindex"
	fileVersion  = 4
	headSize     = 512
	sectionAlign = 64
	// MaxNote bounds Builder.Note.
	MaxNote = 64 << 10
)

// The reasons for which bytes are not an index that can be used.
var (
	ErrForeign = errors.New("match: not an index file")
	ErrVersion = errors.New("match: an index file of another version of this program")
	ErrDamaged = errors.New("match: the index file is damaged")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// sections returns the parts of the file in order. The text comes last: only its
// pages are not one slice.
func (x *Index) sections() [][][]byte {
	return [][][]byte{{x.note}, {x.slots}, {x.bloom}, {x.nets.slots}, {x.nets.blocks}, {x.hosts}, {x.begins6}, x.text}
}

const sectionCount = 8

// numbers returns what the head holds besides the table of sections.
func (x *Index) numbers() []*uint64 {
	return []*uint64{&x.nets.len4, &x.nets.lens[0], &x.nets.lens[1], &x.nets.lens[2], &x.spaces, &x.unseen, &x.marks[0], &x.marks[1]}
}

func (x *Index) counts() []*int {
	return []*int{&x.nets.n, &x.nets.probes, &x.depth, &x.probes, &x.n, &x.dups}
}

// WriteTo writes the index as a file for [Open]. It implements io.WriterTo.
func (x *Index) WriteTo(w io.Writer) (int64, error) {
	if len(x.note) > MaxNote {
		return 0, fmt.Errorf("match: the note has %d bytes, more than %d", len(x.note), MaxNote)
	}
	head := x.head()
	n, err := w.Write(head)
	total := int64(n)
	for _, section := range x.sections() {
		for _, part := range append(section, make([]byte, padding(sizeOf(section)))) {
			if err != nil {
				return total, err
			}
			n, err = w.Write(part)
			total += int64(n)
		}
	}
	runtime.KeepAlive(x)
	return total, err
}

func sizeOf(section [][]byte) (n int) {
	for _, p := range section {
		n += len(p)
	}
	return n
}

func padding(n int) int { return (sectionAlign - n%sectionAlign) % sectionAlign }

func sumOf(section [][]byte) uint64 {
	h := xxh3.New()
	for _, p := range section {
		_, _ = h.Write(p) // it never fails
	}
	return h.Sum64()
}

func (x *Index) head() []byte {
	var table []uint64
	at := headSize
	for _, s := range x.sections() {
		n := sizeOf(s)
		table = append(table, uint64(at), uint64(n), sumOf(s))
		at += n + padding(n)
	}
	head := make([]byte, 0, headSize)
	put := func(v uint64) { head = binary.LittleEndian.AppendUint64(head, v) }
	put(fileMagic)
	put(fileVersion)
	put(uint64(at))
	for _, v := range x.numbers() {
		put(*v)
	}
	for _, v := range x.counts() {
		put(uint64(*v))
	}
	for _, v := range table {
		put(v)
	}
	put(xxh3.Hash(head))
	return head[:headSize]
}

// Open returns the index in the bytes of a file, which it keeps using: they must
// not change, and must stay until the Index is out of reach. It looks at the
// head only, whatever the size; call [Index.Verify] to learn of damage
// elsewhere, without which look-ups may miss indicators but do no harm. The
// error is ErrForeign, ErrVersion or ErrDamaged.
func Open(file []byte) (*Index, error) {
	if len(file) < headSize || binary.LittleEndian.Uint64(file) != fileMagic {
		return nil, ErrForeign
	}
	at := 8
	next := func() uint64 {
		at += 8
		return binary.LittleEndian.Uint64(file[at-8:])
	}
	if next() != fileVersion {
		return nil, ErrVersion
	}
	x := &Index{}
	size := next()
	for _, p := range x.numbers() {
		*p = next()
	}
	for _, p := range x.counts() {
		*p = int(min(next(), math.MaxInt32))
	}
	parts := make([][]byte, sectionCount)
	for i := range parts {
		off, n, sum := next(), next(), next()
		x.sums = append(x.sums, sum)
		if off > uint64(len(file)) || n > uint64(len(file))-off {
			return nil, damaged("it ends too early, at %d bytes", len(file))
		}
		parts[i] = file[off : off+n : off+n]
	}
	sum := xxh3.Hash(file[:at])
	if next() != sum {
		return nil, damaged("its head has another checksum")
	}
	if size != uint64(len(file)) {
		return nil, damaged("it has %d bytes instead of %d", len(file), size)
	}
	x.note, x.slots, x.bloom, x.nets.slots, x.nets.blocks = parts[0], parts[1], parts[2], parts[3], parts[4]
	x.hosts, x.begins6 = parts[5], parts[6]
	for text := parts[7]; len(text) > 0; {
		n := min(len(text), pageSize)
		x.text = append(x.text, text[:n:n])
		text = text[n:]
	}
	return x, x.check()
}

// check holds the sizes of the tables against what look-ups rely on.
func (x *Index) check() error {
	blocks := len(x.nets.blocks)
	switch {
	case len(x.slots)%slotSize != 0, len(x.bloom)%8 != 0, len(x.nets.slots)%netSlot != 0, len(x.note) > MaxNote:
		return damaged("a table has an odd size")
	case blocks != 0 && blocks != blocks16 && blocks != blocks20 && blocks != blocks24, x.nets.n > 0 && blocks == 0:
		return damaged("the table of networks is not whole")
	case x.uses(spaceHost6) != (len(x.begins6) > 0), len(x.begins6)%blocks16 != 0, len(x.begins6) > blocks16:
		return damaged("the table of IPv6 is not whole")
	case x.uses(spaceHost4) != (len(x.hosts) > 0), !x.hosts.whole():
		return damaged("the table of addresses is not whole")
	case x.probes > len(x.slots)/slotSize, x.nets.probes > len(x.nets.slots)/netSlot:
		return damaged("it counts more probes than slots")
	}
	return nil
}

// Verify reads the whole of an opened index and compares its checksums; one that
// was built is always right. The error is ErrDamaged and names the part.
func (x *Index) Verify() error {
	defer runtime.KeepAlive(x)
	names := [sectionCount]string{"note", "slots", "filter", "networks", "blocks", "hosts", "IPv6", "text"}
	if x.sums == nil {
		return nil
	}
	for i, s := range x.sections() {
		if sumOf(s) != x.sums[i] {
			return damaged("part %q has another checksum", names[i])
		}
	}
	return nil
}
