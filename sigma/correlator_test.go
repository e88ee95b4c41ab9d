package sigma_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/sigma"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const bases = `
title: Failed
name: failed
id: r1
logsource: {product: windows}
detection: {s: {EventID: 4625}, condition: s}
---
title: Success
name: success
id: r2
logsource: {product: windows}
detection: {s: {EventID: 4624}, condition: s}
---
title: Third
name: third
id: r3
logsource: {product: windows}
detection: {s: {EventID: 1}, condition: s}
---
`

// correlator compiles one correlation, given as the body of its key, over the
// rules failed, success and third.
func correlator(t testing.TB, body string) *sigma.Correlator {
	t.Helper()
	_, c := correlators(t, "title: C\nid: c1\ncorrelation:\n  "+strings.ReplaceAll(strings.TrimSpace(body), "\n", "\n  "))
	return c
}

// correlators compiles the documents of correlations over these rules.
func correlators(t testing.TB, text string) (sigma.Collection, *sigma.Correlator) {
	t.Helper()
	col, err := sigma.Parse("t", []byte(bases+text))
	if err != nil {
		t.Fatal(err)
	}
	c, err := sigma.NewCorrelator(col.Correlations, col.Rules)
	if err != nil {
		t.Fatal(err)
	}
	return col, c
}

// step is one hit: rule, seconds after t0, and fields as name=value.
type step struct {
	rule   string
	at     int
	fields string
}

func (s step) hit(n int) sigma.Hit {
	return sigma.Hit{Rule: s.rule, Time: t0.Add(time.Duration(s.at) * time.Second), Event: fmt.Sprint("e", n), Values: func(field string) []string {
		var out []string
		for f := range strings.FieldsSeq(s.fields) {
			if k, v, _ := strings.Cut(f, "="); k == field {
				out = append(out, v)
			}
		}
		return out
	}}
}

// raised is an alarm as tests write it: seconds of the hit at which it came,
// group and evidence.
func raised(c *sigma.Correlator, steps []step) []string {
	var out []string
	for i, s := range steps {
		for _, a := range c.Add(s.hit(i)) {
			out = append(out, fmt.Sprintf("%d %s %s %g", s.at, strings.Join(a.Group, "+"), strings.Join(a.Events, ","), a.Count))
		}
	}
	return out
}

// raising is a correlation, hits, and what these raise.
type raising struct {
	body  string
	steps []step
	want  []string
}

// raise holds what correlations raise against what is wanted.
func raise(t *testing.T, cases map[string]raising) {
	t.Helper()
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, raised(correlator(t, tt.body), tt.steps)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestCorrelations(t *testing.T) {
	for name, tt := range map[string]raising{
		"EventCount": {
			"type: event_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 1m\ncondition: {gte: 3}",
			[]step{{"r1", 0, "User=a"}, {"r1", 1, "User=b"}, {"r1", 30, "User=A"}, {"r2", 31, "User=a"}, {"r1", 60, "User=a"}, {"r1", 61, "User=a"}, {"r1", 130, "User=a"}, {"r1", 131, "User=a"}, {"r1", 132, "User=a"}},
			[]string{"60 a e0,e2,e4 3", "132 a e6,e7,e8 3"},
		},
		"WindowSlides": {
			"type: event_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 10s\ncondition: {gt: 1}",
			[]step{{"r1", 0, "User=a"}, {"r1", 11, "User=a"}, {"r1", 22, "User=a"}, {"r1", 32, "User=a"}},
			[]string{"32 a e2,e3 2"},
		},
		"OutOfOrder": {
			"type: event_count\nrules: [failed]\ntimespan: 10s\ncondition: {gte: 3}",
			[]step{{"r1", 10, ""}, {"r1", 2, ""}, {"r1", 5, ""}},
			[]string{"5  e1,e2,e0 3"},
		},
		"NoGroupField": {
			"type: event_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 10s\ncondition: {gte: 1}",
			[]step{{"r1", 0, ""}},
			nil,
		},
		"ValueCount": {
			"type: value_count\nrules: [failed]\ngroup-by: [Host]\ntimespan: 1m\ncondition: {field: User, gte: 3}",
			[]step{{"r1", 0, "Host=h User=a"}, {"r1", 1, "Host=h User=a"}, {"r1", 2, "Host=h User=b"}, {"r1", 3, "Host=h"}, {"r1", 4, "Host=h User=c"}},
			[]string{"4 h e0,e1,e2,e4 3"},
		},
		"TooFew": { // judged when the window is over
			"type: event_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 10s\ncondition: {lt: 2}",
			[]step{{"r1", 0, "User=a"}, {"r1", 1, "User=b"}, {"r1", 2, "User=b"}, {"r2", 40, "User=z"}, {"r1", 50, "User=y"}},
			[]string{"40 a e0 1"},
		},
		"Sum": {
			"type: value_sum\nrules: [failed]\ngroup-by: [Host]\ntimespan: 10s\ncondition: {field: Bytes, gt: 99}",
			[]step{{"r1", 0, "Host=h Bytes=60"}, {"r1", 5, "Host=h Bytes=40"}, {"r1", 11, "Host=h Bytes=99"}, {"r1", 40, "Host=i Bytes=x"}},
			[]string{"5 h e0,e1 100"},
		},
		"Median": {
			"type: value_median\nrules: [failed]\ntimespan: 10s\ncondition: {field: Bytes, gte: 5}",
			[]step{{"r1", 0, "Bytes=1"}, {"r1", 1, "Bytes=5"}, {"r1", 2, "Bytes=900"}, {"r1", 99, "Bytes=1"}},
			[]string{"99  e0,e1,e2 5"},
		},
		"Temporal": {
			"type: temporal\nrules: [failed, success]\ngroup-by: [User]\ntimespan: 1m",
			[]step{{"r2", 0, "User=a"}, {"r1", 20, "User=b"}, {"r1", 59, "User=a"}, {"r1", 60, "User=a"}},
			[]string{"59 a e0,e2 2"},
		},
		"Ordered": {
			"type: temporal_ordered\nrules: [failed, success, third]\ngroup-by: [User]\ntimespan: 1m",
			[]step{{"r2", 0, "User=a"}, {"r1", 1, "User=a"}, {"r3", 2, "User=a"}, {"r2", 3, "User=a"}, {"r3", 62, "User=a"}, {"r1", 63, "User=a"}, {"r2", 64, "User=a"}, {"r3", 65, "User=a"}},
			[]string{"65 a e5,e6,e7 3"},
		},
		"Aliases": {
			"type: temporal\nrules: [failed, success]\ngroup-by: [who]\ntimespan: 1m\naliases: {who: {failed: TargetUser, success: User}}",
			[]step{{"r1", 0, "TargetUser=a User=z"}, {"r2", 1, "User=a"}},
			[]string{"1 a e0,e1 2"},
		},
		"SameEventOnce": {
			"type: event_count\nrules: [failed]\ntimespan: 10s\ncondition: {gte: 2}",
			[]step{{"r1", 0, ""}},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := correlator(t, tt.body)
			if name == "SameEventOnce" {
				if got := append(c.Add(tt.steps[0].hit(1)), c.Add(tt.steps[0].hit(1))...); len(got) > 0 {
					t.Errorf("a replayed event counts twice: %+v", got)
				}
				return
			}
			if diff := cmp.Diff(tt.want, raised(c, tt.steps)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestCorrelationAboveCorrelations(t *testing.T) {
	_, c := correlators(t, `
