package match

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// ErrFull is returned by Add when the text of all indicators passes 4 GiB, which
// is about a hundred million of them. Split the set over several indexes.
var ErrFull = errors.New("match: index full: more than 4 GiB of indicators; split the set")

// maxValue bounds a value; indicator.Canonical gives none that is longer.
const maxValue = 8192

// Builder collects indicators for an [Index]. The zero value is ready for use.
// Not safe for concurrent use.
type Builder struct {
	// Note is kept with the index, also in a file: what its owner must know to
	// tell whether it is still true. At most MaxNote bytes.
	Note []byte

	text     pages
	records  [parts]chain[record] // by the highest bits of the hash
	gates    [parts]chain[uint64]
	lastGate uint64
	nets     []network
	hosts    hostList
	begins6  begins6
	n        int
	facts
}

// Len returns how many entries were added.
func (b *Builder) Len() int { return b.n }

// Add takes an indicator: its type, its canonical value, and the number that a
// hit shall carry. Of several entries with one type and value the first counts;
// Index.Duplicates tells how many came after. What would accuse everybody (a
// public suffix, a network wider than /8) is refused with the error of
// indicator.Check, what is not canonical with that of indicator.Canonical.
func (b *Builder) Add(t indicator.Type, value string, id uint64) error {
	k, ok := keyOf(t, value)
	if mayAccuse(k) {
		if err := indicator.Check(t, value); err != nil {
			return err
		}
	}
	if (k.space == spaceIPv4 || k.space == spaceIPv6) && strings.IndexByte(value, '/') >= 0 {
		return b.addNet(t, value, id)
	}
	if !ok || value == "" {
		if _, err := indicator.Canonical(t, value); err != nil {
			return err
		}
		return &indicator.ValueError{Reason: indicator.ReasonUnknownType, Value: value}
	}
	if len(value) > maxValue {
		return &indicator.ValueError{Reason: indicator.ReasonTooLong, Value: value}
	}
	off, ok := b.text.add(k.space, id, value)
	if !ok {
		return ErrFull
	}
	h := k.hash()
	b.records[h>>(64-partBits)].add(record{h, off})
	b.spaces |= 1 << k.space
	if k.space == spaceURL || k.space == spaceAnyURL {
		path, _, _ := strings.Cut(k.rest, "?")
		b.depth = max(b.depth, strings.Count(path, "/"))
	}
	b.addGates(k)
	b.n++
	return nil
}

// mayAccuse is false for what indicator.Check never refuses, the most of what
// there is: an address alone, a URL whose host has a dot, a hash.
func mayAccuse(k key) bool {
	switch k.space {
	case spaceIPv4, spaceIPv6:
		return strings.IndexByte(k.host, '/') >= 0
	case spaceURL, spaceAnyURL:
		return strings.IndexByte(k.host, '.') < 0
	case spaceDomain, spaceDomainPort, spacePath, spaceNone:
		return true
	}
	return false
}

func (b *Builder) addNet(t indicator.Type, value string, id uint64) error {
	p, err := netip.ParsePrefix(value)
	if err != nil || p != p.Masked() || p.Addr().Is4() != (t == indicator.IPv4) {
		return &indicator.ValueError{Reason: indicator.ReasonAddress, Value: value}
	}
	e := networkOf(p)
	if t == indicator.IPv4 {
		b.spaces |= 1 << spaceHost4
		b.hosts.any = true
		b.hosts.ranges.add([2]uint32{uint32(e.lo), uint32(e.lo) | math.MaxUint32>>e.bits})
	} else {
		b.spaces |= 1 << spaceHost6
		first := uint16(e.hi >> 48)
		b.begins6.add(first, first|uint16(math.MaxUint16>>min(e.bits, 16)))
	}
	e.id = id
	b.nets = append(b.nets, e)
	b.n++
	return nil
}

// pages is the text of an index in the making.
type pages struct {
	full [][]byte
	last []byte
}

// add appends a record and returns its offset; ok is false when all is full.
func (p *pages) add(s space, id uint64, value string) (off uint32, ok bool) {
	const most = recordHead + binary.MaxVarintLen64
	if len(p.last)+most+len(value) > pageSize {
		p.full = append(p.full, p.last[:pageSize]) // the rest is zero: no record
		p.last = make([]byte, 0, pageSize)
	}
	if len(p.full) > math.MaxUint32>>pageBits {
		return 0, false
	}
	if len(p.full) == 0 && len(p.last) == 0 {
		p.last = append(p.last, 0) // offset 0 means a free slot
	}
	p.grow(most + len(value))
	n := len(p.last)
	off = uint32(len(p.full)<<pageBits + n)
	rec := p.last[n : n+recordHead+1 : cap(p.last)]
	rec[0] = byte(s)
	binary.LittleEndian.PutUint64(rec[1:], id)
	if rec[recordHead] = byte(len(value)); len(value) >= 0x80 {
		rec = binary.AppendUvarint(rec[:recordHead], uint64(len(value)))
	}
	p.last = append(p.last[:n+len(rec)], value...)
	return off, true
}

// grow doubles the first page up to its size.
func (p *pages) grow(n int) {
	if len(p.last)+n <= cap(p.last) {
		return
	}
	size := 512
	for size < len(p.last)+n {
		size *= 2
	}
	p.last = append(make([]byte, 0, size), p.last...)
}

// done returns all pages.
func (p *pages) done() [][]byte {
	if len(p.last) == 0 {
		return p.full
	}
	return append(p.full, p.last[:len(p.last):len(p.last)])
}

// chain is a list that grows without being copied.
type chain[T any] struct {
	last   []T
	blocks [][]T
}

func (c *chain[T]) add(v T) {
	if len(c.last) == cap(c.last) {
		if c.last != nil {
			c.blocks = append(c.blocks, c.last)
		}
		c.last = make([]T, 0, 8<<min(len(c.blocks), 7))
	}
	c.last = append(c.last, v)
}

// each calls fn with every block, in order.
func (c *chain[T]) each(fn func([]T)) {
	for _, b := range c.blocks {
		fn(b)
	}
	fn(c.last)
}

func (c *chain[T]) len() (n int) {
	c.each(func(b []T) { n += len(b) })
	return n
}
