package sigma_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/sigma"
)

// flood is n hits of a rule, one a second; %d in the fields counts them.
func flood(rule string, from, n int, fields string) []step {
	var out []step
	for i := range n {
		f := fields
		if strings.Contains(f, "%d") {
			f = fmt.Sprintf(f, i)
		}
		out = append(out, step{rule, from + i, f})
	}
	return out
}

// TestFloodsHideNothing: however many hits come between them, a correlation sees
// those that it asks for, and counts as far as its condition does.
func TestFloodsHideNothing(t *testing.T) {
	join := func(parts ...[]step) []step {
		var out []step
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	for name, tt := range map[string]struct {
		body  string
		steps []step
		at    int // when the only alarm comes
	}{
		"Events": {
			"type: event_count\nrules: [failed]\ntimespan: 1d\ncondition: {gte: 10000}",
			flood("r1", 0, 10_010, ""), 9999,
		},
		"Values": {
			"type: value_count\nrules: [failed]\ntimespan: 1d\ncondition: {field: V, gte: 6000}",
			flood("r1", 0, 6010, "V=%d"), 5999,
		},
		"OneValueManyTimes": {
			"type: value_count\nrules: [failed]\ntimespan: 1d\ncondition: {field: V, gte: 3}",
			join(flood("r1", 0, 1, "V=a"), flood("r1", 1, 5000, "V=b"), flood("r1", 6000, 1, "V=c")), 6000,
		},
		"Sum": {
			"type: value_sum\nrules: [failed]\ntimespan: 1d\ncondition: {field: V, gte: 6000}",
			flood("r1", 0, 6010, "V=1"), 5999,
		},
		"Temporal": {
			"type: temporal\nrules: [failed, success, third]\ntimespan: 1d",
			join(flood("r1", 0, 1, ""), flood("r2", 1, 6000, ""), flood("r3", 7000, 1, "")), 7000,
		},
		"Ordered": {
			"type: temporal_ordered\nrules: [failed, success, third]\ntimespan: 1d",
			join(flood("r1", 0, 1, ""), flood("r2", 1, 1, ""), flood("r1", 2, 6000, ""), flood("r3", 7000, 1, "")), 7000,
		},
		"OrderedBetween": {
			"type: temporal_ordered\nrules: [failed, success, third]\ntimespan: 1d",
			join(flood("r1", 0, 1, ""), flood("r2", 1, 6000, ""), flood("r3", 7000, 1, "")), 7000,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := correlator(t, tt.body)
			var at []int
			for i, s := range tt.steps {
				if len(c.Add(s.hit(i))) > 0 {
					at = append(at, s.at)
				}
			}
			if diff := cmp.Diff([]int{tt.at}, at); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestFloodsOfGroups: groups without end hide neither another correlation nor a group
// of their own that was hit twice; what was given up is counted.
func TestFloodsOfGroups(t *testing.T) {
	_, c := correlators(t, `
title: By user
id: c1
correlation: {type: event_count, rules: [failed], group-by: [User], timespan: 1d, condition: {gte: 5}}
---
title: By host
id: c2
correlation: {type: event_count, rules: [failed], group-by: [Host], timespan: 1d, condition: {gte: 3}}
`)
	const n = 300_000
	var got []string
	all := map[string]bool{}
	for i := range n {
		fields := map[string][]string{"User": {fmt.Sprint("made-up-", i)}}
		switch {
		case i%(n/3) == 1:
			fields = map[string][]string{"Host": {"quiet"}}
		case i == 2 || i%(n/4) == 3:
			fields = map[string][]string{"User": {"guessed"}}
		}
		all[fmt.Sprint(fields)] = true
		for _, a := range c.Add(sigma.Hit{Rule: "r1", Time: t0.Add(time.Duration(i) * time.Millisecond), Event: fmt.Sprint(i), Values: func(f string) []string { return fields[f] }}) {
			got = append(got, fmt.Sprint(i, " ", a.Group))
		}
	}
	if diff := cmp.Diff([]string{fmt.Sprint(2*(n/3)+1, " [quiet]"), fmt.Sprint(3*(n/4)+3, " [guessed]")}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if _, groups := c.Len(); groups > sigma.MaxGroups || groups+c.Forgotten != len(all) {
		t.Errorf("%d groups are remembered and %d forgotten of %d", groups, c.Forgotten, len(all))
	}
}

// TestHitsAreBounded: many groups with many hits each remember what their conditions ask
// for, and no more than a million together.
func TestHitsAreBounded(t *testing.T) {
	c := correlator(t, "type: event_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 1d\ncondition: {gte: 20}")
	alarms := 0
	for i := range 2 * sigma.MaxHits {
		alarms += len(c.Add(sigma.Hit{Rule: "r1", Time: t0.Add(time.Duration(i) * time.Millisecond), Event: "e", Values: func(string) []string { return []string{fmt.Sprint(i % 3000)} }}))
		if i%100_000 == 0 && c.Hits() > sigma.MaxHits {
			t.Fatalf("%d hits are remembered after %d", c.Hits(), i)
		}
	}
	if alarms != 3000 || c.Forgotten != 0 {
		t.Errorf("%d alarms of 3000 groups, %d forgotten", alarms, c.Forgotten)
	}
}

// TestTemporalCounts: the condition of a temporal correlation says how many of its
// rules must be seen.
func TestTemporalCounts(t *testing.T) {
	raise(t, map[string]raising{
		"TwoOfThree": {
			"type: temporal\nrules: [failed, success, third]\ntimespan: 10s\ncondition: {gte: 2}",
			[]step{{"r3", 0, ""}, {"r3", 1, ""}, {"r1", 2, ""}},
			[]string{"2  e1,e2 2"},
		},
		"OrderedWithoutTheMiddle": {
			"type: temporal_ordered\nrules: [failed, success, third]\ntimespan: 10s\ncondition: {gt: 1}",
			[]step{{"r3", 0, ""}, {"r1", 1, ""}, {"r3", 2, ""}},
			[]string{"2  e1,e2 2"},
		},
		"OrderedWithoutTheFirst": {
			"type: temporal_ordered\nrules: [failed, success, third]\ntimespan: 10s\ncondition: {gte: 2}",
			[]step{{"r3", 0, ""}, {"r2", 1, ""}, {"r3", 2, ""}},
			[]string{"2  e1,e2 2"},
		},
		"OrderedBackwards": {
			"type: temporal_ordered\nrules: [failed, success, third]\ntimespan: 10s\ncondition: {gte: 2}",
			[]step{{"r3", 0, ""}, {"r2", 1, ""}, {"r1", 2, ""}},
			nil,
		},
		"All": {
			"type: temporal\nrules: [failed, success]\ntimespan: 10s\ncondition: {eq: 2}",
			[]step{{"r1", 0, ""}, {"r2", 1, ""}},
			[]string{"1  e0,e1 2"},
		},
		"TwiceByTwoEvents": {
			"type: temporal_ordered\nrules: [failed, success, failed]\ntimespan: 10s",
			[]step{{"r1", 0, ""}, {"r2", 1, ""}, {"r1", 2, ""}},
			[]string{"2  e0,e1,e2 3"},
		},
		"TwiceInARow": {
			"type: temporal_ordered\nrules: [failed, failed]\ntimespan: 10s",
			[]step{{"r1", 0, ""}, {"r1", 11, ""}, {"r1", 12, ""}},
			[]string{"12  e1,e2 2"},
		},
		"ThriceInOneSecond": {
			"type: temporal_ordered\nrules: [failed, failed, failed]\ntimespan: 10s",
			[]step{{"r1", 1, ""}, {"r1", 1, ""}, {"r1", 1, ""}},
			[]string{"1  e2,e1,e0 3"},
		},
		"OneAlone": { // judged when the window is over
			"type: temporal\nrules: [failed, success]\ntimespan: 10s\ncondition: {lt: 2}",
			[]step{{"r1", 0, ""}, {"r2", 20, ""}, {"r1", 21, ""}},
			[]string{"20  e0 1"},
		},
	})
}

// TestEndJudgesOpenWindows: what can only be judged when a window is over is judged
// when there is nothing more, correlations above included.
func TestEndJudgesOpenWindows(t *testing.T) {
	col, c := correlators(t, `
title: Two
name: two
id: c1
correlation: {type: event_count, rules: [failed], group-by: [User], timespan: 1m, condition: {eq: 2}}
---
title: One pair
id: c2
correlation: {type: event_count, rules: [two], group-by: [User], timespan: 1h, condition: {lte: 1}}
`)
	if early := raised(c, []step{{"r1", 0, "User=a"}, {"r1", 1, "User=a"}, {"r1", 2, "User=b"}}); len(early) > 0 {
		t.Errorf("raised before the windows are over: %q", early)
	}
	var got []string
	for _, a := range c.End() {
		got = append(got, fmt.Sprintf("%s %s %s %g", col.Correlations[a.Correlation].Title, strings.Join(a.Group, "+"), strings.Join(a.Events, ","), a.Count))
	}
	if diff := cmp.Diff([]string{"Two a e0,e1 2", "One pair a e1 1"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if again := c.End(); len(again) > 0 {
		t.Errorf("raised twice: %+v", again)
	}
}

// TestCountedFields: a counted field may be an alias; of several each must be there;
// aliases may call rules by id or by name.
func TestCountedFields(t *testing.T) {
	raise(t, map[string]raising{
		"Alias": {
			"type: value_count\nrules: [r1, r2]\ntimespan: 10s\naliases: {who: {failed: User, success: Account}}\ncondition: {field: who, gte: 2}",
			[]step{{"r1", 0, "User=a"}, {"r2", 1, "Account=a"}, {"r2", 2, "Account=b"}},
			[]string{"2  e0,e1,e2 2"},
		},
		"OneAbsent": {
			"type: value_count\nrules: [failed]\ntimespan: 10s\ncondition: {field: [User, Host], gte: 2}",
			[]step{{"r1", 0, ""}, {"r1", 1, "User=a"}, {"r1", 2, "User=a Host=x"}, {"r1", 3, "User=a Host=y"}},
			[]string{"3  e2,e3 2"},
		},
	})
}

// TestSilence: what a correlation stands on raises nothing alone, be it a rule or
// another correlation, unless one asks for it.
func TestSilence(t *testing.T) {
	const above = "title: Guessing\nname: guessing\nid: c1\ncorrelation: {type: event_count, rules: [failed], group-by: [User], timespan: 1m, condition: {gte: 3}}\n" +
		"---\ntitle: Guessed\nid: c2\ncorrelation: {type: temporal_ordered, rules: [guessing, r2], group-by: [User], timespan: 1m%s}\n"
	const old = "---\ntitle: Old\nid: o1\nlogsource: {product: windows}\ndetection: {s: {EventID: 1}, timeframe: 1m, condition: s | count() > 3}\n"
	for more, want := range map[string][]string{
		"":                 {"Failed", "Guessing", "Old", "Success"},
		", generate: true": {"Failed", "Old"},
	} {
		col, err := sigma.Parse("t", []byte(bases+fmt.Sprintf(above, more)+old))
		if err != nil {
			t.Fatal(err)
		}
		col.Silence()
		var got []string
		for _, r := range col.Rules {
			if r.Silent {
				got = append(got, r.Title)
			}
		}
		for _, c := range col.Correlations {
			if c.Silent {
				got = append(got, c.Title)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got\n%s", more, diff)
		}
	}
}
