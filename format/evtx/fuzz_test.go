package evtx_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/evtx"
	x "github.com/vedette-soc/vedette/format/evtxtest"
)

// FuzzRecord reads fuzzed binary XML in a chunk that is otherwise sound, with
// names and a template before it: every record is JSON or damage, and reading it
// again alone gives what the reader gives.
func FuzzRecord(f *testing.F) {
	for _, n := range []x.Node{
		element("E", x.Text("a"), x.Entity("amp"), x.Char(7)),
		x.Process(1, at, "a.exe", "a.exe /c"),
		use(element("EventData", x.Slot(0), x.Data("n", x.Slot(1))), xml(x.Data("m", x.Text("1"))), x.Value{Kind: 0x81, Data: x.Wide("a\x00b")}),
		with(with(element("E"), "a", x.Slot(0)), "b", x.Text("t")),
		fanned(3),
	} {
		var w x.Writer
		w.Add(x.Process(1, at, "a.exe", "a.exe"))
		w.Add(n)
		k := chunkOf(w.Bytes(), 1)
		f.Add(k[recordOf(k, 2)+24 : recordOf(k, 3)-4])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 30000 {
			return
		}
		var w x.Writer
		w.Add(x.Process(1, at, "a.exe", "a.exe"))
		w.Add(x.Bytes(body))
		w.Add(x.Process(3, at, "b.exe", "b.exe"))
		check(t, w.Bytes(), 3)
	})
}

// FuzzFile reads a fuzzed file from its first byte on; seeds are files of which
// the chunk is cut off after its records.
func FuzzFile(f *testing.F) {
	for _, dirty := range []bool{false, true} {
		w := x.Writer{Dirty: dirty}
		w.Add(x.Process(1, at, "a.exe", "a.exe"))
		w.Add(element("E", x.Text("a")))
		data := w.Bytes()
		f.Add(data[:header+recordOf(chunkOf(data, 1), 3)])
	}
	f.Add([]byte("ElfFile\x00"))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, data, 0) })
}

// check reads a file whose last record, when it has a number, must come out.
func check(t *testing.T, data []byte, last int) {
	r := evtx.Container().Open(bytes.NewReader(data), 1<<16)
	met := 0
	for range 1 << 20 {
		rec, err := r.Next()
		if err == io.EOF {
			if met < last {
				t.Errorf("record %d is missing", last)
			}
			return
		}
		switch {
		case err != nil:
			t.Fatal(err)
		case rec.Fault != nil:
			if rec.Data != nil || rec.Place == "" || rec.Fault.Reason == "" {
				t.Errorf("damage %+v", rec)
			}
			continue
		case !json.Valid(rec.Data) || len(rec.Data) > 1<<16+6*(1<<16):
			t.Errorf("record %d has %d bytes: %.300q", rec.Number, len(rec.Data), rec.Data)
		}
		met = rec.Number
		if n := depth(t, rec.Data); n > format.MaxDepth {
			t.Errorf("record %d is nested %d deep: %.300q", rec.Number, n, rec.Data)
		}
	}
	t.Error("no end")
}

// depth is how deep the objects and arrays of a text are nested.
func depth(t *testing.T, text []byte) (most int) {
	t.Helper()
	n := 0
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return most
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			n++
			most = max(most, n)
		case json.Delim('}'), json.Delim(']'):
			n--
		}
	}
}
