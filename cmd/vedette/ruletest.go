package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/errs"
)

// testSummary is the last line of rule test.
type testSummary struct {
	Tests    int `json:"tests"`
	Passed   int `json:"passed"`
	Failed   int `json:"failed"`
	Rules    int `json:"rules"`
	Untested int `json:"untested"` // rules without a test
	Refused  int `json:"refused"`  // rules and files of tests that cannot be read
}

func ruleTest(_ context.Context, e env, args []string) error {
	fs := flags(e, "rule")
	var pipelines paths
	fs.Var(&pipelines, "pipelines", "further pipelines: a YAML file or directory `PATH`; may be repeated")
	placeholders := fs.String("placeholders", "", "values for placeholders of rules: a YAML `FILE` that maps names to lists")
	quiet := fs.Bool("quiet", false, "print only what fails, and the summary")
	fs.Bool("json", true, "machine output (always)")
	rest, err := parseFlags(fs, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return wrong("rule test takes the paths of rules and of the tests beside them.")
	}
	set, err := app.ReadRules(rest, pipelines, *placeholders, nil)
	if err != nil {
		return err
	}
	for _, p := range slices.Concat(set.Problems, set.Idle) {
		fmt.Fprintln(e.stderr, p)
	}
	for _, err := range set.Refused {
		fmt.Fprintln(e.stderr, errs.Public(err))
	}
	sum := testSummary{Rules: len(set.Rules.Rules) + len(set.Rules.Correlations), Refused: len(set.Problems) + len(set.Refused)}
	out := json.NewEncoder(e.stdout)
	out.SetEscapeHTML(false)
	tested := map[string]bool{}
	err = set.Test(func(o app.TestOutcome) error {
		sum.Tests++
		tested[o.Rule] = true
		if o.OK {
			sum.Passed++
		} else {
			sum.Failed++
		}
		if o.OK && *quiet {
			return nil
		}
		return out.Encode(o)
	})
	if err != nil {
		return err
	}
	for i := range set.Rules.Rules {
		if !tested[set.Rules.Rules[i].Key()] {
			sum.Untested++
		}
	}
	for i := range set.Rules.Correlations {
		if !tested[set.Rules.Correlations[i].Key()] {
			sum.Untested++
		}
	}
	if err := out.Encode(map[string]testSummary{"summary": sum}); err != nil {
		return err
	}
	if sum.Failed > 0 || sum.Refused > 0 {
		return errs.New(errs.Unavailable, "rule_tests_failed", "%d of %d tests fail, %d rules or files of tests cannot be read.", sum.Failed, sum.Tests, sum.Refused)
	}
	return nil
}

func ruleExplain(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "rule")
	var rules, pipelines paths
	d.fs.Var(&rules, "rules", "look in this `PATH` instead of the server's rules; may be repeated")
	d.fs.Var(&pipelines, "pipelines", "further pipelines: a YAML file or directory `PATH`; may be repeated")
	placeholders := d.fs.String("placeholders", "", "values for placeholders of rules: a YAML `FILE` that maps names to lists")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		// No id of a rule is a path that is there.
		if !slices.ContainsFunc(rest, missing) {
			rules, rest = rest, nil
		}
	}
	if len(rest) > 1 || len(rest)+len(rules) == 0 {
		return wrong("rule explain takes one rule id, or the paths of rules.")
	}
	if len(rules) == 0 {
		return d.one(ctx, "GET", "/rules/"+url.PathEscape(rest[0])+"/explanation", nil)
	}
	set, err := app.ReadRules(rules, pipelines, *placeholders, nil)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		for _, p := range set.Problems {
			fmt.Fprintln(e.stderr, p)
		}
		return set.ExplainAll(func(x app.Explained) error { return json.NewEncoder(e.stdout).Encode(x) })
	}
	x, err := set.Explain(rest[0])
	if err != nil {
		return err
	}
	return json.NewEncoder(e.stdout).Encode(x)
}

// missing says whether there is nothing at a path.
func missing(path string) bool {
	_, err := os.Stat(path)
	return err != nil
}
