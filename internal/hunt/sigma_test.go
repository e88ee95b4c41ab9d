package hunt_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/sigma"
)

func pipelines(t *testing.T) []sigma.Pipeline {
	t.Helper()
	files, err := content.Pipelines()
	if err != nil {
		t.Fatal(err)
	}
	var out []sigma.Pipeline
	for _, name := range slices.Sorted(maps.Keys(files)) {
		p, err := sigma.ParsePipeline(name, files[name])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p...)
	}
	return out
}

// TestRuleIsTheHunt: a rule made of a hunt matches what the hunt finds.
func TestRuleIsTheHunt(t *testing.T) {
	shipped := pipelines(t)
	for query, want := range map[string]bool{
		`source.ip:10.1.2.3`:                             true,
		`source.ip:10.1.0.0/16`:                          true,
		`source.ip:10.9.0.0/16`:                          false,
		`source.ip in (192.0.2.1, 10.1.0.0/16)`:          true,
		`destination.port >= 443 destination.port < 1e3`: true,
		`destination.port > 443`:                         false,
		`user.name:eve and not tags:three`:               true,
		`not (user.name:eve or tags:three)`:              false,
		`user.name:*`:                                    true,
		`process.command_line:C:\Windows\*`:              true,
		`process.command_line:*-enc*`:                    true,
		`dns.question.name:*.evil.example`:               true,
		`url.full:http://evil.example/a/b?x=1`:           true,
		`url.full:http://evil.example/a/bxx=1`:           false,
		`user.name:"o'brien"`:                            false,
	} {
		q, err := hunt.Parse(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		text, err := q.Rule(hunt.Draft{Title: "Hunt: " + query, Author: "ada", Level: "medium", Technique: "T1071.004"})
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		c, err := sigma.Parse("hunt.yml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v\n%s", query, err, text)
			continue
		}
		e, err := sigma.Compile(c, sigma.Options{Pipelines: shipped})
		if err != nil {
			t.Errorf("%s: %v\n%s", query, err, text)
			continue
		}
		for _, format := range []string{"ecs", "suricata", "zeek", "windows", "text"} {
			ev := sample
			ev.Format = format
			if got := len(e.Matcher().Event(&ev)) > 0; got != want || q.Matches(&ev) != want {
				t.Errorf("%s on %s: the rule says %v, the hunt %v, want %v\n%s", query, format, got, q.Matches(&ev), want, text)
			}
		}
		if !strings.Contains(text, "attack.t1071.004") {
			t.Errorf("%s: no technique in\n%s", query, text)
		}
	}
	for query, want := range map[string]string{
		``: "A rule needs a condition.", `evil.example`: "A value without a field is an indicator", `source.ip in list:x`: `A rule cannot ask for the list "x"`,
		`@timestamp > 2026-01-01`: "A rule can only compare numbers.",
	} {
		q, err := hunt.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = q.Rule(hunt.Draft{Title: "x", Level: "low"}); !strings.HasPrefix(errs.Public(err), want) {
			t.Errorf("%s: %v, want %s", query, err, want)
		}
	}
}
