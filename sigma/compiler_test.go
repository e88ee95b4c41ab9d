package sigma_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/sigma"
)

// TestCompiler has one Compiler compile rules that come and go in any order, with
// filters, placeholders and wishes of correlations that do, and holds each engine, and
// the one before that is still in use, against one that was compiled from nothing.
func TestCompiler(t *testing.T) {
	pipes, err := sigma.ParsePipeline("test.yaml", []byte(testPipeline))
	if err != nil {
		t.Fatal(err)
	}
	matches := 0
	for seed := range uint64(12) {
		d := dice{rand.New(rand.NewPCG(seed, 11))}
		all := d.collection(t)
		var compiler sigma.Compiler
		var before *twins
		c, opt := all, sigma.Options{Pipelines: pipes, Placeholders: holes}
		for range 12 {
			d.change(all, &c, &opt)
			engine, err := compiler.Compile(c, opt)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			now := &twins{engine.Matcher(), compile(t, c, opt).Matcher(), engine}
			if diff := cmp.Diff(compile(t, c, opt).Coverage(), engine.Coverage()); diff != "" {
				t.Fatalf("seed %d: %s", seed, diff)
			}
			for range 60 {
				ev := decodeJSON(t, string(d.spell(d.event())))
				for _, pair := range []*twins{before, now} {
					matches += pair.look(t, ev)
				}
			}
			before = now
		}
	}
	if matches < 5000 {
		t.Errorf("%d matches: the test shows little", matches)
	}
}

// change changes some of what is compiled.
func (d dice) change(all sigma.Collection, c *sigma.Collection, opt *sigma.Options) {
	switch d.IntN(6) {
	case 0:
		c.Rules = slices.Clone(all.Rules)
		d.Shuffle(len(c.Rules), func(i, j int) { c.Rules[i], c.Rules[j] = c.Rules[j], c.Rules[i] })
	case 1:
		i := d.IntN(len(c.Rules))
		c.Rules = slices.Delete(slices.Clone(c.Rules), i, i+1)
	case 2:
		c.Filters = slices.Clone(all.Filters[:d.IntN(len(all.Filters)+1)])
	case 3:
		opt.Placeholders = []map[string][]string{holes, {"one": {"a"}}, {"one": {"k"}, "two": {"cmd"}}}[d.IntN(3)]
	default:
		c.Correlations = nil
		for range d.IntN(4) {
			c.Correlations = append(c.Correlations, sigma.Correlation{
				Rule: sigma.Rule{ID: "c", Title: "c"}, Type: "event_count", GroupBy: []string{d.pick("X", "x")},
				Rules: []string{c.Rules[d.IntN(len(c.Rules))].ID, c.Rules[d.IntN(len(c.Rules))].ID},
			})
		}
	}
}

// twins are an engine of a Compiler and one that was compiled from nothing.
type twins struct {
	again, anew *sigma.Matcher
	engine      *sigma.Engine
}

// look holds what they say of an event against each other, and counts it.
func (p *twins) look(t *testing.T, ev *event.Event) int {
	t.Helper()
	if p == nil {
		return 0
	}
	got, want := p.again.Event(ev), p.anew.Event(ev)
	if !slices.Equal(rulesOf(got), rulesOf(want)) {
		t.Fatalf("matches %v, compiled from nothing %v", rulesOf(got), rulesOf(want))
	}
	say := func(m *sigma.Matcher, x sigma.Match) string {
		return fmt.Sprint(p.engine.Rule(x.Rule).ID, m.Why(x), m.Values(x, "X"), m.Values(x, "x"))
	}
	for i := range got {
		if a, b := say(p.again, got[i]), say(p.anew, want[i]); a != b {
			t.Fatalf("says %s, compiled from nothing %s", a, b)
		}
	}
	return len(got)
}

// TestCompilerKeeps has one of many rules change: what a Compiler does then, and what it
// keeps afterwards, is about that rule.
func TestCompilerKeeps(t *testing.T) {
	c := sigma.Collection{Rules: readRules(t, "rules", "windows")}
	opt := sigma.Options{Pipelines: pipelines(t)}
	var compiler sigma.Compiler
	compiling := func(c sigma.Collection) (e *sigma.Engine, compiled, kept int) {
		before, _, _ := sigma.Made(&compiler)
		e, err := compiler.Compile(c, opt)
		if err != nil {
			t.Fatal(err)
		}
		compiled, kept, _ = sigma.Made(&compiler)
		return e, compiled - before, kept
	}
	all := len(c.Rules)
	first, n, kept := compiling(c)
	if n != all || kept != all {
		t.Errorf("the first time %d of %d rules are compiled, and %d kept", n, all, kept)
	}
	_, _, views := sigma.Made(&compiler)
	numbers := sigma.Numbers(first)
	less := c
	less.Rules = slices.DeleteFunc(slices.Clone(c.Rules), func(r sigma.Rule) bool { return r.ID == c.Rules[5].ID })
	second, n, kept := compiling(less)
	if n != 0 || kept != all-1 {
		t.Errorf("without a rule %d are compiled, and %d kept", n, kept)
	}
	if n := sigma.Shared(first, second); n < views-6 {
		t.Errorf("of %d sets of rules for log sources %d are kept when one rule goes", views, n)
	}
	third, n, kept := compiling(c)
	if n != 1 || kept != all {
		t.Errorf("with it again %d are compiled, and %d kept", n, kept)
	}
	if n := sigma.Shared(second, third); n < views-6 {
		t.Errorf("of %d sets of rules for log sources %d are kept when one rule comes", views, n)
	}
	if _, _, now := sigma.Made(&compiler); now != views {
		t.Errorf("%d sets of rules for log sources are kept, not %d", now, views)
	}
	few := c
	few.Rules = slices.DeleteFunc(slices.Clone(c.Rules), func(r sigma.Rule) bool { return r.LogSource.Category != "registry_set" })
	if _, n, kept = compiling(few); n != 0 || kept != len(few.Rules) {
		t.Errorf("of some of them %d are compiled, and %d kept", n, kept)
	}
	if !slices.Equal(numbers, sigma.Numbers(first)) {
		t.Error("an engine in use was changed when others were compiled")
	}
}
