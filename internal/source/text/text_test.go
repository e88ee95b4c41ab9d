package text_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
	"github.com/vedette-soc/vedette/internal/source/text"
)

const list = `# a list
; another comment
1.2.3.4
2001:db8::1 # a remark
198.51.100.0/24 ; SBL1

evil[.]example
`

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{Parser: text.Parser{}, Name: "list.txt", Good: list, Claims: 4, Lines: true})
}

func FuzzParse(f *testing.F) {
	sourcetest.Fuzz(f, text.Parser{}, collect.Options{}, list, "0.0.0.0 a.example b.example", "||x.example^$third-party", "SHA256: "+strings.Repeat("ab", 32), "address=/x.example/0.0.0.0", "1.2.3.4 - 1.2.3.9")
}

func TestLines(t *testing.T) {
	sha := strings.Repeat("ab", 32)
	tests := []struct {
		line  string
		types []indicator.Type
		raws  []string
		drop  string
	}{
		{"0.0.0.0 ads.example tracker.example # two", []indicator.Type{indicator.Domain, indicator.Domain}, []string{"ads.example", "tracker.example"}, ""},
		{"127.0.0.1 localhost", nil, nil, "local-name"},
		{"||ads.example^", []indicator.Type{""}, []string{"ads.example"}, ""},
		{"||ads.example^$third-party", []indicator.Type{""}, []string{"ads.example"}, ""},
		{"||ads.example/path^", nil, nil, "partial-rule"},
		{"||cdn.example^$domain=shop.example", nil, nil, "partial-rule"},
		{"@@||good.example^", nil, nil, "exception-rule"},
		{"address=/evil.example/0.0.0.0", []indicator.Type{indicator.Domain}, []string{"evil.example"}, ""},
		{"http://evil.example/a//b#frag", []indicator.Type{""}, []string{"http://evil.example/a//b#frag"}, ""},
		{"185.178.209[.]193\tCobalt Strike C2", []indicator.Type{""}, []string{"185.178.209[.]193"}, ""},
		{"1.2.3.4 - 1.2.3.9", []indicator.Type{""}, []string{"1.2.3.4-1.2.3.9"}, ""},
		{"SHA256: " + sha, []indicator.Type{""}, []string{sha}, ""},
		{"file " + sha + " was dropped", []indicator.Type{""}, []string{sha}, ""},
		{"APPENDIX A: EXAMPLES OF SENDING SERVERS", nil, nil, "prose"},
		{"Hostnames:", nil, nil, "prose"},
		{"// comment", nil, nil, ""},
	}
	for _, tt := range tests {
		var s sourcetest.Sink
		if err := (text.Parser{}).Parse(t.Context(), collect.Input{Name: "x", Reader: strings.NewReader(tt.line)}, &s); err != nil {
			t.Fatal(err)
		}
		var types []indicator.Type
		var raws []string
		for _, c := range s.Claims {
			types, raws = append(types, c.Type), append(raws, c.Raw)
		}
		if diff := cmp.Diff(tt.raws, raws); diff != "" {
			t.Errorf("%q: %s", tt.line, diff)
		}
		if diff := cmp.Diff(tt.types, types); diff != "" {
			t.Errorf("%q: %s", tt.line, diff)
		}
		if tt.drop == "" && len(s.Drops) != 0 || tt.drop != "" && s.Drops[tt.drop] != 1 {
			t.Errorf("%q: drops %v, want %q", tt.line, s.Drops, tt.drop)
		}
	}
}

func TestOptionsAndUTF16(t *testing.T) {
	var s sourcetest.Sink
	in := collect.Input{Name: "x", Reader: strings.NewReader("\xff\xfea\x00.\x00b\x00\r\x00\n\x00"), Options: collect.Options{
		Type: indicator.Domain, Names: []string{"n"}, Tags: []string{"t"}, Confidence: 40, TLP: indicator.TLPGreen,
	}}
	if err := (text.Parser{}).Parse(t.Context(), in, &s); err != nil {
		t.Fatal(err)
	}
	want := []indicator.Claim{{
		Type: indicator.Domain, Raw: "a.b", Names: []string{"n"}, Tags: []string{"t"}, Confidence: 40,
		TLP: indicator.TLPGreen, Layer: indicator.IOC, File: "x", Line: 1,
	}}
	if diff := cmp.Diff(want, s.Claims); diff != "" {
		t.Error(diff)
	}
}

// TestHashLists reads what ESET publishes beside its reports: every line a hash.
func TestHashLists(t *testing.T) {
	lengths := map[string]int{".md5": 32, ".sha1": 40, ".sha256": 64}
	files, hashes := 0, 0
	err := fetch.Walk(realdata.Path(t, "feeds-eset"), fetch.Limits{}, func(name string, r io.Reader) error {
		base := strings.TrimSuffix(name, ".gz")
		want := lengths[base[max(strings.LastIndexByte(base, '.'), 0):]]
		if want == 0 {
			return nil
		}
		files++
		var s sourcetest.Sink
		if err := (text.Parser{}).Parse(t.Context(), collect.Input{Name: name, Reader: r}, &s); err != nil {
			return err
		}
		for _, c := range s.Claims {
			if len(c.Raw) == want {
				hashes++
			} else {
				t.Errorf("%s:%d: %q is no hash of %d digits", name, c.Line, c.Raw, want)
			}
		}
		if len(s.Drops) > 0 {
			t.Errorf("%s: %v %v", name, s.Drops, s.Samples)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d hashes", files, hashes)
}

// What lies beside a list and tells of it is no list.
func TestFilesAside(t *testing.T) {
	for name, want := range map[string]bool{"feed/list.txt": true, "feed/LICENSE": false, "feed/README.md": false, "feed/SOURCE.txt": false, "feed/source-hosts.txt": true} {
		if got := (text.Parser{}).Recognise(name, []byte("1.2.3.4\n")) > 0; got != want {
			t.Errorf("%s is taken: %t, want %t", name, got, want)
		}
	}
}
