package sigma_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/sigma"
)

// TestMemory gives a matcher values that come again and again, more of them than it
// can keep, and holds it against matchers that have seen nothing before.
func TestMemory(t *testing.T) {
	pipes, err := sigma.ParsePipeline("test.yaml", []byte(testPipeline))
	if err != nil {
		t.Fatal(err)
	}
	matches := 0
	for seed := range uint64(8) {
		d := dice{rand.New(rand.NewPCG(seed, 11))}
		engine := compile(t, d.collection(t), sigma.Options{Pipelines: pipes, Placeholders: holes})
		var values []string
		for range 1500 {
			v := d.words(4)
			if d.IntN(4) == 0 {
				v = strings.Repeat(v, 1+d.IntN(60))
			}
			values = append(values, v)
		}
		old := engine.Matcher()
		for n := range 3000 {
			some := values[n/5%(len(values)-100):][:100] // what is usual changes
			ev := map[string]any{"kind": d.pick("one", "two")}
			for _, f := range []string{"A", "B", "C", "E", "X"} {
				ev[f] = some[d.IntN(len(some))]
				if d.IntN(9) == 0 {
					ev[f] = []string{some[d.IntN(len(some))], some[d.IntN(len(some))]}
				}
			}
			record, err := json.Marshal(ev)
			if err != nil {
				t.Fatal(err)
			}
			got, err := old.Record("json", record)
			if err != nil {
				t.Fatal(err)
			}
			want, err := engine.Matcher().Record("json", record)
			if err != nil {
				t.Fatal(err)
			}
			if matches += len(want); !slices.Equal(rulesOf(got), rulesOf(want)) {
				t.Fatalf("seed %d, event %d: %s matches %v, to one that has seen nothing %v", seed, n, record, rulesOf(got), rulesOf(want))
			}
		}
		if known, forgotten := sigma.Remembered(old); known < 1000 || forgotten < 3 {
			t.Errorf("seed %d: %d values were known, forgotten %d times: the test shows little", seed, known, forgotten)
		}
	}
	if matches < 8000 {
		t.Errorf("%d matches: the test shows little", matches)
	}
}
