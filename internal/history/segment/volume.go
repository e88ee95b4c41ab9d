package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/bits"
	"os"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// A volume binds the sidecars of neighbouring segments, so that a question reads one
// place instead of one for each of them. It is made of the sidecars alone and holds
// nothing that they do not: it may be removed at any time, is made again, and is
// believed only while each of its segments is there with the sidecar it was made of.
//
//	sightings  about 4 KiB a page: per key the uvarint distance to the key before it (the
//	           first of a page: to 0) and a uvarint length; in it the uvarint events, a
//	           sighting without sources, the set of sources, the set of segments
//	traces     the distinct ones of those that have the same high bits a page, and which
//	           segments hold each; behind all pages their sets: see traceSets
//	segments   u64 first record, u64 length of the sidecar, u32 CRC-32C of its tables, u32 1
//	           when it has traces
//	sightings  u64 first key, u32 offset, u32 CRC-32C per page
//	traces     u64 high bits, u32 offset, u32 CRC-32C per page
//	sources    uvarint number; per name uvarint length and bytes
//	foot       u32 segments, u32 pages of sightings, u32 pages of traces, u32 bytes of
//	           sources, u32 offset of the sets, CRC-32C of all behind the sets, magic
//
// A set is the uvarint 2n of its only member n; or the uvarint 2k+1 of k members and
// the uvarint distances between them, ascending (the first: to 0). Numbers are
// little-endian.
type volume struct {
	file    *os.File
	size    int64
	bound   []bound
	pages   []page
	end     uint32 // of the last page of sightings
	traces  []page
	tracEnd uint32
	setsEnd int64 // of the sets, which begin at tracEnd
	sources []string
}

// bound is a segment as it was when the volume was made.
type bound struct {
	first  telemetry.Seq
	size   int64  // of the sidecar
	sum    uint32 // of its tables
	traced bool   // it has traces
}

const (
	volumeMagic    = "VEDVOL\x00\x03"
	volumeFootSize = 4*6 + len(volumeMagic)
	volumePage     = 4 << 10
	boundSize      = 24
	// boundMost bounds the segments of a volume: a set of them fits in 64 bits.
	boundMost = 64
	// sourcesMost bounds the senders that a volume can tell apart.
	sourcesMost = boundMost * (sourcesKept + 1)
)

func badVolume(path, why string) error {
	return errs.New(errs.Internal, "history_volume_damaged",
		"%s is damaged (%s). It may be removed: it is made again from the sidecars beside it.", path, why)
}

