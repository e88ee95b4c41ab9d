package match

import (
	"encoding/binary"
	"runtime"
	"sync"
	"sync/atomic"
)

// The tables are filled in parts, by the highest bits of the hashes: each part
// fits into a processor's cache, and parts can be filled side by side.
const (
	partBits = 8
	parts    = 1 << partBits
	// alone is how many records one goroutine fills faster than several.
	alone = 20_000
)

// record is what a slot is made of.
type record struct {
	hash uint64
	off  uint32
}

// Build compiles what was added. The builder must not be used afterwards.
func (b *Builder) Build() *Index {
	for _, r := range b.older {
		b.keep(r)
	}
	x := &Index{facts: b.facts, note: b.Note, text: b.text.done(), hosts: b.hosts.done(), begins6: b.begins6}
	x.dups = x.nets.build(b.nets)
	x.n = x.nets.n
	total, gates := 0, 0
	for p := range parts {
		total += b.records[p].len()
		gates += b.gates[p].len()
	}
	if total > 0 {
		x.bloom = newFilter(total + gates)
		x.slots = make([]byte, slotSize*parts*((total*10/7+1+parts)/parts))
		dups := x.fill(b, total)
		x.dups += dups
		x.n += total - dups
	}
	*b = Builder{}
	return x
}

// fill puts every record and gate into the tables. What would run over the end
// of a part is put in at the end, by one alone; of equal records the first still
// comes first, since both run over.
func (x *Index) fill(b *Builder, total int) (dups int) {
	workers := runtime.GOMAXPROCS(0)
	if total < alone {
		workers = 1
	}
	var late [parts][]record
	var done [parts]filled
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for p := int(next.Add(1)) - 1; p < parts; p = int(next.Add(1)) - 1 {
				late[p] = x.part(b, p, &done[p])
				b.records[p], b.gates[p] = chain[record]{}, chain[uint64]{}
			}
		})
	}
	wg.Wait()
	var rest filled
	for p := range parts {
		for _, r := range late[p] {
			x.place(r, 0, &rest)
		}
		dups += done[p].dups
		x.probes = max(x.probes, done[p].probes)
	}
	x.probes = max(x.probes, rest.probes) + 1
	return dups + rest.dups
}

// filled is what filling a part came to.
type filled struct{ dups, probes int }

func (x *Index) part(b *Builder, p int, f *filled) (late []record) {
	if b.records[p].last == nil && b.gates[p].last == nil {
		return nil
	}
	size := len(x.slots) / slotSize
	end := (p + 1) * (size / parts)
	// Both are clear; to write them through is the fastest way into the cache.
	clear(x.slots[p*(size/parts)*slotSize : end*slotSize])
	clear(x.bloom[p*(len(x.bloom)/parts) : (p+1)*(len(x.bloom)/parts)])
	b.records[p].each(func(block []record) {
		for _, r := range block {
			x.bloom.add(r.hash)
			if !x.place(r, end, f) {
				late = append(late, r)
			}
		}
	})
	b.gates[p].each(func(block []uint64) {
		for _, h := range block {
			x.bloom.add(h)
		}
	})
	return late
}

// place puts one record into the first free slot from its home on, but not at or
// beyond end; end 0 means all round. It returns false when there is no room.
func (x *Index) place(r record, end int, f *filled) bool {
	slot := r.hash<<32 | uint64(r.off)
	size := len(x.slots) / slotSize
	i := home(r.hash, size)
	for tries := 1; end == 0 || i < end; tries++ {
		at := x.slots[i*slotSize : (i+1)*slotSize]
		switch old := binary.LittleEndian.Uint64(at); {
		case old == 0:
			binary.LittleEndian.PutUint64(at, slot)
			f.probes = max(f.probes, tries)
			return true
		case old>>32 == slot>>32 && x.same(uint32(old), r.off):
			f.dups++
			return true
		}
		if i++; i == size && end == 0 {
			i = 0
		}
	}
	return false
}

// same says whether two records have one key.
func (x *Index) same(a, b uint32) bool {
	sa, _, va := x.record(a)
	sb, _, vb := x.record(b)
	return sa == sb && string(va) == string(vb)
}
