package described_test

import (
	"hash/fnv"
	"io"
	"reflect"
	"testing"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/described"
)

// FuzzParse feeds descriptions: none may panic, and what compiles must read a
// line without losing it.
func FuzzParse(f *testing.F) {
	f.Add("name: a\ncut: lines\nlines: ['%{a:word} x %{b}', {pattern: '(?P<c>.)'}]\nfields: {source.ip: [a, b]}", "1.2.3.4 x y")
	f.Add("name: a\nrecognise: {keys: [a], any: [b, c]}\nwhen: [{if: {a: '*'}, set: {event.type: info}}]\nfields: {x: {from: 'a[k=v].b', values: {'*': '='}}, y: {template: '%{a}-%{b}'}}", `{"a":[{"k":"v","b":1}]}`)
	f.Add("name: a\ncut: csv\ncolumns: {by: 1, kinds: {x: [a, b]}}\nsplit: [{of: a, lines: ['%{c}/%{d}']}]", `1/2,"x"`)
	f.Add("name: a\ncut: w3c\ntime: [[date, time]]", "#Fields: date time\n")
	f.Fuzz(func(t *testing.T, description, record string) {
		ds, err := described.Parse("x.yaml", []byte(description))
		if err != nil {
			return
		}
		rec := format.NewRecogniser(described.Formats(ds)...)
		for _, d := range ds {
			read(t, rec, d.Name, record)
		}
		read(t, rec, "", record)
	})
}

// FuzzRecords feeds records to one format of each way of cutting.
func FuzzRecords(f *testing.F) {
	var rec *format.Recogniser
	var names []string
	for _, cut := range []string{"json", "pairs", "cef", "leef", "table", "w3c", "csv\ncolumns: [a, b]", "lines\nlines: ['%{a:ip} %{b:int?} %{@pairs}', '%{a}:%{@json}', '%{a:word}%{b?}']"} {
		names = append(names, cut[:3])
	}
	ds, err := described.Parse("x.yaml", []byte("name: jso\nunpack: p\n---\nname: pai\ncut: pairs\n---\nname: cef\ncut: cef\n---\nname: lee\ncut: leef\n---\nname: tab\ncut: table\n---\nname: w3c\ncut: w3c\n---\nname: csv\ncut: csv\ncolumns: [a, b]\n---\nname: lin\ncut: lines\nlines: ['%{a:ip} %{b:int?} %{@pairs}', '%{a}:%{@json}', '%{a:word}%{b?}']"))
	if err != nil {
		f.Fatal(err)
	}
	rec = format.NewRecogniser(described.Formats(ds)...)
	for _, seed := range []string{`{"p":"{}"}`, `a="b\"" c=d`, `CEF:0|a|b|c|d|e|f|g=h\=i j=k`, "LEEF:2.0|a|b|c|d|^|e=f^g=h", "a,b\n", "#Fields: a b", `"a""b",c`, `1.2.3.4 5 a=b`, `x:{"a":1}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, record string) {
		for _, name := range names {
			read(t, rec, name, record)
		}
	})
}

func read(t *testing.T, rec *format.Recogniser, name, record string) {
	stream, err := rec.Stream(name)
	if err != nil {
		t.Fatal(err)
	}
	stream.Arrival = arrival
	for range 2 { // a header, then a row
		ev, ok, err := stream.Decode([]byte(record))
		if err == nil && ok && (string(ev.Raw) != record || ev.Fields == nil) {
			t.Errorf("%s: the record was changed or has no fields: %q", name, record)
		}
		if ok {
			if raw, err := ev.MarshalJSON(); err != nil || len(raw) == 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// FuzzBrief holds what is read of a record for one who asks for some fields against what
// is read in full, by any description.
func FuzzBrief(f *testing.F) {
	f.Add("name: a\ncut: lines\nlines: ['%{a:word} x %{b}', {pattern: '(?P<c>.)', set: {k: v}}]\nfields: {source.ip: [a, b]}", "1.2.3.4 x y", uint32(2), "a")
	f.Add("name: a\ncut: pairs\nwhen: [{if: {/x: '*'}, set: {y: 1}}]\nfields: {x: a, z: {template: '%{b}-%{c}'}}\ntime: [[d, t]]", "a=1 b=2 c=3 d=2026-03-02 t=10:00:00", uint32(3), "b")
	f.Add("name: a\ncut: csv\ncolumns: [a, b, c]\nsplit: [{of: a, lines: ['%{c}/%{d}']}]\nfields: {url.full: b}", `1/2,http://x.example/`, uint32(2), "c")
	f.Add("name: a\ncut: cef\nfields: {x: labels.n, y: extensions.src}", "CEF:0|a|b|c|d|e|f|src=1.2.3.4 cs1Label=n cs1=v", uint32(2), "d")
	f.Add("name: a\nunpack: p\nfields: {x: 'l[].n', y: p.q}", `{"l":[{"n":1}],"p":"{\"q\":2}"}`, uint32(2), "e")
	f.Add("name: a\ncut: leef\nset: {a.b: c}\nfields: {a.d: a}", "LEEF:1.0|V|P|1|id|a=b c\td=e", uint32(2), "f")
	f.Fuzz(func(t *testing.T, description, record string, n uint32, salt string) {
		ds, err := described.Parse("x.yaml", []byte(description))
		if err != nil {
			return
		}
		also := func(format, _ string) func(string) bool {
			return func(field string) bool {
				h := fnv.New32a()
				_, _ = io.WriteString(h, salt+format+field)
				return h.Sum32()%max(n, 1) == 0
			}
		}
		rec := format.NewRecogniser(described.Formats(ds)...)
		for _, d := range ds {
			for _, b := range []*format.Brief{format.NewBrief(also), format.NewBriefOnly(also)} {
				sameBrief(t, rec, d.Name, b, record)
			}
		}
	})
}

func sameBrief(t *testing.T, rec *format.Recogniser, name string, b *format.Brief, record string) {
	stream, err := rec.Stream(name)
	if err != nil {
		t.Fatal(err)
	}
	stream.Arrival = arrival
	got, brief, ok, err := stream.Brief([]byte(record), b)
	if !brief {
		return // it is what Decode gives
	}
	want, wantOK, wantErr := stream.Decode([]byte(record))
	if ok != wantOK || err != nil || wantErr != nil || !got.Time.Equal(want.Time) {
		t.Fatalf("%t, %v, %v, in full %t, %v, %v", ok, err, got.Time, wantOK, wantErr, want.Time)
	}
	asked := b.Of(name, "")
	for _, pair := range [2][2]event.Fields{{got.Fields, want.Fields}, {want.Fields, got.Fields}} {
		for field, v := range pair[0] {
			if w, there := pair[1][field]; asked.Needs(field) && (!there || !reflect.DeepEqual(v, w)) {
				t.Fatalf("%s is %#v in one, in the other %t, %#v", field, v, there, w)
			}
		}
	}
}