// openVolume reads what stays in memory. An absent file is fs.ErrNotExist.
func openVolume(path string) (*volume, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	v := &volume{file: f}
	if err := v.load(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return v, nil
}

func (v *volume) load() error {
	path := v.file.Name()
	info, err := v.file.Stat()
	if err != nil {
		return err
	}
	v.size = info.Size()
	if v.size < int64(volumeFootSize) {
		return badVolume(path, "it is too short")
	}
	foot := make([]byte, volumeFootSize)
	if _, err := v.file.ReadAt(foot, v.size-int64(volumeFootSize)); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if string(foot[24:]) != volumeMagic {
		return badVolume(path, "its end is not that of a volume of this version")
	}
	le := binary.LittleEndian
	nb, np, nt, ns := int64(le.Uint32(foot)), int64(le.Uint32(foot[4:])), int64(le.Uint32(foot[8:])), int64(le.Uint32(foot[12:]))
	tables := nb*boundSize + (np+nt)*pageSize + ns
	if tables > v.size-int64(volumeFootSize) || nb > boundMost {
		return badVolume(path, "it is shorter than it says")
	}
	start := v.size - int64(volumeFootSize) - tables
	buf := make([]byte, tables)
	if _, err := v.file.ReadAt(buf, start); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if crc32.Update(crc32.Checksum(buf, castagnoli), castagnoli, foot[:20]) != le.Uint32(foot[20:]) {
		return badVolume(path, "its checksum does not fit")
	}
	v.tracEnd, v.setsEnd = le.Uint32(foot[16:]), start
	if int64(v.tracEnd) > start || !v.tables(buf, int(nb), int(np), int(nt)) {
		return badVolume(path, "its tables do not decode")
	}
	return nil
}

// tables decodes what lies between the traces and the foot.
func (v *volume) tables(buf []byte, segments, pages, traces int) bool {
	le := binary.LittleEndian
	for range segments {
		v.bound = append(v.bound, bound{telemetry.Seq(le.Uint64(buf)), int64(le.Uint64(buf[8:])), le.Uint32(buf[16:]), le.Uint32(buf[20:]) == 1})
		buf = buf[boundSize:]
	}
	v.pages, buf = readPages(buf, pages)
	v.traces, buf = readPages(buf, traces)
	v.end = v.tracEnd
	if traces > 0 {
		v.end = v.traces[0].off
	}
	in := input{p: buf}
	n := in.uvarint()
	if n > sourcesMost {
		return false
	}
	for range n {
		v.sources = append(v.sources, string(in.take(in.uvarint())))
	}
	return !in.bad && len(in.p) == 0 && len(v.bound) > 0
}

func (v *volume) close() error { return v.file.Close() }

// sighted is what a volume holds of a key.
type sighted struct {
	count    uint64
	sighting // but sources
	senders  []uint32
	in       uint64 // a bit per segment
}

// find returns what is held of a key; count is 0 when that is nothing.
func (v *volume) find(key telemetry.Key, scratch *[]byte) (sighted, error) {
	i := pageAt(v.pages, key)
	if i < 0 {
		return sighted{}, nil
	}
	buf, err := v.page(v.pages, i, v.end, scratch)
	if err != nil {
		return sighted{}, err
	}
	list, ok := inPage(buf, key)
	if !ok {
		return sighted{}, badVolume(v.file.Name(), "a page does not decode")
	}
	if list.p == nil {
		return sighted{}, nil
	}
	s, ok := readSighted(list, len(v.bound), len(v.sources))
	if !ok {
		return sighted{}, badVolume(v.file.Name(), "a page does not decode")
	}
	return s, nil
}

func (v *volume) page(pages []page, i int, end uint32, scratch *[]byte) ([]byte, error) {
	buf, err := readPage(v.file, pages, i, end, scratch)
	if why, bad := err.(badPage); bad {
		return nil, badVolume(v.file.Name(), string(why))
	}
	return buf, err
}

// readSighted reads what append of a sighted wrote.
func readSighted(in input, segments, sources int) (s sighted, ok bool) {
	s.count = in.uvarint()
	if s.sighting, ok = readSighting(&in); !ok {
		return s, false
	}
	s.senders = readSet(&in, sources)
	for _, i := range readSet(&in, segments) {
		s.in |= 1 << i
	}
	return s, !in.bad && len(in.p) == 0 && s.count > 0 && s.in != 0
}

func (s *sighted) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, s.count)
	dst = s.sighting.append(dst)
	dst = appendSet(dst, s.senders)
	return appendBits(dst, s.in)
}

// appendSet writes a set of one or more members, ascending.
func appendSet(dst []byte, set []uint32) []byte {
	if len(set) == 1 {
		return binary.AppendUvarint(dst, uint64(set[0])<<1)
	}
	dst = binary.AppendUvarint(dst, uint64(len(set))<<1|1)
	before := uint32(0)
	for _, n := range set {
		dst = binary.AppendUvarint(dst, uint64(n-before))
		before = n
	}
	return dst
}

// appendBits writes the set of the places of bits.
func appendBits(dst []byte, mask uint64) []byte {
	if mask&(mask-1) == 0 {
		return binary.AppendUvarint(dst, uint64(bits.TrailingZeros64(mask))<<1)
	}
	dst = binary.AppendUvarint(dst, uint64(bits.OnesCount64(mask))<<1|1)
	for before := 0; mask != 0; mask &= mask - 1 {
		n := bits.TrailingZeros64(mask)
		dst = append(dst, byte(n-before)) // below 64
		before = n
	}
	return dst
}

// readSet reads a set of numbers below most.
func readSet(in *input, most int) []uint32 {
	head := in.uvarint()
	if head&1 == 0 {
		if head>>1 >= uint64(most) {
			in.bad = true
			return nil
		}
		return []uint32{uint32(head >> 1)}
	}
	n := head >> 1
	if n > uint64(most) || n > uint64(len(in.p)) {
		in.bad = true
		return nil
	}
	set := make([]uint32, n)
	at := uint64(0)
	for i := range set {
		step := in.uvarint()
		if at += step; at >= uint64(most) || i > 0 && step == 0 {
			in.bad = true
			return nil
		}
		set[i] = uint32(at)
	}
	return set
}
