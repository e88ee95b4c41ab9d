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
	older    []record             // of URLs that came in an older spelling
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
	s := spaceOf(t)
	switch s {
	case spaceIPv4, spaceIPv6:
		if strings.IndexByte(value, '/') >= 0 {
			return b.addNet(t, value, id)
		}
	case spaceDomain:
		if indicator.IsPublicSuffix(value) {
			return indicator.Check(t, value)
		}
	case spaceURL:
		return b.addURL(value, id)
	case spaceIPv4Port, spaceIPv6Port, spaceDomainPort:
		return b.addPort(t, value, id)
	}
	if s == spaceNone || value == "" {
		return refusal(t, value)
	}
	if err := b.put(s, value, id, hostHash(s, value)); err != nil {
		return err
	}
	switch s {
	case spaceIPv4:
		b.addHost(value)
	case spaceIPv6:
		b.addHost6(value)
	case spaceDomain:
		b.nameGate(s, value)
	case spaceEmail:
		host := value[strings.LastIndexByte(value, '@')+1:]
		b.nameGate(s, host)
		b.gate(hostHash(spaceMailGate, host))
	case spaceFileName:
		b.anchor(s, value)
	}
	return nil
}

// refusal is what is wrong with a value that has no key.
func refusal(t indicator.Type, value string) error {
	if _, err := indicator.Canonical(t, value); err != nil {
		return err
	}
	return &indicator.ValueError{Reason: indicator.ReasonUnknownType, Value: value}
}

func (b *Builder) addPort(t indicator.Type, value string, id uint64) error {
	if err := indicator.Check(t, value); err != nil {
		return err
	}
	k, ok := keyOf(t, value)
	if !ok {
		return refusal(t, value)
	}
	if err := b.put(k.space, value, id, k.hash()); err != nil {
		return err
	}
	if k.space == spaceDomainPort {
		b.nameGate(k.space, k.host)
	} else {
		b.host(k.space, unbracketed(k.host))
	}
	b.gate(hostHash(spacePortGate, k.host))
	return nil
}

// addURL takes a URL as indicator.Canonical spells it today. One that a store has kept in
// a spelling of before is brought into this, since that is how values are looked up; it
// gives way to one that came in it.
func (b *Builder) addURL(value string, id uint64) error {
	now, older := today(value)
	k, ok := keyOf(indicator.URL, now)
	if k.host != "" && strings.IndexByte(k.host, '.') < 0 {
		if err := indicator.Check(indicator.URL, now); err != nil {
			return err
		}
	}
	if !ok {
		return refusal(indicator.URL, now)
	}
	r, err := b.write(k.space, now, id, k.hash())
	if err != nil {
		return err
	}
	if older {
		b.older = append(b.older, r)
	} else {
		b.keep(r)
	}
	if k.space == spacePath {
		b.anchor(k.space, k.rest)
		return nil
	}
	path, _, _ := strings.Cut(k.rest, "?")
	b.depth = max(b.depth, strings.Count(path, "/"))
	b.gate(hostHash(spaceURLGate, k.host))
	b.host(k.space, unbracketed(k.host))
	return nil
}

// today returns a canonical URL as it is spelled today, and whether that is another
// spelling. What it never was stays as it is.
func today(value string) (_ string, older bool) {
	if strings.IndexByte(value, '%') < 0 && strings.IndexByte(value, '\\') < 0 && !strings.Contains(value, "/.") && !strings.Contains(value, "0x") {
		return value, false
	}
	now, err := indicator.Canonical(indicator.URL, value)
	if err != nil || now == value {
		return value, false
	}
	return now, true
}

// put keeps a value with the hash of its key.
func (b *Builder) put(s space, value string, id, h uint64) error {
	r, err := b.write(s, value, id, h)
	if err == nil {
		b.keep(r)
	}
	return err
}

func (b *Builder) keep(r record) { b.records[r.hash>>(64-partBits)].add(r) }

// write adds a value to the text.
func (b *Builder) write(s space, value string, id, h uint64) (record, error) {
	if len(value) > maxValue {
		return record{}, &indicator.ValueError{Reason: indicator.ReasonTooLong, Value: value}
	}
	off, ok := b.text.add(s, id, value)
	if !ok {
		return record{}, ErrFull
	}
	b.spaces |= 1 << s
	b.unseen |= 1 << s & unseenSpaces
	b.n++
	return record{h, off}, nil
}

func (b *Builder) addNet(t indicator.Type, value string, id uint64) error {
	if err := indicator.Check(t, value); err != nil {
		return err
	}
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
	used int // of last; apart, since to set last takes a word with the garbage collector
}

// add appends a record and returns its offset; ok is false when all is full.
func (p *pages) add(s space, id uint64, value string) (off uint32, ok bool) {
	const most = recordHead + binary.MaxVarintLen64
	if p.used+most+len(value) > len(p.last) && !p.grow(most+len(value)) {
		return 0, false
	}
	rec := p.last[p.used:]
	rec[0] = byte(s)
	binary.LittleEndian.PutUint64(rec[1:], id)
	n := recordHead + 1
	if rec[recordHead] = byte(len(value)); len(value) >= 0x80 {
		n = recordHead + binary.PutUvarint(rec[recordHead:], uint64(len(value)))
	}
	n += copy(rec[n:], value)
	off = uint32(len(p.full)<<pageBits + p.used)
	p.used += n
	return off, true
}

// grow makes room for n bytes: the first page doubles up to its size, then comes a
// page after another. It returns false when all is full.
func (p *pages) grow(n int) bool {
	if p.used+n > pageSize {
		p.full = append(p.full, p.last) // the rest is zero: no record
		p.last, p.used = nil, 0
	}
	switch {
	case len(p.full) > math.MaxUint32>>pageBits:
		return false
	case len(p.full) > 0:
		p.last = make([]byte, pageSize)
		return true
	}
	p.used = max(p.used, 1) // offset 0 means a free slot
	size := 512
	for size < p.used+n {
		size *= 2
	}
	grown := make([]byte, size)
	copy(grown, p.last)
	p.last = grown
	return true
}

// done returns all pages.
func (p *pages) done() [][]byte {
	if p.used == 0 {
		return p.full
	}
	return append(p.full, p.last[:p.used:p.used])
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
