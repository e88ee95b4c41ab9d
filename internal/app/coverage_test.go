package app_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/realdata"
)

// notOffered are the log sources of public rules for which no pipeline is built
// in, because no format reads such logs into fields yet.
var notOffered = []string{"fortigate/*/event 7", "paloalto/file_event/globalprotect 1"}

// Every public rule can match something, or it is known why not.
func TestPublicRulesAreCovered(t *testing.T) {
	set, err := app.ReadRules([]string{realdata.Path(t, "sigma")}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Problems) > 0 {
		t.Fatalf("%d rules are refused: %v", len(set.Problems), set.Problems[0])
	}
	sources := map[string]int{}
	var fields []string
	for _, c := range set.Engine.Coverage() {
		if c.Never == "" {
			continue
		}
		r := set.Engine.Rule(c.Rule)
		if strings.HasPrefix(c.Never, "no pipeline") {
			sources[r.LogSource.String()]++
			continue
		}
		if !strings.HasPrefix(c.Never, "the placeholder") { // the organisation's to fill
			fields = append(fields, fmt.Sprintf("%s: %s", r.Title, c.Never))
		}
	}
	var got []string
	for s, n := range sources {
		got = append(got, fmt.Sprintf("%s %d", s, n))
	}
	slices.Sort(got)
	if diff := cmp.Diff(notOffered, got); diff != "" {
		t.Errorf("log sources without a pipeline: -want +got\n%s", diff)
	}
	if len(fields) > 0 {
		t.Errorf("%d rules look at fields that no pipeline has:\n%s", len(fields), strings.Join(fields, "\n"))
	}
}

// The shipped rules can all fire, are tested, and pass.
func TestShippedRules(t *testing.T) {
	set, err := app.ReadRules([]string{filepath.Join("..", "..", "content", "rules")}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range set.Problems {
		t.Error(p)
	}
	for _, c := range set.Engine.Coverage() {
		if c.Never != "" {
			t.Errorf("%s: %s", set.Engine.Rule(c.Rule).Title, c.Never)
		}
	}
	tested := map[string]bool{}
	err = set.Test(func(o app.TestOutcome) error {
		tested[o.Rule] = true
		if !o.OK {
			t.Errorf("%+v", o)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range set.Rules.Rules {
		if !tested[r.Key()] && r.Level != "informational" {
			t.Errorf("%s has no test", r.Title)
		}
	}
	for _, c := range set.Rules.Correlations {
		if !tested[c.Key()] {
			t.Errorf("%s has no test", c.Title)
		}
	}
}
