package segment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sort"
	"sync"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// readBytes ends one Read early, so that a large limit cannot fill the memory.
const readBytes = 64 << 20

// Read implements telemetry.History. It may return fewer than limit records
// though there are more, but never none. Callers must not change the bytes of
// records: others may read the same.
func (h *History) Read(ctx context.Context, from telemetry.Seq, limit int) ([]telemetry.Stored, error) {
	r := reader{from: max(from, 1), limit: limit}
	for !r.full() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h.mu.RLock()
		i := h.atLocked(r.from)
		if i == len(h.segments) || h.segments[i].count == 0 {
			h.mu.RUnlock()
			break
		}
		p := *h.segments[i] // its blocks are only ever appended to
		h.mu.RUnlock()
		err := h.readPart(&p, &r)
		if errors.Is(err, fs.ErrNotExist) { // retention has just removed it
			r.from, err = p.end(), nil
		}
		if err != nil {
			if len(r.out) > 0 {
				break // the next call begins at the fault and reports it
			}
			return nil, err
		}
	}
	return r.out, nil
}

type reader struct {
	from  telemetry.Seq // the next one wanted
	limit int
	bytes int
	out   []telemetry.Stored
}

func (r *reader) full() bool { return len(r.out) >= r.limit || r.bytes >= readBytes }

func (h *History) readPart(p *part, r *reader) error {
	r.from = max(r.from, p.first)
	path := h.path(p.first, "log")
	row := uint32(r.from - p.first)
	i := sort.Search(len(p.blocks), func(i int) bool { return p.blocks[i].row+p.blocks[i].count > row })
	var f *os.File
	defer func() {
		if f != nil {
			f.Close()
		}
	}()
	for ; i < len(p.blocks) && !r.full(); i++ {
		b := p.blocks[i]
		if first := p.first + telemetry.Seq(b.row); first > r.from {
			return h.gap(path, p, i)
		}
		records, ok := h.blocks.get(p.first, b.row)
		if !ok {
			var err error
			if f == nil {
				if f, err = os.Open(path); err != nil {
					return fmt.Errorf("open the history: %w", err)
				}
			}
			if records, err = h.decode(f, p, b); err != nil {
				return err
			}
			h.blocks.put(p.first, b.row, records)
		}
		r.take(records)
	}
	if i == len(p.blocks) && !r.full() && r.from < p.end() {
		return h.gap(path, p, i)
	}
	return nil
}

func (r *reader) take(records []telemetry.Stored) {
	records = records[r.from-records[0].Seq:]
	n := 0
	for n < len(records) && len(r.out)+n < r.limit && r.bytes < readBytes {
		r.bytes += weight(&records[n].Record)
		n++
	}
	r.out = append(r.out, records[:n]...)
	r.from += telemetry.Seq(n)
}

// gap reports the damage before block i.
func (h *History) gap(path string, p *part, i int) error {
	off := int64(headSize)
	if i > 0 {
		off = p.blocks[i-1].off + int64(p.blocks[i-1].size)
	}
	return damaged(path, off, errors.New("a frame is unreadable"))
}

func (h *History) decode(f *os.File, p *part, b block) ([]telemetry.Stored, error) {
	buf := make([]byte, b.size)
	if _, err := f.ReadAt(buf, b.off); err != nil {
		return nil, damaged(f.Name(), b.off, err)
	}
	fr, ok := parseFrame(buf, b.off)
	first := p.first + telemetry.Seq(b.row)
	if !ok || fr.first != first || fr.count != b.count {
		return nil, damaged(f.Name(), b.off, errors.New("the checksum does not fit"))
	}
	plain, err := h.decoder.DecodeAll(fr.payload, make([]byte, 0, fr.raw))
	if err != nil {
		return nil, damaged(f.Name(), b.off, err)
	}
	records, err := parseBlock(plain, first, fr.count)
	if err != nil {
		return nil, damaged(f.Name(), b.off, err)
	}
	return records, nil
}

// cachedBlocks is how many decoded blocks are kept, about 256 KiB each.
const cachedBlocks = 16

// blockCache keeps the blocks used last. Safe for concurrent use.
type blockCache struct {
	mu     sync.Mutex
	blocks []cachedBlock // the last used one first
}

type cachedBlock struct {
	part    telemetry.Seq
	row     uint32
	records []telemetry.Stored
}

func (c *blockCache) get(part telemetry.Seq, row uint32) ([]telemetry.Stored, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, b := range c.blocks {
		if b.part == part && b.row == row {
			copy(c.blocks[1:i+1], c.blocks[:i])
			c.blocks[0] = b
			return b.records, true
		}
	}
	return nil, false
}

// put keeps a block, unless a giant record makes it too large to be worth it.
func (c *blockCache) put(part telemetry.Seq, row uint32, records []telemetry.Stored) {
	size := 0
	for i := range records {
		size += len(records[i].Raw)
	}
	if size > 4*blockRaw {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.blocks) == cachedBlocks {
		c.blocks = c.blocks[:cachedBlocks-1]
	}
	c.blocks = slices.Insert(c.blocks, 0, cachedBlock{part, row, records})
}
