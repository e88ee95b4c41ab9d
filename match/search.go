package match

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/vedette-soc/vedette/indicator"
)

// batch is how many questions are put to the filter at once: its memory is then
// fetched for all of them together.
const batch = 512

// stride is how many of them the memory is asked for ahead of the look at it.
const stride = 128

// Touch is a place in a raw record that may touch an indicator.
type Touch struct {
	Record   int // its place in the list given to Search
	From, To int // of the first such token; the whole record when it must be read
}

// Searcher tells raw records that may touch an indicator from those that touch
// none, without knowing their format, at more than ten times the speed of reading
// them. Not safe for concurrent use; make one for each goroutine.
//
// It errs on one side only. A record in which a reader of its format finds an
// observable that Index.Lookup finds is always named, as long as the observable
// stands in the record as one piece, or its host does, in whatever spelling
// indicator.Canonical understands: with JSON's escapes at any depth, defanged,
// in capitals, with letters of any script, percent-encoded. What it cannot see are
// the types that [Index.Unseen] lists, and a number, or what is percent-encoded, that a
// reader makes the host of a URL though no scheme stands before it.
//
// It makes a map of each record, see block, and goes by that from dot to dot, to
// look at the token around each, and to what is long enough for a hash. One
// question to a filter settles most tokens: the last two labels of a name, an
// address, a hash.
type Searcher struct {
	x         *Index
	probes    []probe
	addresses []probe
	lines     [][]byte
	line      []byte // being searched
	mapper    mapper
	blocks    []block // of line
	traits    traits
	marks     byteSet // behind which there may be a part of a path
	inner     byteSet // the same in JSON without a backslash
	counted   bool    // there may be names with the lengths of their labels in it
	plain     []byte  // what is searched in place of the record; nil while it is searched as it stands
	record    int
	named     []bool // by record
	dst       []Touch
	fold      []byte
	hits      []Hit
}

// probe is a question to the filter about the token [from, to) of a record.
type probe struct {
	hash     uint64
	record   int32
	from, to int32
	addr     uint32 // of askAddress
	ask      asking
}

type asking uint8

const (
	askName asking = iota
	askAddress
	askDigest
	askSegment
)

// Searcher returns a Searcher of the index.
func (x *Index) Searcher() *Searcher {
	s := &Searcher{x: x, marks: setOf(x.marks)}
	s.inner = s.marks.without('"')
	return s
}

// Unseen lists the types of indicators in the index that a Searcher cannot see,
// in whole or in part: where they count, every record must be read.
func (x *Index) Unseen() []indicator.Type {
	var out []indicator.Type
	for _, t := range indicator.Types {
		s := spaceOf(t)
		if t == indicator.URL {
			s = spacePath
			if x.unseen>>spaceURL&1 != 0 || x.unseen>>spaceAnyURL&1 != 0 {
				out = append(out, t)
				continue
			}
		}
		if s != spaceNone && x.unseen>>s&1 != 0 {
			out = append(out, t)
		}
	}
	return out
}

// Search appends to dst one Touch for each record that may touch an indicator, in
// the order of the records, and returns it.
func (s *Searcher) Search(records [][]byte, dst []Touch) []Touch {
	s.lines, s.dst = records, dst
	s.named = slices.Grow(s.named[:0], len(records))[:len(records)]
	clear(s.named)
	first := len(dst)
	for i, r := range records {
		s.record, s.line = i, r
		s.search()
		if len(s.probes)+len(s.addresses) >= batch {
			s.settle()
		}
	}
	s.settle()
	dst = s.dst
	s.lines, s.line, s.dst = nil, nil, nil
	runtime.KeepAlive(s.x)
	slices.SortFunc(dst[first:], func(a, b Touch) int { return a.Record - b.Record })
	return dst
}

// touch names the record being searched.
func (s *Searcher) touch(from, to int) { s.touchRecord(s.record, from, to) }

func (s *Searcher) touchRecord(record, from, to int) {
	if !s.named[record] {
		s.named[record] = true
		s.dst = append(s.dst, Touch{record, from, min(to, len(s.lines[record]))})
	}
}

// mustRead names the record being searched as one to be read in any case.
func (s *Searcher) mustRead() { s.touch(0, len(s.line)) }

// search looks at one record as it stands, and once more with its escapes
// undone.
func (s *Searcher) search() {
	if !s.lookAt(s.line) || s.named[s.record] || !s.traits.backslash {
		return
	}
	plain, again := s.line, true
	for range 4 { // JSON in JSON in JSON
		if plain, again = undoEscapes(plain); !again {
			return
		}
		if !s.lookInstead(plain) {
			return
		}
	}
	s.mustRead()
}

// lookInstead scans what stands for the record.
func (s *Searcher) lookInstead(text []byte) bool {
	s.settle()
	line, plain, traits := s.line, s.plain, s.traits
	s.line, s.plain = text, text
	ok := s.lookAt(text)
	s.settle()
	s.line, s.plain, s.traits = line, plain, traits
	return ok
}

// lookAt scans a line unless it must be read in any case.
func (s *Searcher) lookAt(line []byte) bool {
	s.blocks, s.traits = s.mapper.blocks(line)
	foreign := s.traits.foreign
	if s.traits.schemed && s.oddHost() || foreign && foreignHost(line) || s.defanged() || s.x.uses(spaceForeign) && (foreign || s.traits.percent && foreignPercent(line)) ||
		(s.x.uses(spacePath) || s.x.uses(spaceHost6)) && encodedURL(line, s.traits.percent) {
		s.mustRead()
		return false
	}
	counted, percent := s.counted, s.traits.percent
	s.scan()
	return (!counted || s.lookAtCounted(line)) && (!percent || s.lookAtPlain(line))
}

