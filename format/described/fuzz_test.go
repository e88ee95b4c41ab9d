package described_test

import (
	"testing"

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
