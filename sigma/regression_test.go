package sigma_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/evtx"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/sigma"
)

// misCounted are cases whose published count is 1, although more events of the
// sample satisfy the rule in so many words: three files of user.conf, three
// copies of procdump, and both names of the administrative share.
var misCounted = map[string]int{
	"0b9ad457-2554-44c1-82c2-d56a99c42377": 3,
	"8fbf3271-1ef6-4e94-8210-03c2317947f6": 3,
	"c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e": 2,
}

// matchesOfLog returns the rules that match, by record of an event log.
func matchesOfLog(t *testing.T, m *sigma.Matcher, name string) [][]int {
	t.Helper()
	log, err := os.Open(realdata.Path(t, "sigma-regression", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	events := windows.Format()
	events.Containers = []format.Container{evtx.Container()}
	r, err := format.NewReader(log, name, format.NewRecogniser(events), format.Options{NoObservables: true})
	if err != nil {
		t.Fatal(err)
	}
	var out [][]int
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rulesOf(m.Event(&ev)))
	}
}

// TestRegression runs each rule over the sample that it must fire on, as JSON and
// as EVTX; all rules must match both alike.
func TestRegression(t *testing.T) {
	rules := readRules(t)
	engine := compile(t, sigma.Collection{Rules: rules}, sigma.Options{Pipelines: pipelines(t)})
	byRecord, byEvent := engine.Matcher(), engine.Matcher()
	decode := decoder(t)
	f, err := os.Open(realdata.Path(t, "sigma-regression", "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	cases := 0
	for in := bufio.NewScanner(f); in.Scan(); cases++ {
		var c struct {
			Rule  string `json:"rule_id"`
			JSON  string `json:"sample_json"`
			EVTX  string `json:"sample"`
			Count *int   `json:"match_count"`
		}
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		sample, err := os.Open(realdata.Path(t, "sigma-regression", c.JSON))
		if err != nil {
			t.Fatal(err)
		}
		fired := 0
		split := format.NewSplitter(sample, c.JSON, format.NewRecogniser(windows.Format()), 0)
		var all [][]int // rules that match, by record
		for {
			record, err := split.Next()
			if err != nil {
				break
			}
			got, err := byRecord.Record("windows", record)
			if err != nil {
				t.Fatalf("%s: %v", c.JSON, err)
			}
			ev, err := decode(record)
			if err != nil {
				t.Fatal(err)
			}
			if other := rulesOf(byEvent.Event(&ev)); !slices.Equal(rulesOf(got), other) {
				t.Errorf("%s: the record matches %v, the event %v", c.JSON, rulesOf(got), other)
			}
			all = append(all, rulesOf(got))
			for _, m := range got {
				if engine.Rule(m.Rule).ID == c.Rule {
					fired++
				}
			}
		}
		_ = sample.Close()
		if diff := cmp.Diff(all, matchesOfLog(t, byEvent, c.EVTX)); diff != "" {
			t.Errorf("%s: -JSON +EVTX\n%s", c.Rule, diff)
		}
		if n, ok := misCounted[c.Rule]; ok {
			c.Count = &n
		}
		if fired == 0 || c.Count != nil && fired != *c.Count {
			t.Errorf("%s fired %d times on %s", c.Rule, fired, c.JSON)
		}
	}
	if cases != 124 {
		t.Errorf("%d cases, want 124", cases)
	}
}