title: Guessing
name: guessing
id: c1
correlation: {type: event_count, rules: [failed], group-by: [User], timespan: 1m, condition: {gte: 3}}
---
title: Guessed
id: c2
correlation: {type: temporal_ordered, rules: [guessing, success], group-by: [User], timespan: 5m}
`)
	got := raised(c, []step{{"r2", 0, "User=a"}, {"r1", 1, "User=a"}, {"r1", 2, "User=a"}, {"r1", 3, "User=a"}, {"r2", 100, "User=a"}})
	if diff := cmp.Diff([]string{"3 a e1,e2,e3 3", "100 a e3,e4 2"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestCorrelationsThatCannotWork(t *testing.T) {
	for name, text := range map[string]string{
		"absent": `rules: [nothing]`,
		"itself": `rules: [c1]`,
		"three":  `rules: [success], condition: {gte: 3}`,
		"alias":  `rules: [success], aliases: {who: {third: User}}`,
	} {
		col, err := sigma.Parse("t", []byte(bases+"title: C\nid: c1\ncorrelation: {type: temporal, timespan: 1m, "+strings.Replace(text, ": [", ": [failed, ", 1)+"}"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sigma.NewCorrelator(col.Correlations, col.Rules); err == nil {
			t.Errorf("%s: no problem is told", name)
		}
	}
}

// TestCorrelationOnWhatWasLeftOut names correlations that stand on a rule that cannot be
// read or compiled, or on such a correlation, with the reason.
func TestCorrelationOnWhatWasLeftOut(t *testing.T) {
	const correlation = "---\ntitle: %s\nname: %[1]s\ncorrelation: {type: event_count, rules: [%s], timespan: 1m, condition: {gte: 2}}\n"
	col, err := sigma.Parse("t", []byte("title: Unread\nname: unread\ndetection: {s: {a: b}, condition: s}\n"+
		"---\ntitle: Aggregated\nlogsource: {product: windows}\ndetection: {s: {a: x}, timeframe: 1m, condition: s | count() > 3}\n"+
		"---\ntitle: Good\nid: g1\nlogsource: {product: windows}\ndetection: {s: {a: x}, condition: s}\n"+
		fmt.Sprintf(correlation, "above", "on-unread")+fmt.Sprintf(correlation, "on-unread", "unread")+
		fmt.Sprintf(correlation, "on-uncompiled", "'u1', 'g1'")+fmt.Sprintf(correlation, "good", "g1")))
	var left sigma.Problems
	if !errors.As(err, &left) || len(left) != 1 {
		t.Fatalf("got %v", err)
	}
	left = append(left, &sigma.Problem{Names: []string{"u1"}, Text: "too large"}, &sigma.Problem{Names: []string{"Aggregated"}, Text: "too long"})
	c, err := sigma.NewCorrelator(col.Correlations, col.Rules[1:], left...)
	var got sigma.Problems
	if n, _ := c.Len(); !errors.As(err, &got) || n != 1 {
		t.Fatalf("%v are followed: %v", c, err)
	}
	unread := `it needs the rule "unread", which was left out: ` + left[0].Text
	want := []string{
		`Aggregated: it needs the rule "Aggregated", which was left out: too long`,
		"on-unread: " + unread,
		`on-uncompiled: it needs the rule "u1", which was left out: too large`,
		`above: it needs the rule "on-unread", which was left out: ` + unread,
	}
	var told []string
	for _, p := range got {
		told = append(told, p.Rule+": "+p.Text)
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestCorrelationCircle tells of both correlations of which each stands on the other.
func TestCorrelationCircle(t *testing.T) {
	col, err := sigma.Parse("t", []byte(`
