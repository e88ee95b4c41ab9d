package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/app"
)

// The shipped rules can all fire, are tested, and pass.
func TestShippedRules(t *testing.T) {
	set, err := app.ReadRules([]string{filepath.Join("..", "..", "content", "rules")}, nil, "", nil)
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
	cat, err := content.Attack()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range set.Rules.Rules {
		for _, tag := range r.Tags {
			id, err := attack.ParseID(strings.TrimPrefix(tag, "attack."))
			if err != nil {
				continue // a tactic
			}
			if _, known := cat.Entity(id); !known {
				t.Errorf("%s: the shipped catalogue does not know %s", r.Title, id)
			}
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

// shipped are the formats that ship with the product.
func shipped(t testing.TB) *format.Recogniser {
	t.Helper()
	rec, err := app.Formats("")
	if err != nil {
		t.Fatal(err)
	}
	return rec
}
