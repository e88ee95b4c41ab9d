package segment

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"slices"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Bind makes all volumes that can be made, as the history does in the background.
func (h *History) Bind(ctx context.Context) error {
	for {
		more, err := h.bindNext(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// Alone calls fn while every segment is asked by itself.
func (h *History) Alone(fn func()) {
	h.binder.making.Lock()
	defer h.binder.making.Unlock()
	was := map[*part]*volume{}
	h.mu.Lock()
	for _, p := range h.segments {
		was[p], p.volume = p.volume, nil
	}
	h.mu.Unlock()
	fn()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.segments {
		p.volume = was[p]
	}
}

// Volumes is how many there are, and how many segments they bind.
func (h *History) Volumes() (volumes, bound int) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, p := range h.segments {
		if p.begins() {
			volumes++
		}
		if p.volume != nil {
			bound++
		}
	}
	return volumes, bound
}

// ReadVolume opens the volume in a file and asks it about a key and about traces; what
// it answers is within its bounds.
func ReadVolume(path string, key telemetry.Key, wanted []uint64) (segments int, answer string, err error) {
	v, err := openVolume(path)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = v.close() }()
	var scratch []byte
	seen, err := v.find(key, &scratch)
	if err != nil {
		return 0, "", err
	}
	there, err := v.meet(context.Background(), wanted)
	return len(v.bound), fmt.Sprint(v.bound, seen, there), err
}

// ReadSighted reads what a volume holds of a key, and writes it again.
func ReadSighted(p []byte, segments, sources int) (again []byte, ok bool) {
	s, ok := readSighted(input{p: p}, segments, sources)
	if !ok {
		return nil, false
	}
	return s.append(nil), true
}

// TraceSet is a trace of a volume, the segments that hold it, a bit each, and whether it
// is lone.
type TraceSet struct {
	Trace, In uint64
	Lone      bool
}

// MeetSets returns which wanted traces a page of a volume holds, of which the sets stand in a
// file.
func MeetSets(p []byte, sets *os.File, wanted []uint64, segments int) (there []TraceSet, ok bool) {
	info, err := sets.Stat()
	if err != nil {
		return nil, false
	}
	m := volumeMeeting{v: &volume{file: sets, setsEnd: info.Size()}, met: make([][]met, segments)}
	m.meeting = meeting{pages: []page{{}}, wanted: wanted}
	if err := m.page(0, p, 0, len(wanted)); err != nil {
		return nil, false
	}
	for i, t := range wanted {
		w := TraceSet{Trace: t}
		for n, list := range m.met {
			for _, m := range list {
				if m.wanted() == i {
					w.In, w.Lone = w.In|1<<n, m.lone()
				}
			}
		}
		if w.In != 0 {
			there = append(there, w)
		}
	}
	return there, true
}

// TraceSetPage writes a page of traces, ascending and with the same high bits, and their sets.
func TraceSetPage(sets []TraceSet, segments int) (page, apart []byte, err error) {
	var out bytes.Buffer
	w := traceSetWriter{pageWriter: &pageWriter{w: &out}, width: setBytes(segments)}
	for _, s := range sets {
		if err := w.add(s.Trace, s.In, s.Lone); err != nil {
			return nil, nil, err
		}
	}
	err = w.cut()
	return out.Bytes(), w.sets, err
}

// MeetGroups returns which wanted traces a page of a sidecar holds, and which of them are
// lone; false says that it is malformed.
func MeetGroups(page []byte, wanted []uint64) (there map[uint64]bool, ok bool) {
	m := sideMeeting{meeting: meeting{wanted: wanted}}
	err := m.page(0, page, 0, len(wanted))
	there = map[uint64]bool{}
	for _, t := range m.there {
		there[wanted[t.wanted()]] = t.lone()
	}
	return there, err == nil
}

// GroupPage writes a page of traces, ascending, each with whether it is lone.
func GroupPage(traces []uint64, lone func(uint64) bool) ([]byte, error) {
	var page bytes.Buffer
	w := loneGroupWriter{pageWriter: &pageWriter{w: &page, most: 1 << 30}}
	for _, t := range traces {
		if err := w.add(t, lone(t)); err != nil {
			return nil, err
		}
	}
	if err := w.end(); err != nil {
		return nil, err
	}
	err := w.flush()
	return page.Bytes(), err
}

// LoneTraces returns the traces of a sidecar, and of each whether it is lone.
func LoneTraces(path string, first telemetry.Seq) (map[uint64]bool, error) {
	s, err := openSidecar(path, first)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.close() }()
	c := s.traceCursor(0)
	if !s.grouped {
		l, err := newLoner()
		if err != nil {
			return nil, err
		}
		defer l.decoder.Close()
		keys := cursor{side: s, pages: s.pages, end: s.end}
		for more := true; more; {
			if more, err = keys.step(); err != nil {
				return nil, err
			}
			if more {
				keys.in.take(keys.in.uvarint())
			}
		}
		if c.lones, err = l.find(context.Background(), s, 0, keys.met); err != nil {
			return nil, err
		}
	}
	found := map[uint64]bool{}
	for {
		more, err := c.step()
		if err != nil || !more {
			return found, err
		}
		found[c.at] = c.lone()
	}
}

