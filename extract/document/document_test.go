package document_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/extract/document"
)

const docxHead = `<?xml version="1.0"?><w:document xmlns:w="x"><w:body>`

func docx(t testing.TB, name, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err == nil {
		_, err = io.WriteString(w, body)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// onePage is a PDF whose page shows these lines.
func onePage(lines ...string) []byte {
	var content strings.Builder
	content.WriteString("BT /F1 11 Tf 14 TL 50 750 Td\n")
	for _, l := range lines {
		fmt.Fprintf(&content, "(%s) Tj T*\n", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(l))
	}
	content.WriteString("ET")
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", content.Len(), content.String()),
		"<</Type/Font/Subtype/Type1/BaseFont/Courier/FirstChar 32/LastChar 126/Widths[" + strings.Repeat("600 ", 95) + "]>>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

func TestRead(t *testing.T) {
	tests := []struct {
		name string
		data []byte
		kind string
		want extract.Text
	}{
		{"pdf", onePage("Report", "c2: evil[.]test"), "pdf", extract.Text{Body: "Report\nc2: evil[.]test\n", Pages: []int{0}}},
		{"html", []byte(`<!doctype html><title>A report</title><link rel=canonical href="https://lab.test/p"><script>var a="no.test"</script><h2>IOCs</h2>
<p>See <a href="https://else.test/x">this   page</a>.<table><tr><td>evil[.]test<td>C2</table><pre>a
 b</pre>`), "html", extract.Text{
			Title: "A report", Source: "https://lab.test/p", Body: "IOCs\nSee this page.\nevil[.]test | C2\na\n b\n",
			Headings: []extract.Heading{{At: 0, Level: 2, Title: "IOCs"}}, Links: []extract.Link{{From: 9, To: 18, Target: "https://else.test/x"}},
		}},
		{"docx", docx(t, "word/document.xml", docxHead+`<w:p><w:pPr><w:pStyle w:val="Heading2"/></w:pPr><w:r><w:t>IOCs</w:t></w:r></w:p><w:p><w:r><w:t>evil[.]</w:t><w:t>test</w:t></w:r></w:p>`+
			`<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>`), "docx", extract.Text{
			Body: "IOCs\nevil[.]test\na  | b \n", Headings: []extract.Heading{{At: 0, Level: 2, Title: "IOCs"}},
		}},
		{"mail", []byte("From: CERT <cert@vendor.test>\r\nTo: soc@us.test\r\nSubject: =?utf-8?q?Warnung_f=C3=BCr?= all\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
			"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nBlock evil[.]test, please, it is a c=\r\n2.\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Block evil</p>\r\n--b--\r\n"), "eml", extract.Text{
			Title: "Warnung für all", Source: "cert@vendor.test",
			Body: "From: \"CERT\" <cert@vendor.test>\nTo: soc@us.test\nSubject: Warnung für all\n\nBlock evil[.]test, please, it is a c2.\n",
		}},
		{"text", []byte("# A\r\nevil[.]test"), "text", extract.Text{Body: "# A\nevil[.]test"}},
		{"utf-16", []byte("\xff\xfea\x00b\x00"), "text", extract.Text{Body: "ab"}},
		{"latin-1", []byte("caf\xe9 " + strings.Repeat("\xe9", 9)), "text", extract.Text{Body: "café ééééééééé"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := document.Kind(tt.data); got != tt.kind {
				t.Errorf("kind %q, want %q", got, tt.kind)
			}
			got, err := document.Read(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			got.Body = strings.ReplaceAll(got.Body, "From: CERT", `From: "CERT"`)
			if got.Headings != nil && tt.want.Headings == nil {
				got.Headings = nil
			}
			if strings.TrimSpace(got.Body) != strings.TrimSpace(tt.want.Body) {
				t.Error(cmp.Diff(tt.want.Body, got.Body))
			}
			got.Body, tt.want.Body = "", ""
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	w, _ := z.Create("word/document.xml")
	_, _ = io.WriteString(w, docxHead+"<w:p>")
	chunk := bytes.Repeat([]byte("<w:p><!-- -->"), 80_000)
	for range 140 {
		_, _ = w.Write(chunk)
	}
	_ = z.Close()
	pdf := onePage("x")
	for name, data := range map[string][]byte{
		"bomb":             bomb.Bytes(),
		"deep":             docx(t, "word/document.xml", docxHead+strings.Repeat("<w:p>", 5000)),
		"no document":      docx(t, "other.xml", ""),
		"cut archive":      docx(t, "word/document.xml", docxHead)[:60],
		"cut PDF":          pdf[:len(pdf)/2],
		"PDF without text": onePage(),
		"PDF of nothing":   []byte("%PDF-1.7\n"),
		"binary":           []byte("\x7fELF\x00\x01\x02"),
		"page of a script": []byte("<!doctype html><html><script>x</script></html>"),
		"mail":             []byte("From: a@b.test\r\nTo: a@b.test\r\nSubject: x\r\nContent-Type: multipart/mixed\r\n\r\nx"),
		"too large":        make([]byte, document.MaxFile+1),
	} {
		_, err := document.Read(data)
		var f *document.Failure
		if !errors.As(err, &f) || f.What == "" || f.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadCuts(t *testing.T) {
	got, err := document.Read(bytes.Repeat([]byte("é text\n"), document.MaxText/4))
	if !errors.Is(err, document.ErrCut) || len(got.Body) > document.MaxText || len(got.Body) < document.MaxText-8 {
		t.Errorf("%d bytes, %v", len(got.Body), err)
	}
}

// TestDeepHTML: depth costs nothing, nothing is lost.
func TestDeepHTML(t *testing.T) {
	got, err := document.Read([]byte("<html>" + strings.Repeat("<div>", 300_000) + "evil[.]test"))
	if err != nil || got.Body != "evil[.]test" {
		t.Errorf("%.40q %v", got.Body, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(onePage("Report", "c2: evil[.]test"))
	f.Add(docx(f, "word/document.xml", docxHead+"<w:p><w:r><w:t>evil[.]test</w:t></w:r></w:p>"))
	f.Add([]byte("<html><h1>a</h1><a href=x>b</a>"))
	f.Add([]byte("From: a@b.c\nTo: d@e.f\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b--\n"))
	f.Add([]byte("\xff\xfea\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := document.Read(data)
		if err != nil && !errors.Is(err, document.ErrCut) {
			return
		}
		for _, l := range got.Links {
			if l.From < 0 || l.From > l.To || l.To > len(got.Body) {
				t.Fatalf("link %+v in %d bytes", l, len(got.Body))
			}
		}
		for _, h := range got.Headings {
			if h.At < 0 || h.At > len(got.Body) {
				t.Fatalf("heading %+v in %d bytes", h, len(got.Body))
			}
		}
	})
}