title: One
name: one
correlation: {type: event_count, rules: [two], timespan: 1m, condition: {gte: 1}}
---
title: Two
name: two
correlation: {type: event_count, rules: [one], timespan: 1m, condition: {gte: 1}}
`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = sigma.NewCorrelator(col.Correlations, nil)
	var problems sigma.Problems
	if !errors.As(err, &problems) || len(problems) != 2 || !strings.Contains(err.Error(), `by way of "Two"`) {
		t.Errorf("got %v", err)
	}
}

// TestAggregationOfRuleWithTitleOnly counts a rule of old that has neither id nor name.
func TestAggregationOfRuleWithTitleOnly(t *testing.T) {
	col, err := sigma.Parse("t", []byte(`
title: Old
logsource: {service: sshd}
detection: {s: [fail], timeframe: 1m, condition: s | count() by User > 1}
`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := sigma.NewCorrelator(col.Correlations, col.Rules)
	if err != nil {
		t.Fatal(err)
	}
	if got := raised(c, []step{{"Old", 0, "User=a"}, {"Old", 1, "User=b"}, {"Old", 2, "User=a"}}); !slices.Equal(got, []string{"2 a e0,e2 2"}) {
		t.Errorf("got %q", got)
	}
}

// A restart in the middle must change nothing.
func TestCorrelatorSurvivesRestart(t *testing.T) {
	bodies := []string{
		"type: event_count\nrules: [failed, success]\ngroup-by: [User]\ntimespan: 20s\ncondition: {gte: 4}",
		"type: value_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 20s\ncondition: {field: Host, gt: 2}",
		"type: temporal_ordered\nrules: [failed, success, third]\ngroup-by: [User]\ntimespan: 20s",
		"type: value_avg\nrules: [failed]\ngroup-by: [User]\ntimespan: 20s\ncondition: {field: Bytes, gte: 3}",
	}
	r := rand.New(rand.NewPCG(7, 7))
	for _, body := range bodies {
		for range 40 {
			steps := randomSteps(r, 120)
			want := raised(correlator(t, body), steps)
			cut := r.IntN(len(steps))
			first := correlator(t, body)
			var got []string
			for i, s := range steps {
				if i == cut {
					state, err := first.State()
					if err != nil {
						t.Fatal(err)
					}
					first = correlator(t, body)
					if err := first.Restore(state); err != nil {
						t.Fatal(err)
					}
				}
				for _, a := range first.Add(s.hit(i)) {
					got = append(got, fmt.Sprintf("%d %s %s %g", s.at, strings.Join(a.Group, "+"), strings.Join(a.Events, ","), a.Count))
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s: restart at %d: -want +got\n%s", body, cut, diff)
			}
		}
	}
}

// TestCountedValuesHaveNoCase: values that differ in the case of letters are one to a
// count as they are to a group, also those kept by who counted them apart.
func TestCountedValuesHaveNoCase(t *testing.T) {
	const body = "type: value_count\nrules: [failed]\ngroup-by: [Host]\ntimespan: 1m\ncondition: {field: %s, gte: 3}"
	steps := []step{{"r1", 0, "Host=WS-Ä User=Eve"}, {"r1", 1, "Host=ws-ä User=EVE"}, {"r1", 2, "Host=Ws-ä User=eve"}, {"r1", 3, "Host=ws-ä User=JÖRG"}, {"r1", 4, "Host=ws-ä User=jörg"}, {"r1", 5, "Host=ws-ä User=mia"}}
	want := []string{"5 WS-Ä e0,e1,e2,e3,e4,e5 3"}
	for _, field := range []string{"User", "'User,Host'"} {
		if got := raised(correlator(t, fmt.Sprintf(body, field)), steps); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
	before := correlator(t, fmt.Sprintf(body, "User"))
	raised(before, steps[:3])
	state, err := before.State()
	if err != nil {
		t.Fatal(err)
	}
	old := strings.Replace(string(state), `"v":"eve"`, `"v":"EVE"`, 1)
	if old == string(state) {
		t.Fatalf("no value in %s", state)
	}
	after := correlator(t, fmt.Sprintf(body, "User"))
	if err := after.Restore([]byte(old)); err != nil {
		t.Fatal(err)
	}
	if got := raised(after, steps[3:]); len(got) != 1 || !strings.HasPrefix(got[0], "5 ") || !strings.HasSuffix(got[0], " 3") {
		t.Errorf("after a restart: got %q", got)
	}
}

func randomSteps(r *rand.Rand, n int) []step {
	var out []step
	at := 0
	for range n {
		at += r.IntN(6)
		out = append(out, step{
			[]string{"r1", "r2", "r3"}[r.IntN(3)], at,
			fmt.Sprintf("User=%c Host=%c Bytes=%d", 'a'+r.IntN(2), 'a'+r.IntN(4), r.IntN(7)),
		})
	}
	return out
}

// naive says, the slow way, at which hits a rising or temporal correlation first
// holds: by looking at every subset of windows that ends at the hit.
func naive(kind string, rules []string, span int, need int, steps []step) map[string]bool {
	out := map[string]bool{}
	raisedAt := map[string]int{}
	for i, s := range steps {
		if !slices.Contains(rules, s.rule) {
			continue
		}
		user := strings.TrimPrefix(strings.Fields(s.fields)[0], "User=")
		if last, ok := raisedAt[user]; ok && s.at-last < span {
			continue
		}
		var window []step
		for _, p := range steps[:i+1] {
			if slices.Contains(rules, p.rule) && strings.HasPrefix(p.fields, "User="+user+" ") && s.at-p.at <= span {
				window = append(window, p)
			}
		}
		ok := false
		switch kind {
		case "event_count":
			ok = len(window) >= need
		case "value_count":
			hosts := map[string]bool{}
			for _, p := range window {
				hosts[strings.Fields(p.fields)[1]] = true
			}
			ok = len(hosts) >= need
		case "temporal":
			met := map[string]bool{}
			for _, p := range window {
				met[p.rule] = true
			}
			ok = len(met) == len(rules)
		case "temporal_ordered":
			next := 0
			for _, p := range window {
				if next < len(rules) && p.rule == rules[next] {
					next++
				}
			}
			ok = next == len(rules)
		}
		if ok {
			raisedAt[user] = s.at
			out[fmt.Sprint(i, " ", user)] = true
		}
	}
	return out
}

func TestCorrelatorAgreesWithNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for _, k := range []struct {
		kind  string
		names string
		rules []string
		cond  string
		need  int
	}{
		{"event_count", "[failed, success]", []string{"r1", "r2"}, "condition: {gte: 4}", 4},
		{"value_count", "[failed]", []string{"r1"}, "condition: {field: Host, gte: 3}", 3},
		{"temporal", "[failed, success, third]", []string{"r1", "r2", "r3"}, "", 0},
		{"temporal_ordered", "[failed, success, third]", []string{"r1", "r2", "r3"}, "", 0},
	} {
		for range 150 {
			span := 1 + r.IntN(30)
			steps := randomSteps(r, 60)
			for i := 1; i < len(steps); i++ { // distinct times: the naive one knows no ties
				if steps[i].at <= steps[i-1].at {
					steps[i].at = steps[i-1].at + 1
				}
			}
			c := correlator(t, fmt.Sprintf("type: %s\nrules: %s\ngroup-by: [User]\ntimespan: %ds\n%s", k.kind, k.names, span, k.cond))
			got := map[string]bool{}
			for i, s := range steps {
				for _, a := range c.Add(s.hit(i)) {
					got[fmt.Sprint(i, " ", a.Group[0])] = true
				}
			}
			if diff := cmp.Diff(naive(k.kind, k.rules, span, k.need, steps), got); diff != "" {
				t.Fatalf("%s within %d s: -naive +got\n%s\n%v", k.kind, span, diff, steps)
			}
		}
	}
}

func TestCorrelatorIsBounded(t *testing.T) {
	c := correlator(t, "type: event_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 1h\ncondition: {gte: 3}")
	for i := range sigma.MaxGroups + 50_000 {
		c.Add(sigma.Hit{Rule: "r1", Time: t0.Add(time.Duration(i) * time.Millisecond), Values: func(string) []string { return []string{fmt.Sprint(i)} }})
	}
	if _, n := c.Len(); n > sigma.MaxGroups {
		t.Errorf("%d groups are kept, more than %d", n, sigma.MaxGroups)
	}
	if c.Forgotten == 0 {
		t.Error("groups were given up and not counted")
	}
}

func FuzzRestore(f *testing.F) {
	c := correlator(f, "type: event_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 1h\ncondition: {gte: 3}")
	c.Add(step{"r1", 0, "User=a"}.hit(0))
	state, err := c.State()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state)
	f.Add([]byte(`{"version":1,"plans":[{"id":"c1"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := correlator(t, "type: event_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 1h\ncondition: {gte: 3}")
		_ = c.Restore(data)
		c.Add(step{"r1", 5, "User=a"}.hit(1))
	})
}

