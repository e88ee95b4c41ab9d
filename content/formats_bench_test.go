package content_test

import (
	"encoding/json"
	"slices"
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

// prose are lines of no format.
var prose = [][]byte{
	[]byte("the worker was not able to reach its peer because the timeout expired while it waited for a response"),
	[]byte("2026-03-02 10:00:00,123 INFO [worker-7] cache rebuilt, queue depth now 17, request handled in 4 ms"),
	[]byte("ts=1772445600 lvl=info comp=api-3 path=/v1/x/99 status=200 dur=7ms peer=203.0.113.7"),
}

// BenchmarkLines reads lines of one format, those of the tests beside its description, or
// of none: recognising them, among a quarter of the formats too; decoding them; and reading
// what observables are made of, or the few fields that rules may ask for.
func BenchmarkLines(b *testing.B) {
	names := []string{"fortigate", "sshd", "web-access", "panos", "cef"}
	records := map[string][][]byte{"prose": prose}
	var quarter []format.Format
	for i, d := range descriptions(b) {
		listed := slices.Contains(names, d.Name)
		if listed || i%4 == 0 {
			quarter = append(quarter, d.Format())
		}
		for _, t := range d.Tests {
			if listed {
				records[d.Name] = append(records[d.Name], []byte(t.Record))
			}
		}
	}
	all, few := recogniser(b), format.NewRecogniser(quarter...)
	for _, name := range append(names, "prose") {
		lines := records[name]
		run := func(what string, read func(line []byte)) {
			b.Run(name+"/"+what, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					for _, line := range lines {
						read(line)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(lines)), "ns/line")
			})
		}
		run("recognise", func(line []byte) { all.Recognise(line) })
		run("recognise-quarter", func(line []byte) { few.Recognise(line) })
		stream, err := all.Stream("")
		if err != nil {
			b.Fatal(err)
		}
		stream.Arrival = arrival
		run("decode", func(line []byte) { _, _, _ = stream.Decode(line) })
		observables, rules := format.NewBrief(nil), format.NewBriefOnly(chance(20, "a"))
		run("observables", func(line []byte) { _, _, _, _ = stream.Brief(line, observables) })
		run("rules", func(line []byte) { _, _, _, _ = stream.Brief(line, rules) })
	}
}
