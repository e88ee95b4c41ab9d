package stix_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/stix"
)

func ids(t *testing.T, in string, lim stix.Limits) ([]string, error) {
	t.Helper()
	var got []string
	err := stix.DecodeBundle(iotest.OneByteReader(strings.NewReader(in)), lim, func(o stix.Object) error {
		got = append(got, fmt.Sprintf("%s:%d", o.ID, o.Line))
		if !json.Valid(o.Raw) {
			t.Errorf("Raw is no JSON: %q", o.Raw)
		}
		return nil
	})
	return got, err
}

func TestDecodeShapes(t *testing.T) {
	tests := map[string]struct {
		in   string
		want []string
	}{
		"bundle":          {`{"type":"bundle","id":"bundle--1","objects":[{"type":"a","id":"x"},` + "\n" + `{"type":"b","id":"y"}]}`, []string{"x:1", "y:2"}},
		"objects first":   {`{"objects":[{"id":"x"}],"type":"bundle","spec_version":"2.0"}`, []string{"x:1"}},
		"envelope":        {`{"more":true,"next":"1","objects":[{"id":"x"}]}`, []string{"x:1"}},
		"empty bundle":    {`{"type":"bundle","id":"bundle--1"}`, nil},
		"empty envelope":  {`{"more":false}`, nil},
		"array":           {"\xef\xbb\xbf[\n{\"id\":\"x\"},\n{\"id\":\"y\"}]", []string{"x:2", "y:3"}},
		"bare object":     {`{"type":"malware","id":"x","name":"n"}`, []string{"x:1"}},
		"lines":           {"{\"id\":\"x\"}\n\n{\"id\":\"y\"}\n", []string{"x:1", "y:3"}},
		"2.0 dictionary":  {`{"type":"observed-data","id":"x","objects":{"0":{"type":"file"}}}`, []string{"x:1"}},
		"no object":       {`[1,"s",null,{"id":"x"}]`, []string{":1", ":1", ":1", "x:1"}},
		"wrong type":      {`{"type":"a","id":"x","name":7,"created":"yesterday"}`, []string{"x:1"}},
		"nothing":         {" \n", nil},
		"empty object":    {`{}`, []string{":1"}},
		"objects is null": {`{"id":"x","objects":null}`, []string{"x:1"}},
	}
	for name, tt := range tests {
		got, err := ids(t, tt.in, stix.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRawIsKept(t *testing.T) {
	const in = `{"type":"observed-data","id":"x","x_own":[1,{"a":null}],"objects":{"0":{"type":"file","size":9007199254740993}}}`
	var raw string
	err := stix.DecodeBundle(strings.NewReader(in), stix.Limits{}, func(o stix.Object) error { raw = string(o.Raw); return nil })
	if err != nil || raw != in {
		t.Fatalf("got %s, %v", raw, err)
	}
}

func TestDecodeErrors(t *testing.T) {
	tests := map[string]struct {
		in   string
		lim  stix.Limits
		read int
		line int
	}{
		"truncated": {"{\"objects\":[{\"id\":\"x\"},\n{\"id\":\"y\"},\n{\"id\":", stix.Limits{}, 2, 2},
		"garbage":   {"{\"objects\":[{\"id\":\"x\"}, nonsense", stix.Limits{}, 1, 1},
		"no JSON":   {"<html>", stix.Limits{}, 0, 1},
		"a number":  {"7", stix.Limits{}, 0, 1},
		"too many":  {`[{"id":"x"},{"id":"y"},{"id":"z"}]`, stix.Limits{Objects: 2}, 3, 1},
		"too large": {`[{"id":"x"},{"id":"` + strings.Repeat("y", 3<<20) + `"}]`, stix.Limits{ObjectBytes: 1 << 10}, 1, 1},
	}
	for name, tt := range tests {
		_, err := ids(t, tt.in, tt.lim)
		broken, ok := errors.AsType[*stix.DecodeError](err)
		if !ok || broken.Read != tt.read || broken.Line != tt.line {
			t.Errorf("%s: got %v, want %d objects read, line %d", name, err, tt.read, tt.line)
		}
	}
	stop := errors.New("stop")
	if err := stix.DecodeBundle(strings.NewReader(`[{"id":"x"}]`), stix.Limits{}, func(stix.Object) error { return stop }); err != stop {
		t.Errorf("the caller's own error came back as %v", err)
	}
}

// TestRealBundles decodes every fixture and counts its objects against encoding/json.
func TestRealBundles(t *testing.T) {
	files, objects := 0, 0
	for _, folder := range []string{"stix-unit42-reports", "stix-unit42-playbooks", "stix-rstix", "attack"} {
		root := realdata.Path(t, folder)
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			base := strings.TrimSuffix(p, ".gz")
			if err != nil || filepath.Ext(base) != ".json" || strings.HasSuffix(p, "gate-expectations.json") {
				return err
			}
			raw := readAll(t, p)
			want := countObjects(t, p, raw)
			got, patterns := 0, 0
			err = stix.DecodeBundle(strings.NewReader(raw), stix.Limits{}, func(o stix.Object) error {
				got++
				if o.Type == "indicator" {
					patterns++
				}
				return nil
			})
			if err != nil || got != want {
				t.Errorf("%s: %d objects, want %d; %v", p, got, want, err)
			}
			files++
			objects += got
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files, %d objects", files, objects)
}

func readAll(t *testing.T, p string) string {
	t.Helper()
	f, err := os.Open(p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(p, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func countObjects(t *testing.T, name, raw string) int {
	t.Helper()
	var top any
	if err := json.Unmarshal([]byte(raw), &top); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	switch v := top.(type) {
	case []any:
		return len(v)
	case map[string]any:
		if l, ok := v["objects"].([]any); ok {
			return len(l)
		}
		if v["type"] == "bundle" {
			return 0
		}
	}
	return 1
}

func FuzzDecodeBundle(f *testing.F) {
	for _, s := range []string{`{"type":"bundle","objects":[{"id":"x"}]}`, `[{},1]`, `{"objects":{"a":{}}}`, "{\"id\":\"x\"}\n{", `{"objects":[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := 0
		err := stix.DecodeBundle(strings.NewReader(s), stix.Limits{Objects: 100}, func(o stix.Object) error {
			n++
			if !json.Valid(o.Raw) {
				t.Fatalf("Raw is no JSON: %q", o.Raw)
			}
			return nil
		})
		if err == nil && n == 0 && json.Valid([]byte(s)) && strings.HasPrefix(s, "[{") {
			t.Fatal("an array of objects gave none")
		}
	})
}

func pattern(o stix.Object) (text, kind string) {
	var d struct {
		Pattern string `json:"pattern"`
		Kind    string `json:"pattern_type"`
	}
	_ = json.Unmarshal(o.Raw, &d)
	return d.Pattern, d.Kind
}