func BenchmarkCorrelator(b *testing.B) {
	c := correlator(b, "type: event_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 5m\ncondition: {gte: 50}")
	users := make([][]string, 10_000)
	for i := range users {
		users[i] = []string{fmt.Sprint("user", i)}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c.Add(sigma.Hit{Rule: "r1", Time: t0.Add(time.Duration(n) * time.Millisecond), Event: "e", Values: func(string) []string { return users[n*7919%len(users)] }})
		n++
	}
}

// TestCombination gives temporal correlations that say which rules they want.
func TestCombination(t *testing.T) {
	head := func(kind, condition string) string {
		return "type: " + kind + "\ngroup-by: [User]\ntimespan: 10s\ncondition: " + condition
	}
	u := "User=a"
	raise(t, map[string]raising{
		"and":            {head("temporal", "failed and success"), []step{{"r2", 0, u}, {"r1", 10, u}}, []string{"10 a e0,e1 2"}},
		"and too far":    {head("temporal", "failed and success"), []step{{"r2", 0, u}, {"r1", 11, u}}, nil},
		"or":             {head("temporal", "failed and (success or third)"), []step{{"r3", 0, u}, {"r2", 1, u}, {"r1", 2, u}}, []string{"2 a e1,e2 2"}},
		"or, other user": {head("temporal", "failed and (success or third)"), []step{{"r3", 0, "User=b"}, {"r1", 2, u}}, nil},
		"precedence":     {head("temporal", "third or failed and success"), []step{{"r2", 0, u}, {"r3", 1, u}}, []string{"1 a e1 1"}},
		"ordered":        {head("temporal_ordered", "(failed or third) and success"), []step{{"r2", 0, u}, {"r3", 1, u}, {"r2", 2, u}}, []string{"2 a e1,e2 2"}},
		"ordered wrong":  {head("temporal_ordered", "failed and success"), []step{{"r2", 0, u}, {"r1", 1, u}}, nil},
		"not, in time":   {head("temporal", "failed and not success"), []step{{"r1", 0, u}, {"r2", 10, u}, {"r3", 30, u}}, nil},
		"not, too late":  {head("temporal", "failed and not success"), []step{{"r1", 0, u}, {"r2", 11, u}}, []string{"11 a e0 1"}},
		"not, before":    {head("temporal", "failed and not success"), []step{{"r2", 0, u}, {"r1", 5, u}, {"r1", 30, u}}, nil},
		"not both":       {head("temporal", "failed and not (success and third)"), []step{{"r1", 0, u}, {"r2", 1, u}, {"r2", 30, u}}, []string{"30 a e0,e1 1"}},
		"both, so not":   {head("temporal", "failed and not (success and third)"), []step{{"r1", 0, u}, {"r2", 1, u}, {"r3", 2, u}, {"r2", 30, u}}, nil},
		"ordered, not":   {head("temporal_ordered", "failed and success and not third"), []step{{"r1", 0, u}, {"r2", 1, u}, {"r2", 30, u}}, []string{"30 a e0,e1 2"}},
	})
	for condition, want := range map[string]string{
		"not failed":                "where nothing is seen",
		"failed or not success":     "where nothing is seen",
		"failed and not failed":     "never holds",
		"1 of failed*":              "name the rules",
		"failed and":                "it ends where",
		"failed and success, third": "has no meaning",
	} {
		_, err := sigma.Parse("t", []byte("title: C\ncorrelation: {type: temporal, timespan: 1m, condition: '"+condition+"'}"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want …%s…", condition, err, want)
		}
	}
	for rules, want := range map[string]string{"[a, b, c]": `nothing of the rule "c"`, "[a]": `"b" is not one of`, "[a, b]": ""} {
		_, err := sigma.Parse("t", []byte("title: C\ncorrelation: {type: temporal, rules: "+rules+", timespan: 1m, condition: a and b}"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want …%s…", rules, err, want)
		}
	}
}

// TestCombinationsAgree holds random combinations against what they say of the rules
// that were seen.
func TestCombinationsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 7))
	names := []string{"failed", "success", "third"}
	var random func(depth int) (string, func(seen []bool) bool)
	random = func(depth int) (string, func(seen []bool) bool) {
		k := r.IntN(3)
		if depth == 0 || r.IntN(4) == 0 {
			return names[k], func(seen []bool) bool { return seen[k] }
		}
		a, ask := random(depth - 1)
		b, or := random(depth - 1)
		switch r.IntN(3) {
		case 0:
			return "not (" + a + ")", func(seen []bool) bool { return !ask(seen) }
		case 1:
			return "(" + a + ") and (" + b + ")", func(seen []bool) bool { return ask(seen) && or(seen) }
		}
		return a + " or " + b, func(seen []bool) bool { return ask(seen) || or(seen) }
	}
	held, refused := 0, 0
	for range 400 {
		text, says := random(3)
		body := "title: C\nid: c1\ncorrelation: {type: temporal, timespan: 1m, condition: '" + text + "'}"
		col, err := sigma.Parse("t", []byte(bases+body))
		always, never := says(seenOf(0)), true
		for set := range 8 {
			never = never && !says(seenOf(set))
		}
		if (err != nil) != (always || never) {
			t.Fatalf("%s: %v, holds for nothing %v, never %v", text, err, always, never)
		}
		if err != nil {
			refused++
			continue
		}
		for set := 1; set < 8; set++ {
			c, err := sigma.NewCorrelator(col.Correlations, col.Rules)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for i, seen := range seenOf(set) {
				if seen {
					n += len(c.Add(step{rule: fmt.Sprint("r", i+1), at: i}.hit(i)))
				}
			}
			n += len(c.End())
			if want := says(seenOf(set)); (n > 0) != want {
				t.Fatalf("%s with %v seen: %d alarms, want %v", text, seenOf(set), n, want)
			}
			held += n
		}
	}
	if held < 100 || refused < 10 {
		t.Errorf("%d alarms, %d refused: too few to tell", held, refused)
	}
}

