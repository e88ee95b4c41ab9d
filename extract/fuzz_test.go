package extract_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/extract"
)

func FuzzExtract(f *testing.F) {
	for _, s := range []string{
		"C2: hxxps[:]//evil[.]test/a and 198.18.0[.]7:80", "evil dot com AT x[.]y", "http:// a .b /c", "aHR0cDovL2V2aWwudGVzdC9h", "T1059.001 CVE-2021-44228",
		"= A\n\n|===\n|`a[.]b` |c\n|===\n", "# References\n[x](http://a.b/c)", `HKLM\Software\A B\C`, "[[[[.]]]](.){.}\\.", "2a01::1]:[80", "The Play ransomware of Lazarus", "a-\nb[.]c", "\u00ad\u200b。．",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		body := strings.ToValidUTF8(s, "?")
		for _, it := range engine.Extract(extract.Text{Body: s}) {
			if it.Span[0] < 0 || it.Span[0] >= it.Span[1] || it.Span[1] > len(body) {
				t.Fatalf("span %v of %q in %d bytes", it.Span, it.Value, len(body))
			}
			if it.Value == "" || it.Confidence < 1 || it.Confidence > 100 || !utf8.ValidString(it.Sentence) {
				t.Fatalf("%+v", it)
			}
			if it.Suppressed != "" && it.Suppressed.Text() == "" {
				t.Fatalf("reason %q has no words", it.Suppressed)
			}
		}
	})
}

// TestHostile: what is meant to take long does not, and a megabyte on one line is
// no table for every item in it to be compared with.
func TestHostile(t *testing.T) {
	for name, in := range map[string]struct {
		part  string
		times int
	}{
		"dots": {"a.", 30_000}, "brackets": {"[.]", 30_000}, "schemes": {"http://", 10_000}, "hex": {"a", 60_000}, "colons": {"a:", 30_000}, "one line": {"word ", 20_000},
		"headings": {"# c2\n", 10_000}, "at": {"a@", 30_000}, "names": {"Lazarus Group ", 5000}, "keys": {`HKLM\a b c d\`, 5000}, "agents": {"Mozilla/5.0 (", 5000},
		"table": {"| a[.]ru | c", 8000}, "links": {"[x](http://a.bc/d) ", 4000}, "newlines": {"a-\n", 20_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := strings.Repeat(in.part, in.times)
			items := engine.Extract(extract.Text{Body: body})
			for _, it := range items {
				if it.Span[0] < 0 || it.Span[1] > len(body) || it.Span[0] >= it.Span[1] {
					t.Fatalf("span %v of %d bytes", it.Span, len(body))
				}
			}
			if want := map[string]int{"table": 8000, "links": 4000, "names": 5000}[name]; len(items) < want {
				t.Errorf("%d items, want %d", len(items), want)
			}
		})
	}
}

// BenchmarkExtract: ten times the text takes about ten times as long.
func BenchmarkExtract(b *testing.B) {
	one := "The group Lazarus deployed PlugX, which connects to hxxps[:]//evil[.]test/a and 198.18.0[.]7:443 and injects code into svchost.exe.\n" +
		"It was first described at https://www.welivesecurity.com/2024/x and uses T1059.001 against banks in Germany.\n\n"
	for name, n := range map[string]int{"16KiB": 70, "160KiB": 700} {
		text := extract.Text{Body: strings.Repeat(one, n)}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text.Body)))
			for b.Loop() {
				engine.Extract(text)
			}
		})
	}
}

func FuzzDecodeNames(f *testing.F) {
	var b bytes.Buffer
	if err := extract.EncodeNames(&b, []extract.Entity{{Kind: extract.Malware, Name: "PlugX", Aliases: []string{"Korplug"}}}, []uint32{1, 2}, "x"); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if n, err := extract.DecodeNames(bytes.NewReader(data)); err == nil {
			extract.New(extract.Knowledge{Names: n}).Extract(extract.Text{Body: "PlugX Korplug malware"})
		}
	})
}

func FuzzDecodeModel(f *testing.F) {
	var b bytes.Buffer
	if err := extract.EncodeModel(&b, extract.Trained{Labels: []extract.TrainedLabel{{ID: "T1055", Weights: map[uint32]float64{5: 1}}}, Pool: make([]float64, extract.PoolTerms)}, "x"); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := extract.DecodeModel(bytes.NewReader(data)); err == nil {
			m.Labels()
		}
	})
}
