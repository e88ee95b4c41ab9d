package evtx_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/evtx"
)

// BenchmarkSecurityLog reads a Security log: "records" up to the texts, "events"
// as a reader of the product does, and "json" the same events from their texts,
// as they are read from the history.
func BenchmarkSecurityLog(b *testing.B) {
	data := security(b)
	var lines bytes.Buffer
	texts := func(keep bool) (n int) {
		for r := evtx.Container().Open(bytes.NewReader(data), format.DefaultMaxRecord); ; n++ {
			rec, err := r.Next()
			if err == io.EOF {
				return n
			}
			if err != nil || rec.Fault != nil {
				b.Fatal(rec.Fault, err)
			}
			if keep {
				lines.Write(append(rec.Data, '\n'))
			}
		}
	}
	events := func(in []byte) (n int) {
		r, err := format.NewReader(bytes.NewReader(in), "bench", recogniser(), format.Options{NoObservables: true})
		if err != nil {
			b.Fatal(err)
		}
		for ; ; n++ {
			if _, err := r.Next(); err == io.EOF {
				return n
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	texts(true)
	for _, c := range []struct {
		name string
		size int
		run  func() int
	}{
		{"records", len(data), func() int { return texts(false) }},
		{"events", len(data), func() int { return events(data) }},
		{"json", lines.Len(), func() int { return events(lines.Bytes()) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(c.size))
			n := 0
			for b.Loop() {
				n += c.run()
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
