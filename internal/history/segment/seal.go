package segment

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
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
	e := pageWriter{w: w}
	keys := make([]telemetry.Key, 0, len(n.heads))
	for k := range n.heads {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var rows []uint32
	for _, k := range keys {
		rows = rows[:0]
		for i := n.heads[k]; i > 0; i = n.entries[i-1].before {
			rows = append(rows, n.entries[i-1].row)
		}
		slices.Reverse(rows)
		if err := e.add(k, rows); err != nil {
			return err
		}
	}
	if err := e.flush(); err != nil {
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
	for _, g := range e.pages {
		tail = le.AppendUint64(tail, uint64(g.first))
		tail = le.AppendUint32(tail, g.off)
		tail = le.AppendUint32(tail, g.crc)
	}
	tail = appendFoot(tail, p, len(e.pages), tail)
	_, err := w.Write(tail)
	return err
}

// pageWriter cuts sorted postings into pages.
type pageWriter struct {
	w     io.Writer
	pages []page
	off   int64
	buf   []byte // the page being filled
	first telemetry.Key
	last  telemetry.Key
	list  []byte
}

func (e *pageWriter) add(k telemetry.Key, rows []uint32) error {
	if len(e.buf) == 0 {
		e.first, e.last = k, 0
	}
	e.buf = binary.AppendUvarint(e.buf, uint64(k-e.last))
	e.last = k
	e.buf = binary.AppendUvarint(e.buf, uint64(len(rows)))
	e.list = e.list[:0]
	before := uint32(0)
	for _, r := range rows {
		e.list = binary.AppendUvarint(e.list, uint64(r-before))
		before = r
	}
	if len(rows) > 1 {
		e.buf = binary.AppendUvarint(e.buf, uint64(len(e.list)))
	}
	e.buf = append(e.buf, e.list...)
	if len(e.buf) >= pageBytes {
		return e.flush()
	}
	return nil
}

func (e *pageWriter) flush() error {
	if len(e.buf) == 0 {
		return nil
	}
	if e.off+int64(len(e.buf)) > math.MaxUint32 {
		return fmt.Errorf("the notes of one segment exceed 4 GiB")
	}
	e.pages = append(e.pages, page{e.first, uint32(e.off), crc32.Checksum(e.buf, castagnoli)})
	n, err := e.w.Write(e.buf)
	e.off += int64(n)
	e.buf = e.buf[:0]
	return err
}
