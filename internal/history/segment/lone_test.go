package segment_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

// sealed lays a segment with these values, one a record, into a directory, and returns
// its sidecar.
func sealed(t *testing.T, values []telemetry.Value) string {
	t.Helper()
	dir := t.TempDir()
	h := open(t, dir, segment.Limits{Records: len(values)})
	records := historytest.Records(4, len(values))
	for range 2 {
		if _, err := h.Append(t.Context(), records); err != nil {
			t.Fatal(err)
		}
	}
	for i := range len(values) + 1 {
		n := telemetry.Note{Time: records[0].Received, Source: "test", Values: values[i%len(values):][:1]}
		if err := h.Note(t.Context(), telemetry.Seq(i+1), n); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, fmt.Sprintf("%020d.idx", 1))
}

// TestLones: a trace is lone when one value has it; with a key of which nobody knows the
// value none is.
func TestLones(t *testing.T) {
	rnd := rand.New(rand.NewPCG(40, 2))
	for round := range 8 {
		having := map[uint64]map[string]bool{}
		var values []telemetry.Value
		for range []int{1, 20, 900, 12_000}[round/2] {
			kind, text := touchy(rnd)
			values = append(values, telemetry.Value{Type: kind, Text: text, Key: telemetry.KeyOf(kind, text)})
			for _, trace := range match.Traces(kind, text, nil) {
				if having[trace] == nil {
					having[trace] = map[string]bool{}
				}
				having[trace][string(kind)+text] = true
			}
		}
		unknown := round%2 == 1
		if unknown {
			values = append(values, telemetry.Value{Key: 7})
		}
		path := sealed(t, values)
		got, err := segment.LoneTraces(path, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := segment.Reseal(path, 1); err != nil { // then its values tell
			t.Fatal(err)
		}
		old, err := segment.LoneTraces(path, 1)
		if !maps.Equal(got, old) {
			t.Errorf("round %d: they are not the same in version 3", round)
		}
		if err != nil || len(got) != len(having) {
			t.Fatalf("%d traces of %d: %v", len(got), len(having), err)
		}
		alone := 0
		for trace, lone := range got {
			if lone {
				alone++
			}
			if unknown && lone || !unknown && lone && len(having[trace]) != 1 {
				t.Errorf("round %d: a trace of %v is lone: %v", round, having[trace], lone)
			}
			if one := len(having[trace]) == 1; !unknown && one && !lone && !twice(having[trace], trace) {
				t.Errorf("round %d: a trace of %v is not lone", round, having[trace])
			}
		}
		if !unknown && alone == 0 {
			t.Errorf("round %d: no trace is lone", round)
		}
	}
}

// twice says that a value has a trace more than once: then it may be taken for several.
func twice(values map[string]bool, trace uint64) bool {
	for v := range values {
		for _, kind := range indicator.Types {
			text, ok := bytes.CutPrefix([]byte(v), []byte(kind))
			n := 0
			for _, other := range match.Traces(kind, string(text), nil) {
				if ok && other == trace {
					n++
				}
			}
			if n > 1 {
				return true
			}
		}
	}
	return false
}

// TestVolumeOfAnotherVersion: one that an older Vedette made is made again.
func TestVolumeOfAnotherVersion(t *testing.T) {
	b := &bindery{t: t, dir: t.TempDir(), rnd: rand.New(rand.NewPCG(5, 8)), limits: segment.Limits{Records: 30, Volume: 4}}
	b.open()
	b.append(300)
	b.bind()
	if err := b.h.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(b.dir, fmt.Sprintf("%020d.vol", 1))
	now, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old := bytes.Clone(now)
	old[len(old)-1]--
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	b.open()
	b.same()
	b.bind()
	if volumes, bound := b.h.Volumes(); volumes != 2 || bound != 8 {
		t.Fatalf("%d volumes of %d segments", volumes, bound)
	}
	b.same()
	if err := b.h.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, now) {
		t.Errorf("it was not made again: %v", err)
	}
}