// lookAtCounted scans the names of a line that have the length of each label before it.
func (s *Searcher) lookAtCounted(line []byte) bool {
	var names []byte
	for name := range countedNames(line) {
		names = append(append(names, name...), ' ')
	}
	return names == nil || s.lookInstead(names)
}

// lookAtPlain scans a line without the percent-encodings that say nothing.
func (s *Searcher) lookAtPlain(line []byte) bool {
	plain, again := indicator.PlainEscapes(line)
	return !again || s.lookInstead(plain)
}

// scan looks for everything that the index may hold.
func (s *Searcher) scan() {
	x := s.x
	if x.uses(spaceGate) || x.uses(spaceHost4) {
		s.dots()
	}
	if x.marks != [2]uint64{} {
		s.segments()
	}
	if x.uses(spaceMD5) || x.uses(spaceSHA1) || x.uses(spaceSHA256) || x.uses(spaceSHA512) || x.uses(spaceJA3) {
		s.digests()
	}
	if x.uses(spaceHost6) || x.uses(spaceHost4) && s.mapped() {
		s.colons()
	}
}

// ask puts a question on the list.
func (s *Searcher) ask(hash uint64, from, to int, what asking) {
	s.probes = append(s.probes, probe{hash: hash, record: int32(s.record), from: int32(from), to: int32(to), ask: what})
	if len(s.probes) >= 2*batch {
		s.settle()
	}
}

// putAddress puts the question for an address on the list.
func (s *Searcher) putAddress(addr uint32, from, to int) {
	s.addresses = append(s.addresses, probe{addr: addr, record: int32(s.record), from: int32(from), to: int32(to), ask: askAddress})
	if len(s.addresses) >= 2*batch {
		s.settle()
	}
}

// settle answers all questions on the list: first by the tables that tell most of
// them at once, one list after the other, so that the processor fetches the
// memory for many together; then, for the few that get past, in full.
func (s *Searcher) settle() {
	s.confirmAll(s.settleAddresses())
	s.confirmAll(s.settleProbes())
	s.addresses, s.probes = s.addresses[:0], s.probes[:0]
}

func (s *Searcher) settleProbes() []probe {
	f, n := s.x.bloom, 0
	words := len(f) / 8
	if words == 0 {
		return nil
	}
	f.prefetch(s.probes[:min(stride, len(s.probes))])
	for at := 0; at < len(s.probes); at += stride {
		end := min(at+stride, len(s.probes))
		f.prefetch(s.probes[end:min(end+stride, len(s.probes))])
		for i := at; i < end; i++ {
			p := &s.probes[i]
			if m := filterMask(p.hash); binary.LittleEndian.Uint64(f[8*home(p.hash, words):])&m == m {
				s.probes[n] = *p
				n++
			}
		}
	}
	return s.probes[:n]
}

func (s *Searcher) settleAddresses() []probe {
	hosts, n := s.x.hosts, 0
	hosts.prefetch(s.addresses)
	for i := range s.addresses {
		if p := &s.addresses[i]; hosts.nearer(p.addr) {
			s.addresses[n] = *p
			n++
		}
	}
	near := s.addresses[:n]
	s.x.nets.prefetch(near)
	for i := range near {
		p := &near[i]
		p.hash = xxh3.HashSeed(s.text(int(p.record))[p.from:p.to], uint64(spaceIPv4)+1)
	}
	s.x.bloom.prefetch(near)
	n = 0
	for i := range near {
		if p := &near[i]; s.x.bloom.has(p.hash) || s.x.nets.near4(p.addr) {
			near[n] = *p
			n++
		}
	}
	return near[:n]
}

func (s *Searcher) confirmAll(probes []probe) {
	for i := range probes {
		p := &probes[i]
		if record, from, to := int(p.record), int(p.from), int(p.to); !s.named[record] && s.confirm(p.ask, s.text(record), from, to) {
			s.touchRecord(record, from, to)
		}
	}
}

// text is what the places of probes count in.
func (s *Searcher) text(record int) []byte {
	if s.plain != nil {
		return s.plain
	}
	return s.lines[record]
}

// confirm asks the index itself.
func (s *Searcher) confirm(what asking, line []byte, from, to int) bool {
	switch what {
	case askName:
		return s.confirmName(line, from, to)
	case askAddress:
		host := string(line[from:to])
		s.hits = s.x.address(indicator.IPv4, host, false, s.hits[:0])
		return len(s.hits) > 0 || s.hasHost(host)
	case askSegment:
		return true
	}
	digits := string(bytes.ToLower(line[from:to]))
	for _, space := range digestSpaces(len(digits)) {
		if _, ok := s.x.find(key{space: space, host: digits}); ok {
			return true
		}
	}
	return false
}

// hasHost says whether a host (IPv6 in brackets) may be that of a URL or of a
// host and port.
func (s *Searcher) hasHost(host string) bool {
	x := s.x
	return x.bloom.has(key{space: spacePortGate, host: host}.hash()) || x.bloom.has(key{space: spaceURLGate, host: host}.hash())
}
