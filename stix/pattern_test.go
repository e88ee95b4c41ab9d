package stix_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/stix"
)

func TestParsePattern(t *testing.T) {
	path := func(object string, names ...string) stix.Path {
		p := stix.Path{Object: object}
		for _, n := range names {
			p.Steps = append(p.Steps, stix.Step{Name: n})
		}
		return p
	}
	text := func(s string) []stix.Value { return []stix.Value{{Kind: stix.String, Text: s}} }
	eq := func(p stix.Path, v string) stix.Comparison {
		return stix.Comparison{Path: p, Op: stix.Equal, Values: text(v)}
	}
	ip := path("ipv4-addr", "value")
	tests := map[string]stix.Observation{
		`[ipv4-addr:value = '1.2.3.4']`:  stix.Observed{Expr: eq(ip, "1.2.3.4")},
		`[ipv4-addr:value=='it\'s \\n']`: stix.Observed{Expr: eq(ip, `it's \n`)},
		`[file:hashes.'SHA-256' = 'a' AND file:size > 10 OR file:name LIKE 'x%']`: stix.Observed{Expr: stix.Logic{Op: stix.Or, Terms: []stix.Expr{
			stix.Logic{Op: stix.And, Terms: []stix.Expr{
				eq(path("file", "hashes", "SHA-256"), "a"),
				stix.Comparison{Path: path("file", "size"), Op: stix.More, Values: []stix.Value{{Kind: stix.Integer, Text: "10", Int: 10, Float: 10}}},
			}},
			stix.Comparison{Path: path("file", "name"), Op: stix.Like, Values: text("x%")},
		}}},
		`([a:b = 'c'] FOLLOWEDBY [a:b NOT IN ('d', 'e')]) WITHIN 5.5 SECONDS REPEATS 3 TIMES`: stix.Qualified{Repeats: 3, Of: stix.Qualified{
			Within: 5500 * time.Millisecond, Of: stix.Combined{Op: stix.FollowedBy, Terms: []stix.Observation{
				stix.Observed{Expr: eq(path("a", "b"), "c")},
				stix.Observed{Expr: stix.Comparison{Path: path("a", "b"), Negated: true, Op: stix.In, Values: append(text("d"), text("e")...)}},
			}},
		}},
		`[a:b = true] AND [a:b = 'c'] OR [EXISTS x-own:c[*].d[2]] START t'2020-01-01T00:00:00Z' STOP '2021-01-01T00:00:00.5Z'`: stix.Combined{Op: stix.Or, Terms: []stix.Observation{
			stix.Combined{Op: stix.And, Terms: []stix.Observation{
				stix.Observed{Expr: stix.Comparison{Path: path("a", "b"), Op: stix.Equal, Values: []stix.Value{{Kind: stix.Boolean, Text: "true", Bool: true}}}},
				stix.Observed{Expr: eq(path("a", "b"), "c")},
			}},
			stix.Qualified{
				Start: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Stop: time.Date(2021, 1, 1, 0, 0, 0, 5e8, time.UTC),
				Of: stix.Observed{Expr: stix.Comparison{Op: stix.Exists, Path: stix.Path{Object: "x-own", Steps: []stix.Step{{Name: "c"}, {Index: stix.AnyIndex}, {Name: "d"}, {Index: 2}}}}},
			},
		}},
		`[a:b = h'0aff' AND a:c = b'AQI=' AND (a:d != -1.5)]`: stix.Observed{Expr: stix.Logic{Op: stix.And, Terms: []stix.Expr{
			stix.Comparison{Path: path("a", "b"), Op: stix.Equal, Values: []stix.Value{{Kind: stix.Hex, Text: "0aff", Bytes: []byte{10, 255}}}},
			stix.Comparison{Path: path("a", "c"), Op: stix.Equal, Values: []stix.Value{{Kind: stix.Binary, Text: "AQI=", Bytes: []byte{1, 2}}}},
			stix.Comparison{Path: path("a", "d"), Op: stix.NotEqual, Values: []stix.Value{{Kind: stix.Float, Text: "-1.5", Float: -1.5}}},
		}}},
	}
	for in, want := range tests {
		p, err := stix.ParsePattern(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if diff := cmp.Diff(want, p.Root, cmpopts.EquateEmpty()); diff != "" || p.String() != in {
			t.Errorf("%s: %s", in, diff)
		}
	}
}

func TestPatternErrors(t *testing.T) {
	for in, column := range map[string]int{
		"":                                   1,
		"ipv4-addr:value = '1'":              1,
		"[ipv4-addr:value = ]":               20,
		"[ipv4-addr:value '1']":              18,
		"[ipv4-addr:value = '1]":             20,
		"[a:b = 'c'] [a:b = 'd']":            13,
		"[a:b = 'c'":                         11,
		"[a:b-c = 'd']":                      4,
		"[a:b LIKE 5]":                       11,
		"[a:b > true]":                       8,
		"[a:b = 'c'] REPEATS 0 TIMES":        23,
		"[a:b = 'c'] WITHIN 'x' SECONDS":     24,
		"[a:b = 'c'] START '2020' STOP '21'": 26,
		"[a:b = t'yesterday']":               8,
		"[a:b = h'0']":                       8,
		"[a:b = 'c' and a:d = 'e']":          12,
		"[a:b = 'c' ; ]":                     12,
		strings.Repeat("(", 100):             65,
		"[a:b[-1] = 'c']":                    8,
	} {
		_, err := stix.ParsePattern(in)
		e, ok := err.(*stix.PatternError)
		if !ok || e.Column != column {
			t.Errorf("%q: got %v, want column %d", in, err, column)
		}
	}
}

func TestValues(t *testing.T) {
	for in, want := range map[string][]string{
		`[ipv4-addr:value = '1.2.3.4']`:                                                {"ipv4-addr:value = 1.2.3.4"},
		`[ipv4-addr:value = '1' OR domain-name:value IN ('a', 'b')]`:                   {"ipv4-addr:value = 1", "domain-name:value = a", "domain-name:value = b"},
		`[url:value = 'x'] OR ([file:hashes.MD5 = 'y'])`:                               {"url:value = x", "file:hashes.MD5 = y"},
		`[ipv4-addr:value ISSUBSET '10.0.0.0/8']`:                                      {"ipv4-addr:value ISSUBSET 10.0.0.0/8"},
		`[file:hashes.'SHA-256' = 'x']`:                                                {"file:hashes.'SHA-256' = x"},
		`[file:name = 'a' AND file:hashes.MD5 = 'b']`:                                  nil,
		`[file:name = 'a'] AND [file:name = 'b']`:                                      nil,
		`[file:name = 'a'] FOLLOWEDBY [file:name = 'b']`:                               nil,
		`[file:name != 'a']`:                                                           nil,
		`[file:name NOT = 'a']`:                                                        nil,
		`[file:name LIKE 'a%']`:                                                        nil,
		`[file:name = 'a'] REPEATS 5 TIMES`:                                            nil,
		`[file:name = 'a' OR (file:name = 'b' AND file:size = 1)]`:                     nil,
		`[file:name = 'a'] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'`: nil,
	} {
		p, err := stix.ParsePattern(in)
		if err != nil {
			t.Fatal(err)
		}
		values, ok := p.Values()
		var got []string
		for _, v := range values {
			got = append(got, fmt.Sprintf("%s %s %s", v.Path, v.Op, v.Value.Text))
		}
		if diff := cmp.Diff(want, got); diff != "" || ok != (want != nil) {
			t.Errorf("%s: ok %v %s", in, ok, diff)
		}
	}
}

// TestRealPatterns parses the pattern of every indicator in the fixtures. Those
// that cannot be parsed are really wrong, and known.
func TestRealPatterns(t *testing.T) {
	parsed, plain := 0, 0
	wrong := map[string]int{}
	for _, folder := range []string{"stix-unit42-reports", "stix-unit42-playbooks", "stix-rstix"} {
		root := realdata.Path(t, folder)
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(strings.TrimSuffix(p, ".gz")) != ".json" {
				return err
			}
			return stix.DecodeBundle(strings.NewReader(readAll(t, p)), stix.Limits{}, func(o stix.Object) error {
				s, kind := pattern(o)
				if o.Type != "indicator" || kind != "" && kind != "stix" {
					return nil
				}
				parsedPattern, err := stix.ParsePattern(s)
				if err != nil {
					wrong[folder]++
					t.Logf("%s: %v in %.160s", o.ID, err, s)
					return nil
				}
				parsed++
				if _, ok := parsedPattern.Values(); ok {
					plain++
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d patterns, %d of them plain values; wrong: %v", parsed, plain, wrong)
	if parsed < 7000 {
		t.Errorf("only %d patterns could be parsed", parsed)
	}
}

func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{
		`[ipv4-addr:value = '1.2.3.4']`, `[a:b.'c'[*] NOT IN (1, 2.5, h'00', b'AA==', t'2020-01-01T00:00:00Z')] WITHIN 5 SECONDS`,
		`([a:b LIKE 'x'] FOLLOWEDBY [EXISTS a:b]) START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z' REPEATS 2 TIMES`, `[`, `'`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := stix.ParsePattern(s)
		if err != nil {
			if e := err.(*stix.PatternError); e.Column < 1 || e.Column > len(s)+1 {
				t.Fatalf("column %d of %d", e.Column, len(s))
			}
			return
		}
		values, _ := p.Values()
		for _, v := range values {
			again := "[" + v.Path.String() + " = " + stix.Quote(v.Value.Text) + "]"
			q, err := stix.ParsePattern(again)
			if err != nil {
				t.Fatalf("%q: %v", again, err)
			}
			back, ok := q.Values()
			if !ok || back[0].Value.Text != v.Value.Text || cmp.Diff(v.Path, back[0].Path) != "" {
				t.Fatalf("%q does not come back as it went: %+v", again, back)
			}
		}
	})
}
