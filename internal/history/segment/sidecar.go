package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// A sidecar holds, for one closed segment, which values its records hold.
//
//	pages      sorted postings, about 2 KiB each: per key the uvarint distance to the
//	           key before it (the first of a page: to 0) and a uvarint length; in it the
//	           uvarint number of rows, a sighting, and the uvarint distances of rows
//	words      the distinct values of one type, sorted by match.Place, about 16 KiB each
//	           in zstd: per value a uvarint length and its bytes
//	traces     the distinct match.Traces of all words, sorted, about 2 KiB a page, in groups
//	           and with whether each is lone: see loneGroup
//	blocks     u64 offset, u32 size, u32 row, u32 records per block of the log
//	directory  u64 first key, u32 offset, u32 CRC-32C per page
//	words      u32 offset, size, size decoded, values, type, CRC-32C per block of words
//	traces     u64 first trace, u32 offset, u32 CRC-32C per page of traces
//	names      of types, then of sources: uvarint number; per name uvarint length and bytes;
//	           then per block of words, as a name, the edge between it and the one before
//	foot       as in appendFoot, with a CRC-32C of all behind the traces
//
// All but pages, words and traces stays in memory, so that a look-up reads one page.
// Numbers are little-endian. Older versions are still read. Version 3 had traces without
// groups: per trace the uvarint distance to the one before it (the first of a page: to 0).
// Version 2 had neither traces nor edges, and its words were in order of their bytes.
type sidecar struct {
	part           part // all but closed and sidecar
	size           int64
	file           *os.File
	pages          []page
	end            uint32 // of the last page
	words          []wordBlock
	edges          []string // per block of words; nil in version 2
	traces         []page
	grouped        bool // traces lie in groups; not before version 4
	wordsEnd       uint32
	tracesEnd      uint32
	types, sources []string
	oldest, newest int64  // seconds, of events
	sum            uint32 // of the tables
}

type page struct {
	first telemetry.Key
	off   uint32
	crc   uint32
}

// wordBlock is where values of one type lie.
type wordBlock struct {
	off, size, plain, count, typ, crc uint32
}

const (
	sidecarMagic = "VEDIDX\x00\x04"
	footSize     = len(sidecarMagic) + 8*7 + 4*7
	magic3       = "VEDIDX\x00\x03"
	// magic2 and foot2Size are those of version 2, which lacks the number of traces.
	magic2    = "VEDIDX\x00\x02"
	foot2Size = footSize - 4

	blockSize = 20
	pageSize  = 16
	wordSize  = 24
	pageBytes = 2 << 10
	wordBytes = 16 << 10
	// maxWords bounds what a reader allocates for a block of words.
	maxWords = wordBytes + maxRecord
)

// foot is what stands at the end of a sidecar.
type foot struct {
	part                *part
	oldest, newest      int64
	pages, words, names int
	traces              int
}

// appendFoot writes: number of the first record, length of the log, raw bytes,
// oldest, newest, oldest and newest second of events; numbers covered, blocks,
// pages, blocks of words, bytes of names, pages of traces, CRC; magic.
func appendFoot(dst []byte, f *foot, tables []byte) []byte {
	le, start, p := binary.LittleEndian, len(dst), f.part
	for _, v := range []uint64{uint64(p.first), uint64(p.size), uint64(p.raw), uint64(p.oldest), uint64(p.newest), uint64(f.oldest), uint64(f.newest)} {
		dst = le.AppendUint64(dst, v)
	}
	for _, v := range []int{int(p.count), len(p.blocks), f.pages, f.words, f.names, f.traces} {
		dst = le.AppendUint32(dst, uint32(v))
	}
	crc := crc32.Update(crc32.Checksum(tables, castagnoli), castagnoli, dst[start:])
	dst = le.AppendUint32(dst, crc)
	return append(dst, sidecarMagic...)
}

func badSidecar(path, why string) error {
	return errs.New(errs.Internal, "history_sidecar_damaged",
		"%s is damaged (%s). Stop Vedette and remove this file: it is made again from the segment beside it.", path, why)
}

