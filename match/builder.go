package match

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/vedette-soc/vedette/indicator"
)

// ErrFull is returned by Add when the text of all indicators passes 4 GiB, which
// is about a hundred million of them. Split the set over several indexes.
var ErrFull = errors.New("match: index full: more than 4 GiB of indicators; split the set")

// Builder collects indicators for an [Index]. The zero value is ready for use.
// Not safe for concurrent use.
type Builder struct {
	text   []byte
	hashes []uint64 // of each record in text, in order
	gates  []uint64
	nets   []netSlot
	spaces [spaceCount]bool
	depth  int
}

// Grow makes room for n more indicators.
func (b *Builder) Grow(n int) {
	const usual = 40 // bytes of a record
	b.text = slices.Grow(b.text, n*usual)
	b.hashes = slices.Grow(b.hashes, n)
}

// Len returns how many entries were added.
func (b *Builder) Len() int { return len(b.hashes) + len(b.nets) }

// Add takes an indicator: its type, its canonical value, and the number that a
// hit shall carry. Of several entries with one type and value the first counts;
// Index.Duplicates tells how many came after. What would accuse everybody (a
// public suffix, a network wider than /8) is refused with the error of
// indicator.Check, what is not canonical with that of indicator.Canonical.
func (b *Builder) Add(t indicator.Type, value string, id uint32) error {
	if err := indicator.Check(t, value); err != nil {
		return err
	}
	if (t == indicator.IPv4 || t == indicator.IPv6) && strings.IndexByte(value, '/') >= 0 {
		return b.addNet(t, value, id)
	}
	k, ok := keyOf(t, value)
	if !ok || value == "" {
		if _, err := indicator.Canonical(t, value); err != nil {
			return err
		}
		return &indicator.ValueError{Reason: indicator.ReasonUnknownType, Value: value}
	}
	if len(b.text)+len(value)+16 > math.MaxUint32 {
		return ErrFull
	}
	if len(b.text) == 0 {
		b.text = append(b.text, 0) // offset 0 means a free slot
	}
	b.text = append(b.text, byte(k.space))
	b.text = binary.LittleEndian.AppendUint32(b.text, id)
	b.text = binary.AppendUvarint(b.text, uint64(len(value)))
	b.text = append(b.text, value...)
	b.hashes = append(b.hashes, k.hash())
	b.spaces[k.space] = true
	b.addGate(k)
	return nil
}

func (b *Builder) addNet(t indicator.Type, value string, id uint32) error {
	p, err := netip.ParsePrefix(value)
	if err != nil || p != p.Masked() || p.Addr().Is4() != (t == indicator.IPv4) {
		return &indicator.ValueError{Reason: indicator.ReasonAddress, Value: value}
	}
	e := slotOf(p)
	e.id = id
	b.nets = append(b.nets, e)
	return nil
}

// addGate notes what the Bloom filter needs besides the key itself.
func (b *Builder) addGate(k key) {
	switch k.space {
	case spaceDomain, spaceDomainPort:
		b.gates = append(b.gates, key{space: spaceGate, host: gate(k.host)}.hash())
	case spaceURL, spaceAnyURL:
		b.gates = append(b.gates, key{space: spaceURLGate, host: k.host}.hash())
		path, _, _ := strings.Cut(k.rest, "?")
		b.depth = max(b.depth, strings.Count(path, "/"))
	}
}

// Build compiles what was added. The builder must not be used afterwards.
func (b *Builder) Build() *Index {
	x := &Index{spaces: b.spaces, depth: b.depth}
	x.dups = x.nets.build(b.nets)
	x.n = x.nets.n
	if len(b.hashes) == 0 {
		return x
	}
	if waste := cap(b.text) - len(b.text); waste > len(b.text)/16 {
		b.text = append(make([]byte, 0, len(b.text)), b.text...)
	}
	x.text = b.text
	const bitsPerKey = 16 // 0.5-1 % of the values that are not there get past
	x.bloom = make([]uint64, (len(b.hashes)+len(b.gates))*bitsPerKey/64+1)
	x.slots = make([]uint64, len(b.hashes)*10/7+2)
	var wg sync.WaitGroup
	records := inOrder(b.hashes, x.offsets(len(b.hashes)))
	wg.Go(func() {
		for _, r := range records {
			x.bloom[home(r.hash, len(x.bloom))] |= bloomBits(r.hash)
		}
		for _, h := range b.gates {
			x.bloom[home(h, len(x.bloom))] |= bloomBits(h)
		}
	})
	dups := x.fill(records, runtime.GOMAXPROCS(0))
	wg.Wait()
	x.dups += dups
	x.n += len(b.hashes) - dups
	*b = Builder{}
	return x
}

