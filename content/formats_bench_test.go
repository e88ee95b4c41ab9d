package content_test

import (
	"encoding/json"
	"testing"

	"github.com/vedette-soc/vedette/format"
)

// mixed are the records of the tests beside the descriptions: every format once
// or twice, in turn. Tables, whose rows need a header, are left out.
func mixed(b *testing.B) (records [][]byte, size int64) {
	for _, d := range descriptions(b) {
		for _, t := range d.Tests {
			if n := len(t.Record); t.Record[n-1] != '\n' {
				records = append(records, []byte(t.Record))
				size += int64(n)
			}
		}
	}
	return records, size
}

// BenchmarkMixed reads records of all formats in turn: recognising them, and
// recognising and decoding them, on a stream that stays and on one for each
// record, as the server does. Of the JSON records alone decoding is held against
// encoding/json, which makes a map and says nothing of what is in it.
func BenchmarkMixed(b *testing.B) {
	rec := recogniser(b)
	all, size := mixed(b)
	b.Run("recognise", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(size)
		for b.Loop() {
			for _, r := range all {
				rec.Recognise(r)
			}
		}
	})
	b.Run("decode", func(b *testing.B) { decodeAll(b, rec, all, size, false) })
	b.Run("decode-alone", func(b *testing.B) { decodeAll(b, rec, all, size, true) })
	var objects [][]byte
	for _, r := range all {
		if json.Valid(r) && r[0] == '{' {
			objects = append(objects, r)
		}
	}
	compare(b, rec, objects)
}

// BenchmarkServices compares on the samples of cloud services, which are longer.
func BenchmarkServices(b *testing.B) {
	var records [][]byte
	for _, s := range pantherSamples(b) {
		records = append(records, s.Log)
	}
	compare(b, recogniser(b), records)
}

func compare(b *testing.B, rec *format.Recogniser, objects [][]byte) {
	var objectSize int64
	for _, r := range objects {
		objectSize += int64(len(r))
	}
	b.Run("json/recognise", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(objectSize)
		for b.Loop() {
			for _, r := range objects {
				rec.Recognise(r)
			}
		}
	})
	b.Run("json/decode", func(b *testing.B) { decodeAll(b, rec, objects, objectSize, false) })
	b.Run("json/encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(objectSize)
		for b.Loop() {
			for _, r := range objects {
				var m map[string]any
				if err := json.Unmarshal(r, &m); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func decodeAll(b *testing.B, rec *format.Recogniser, records [][]byte, size int64, alone bool) {
	b.ReportAllocs()
	b.SetBytes(size)
	stream, err := rec.Stream("")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, r := range records {
			if alone {
				if stream, err = rec.Resume("", nil); err != nil {
					b.Fatal(err)
				}
			}
			stream.Arrival = arrival
			if _, ok, err := stream.Decode(r); err != nil || !ok {
				b.Fatalf("%v: %s", err, r)
			}
		}
	}
}
