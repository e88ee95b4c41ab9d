package segment

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// edgeBytes bounds an edge: a longer one is cut off, see spanned.
const edgeBytes = 255

// placed is a value with its place among those of its type.
type placed struct {
	value      *noted
	begin      uint64 // the first bytes of its place, which tell most from each other
	start, end uint32 // in the places
}

// wordWriter cuts values into blocks of words.
type wordWriter struct {
	*pageWriter
	encoder       *zstd.Encoder
	plain, packed []byte
	next          wordBlock
	blocks        []wordBlock
	edges         []byte
}

// encodeWords writes the distinct values, sorted by type and place, and returns where
// they lie and the names of types and sources, and edges.
func encodeWords(e *pageWriter, n *notes) (words []wordBlock, names []byte, err error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, nil, err
	}
	w := wordWriter{pageWriter: e, encoder: enc}
	order, places := placesOf(n)
	var types []string
	var before []byte
	for _, p := range order {
		place := places[p.start:p.end]
		if len(types) == 0 || types[len(types)-1] != string(p.value.typ) {
			if err := w.cut(); err != nil {
				return nil, nil, err
			}
			types, before = append(types, string(p.value.typ)), nil
			w.next.typ = uint32(len(types) - 1)
		}
		if w.next.count == 0 {
			w.edges = appendBytes(w.edges, edge(before, place))
		}
		before = place
		w.plain = appendBytes(w.plain, p.value.text)
		if w.next.count++; len(w.plain) >= wordBytes {
			if err := w.cut(); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := w.cut(); err != nil {
		return nil, nil, err
	}
	for _, list := range [][]string{types, n.sources} {
		names = binary.AppendUvarint(names, uint64(len(list)))
		for _, s := range list {
			names = appendBytes(names, s)
		}
	}
	return w.blocks, append(names, w.edges...), nil
}

// placesOf returns the values that have a type in the order in which they are kept,
// and their places.
func placesOf(n *notes) ([]placed, []byte) {
	byType := map[indicator.Type][]placed{}
	var places []byte
	for _, v := range n.values.all {
		if v.typ == "" {
			continue
		}
		start := len(places)
		places = match.Place(v.typ, v.text, places)
		var begin [8]byte
		copy(begin[:], places[start:])
		byType[v.typ] = append(byType[v.typ], placed{v, binary.BigEndian.Uint64(begin[:]), uint32(start), uint32(len(places))})
	}
	order := make([]placed, 0, n.values.n)
	for _, t := range slices.Sorted(maps.Keys(byType)) {
		slices.SortFunc(byType[t], func(a, b placed) int {
			if a.begin != b.begin {
				return cmp.Compare(a.begin, b.begin)
			}
			if c := bytes.Compare(places[a.start:a.end], places[b.start:b.end]); c != 0 {
				return c
			}
			return cmp.Compare(a.value.text, b.value.text)
		})
		order = append(order, byType[t]...)
	}
	return order, places
}

// edge is the shortest beginning of place that lies behind before; the first block of
// a type has none.
func edge(before, place []byte) []byte {
	if before == nil {
		return nil
	}
	n := 0
	for n < len(before) && n < len(place) && before[n] == place[n] {
		n++
	}
	return place[:min(n+1, len(place), edgeBytes)]
}

// cut writes the block being filled.
func (w *wordWriter) cut() error {
	b := w.next
	if b.count == 0 {
		return nil
	}
	w.packed = w.encoder.EncodeAll(w.plain, w.packed[:0])
	b.off, b.size, b.plain, b.crc = uint32(w.off), uint32(len(w.packed)), uint32(len(w.plain)), crc32.Checksum(w.packed, castagnoli)
	w.blocks = append(w.blocks, b)
	w.next.count, w.plain = 0, w.plain[:0]
	return w.write(w.packed)
}
