package evtx_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	x "github.com/vedette-soc/vedette/format/evtxtest"
)

// firstTemplate is where the definition begins that a chunk's first record begins
// with.
func firstTemplate() uint32 { return 512 + 24 + 4 + 10 }

// instanceOf is an instance, without values, of the template at an offset.
func instanceOf(at uint32) x.Bytes {
	out := x.Bytes{0x0c, 1, 0, 0, 0, 0}
	out = binary.LittleEndian.AppendUint32(out, at)
	return append(out, 0, 0, 0, 0)
}

func nested(depth int, inner ...x.Node) x.Node {
	for range depth {
		inner = []x.Node{element("E", inner...)}
	}
	return inner[0]
}

// fanned makes a template whose instance holds the one before it four times: 4
// to the power of depth elements.
func fanned(depth int) x.Use {
	u := use(element("E"))
	for range depth {
		again := x.Use{Template: u.Template}
		u = use(element("E", again, again, again, again))
	}
	return u
}

// TestHostile: what no Windows writes is refused record by record; the record
// behind it is read.
func TestHostile(t *testing.T) {
	big := x.String(strings.Repeat("x", 20000))
	var fan []x.Node
	for range 300 {
		fan = append(fan, x.Slot(0))
	}
	deepValue := xml(element("E"))
	for range 40 {
		deepValue = xml(use(element("E", x.Slot(0)), deepValue))
	}
	for _, c := range []struct {
		name   string
		in     x.Node
		reason string
	}{
		{"Cycle", use(element("E", instanceOf(firstTemplate()))), "bad-template"},
		{"CycleBare", use(instanceOf(firstTemplate())), "bad-template"},
		{"CycleByValue", use(element("E", x.Slot(0)), xml(instanceOf(firstTemplate()))), ""},
		{"TemplateOutside", element("E", instanceOf(70000)), "bad-template"},
		{"TemplateAtEnd", element("E", instanceOf(65530)), "bad-template"},
		{"TemplateInHeader", element("E", instanceOf(0)), "bad-template"},
		{"Fanned", fanned(12), "too-complex"},
		{"Deep", nested(200), "too-deep"},
		{"DeepEnough", nested(28), ""},
		{"DeepTemplates", func() x.Node {
			u := use(element("E"))
			for range 60 {
				u = use(u)
			}
			return u
		}(), "too-deep"},
		{"DeepValues", use(element("E", x.Slot(0)), deepValue), "too-deep"},
		{"ManyTimesLong", use(element("E", fan...), big), "too-long"},
		{"ManyElementsLong", use(element("E", func() (out []x.Node) {
			for range 300 {
				out = append(out, element("A", x.Slot(0)))
			}
			return out
		}()...), big), "too-long"},
		{"ManyAttributesLong", use(func() x.Element {
			e := element("E")
			for range 300 {
				e = with(e, "a", x.Slot(0))
			}
			return e
		}(), big), "too-long"},
		{"ManyValues", element("E", use(element("A")), x.Bytes("\x0c\x01\x00\x00\x00\x00\x3c\x02\x00\x00\xff\xff\xff\xff")), "bad-xml"},
		{"NameOutside", element("E", x.Bytes("\x01\x00\x00\x00\x00\xff\xff\xff\xff")), "bad-xml"},
		{"NameLong", element("E", x.Bytes("\x01\x00\x00\x00\x00\x00\x00\x00\x00")), "bad-xml"},
		{"TextLong", element("E", x.Bytes("\x05\x01\xff\xff")), "bad-xml"},
		{"TextOfNumber", element("E", x.Bytes("\x05\x08\x01\x00\x00\x00")), "bad-xml"},
		{"UnknownToken", element("E", x.Bytes{0x3f}), "bad-xml"},
		{"EndOfNothing", x.Bytes{0x04}, "bad-xml"},
		{"NoEnd", x.Bytes("\x01\x00\x00\x00\x00"), "bad-xml"},
		{"NoElement", x.Text("a"), "bad-xml"},
		{"AttributeAlone", element("E", x.Bytes{0x06}), "bad-xml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w x.Writer
			w.Add(c.in)
			w.Cut()
			w.Add(element("Good"))
			out := records(t, bytes.NewReader(w.Bytes()))
			got := ""
			if strings.HasPrefix(out[0], "chunk 1, record 1: ") {
				got, _, _ = strings.Cut(strings.TrimPrefix(out[0], "chunk 1, record 1: "), ":")
			}
			if got != c.reason {
				t.Errorf("reason %q, want %q: %.200s", got, c.reason, out[0])
			}
			if len(out) != 2 || out[1] != `{"Good":null}` {
				t.Errorf("the record after it: %.200q", out[1:])
			}
		})
	}
}

// TestWorkIsSpent: one record that asks for endless work leaves what comes before
// and in other chunks; the same chunk is given up after a fixed number of steps.
func TestWorkIsSpent(t *testing.T) {
	var w x.Writer
	w.Add(element("Good"))
	w.Add(fanned(12))
	w.Add(element("Late"))
	w.Cut()
	w.Add(element("Good"))
	var got []string
	for _, s := range records(t, bytes.NewReader(w.Bytes())) {
		got = append(got, strings.TrimSuffix(s, ": the chunk takes more work to read than any that Windows makes"))
	}
	want := []string{`{"Good":null}`, "chunk 1, record 2: too-complex", "chunk 1, record 3: too-complex", `{"Good":null}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestMemory: definitions that overlap are the way to ask for the most memory. A
// block of 24 bytes is here an element and a text, and the header of a definition
// of which all blocks behind it are the content.
func TestMemory(t *testing.T) {
	const blocks = 1500
	var w x.Writer
	w.Add(element("E")) // its name is at byte 549
	var blob x.Bytes
	for i := range blocks {
		blob = append(blob, "\x01\xff\xff\x00\x00\x00\x00\x25\x02\x00\x00\x03\x05\x01\x04\x00abcd"...)
		blob = binary.LittleEndian.AppendUint32(blob, uint32(24*(blocks-1-i)))
	}
	w.Add(blob)
	start := uint32(568 + 24 + 4) // behind the first record
	for i := range uint32(400) {
		w.Add(element("E", instanceOf(start+24*i)))
	}
	f := w.Bytes()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ids, faults, err := numbers(t, bytes.NewReader(f))
	runtime.ReadMemStats(&after)
	if err != nil || len(ids) < 10 || len(faults) < 300 || !strings.HasSuffix(faults[len(faults)-1], "too-complex") {
		t.Errorf("%d records, %d refused, %v", len(ids), len(faults), err)
	}
	used := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d records, %d refused; %d bytes allocated in all for a file of %d", len(ids), len(faults), used, len(f))
	if used > 500*uint64(len(f)) {
		t.Error("more than 500 bytes for each of the file")
	}
}
