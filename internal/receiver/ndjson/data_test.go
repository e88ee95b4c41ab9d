package ndjson_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/receiver/ndjson"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

const data = "../../../../shared/data/suricata"

// sample returns path, or skips the test where the shared samples are absent.
func sample(t testing.TB, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("VEDETTE_CI") != "" {
			t.Fatalf("sample data is required here: %v", err)
		}
		t.Skipf("sample data is absent: %v", err)
	}
	return path
}

// TestSuricataVerify sends 760 EVE files and holds what is in the history
// afterwards against the bytes that were sent and against the checks that
// Suricata's own project makes.
func TestSuricataVerify(t *testing.T) {
	dir := t.TempDir()
	h, err := segment.Open(dir, segment.Limits{Records: 5000}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(h, ndjson.Config{MaxEvent: 8 << 20})
	counts := map[string]int{}
	var order []string
	var sent [][]byte
	eachFile(t, func(name string, body []byte) {
		for line := range bytes.Lines(body) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				sent = append(sent, line)
			}
		}
		got := s.post(t, "/v1/events", "good", "gzip", bytes.NewReader(gz(t, body)))
		if got.Status != 200 || got.Refused != nil {
			t.Fatalf("%s: %+v", name, got)
		}
		counts[name] = got.Accepted
		order = append(order, name)
	})
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if h, err = segment.Open(dir, segment.Limits{}, quiet); err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	stored := readAll(t, h)
	if len(stored) != 22142 || len(sent) != len(stored) {
		t.Fatalf("%d records stored, %d sent, want 22142", len(stored), len(sent))
	}
	for i, r := range stored {
		if !bytes.Equal(sent[i], r.Raw) || int(r.Seq) != i+1 || r.Source != "http/sensor-1" {
			t.Fatalf("record %d of %s is %q, want %q", r.Seq, r.Source, r.Raw, sent[i])
		}
	}
	logSize(t, h, sent)
	files := map[string][]any{}
	for _, name := range order {
		for _, r := range stored[:counts[name]] {
			var v any
			if err := json.Unmarshal(r.Raw, &v); err != nil {
				t.Fatal(err)
			}
			files[name] = append(files[name], v)
		}
		stored = stored[counts[name]:]
	}
	checkCases(t, files)
}

var quiet = slog.New(slog.DiscardHandler)

func logSize(t *testing.T, h telemetry.History, sent [][]byte) {
	t.Helper()
	raw := 0
	for _, line := range sent {
		raw += len(line)
	}
	stats, err := h.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes sent in %d requests, %d on disk without notes", raw, 760, stats.Bytes)
}

func readAll(t *testing.T, h telemetry.History) []telemetry.Stored {
	t.Helper()
	var out []telemetry.Stored
	for {
		part, err := h.Read(t.Context(), telemetry.Seq(len(out)+1), 3000)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) == 0 {
			return out
		}
		out = append(out, part...)
	}
}

func eachFile(t testing.TB, take func(name string, body []byte)) {
	t.Helper()
	f, err := os.Open(sample(t, data+"/eve.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for tr := tar.NewReader(z); ; {
		head, err := tr.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Typeflag != tar.TypeReg {
			continue
		}
		body, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		take(head.Name, body)
	}
}

func checkCases(t *testing.T, files map[string][]any) {
	t.Helper()
	f, err := os.Open(sample(t, data+"/cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	checks := 0
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var c struct {
			Eve    string
			Checks []struct {
				Match map[string]any
				Count int
			}
		}
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		for _, k := range c.Checks {
			checks++
			n := 0
			for _, record := range files[c.Eve] {
				if matches(record, k.Match) {
					n++
				}
			}
			if n != k.Count {
				t.Errorf("%s: %d records match %v, want %d", c.Eve, n, k.Match, k.Count)
			}
		}
	}
	if checks != 2676 {
		t.Errorf("%d checks, want 2676", checks)
	}
}

// matches evaluates one check of suricata-verify on a JSON record: pairs of
// dotted path and value; [i] picks elements, a last step __NAME asks otherwise.
func matches(record any, match map[string]any) bool {
	for path, want := range match {
		if path == "has-key" || path == "not-has-key" {
			keys, many := want.([]any)
			if !many {
				keys = []any{want}
			}
			for _, key := range keys {
				if _, ok := at(record, key.(string)); ok != (path == "has-key") {
					return false
				}
			}
			continue
		}
		path, op, _ := strings.Cut(path, ".__")
		got, ok := at(record, path)
		if !compare(op, got, ok, want) {
			return false
		}
	}
	return true
}

func compare(op string, got any, ok bool, want any) bool {
	text, _ := got.(string)
	list, _ := got.([]any)
	find, _ := want.(string)
	switch op {
	case "":
		return reflect.DeepEqual(got, want)
	case "len":
		return ok && float64(len(list)+len(text)) == want
	case "contains":
		for _, e := range list {
			if reflect.DeepEqual(e, want) {
				return true
			}
		}
		return list == nil && find != "" && strings.Contains(text, find)
	case "find":
		return strings.Contains(text, find)
	case "startswith":
		return strings.HasPrefix(text, find)
	case "endswith":
		return strings.HasSuffix(text, find)
	}
	return false
}

func at(v any, path string) (any, bool) {
	for step := range strings.SplitSeq(path, ".") {
		name, indices, _ := strings.Cut(step, "[")
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[name]; !ok {
			return nil, false
		}
		for index := range strings.SplitSeq(indices, "[") {
			if index == "" {
				continue
			}
			n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
			list, isList := v.([]any)
			if err != nil || !isList || n >= len(list) {
				return nil, false
			}
			v = list[n]
		}
	}
	return v, true
}

// TestZeekContext sends a Zeek log with its header: every row can be read alone.
func TestZeekContext(t *testing.T) {
	const log = "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\n#types\ttime\taddr\tstring\n" +
		"1521911720.865716\t10.47.1.100\tise.wrccdc.org\n#close\t2018\n"
	s := newSite(openSegment(t), ndjson.Config{})
	if got := s.post(t, "/v1/events", "good", "", strings.NewReader(log)); got.Accepted != 6 {
		t.Fatalf("%+v", got)
	}
	r := readAll(t, s.history)[4]
	stream, err := formats().Resume(r.Format, r.Context)
	if err != nil {
		t.Fatal(err)
	}
	ev, ok, err := stream.Decode(r.Raw)
	if err != nil || !ok || ev.Fields.String("dns.question.name") != "ise.wrccdc.org" || ev.Fields.String("source.ip") != "10.47.1.100" {
		t.Errorf("read alone: %v %v %v", ev.Fields, ok, err)
	}
}

func openSegment(t *testing.T) *segment.History {
	t.Helper()
	h, err := segment.Open(t.TempDir(), segment.Limits{}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}
