package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"sort"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// A sidecar holds, for one closed segment, which records hold which key.
//
//	pages      sorted postings, about 2 KiB each: per key the uvarint distance to the
//	           key before it (the first of a page: to 0), the uvarint number of rows;
//	           then the row, or for several: uvarint length and the uvarint distances
//	blocks     u64 offset, u32 size, u32 row, u32 records per block of the log
//	directory  u64 first key, u32 offset, u32 CRC-32C per page
//	foot       as in appendFoot, with a CRC-32C of blocks, directory and itself
//
// The directory stays in memory, so that a look-up reads one page. Numbers are
// little-endian.
type sidecar struct {
	part  part // all but closed and sidecar
	size  int64
	file  *os.File
	pages []page
	end   uint32 // of the last page
}

type page struct {
	first telemetry.Key
	off   uint32
	crc   uint32
}

const (
	sidecarMagic = "VEDIDX\x00\x01"
	footSize     = len(sidecarMagic) + 8*5 + 4*4
	blockSize    = 20
	pageSize     = 16
	pageBytes    = 2 << 10
)

// appendFoot writes: number of the first record, length of the log, raw bytes,
// oldest, newest; numbers covered, blocks, pages, CRC; magic.
func appendFoot(dst []byte, p *part, pages int, tables []byte) []byte {
	le, start := binary.LittleEndian, len(dst)
	for _, v := range []uint64{uint64(p.first), uint64(p.size), uint64(p.raw), uint64(p.oldest), uint64(p.newest)} {
		dst = le.AppendUint64(dst, v)
	}
	dst = le.AppendUint32(dst, p.count)
	dst = le.AppendUint32(dst, uint32(len(p.blocks)))
	dst = le.AppendUint32(dst, uint32(pages))
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
	var foot [footSize]byte
	if s.size < int64(footSize) {
		return badSidecar(path, "it is too short")
	}
	if _, err := s.file.ReadAt(foot[:], s.size-int64(footSize)); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	le := binary.LittleEndian
	nb, np := int64(le.Uint32(foot[44:])), int64(le.Uint32(foot[48:]))
	tables := nb*blockSize + np*pageSize
	if string(foot[56:]) != sidecarMagic || tables > s.size-int64(footSize) {
		return badSidecar(path, "its end is not that of a sidecar")
	}
	buf := make([]byte, tables)
	if _, err := s.file.ReadAt(buf, s.size-int64(footSize)-tables); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	crc := crc32.Update(crc32.Checksum(buf, castagnoli), castagnoli, foot[:52])
	if crc != le.Uint32(foot[52:]) || le.Uint64(foot[:]) != uint64(first) {
		return badSidecar(path, "its checksum does not fit")
	}
	s.part = part{
		first: first, size: int64(le.Uint64(foot[8:])), raw: int64(le.Uint64(foot[16:])),
		oldest: int64(le.Uint64(foot[24:])), newest: int64(le.Uint64(foot[32:])), count: le.Uint32(foot[40:]),
		blocks: make([]block, nb),
	}
	for i := range s.part.blocks {
		s.part.blocks[i] = block{int64(le.Uint64(buf)), le.Uint32(buf[8:]), le.Uint32(buf[12:]), le.Uint32(buf[16:])}
		buf = buf[blockSize:]
	}
	s.pages = make([]page, np)
	for i := range s.pages {
		s.pages[i] = page{telemetry.Key(le.Uint64(buf)), le.Uint32(buf[8:]), le.Uint32(buf[12:])}
		buf = buf[pageSize:]
	}
	s.end = uint32(s.size - int64(footSize) - tables)
	return nil
}

func (s *sidecar) close() error { return s.file.Close() }

// find adds where key is, newest first, at most limit in all. It reads into
// scratch, which it may replace by a larger one.
func (s *sidecar) find(key telemetry.Key, limit int, f *telemetry.Found, scratch *[]byte) error {
	i := sort.Search(len(s.pages), func(i int) bool { return s.pages[i].first > key }) - 1
	if i < 0 {
		return nil
	}
	end := s.end
	if i+1 < len(s.pages) {
		end = s.pages[i+1].off
	}
	size := int(end - s.pages[i].off)
	if cap(*scratch) < size {
		*scratch = make([]byte, max(size, 2*pageBytes))
	}
	buf := (*scratch)[:size]
	if _, err := s.file.ReadAt(buf, int64(s.pages[i].off)); err != nil {
		return fmt.Errorf("read %s: %w", s.file.Name(), err)
	}
	if crc32.Checksum(buf, castagnoli) != s.pages[i].crc {
		return badSidecar(s.file.Name(), "the checksum of a page does not fit")
	}
	if !s.inPage(buf, key, limit, f) {
		return badSidecar(s.file.Name(), "a page does not decode")
	}
	return nil
}

// inPage looks for key in a page; false says that the page is malformed.
func (s *sidecar) inPage(buf []byte, key telemetry.Key, limit int, f *telemetry.Found) bool {
	in := input{p: buf}
	for at := telemetry.Key(0); len(in.p) > 0; {
		at += telemetry.Key(in.uvarint())
		count := in.uvarint()
		rows := in
		if count == 1 {
			in.uvarint()
		} else {
			rows.p = in.take(in.uvarint())
		}
		if in.bad {
			return false
		}
		if at < key {
			continue
		}
		if at == key {
			return s.rows(rows, int(min(count, uint64(s.part.count))), limit, f)
		}
		return true
	}
	return !in.bad
}

// rows adds count ascending rows, of which only the last ones may be wanted.
func (s *sidecar) rows(in input, count, limit int, f *telemetry.Found) bool {
	f.Count += count
	want := min(limit-len(f.Seqs), count)
	if want <= 0 {
		return true
	}
	newest := make([]telemetry.Seq, 0, want)
	row := uint64(0)
	for i := range count {
		row += in.uvarint()
		if count-i <= want {
			newest = append(newest, s.part.first+telemetry.Seq(row))
		}
	}
	for i := len(newest) - 1; i >= 0; i-- {
		f.Seqs = append(f.Seqs, newest[i])
	}
	return !in.bad
}