// openSidecar reads what stays in memory. An absent file is fs.ErrNotExist.
func openSidecar(path string, first telemetry.Seq) (*sidecar, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &sidecar{file: f}
	if err := s.load(first); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

func (s *sidecar) load(first telemetry.Seq) error {
	path := s.file.Name()
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	s.size = info.Size()
	foot, version, err := s.readFoot()
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	n := int64(len(foot))
	nb, np, nw, nn := int64(le.Uint32(foot[60:])), int64(le.Uint32(foot[64:])), int64(le.Uint32(foot[68:])), int64(le.Uint32(foot[72:]))
	nt := int64(0)
	if version > 2 {
		nt = int64(le.Uint32(foot[76:]))
	}
	tables := nb*blockSize + (np+nt)*pageSize + nw*wordSize + nn
	if tables > s.size-n {
		return badSidecar(path, "it is shorter than it says")
	}
	buf := make([]byte, tables)
	if _, err := s.file.ReadAt(buf, s.size-n-tables); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	sum := n - int64(len(sidecarMagic)) - 4
	crc := crc32.Update(crc32.Checksum(buf, castagnoli), castagnoli, foot[:sum])
	if crc != le.Uint32(foot[sum:]) || le.Uint64(foot) != uint64(first) {
		return badSidecar(path, "its checksum does not fit")
	}
	s.part = part{
		first: first, size: int64(le.Uint64(foot[8:])), raw: int64(le.Uint64(foot[16:])),
		oldest: int64(le.Uint64(foot[24:])), newest: int64(le.Uint64(foot[32:])), count: le.Uint32(foot[56:]),
		blocks: make([]block, nb),
	}
	s.oldest, s.newest, s.sum = int64(le.Uint64(foot[40:])), int64(le.Uint64(foot[48:])), crc
	for i := range s.part.blocks {
		s.part.blocks[i] = block{int64(le.Uint64(buf)), le.Uint32(buf[8:]), le.Uint32(buf[12:]), le.Uint32(buf[16:])}
		buf = buf[blockSize:]
	}
	s.pages, buf = readPages(buf, int(np))
	s.tracesEnd, s.grouped = uint32(s.size-n-tables), version > 3
	if !s.loadWords(buf, int(nw), int(nt), version > 2) {
		return badSidecar(path, "what it says of its words does not decode")
	}
	return nil
}

// readFoot returns what stands at the end, and the version of the file.
func (s *sidecar) readFoot() (foot []byte, version int, err error) {
	foot = make([]byte, min(int64(footSize), s.size))
	if _, err := s.file.ReadAt(foot, s.size-int64(len(foot))); err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", s.file.Name(), err)
	}
	switch {
	case len(foot) == footSize && string(foot[footSize-len(sidecarMagic):]) == sidecarMagic:
		return foot, 4, nil
	case len(foot) == footSize && string(foot[footSize-len(magic3):]) == magic3:
		return foot, 3, nil
	case len(foot) >= foot2Size && string(foot[len(foot)-len(magic2):]) == magic2:
		return foot[len(foot)-foot2Size:], 2, nil
	}
	return nil, 0, badSidecar(s.file.Name(), "its end is not that of a sidecar of this version")
}

func readPages(buf []byte, n int) ([]page, []byte) {
	le, pages := binary.LittleEndian, make([]page, n)
	for i := range pages {
		pages[i] = page{telemetry.Key(le.Uint64(buf)), le.Uint32(buf[8:]), le.Uint32(buf[12:])}
		buf = buf[pageSize:]
	}
	return pages, buf
}

// loadWords reads where words and traces are, and the names. Pages end where the
// words begin, words where the traces do.
func (s *sidecar) loadWords(buf []byte, n, traces int, edges bool) bool {
	le, words := binary.LittleEndian, buf
	s.traces, buf = readPages(buf[n*wordSize:], traces)
	s.wordsEnd = s.tracesEnd
	if traces > 0 {
		s.wordsEnd = s.traces[0].off
	}
	s.end = s.wordsEnd
	s.words = make([]wordBlock, n)
	for i := range s.words {
		w := wordBlock{le.Uint32(words), le.Uint32(words[4:]), le.Uint32(words[8:]), le.Uint32(words[12:]), le.Uint32(words[16:]), le.Uint32(words[20:])}
		if i == 0 {
			s.end = w.off
		}
		if uint64(w.off)+uint64(w.size) > uint64(s.wordsEnd) || w.off < s.end || w.plain > maxWords || w.count > w.plain {
			return false
		}
		s.words[i], words = w, words[wordSize:]
	}
	in := input{p: buf}
	for _, list := range []*[]string{&s.types, &s.sources} {
		k := in.uvarint()
		if k > uint64(len(in.p)) {
			return false
		}
		for range k {
			*list = append(*list, string(in.take(in.uvarint())))
		}
	}
	if edges {
		s.edges = make([]string, n)
		for i := range s.edges {
			s.edges[i] = string(in.take(in.uvarint()))
		}
	}
	for i, w := range s.words {
		if int(w.typ) >= len(s.types) || i > 0 && w.typ < s.words[i-1].typ {
			return false
		}
	}
	return !in.bad
}

func (s *sidecar) close() error { return s.file.Close() }

// find adds where key is, newest first, at most limit in all. It reads into
// scratch, which it may replace by a larger one.
func (s *sidecar) find(key telemetry.Key, limit int, f *telemetry.Found, scratch *[]byte) error {
	list, err := s.list(key, scratch)
	if err != nil || list.p == nil {
		return err
	}
	if !s.rows(list, limit, f) {
		return badSidecar(s.file.Name(), "a page does not decode")
	}
	return nil
}

// list returns the sighting and the rows of a key, nothing when it is not there.
func (s *sidecar) list(key telemetry.Key, scratch *[]byte) (input, error) {
	i := pageAt(s.pages, key)
	if i < 0 {
		return input{}, nil
	}
	buf, err := s.page(i, scratch)
	if err != nil {
		return input{}, err
	}
	list, ok := inPage(buf, key)
	if !ok {
		return input{}, badSidecar(s.file.Name(), "a page does not decode")
	}
	return list, nil
}

// allRows appends the rows of a list.
func (s *sidecar) allRows(in *input, rows []uint32) ([]uint32, bool) {
	count := in.uvarint()
	if _, ok := readSighting(in); !ok {
		return rows, false
	}
	if in.bad || count > uint64(s.part.count) || count > uint64(len(in.p)) {
		return rows, false
	}
	row := uint64(0)
	for range count {
		row += in.uvarint()
		rows = append(rows, uint32(row))
	}
	return rows, !in.bad && row < uint64(max(s.part.count, 1))
}

// readSighting reads what append of a sighting wrote.
func readSighting(in *input) (sighting, bool) {
	var s sighting
	s.first = in.varint()
	s.last = s.first + int64(in.uvarint())
	s.sources = in.uvarint()
	n := in.uvarint()
	if in.bad || n > uint64(len(in.p)) {
		return s, false
	}
	day := dayOf(s.first)
	for range n {
		day += in.varint()
		s.days = append(s.days, dayCount{day, in.uvarint()})
	}
	return s, !in.bad
}