// record is what a slot is made of.
type record struct {
	hash uint64
	off  uint32
}

const orderBits = 10

func bucket(hash uint64) int { return int(hash >> (64 - orderBits)) }

// inOrder sorts records roughly by where in the tables they go, keeping the order
// of those with one hash. The tables are then filled from front to back, which
// is several times faster than all over.
func inOrder(hashes []uint64, offsets []uint32) []record {
	var at [1<<orderBits + 1]int
	for _, h := range hashes {
		at[bucket(h)+1]++
	}
	for i := range len(at) - 1 {
		at[i+1] += at[i]
	}
	records := make([]record, len(hashes))
	for i, h := range hashes {
		records[at[bucket(h)]] = record{h, offsets[i]}
		at[bucket(h)]++
	}
	return records
}

// fill puts every record into the table, each worker a part of them that goes
// into a part of it. What would run over the end of a part is put in at the end,
// by one alone.
func (x *Index) fill(records []record, workers int) (dups int) {
	if len(records) < 10_000 {
		workers = 1
	}
	late := make([][]record, workers)
	same := make([]int, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			from, to := part(records, w, workers), part(records, w+1, workers)
			end := len(x.slots)
			if to < len(records) {
				end = home(records[to].hash>>(64-orderBits)<<(64-orderBits), len(x.slots))
			}
			for _, r := range records[from:to] {
				switch placed, dup := x.place(r.hash, r.off, end); {
				case dup:
					same[w]++
				case !placed:
					late[w] = append(late[w], r)
				}
			}
		})
	}
	wg.Wait()
	for w := range workers {
		dups += same[w]
		for _, r := range late[w] {
			if _, dup := x.place(r.hash, r.off, 0); dup {
				dups++
			}
		}
	}
	return dups
}

// part returns where the records of a worker begin, never between two that
// inOrder holds equal.
func part(records []record, w, workers int) int {
	i := len(records) * w / workers
	for i > 0 && i < len(records) && bucket(records[i].hash) == bucket(records[i-1].hash) {
		i++
	}
	return i
}

// place puts one record into the first free slot from its home on, but not at or
// beyond end; end 0 means all round.
func (x *Index) place(h uint64, off uint32, end int) (placed, dup bool) {
	slot := h<<32 | uint64(off)
	for i := home(h, len(x.slots)); end == 0 || i < end; i++ {
		if i == len(x.slots) {
			i = 0
		}
		switch old := x.slots[i]; {
		case old == 0:
			x.slots[i] = slot
			return true, false
		case old>>32 == slot>>32 && x.same(uint32(old), off):
			return true, true
		}
	}
	return false, false
}

// same says whether two records have one key.
func (x *Index) same(a, b uint32) bool {
	va, vb := x.text[a:], x.text[b:]
	na, w := binary.Uvarint(va[5:])
	nb, _ := binary.Uvarint(vb[5:])
	return va[0] == vb[0] && na == nb && string(va[5+w:5+w+int(na)]) == string(vb[5+w:5+w+int(na)])
}

// offsets walks the text for where each record begins.
func (x *Index) offsets(n int) []uint32 {
	offsets := make([]uint32, 0, n)
	for at := 1; at < len(x.text); {
		offsets = append(offsets, uint32(at))
		size, w := binary.Uvarint(x.text[at+5:])
		at += 5 + w + int(size)
	}
	return offsets
}
