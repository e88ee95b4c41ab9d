package format_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
)

// splitAll cuts in, with "!REASON" for what was refused.
func splitAll(t *testing.T, in string) []string {
	t.Helper()
	s := format.NewSplitter(strings.NewReader(in), "test", recogniser(), 40)
	var out []string
	for {
		r, err := s.Next()
		if err == io.EOF {
			return out
		}
		if bad, ok := errors.AsType[*format.RecordError](err); ok {
			out = append(out, "!"+bad.Reason)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(r))
	}
}

func TestSplitter(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"a\r\n\n b\nc", []string{"a", " b", "c"}},
		{"{\"a\":\"}{\"}\n{}\n", []string{`{"a":"}{"}`, "{}"}},
		{`{"a":1}{"b":{}} {"c":[{},{}]}`, []string{`{"a":1}`, `{"b":{}}`, `{"c":[{},{}]}`}},
		{"[{\"a\":1},\n {\"b\":2}]", []string{`{"a":1}`, `{"b":2}`}},
		{`{"Records":[{"a":1},{}]}`, []string{`{"a":1}`, "{}"}},
		{"{\n \"a\": 1\n}\nx", []string{"{\n \"a\": 1\n}", "x"}},
		{"{}\n" + strings.Repeat("x", 41) + "\n{}", []string{"{}", "!too-long", "{}"}},
		{"{\"a\":\n{}\n", []string{"!bad-json", "{}"}},
	} {
		if diff := cmp.Diff(c.want, splitAll(t, c.in)); diff != "" {
			t.Errorf("%q: -want +got\n%s", c.in, diff)
		}
	}
}

// FuzzSplitter: no record is longer than the limit, and no object in one line is cut again.
func FuzzSplitter(f *testing.F) {
	for _, s := range []string{"a\nb", `{"a":1}{"b":2}`, `[{"a":1},{}]`, "{\n}\n", "\xef\xbb\xbf{}", `{"a":`, "<Events><Event><System></Event>\n<Event><System>\na\n<Event></Events>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, r := range splitAll(t, in) {
			if strings.HasPrefix(r, "!") {
				continue
			}
			if len(r) > 40 {
				t.Errorf("%q is longer than the limit", r)
			}
			if again := splitAll(t, r); strings.HasPrefix(r, "{") && !strings.Contains(r, "\n") && len(again) > 1 {
				t.Errorf("%q is cut again into %q", r, again)
			}
		}
	})
}