// Reseal writes a sidecar again as version 3 was.
func Reseal(path string, first telemetry.Seq) error {
	s, err := openSidecar(path, first)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }()
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out := bytes.NewBuffer(slices.Clone(data[:s.wordsEnd]))
	e := pageWriter{w: out, off: int64(s.wordsEnd), most: pageBytes}
	for c := s.traceCursor(0); ; {
		more, err := c.step()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		e.key(telemetry.Key(c.at))
		if err := e.turn(); err != nil {
			return err
		}
	}
	if err := e.flush(); err != nil {
		return err
	}
	tables := data[s.tracesEnd : len(data)-footSize]
	names := len(s.part.blocks)*blockSize + len(s.pages)*pageSize + len(s.words)*wordSize
	tail := slices.Concat(appendPages(slices.Clone(tables[:names]), e.pages), tables[names+len(s.traces)*pageSize:])
	foot := slices.Clone(data[len(data)-footSize:])
	sum := footSize - len(sidecarMagic) - 4
	binary.LittleEndian.PutUint32(foot[sum-4:], uint32(len(e.pages)))
	binary.LittleEndian.PutUint32(foot[sum:], crc32.Update(crc32.Checksum(tail, castagnoli), castagnoli, foot[:sum]))
	copy(foot[sum+4:], magic3)
	return os.WriteFile(path, slices.Concat(out.Bytes(), tail, foot), 0o600)
}

// ParseBlock is exported for fuzzing: what lies behind a checksum cannot be
// reached from outside.
var ParseBlock = parseBlock

// Scan returns how many records a log holds and where its good part ends.
func Scan(log []byte) (records int, end int64) {
	frames, end := scan(log, 1)
	for _, f := range frames {
		records += int(f.count)
	}
	return records, end
}

// FindInPage looks for key in a page of postings of count records.
func FindInPage(page []byte, key telemetry.Key, count uint32) (telemetry.Found, bool) {
	s := sidecar{part: part{first: 1, count: count}}
	var f telemetry.Found
	list, ok := inPage(page, key)
	if !ok || list.p == nil {
		return f, ok
	}
	ok = s.rows(list, 1000, &f)
	return f, ok
}

// Words reads a block of words.
func Words(plain []byte, count uint32) bool {
	return eachWord(string(plain), count, func(string) {})
}

// Meet returns which wanted traces a page of traces holds, and from which on it was not
// seen whether they are there.
func Meet(page []byte, traces []uint64) (met []int, end int) {
	w := wantedOf(traces)
	end = w.meet(page, 0, func(i int) { met = append(met, i) })
	return met, end
}

// PageAt returns in which of the pages that begin with these keys a key must be.
func PageAt(firsts []telemetry.Key, key telemetry.Key) int {
	var pages []page
	for _, k := range firsts {
		pages = append(pages, page{first: k})
	}
	return pageAt(pages, key)
}

// LongUvarint is exported to be held against binary.Uvarint.
var LongUvarint = longUvarint
