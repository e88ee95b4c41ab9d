package segment

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// writeSidecar writes the sidecar of p and opens it. It is complete or absent,
// whatever happens.
func writeSidecar(path string, p *part, n *notes) (*sidecar, error) {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(f, 256<<10)
	err = encodeSidecar(w, p, n)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(tmp))
	}
	if err := os.Rename(tmp, path); err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return openSidecar(path, p.first)
}

func encodeSidecar(w io.Writer, p *part, n *notes) error {
	e := pageWriter{w: w, most: pageBytes}
	type keyed struct {
		key telemetry.Key
		i   uint32
	}
	order := make([]keyed, 0, n.values.n)
	for i, v := range n.values.all {
		order = append(order, keyed{v.key, i})
	}
	slices.SortFunc(order, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	var rows []uint32
	for _, k := range order {
		rows = n.rows(k.i, rows[:0])
		if err := e.add(k.key, rows, &n.values.at(k.i).sighting); err != nil {
			return err
		}
	}
	if err := e.flush(); err != nil {
		return err
	}
	words, names, err := encodeWords(&e, n)
	if err != nil {
		return err
	}
	pages := e.pages
	e.pages = nil
	if err := encodeTraces(&e, n); err != nil {
		return err
	}
	le := binary.LittleEndian
	var tail []byte
	for _, b := range p.blocks {
		tail = le.AppendUint64(tail, uint64(b.off))
		tail = le.AppendUint32(tail, b.size)
		tail = le.AppendUint32(tail, b.row)
		tail = le.AppendUint32(tail, b.count)
	}
	tail = appendPages(tail, pages)
	for _, b := range words {
		for _, v := range []uint32{b.off, b.size, b.plain, b.count, b.typ, b.crc} {
			tail = le.AppendUint32(tail, v)
		}
	}
	tail = appendPages(tail, e.pages)
	tail = append(tail, names...)
	tail = appendFoot(tail, &foot{part: p, oldest: n.oldest, newest: n.newest, pages: len(pages), words: len(words), names: len(names), traces: len(e.pages)}, tail)
	_, err = w.Write(tail)
	return err
}

// appendPages writes what readPages reads.
func appendPages(dst []byte, pages []page) []byte {
	le := binary.LittleEndian
	for _, g := range pages {
		dst = le.AppendUint64(dst, uint64(g.first))
		dst = le.AppendUint32(dst, g.off)
		dst = le.AppendUint32(dst, g.crc)
	}
	return dst
}

// pageWriter cuts what is sorted by keys into pages.
type pageWriter struct {
	w     io.Writer
	most  int // bytes after which a page ends
	pages []page
	off   int64
	buf   []byte // the page being filled
	first telemetry.Key
	last  telemetry.Key
	list  []byte
}

func (e *pageWriter) add(k telemetry.Key, rows []uint32, s *sighting) error {
	e.list = binary.AppendUvarint(e.list[:0], uint64(len(rows)))
	e.list = s.append(e.list)
	before := uint32(0)
	for _, r := range rows {
		e.list = binary.AppendUvarint(e.list, uint64(r-before))
		before = r
	}
	e.key(k)
	e.buf = appendBytes(e.buf, e.list)
	return e.turn()
}

// key begins what is held of the next key.
func (e *pageWriter) key(k telemetry.Key) {
	if len(e.buf) == 0 {
		e.first, e.last = k, 0
	}
	e.buf = binary.AppendUvarint(e.buf, uint64(k-e.last))
	e.last = k
}

// turn ends the page when it is full.
func (e *pageWriter) turn() error {
	if len(e.buf) >= e.most {
		return e.flush()
	}
	return nil
}

// append writes the varint second of the first event, the uvarint seconds to the
// last, the uvarint sources; then the uvarint number of days, and for each the
// varint distance to the day before it (the first: to that of first) and the
// uvarint events.
func (s *sighting) append(dst []byte) []byte {
	dst = binary.AppendVarint(dst, s.first)
	dst = binary.AppendUvarint(dst, uint64(s.last-s.first))
	dst = binary.AppendUvarint(dst, s.sources)
	dst = binary.AppendUvarint(dst, uint64(len(s.days)))
	before := dayOf(s.first)
	for _, d := range s.days {
		dst = binary.AppendVarint(dst, d.day-before)
		dst = binary.AppendUvarint(dst, d.count)
		before = d.day
	}
	return dst
}

func (e *pageWriter) flush() error {
	if len(e.buf) == 0 {
		return nil
	}
	off := e.off
	if err := e.write(e.buf); err != nil {
		return err
	}
	e.pages = append(e.pages, page{e.first, uint32(off), crc32.Checksum(e.buf, castagnoli)})
	e.buf = e.buf[:0]
	return nil
}

var errTooLarge = errors.New("what is noted exceeds the 4 GiB of one file")

func (e *pageWriter) write(p []byte) error {
	if e.off+int64(len(p)) > math.MaxUint32 {
		return errTooLarge
	}
	n, err := e.w.Write(p)
	e.off += int64(n)
	return err
}
