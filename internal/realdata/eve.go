package realdata

import (
	"bufio"
	"encoding/json"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// eveChecks is how many checks suricata/cases.jsonl holds.
const eveChecks = 2676

// CheckEVE holds EVE records, as encoding/json decodes them, by the name of their
// file in suricata/eve.tar.gz, against the checks that Suricata's own project
// makes of them.
func CheckEVE(t testing.TB, files map[string][]any) {
	t.Helper()
	f, err := os.Open(Path(t, "suricata", "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	checks := 0
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var c struct {
			Eve    string
			Events int
			Checks []struct {
				Match map[string]any
				Count int
			}
		}
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if got := len(files[c.Eve]); got != c.Events {
			t.Errorf("%s: %d records, want %d", c.Eve, got, c.Events)
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
	if err := in.Err(); err != nil || checks != eveChecks {
		t.Errorf("%d checks, want %d; %v", checks, eveChecks, err)
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