// seenOf is which of three rules a set of bits has.
func seenOf(set int) []bool { return []bool{set&1 != 0, set&2 != 0, set&4 != 0} }

// TestCanHold asks which correlations can hold when some of their rules never fire.
func TestCanHold(t *testing.T) {
	for _, tt := range []struct {
		body string
		live []string
		want bool
	}{
		{"{type: event_count, rules: [a, b], timespan: 1m, condition: {gte: 2}}", []string{"b"}, true},
		{"{type: event_count, rules: [a, b], timespan: 1m, condition: {gte: 2}}", nil, false},
		{"{type: temporal, rules: [a, b], timespan: 1m}", []string{"a"}, false},
		{"{type: temporal, rules: [a, b], timespan: 1m}", []string{"a", "b"}, true},
		{"{type: temporal, rules: [a, b], timespan: 1m, condition: {gte: 1}}", []string{"a"}, true},
		{"{type: temporal, timespan: 1m, condition: a and b}", []string{"a"}, false},
		{"{type: temporal, timespan: 1m, condition: a or b}", []string{"b"}, true},
		{"{type: temporal, timespan: 1m, condition: a and not b}", []string{"a"}, true},
		{"{type: temporal, timespan: 1m, condition: a and not b}", []string{"b"}, false},
	} {
		col, err := sigma.Parse("t", []byte("title: C\ncorrelation: "+tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if got := col.Correlations[0].CanHold(func(rule string) bool { return slices.Contains(tt.live, rule) }); got != tt.want {
			t.Errorf("%s with %v: %v", tt.body, tt.live, got)
		}
	}
}
