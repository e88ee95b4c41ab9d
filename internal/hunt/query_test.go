package hunt_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/match"
)

var sample = event.Event{
	Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	Raw:  []byte(`{"src":"10.1.2.3","msg":"Run POWERSHELL -enc abc"}`),
	Fields: event.Fields{
		"source.ip": "10.1.2.3", "destination.ip": "2001:db8::1", "destination.port": int64(443), "dns.question.name": "cdn.Evil.example",
		"process.command_line": `C:\Windows\powershell.exe -enc "abc"`, "user.name": "EVE", "tags": []string{"one", "two"}, "network.bytes": 1.5e6, "dns.ok": true,
		"url.full": "http://evil.example/a/b?x=1",
	},
	Observables: []event.Observable{
		{Type: indicator.IPv4, Value: "10.1.2.3"},
		{Type: indicator.Domain, Value: "cdn.evil.example"},
		{Type: indicator.URL, Value: "http://evil.example/a/b?x=1"},
		{Type: indicator.JA3, Value: "0123456789abcdef0123456789abcdef"},
	},
}

func TestMatches(t *testing.T) {
	for query, want := range map[string]bool{
		``:                                           true,
		`source.ip:10.1.2.3`:                         true,
		`source.ip = 10.1.2.3`:                       true,
		`source.ip != 10.1.2.3`:                      false,
		`source.ip:10.1.0.0/16`:                      true,
		`source.ip:10[.]1[.]2[.]3`:                   true,
		`source.ip:10.2.0.0/16`:                      false,
		`destination.ip:2001:DB8:0::1`:               true,
		`destination.ip:2001:db8::/32`:               true,
		`destination.port:443`:                       true,
		`destination.port >= 443`:                    true,
		`destination.port:>443`:                      false,
		`destination.port < 1e3`:                     true,
		`network.bytes > 1000000`:                    true,
		`dns.ok:true`:                                true,
		`user.name:eve`:                              true,
		`user.name:ev`:                               false,
		`user.name:e*e`:                              true,
		`user.name:*`:                                true,
		`user.email:*`:                               false,
		`tags:two`:                                   true,
		`tags in (three, two)`:                       true,
		`tags in (three,four)`:                       false,
		`not tags:three`:                             true,
		`tags:one tags:two`:                          true,
		`tags:one and tags:three`:                    false,
		`tags:three or tags:one tags:two`:            true,
		`(tags:three or tags:one) not user.name:eve`: false,
		`process.command_line:"*powershell.exe -enc \"a*"`: true,
		`process.command_line:C:\Windows\*`:                true,
		`process.command_line:"c:\\windows\\*"`:            true,
		`evil.example`:                                     true,
		`cdn.evil.example`:                                 true,
		`other.evil.example`:                               false,
		`evil[.]example`:                                   true,
		`evil[.]example/a`:                                 true,
		`http://evil.example/b`:                            false,
		`10.0.0.0/8`:                                       true,
		`in (192.0.2.1, 10.1.2.3)`:                         true,
		`0123456789ABCDEF0123456789abcdef`:                 true,
		`any:*.evil.example`:                               true,
		`any:"evil.example"`:                               true,
		`powershell`:                                       true,
		`"run powershell"`:                                 true,
		`"run*enc"`:                                        true,
		`raw:"enc*run"`:                                    false,
		`@timestamp >= 2026-03-01`:                         true,
		`@timestamp < 2026-03-01T12:00:00Z`:                false,
		`source.ip >= 10.1.0.0`:                            true,
		`url.full:http://evil.example/a/b?x=1`:             true,
	} {
		q, err := hunt.Parse(query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if got := q.Matches(&sample); got != want {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
		if l := q.Literal(); want && l != "" && !strings.Contains(strings.ToLower(string(sample.Raw)), l) {
			t.Errorf("%s: its answers need not hold %q", query, l)
		}
	}
}

func TestParseSaysWhere(t *testing.T) {
	for query, want := range map[string]string{
		`source.ip:`:              "column 11: a value is missing after source.ip:",
		`(a or b`:                 "column 8: the parenthesis of column 1 is not closed",
		`a )`:                     `column 3: ")" was not expected here`,
		`a and`:                   "column 6: a condition is missing at the end",
		`or b`:                    `column 1: a condition is missing before "or"`,
		`"abc`:                    "column 1: the quote that begins here does not end",
		`é "x`:                    "column 3: the quote that begins here does not end",
		`user.name > eve`:         "column 13: only numbers, times such as 2026-03-01T12:00:00Z and addresses have an order",
		`@timestamp > 5`:          "column 14: a time is written 2026-03-01 or 2026-03-01T12:00:00Z",
		`a | nonsense`:            `column 5: after | comes count, top or histogram, not "nonsense"`,
		`a | top x source.ip`:     "column 9: top is followed by a number from 1 to 10000 and a field",
		`a | histogram soon`:      "column 15: histogram is followed by a length of time such as 15m, 1h or 1d",
		`a in list`:               "column 10: a list is named list:NAME",
		`a in 5`:                  "column 6: after in comes (a, b) or list:NAME",
		strings.Repeat("(", 60):   "column 52: too many parentheses or nots within each other",
		strings.Repeat("a ", 4e4): "column 1: a question has at most 65536 bytes; put long lists of values into a list",
		`a | count by`:            "column 13: the name of a field is missing",
	} {
		_, err := hunt.Parse(query)
		if got := errs.Public(err); err == nil || got != want {
			t.Errorf("%.40s: %q, want %q", query, got, want)
		}
	}
}

func TestLists(t *testing.T) {
	q, err := hunt.Parse(`in list:bad or source.ip in list:"our hosts"`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bad", "our hosts"}, q.Lists()); diff != "" {
		t.Error(diff)
	}
	if q.Bind("nothing", nil) || !q.Bind("bad", []string{"evil.example"}) || !q.Bind("our hosts", []string{"192.0.2.1"}) {
		t.Error("binding")
	}
	if !q.Matches(&sample) {
		t.Error("the list is not looked at")
	}
}

func TestTally(t *testing.T) {
	q, err := hunt.Parse(`* | count by user.name, tags | top 1 destination.port | histogram 1h | count`)
	if err != nil {
		t.Fatal(err)
	}
	tally := hunt.NewTally(hunt.Ask{Query: q})
	for i := range 3 {
		ev := sample
		ev.Time = ev.Time.Add(time.Duration(i) * 40 * time.Minute)
		ev.Fields = event.Fields{"user.name": []string{"eve", "ada", "eve"}[i], "destination.port": int64(440 + i/2)}
		tally.Add(&ev)
	}
	a := tally.Answer()
	want := []hunt.Table{
		{Stage: "count", By: []string{"user.name", "tags"}, Rows: []hunt.Row{{[]string{"eve", ""}, 2}, {[]string{"ada", ""}, 1}}},
		{Stage: "top", By: []string{"destination.port"}, Rows: []hunt.Row{{[]string{"440"}, 2}}, Other: 1},
		{Stage: "histogram", By: []string{"@timestamp"}, Rows: []hunt.Row{{[]string{"2026-03-01T12:00:00Z"}, 2}, {[]string{"2026-03-01T13:00:00Z"}, 1}}},
		{Stage: "count", Rows: []hunt.Row{{[]string{""}, 3}}},
	}
	if diff := cmp.Diff(want, a.Tables); diff != "" {
		t.Errorf("tables: -want +got\n%s", diff)
	}
	total := 0
	for _, b := range a.Buckets {
		total += b.Count
	}
	if total != 3 || a.Matched != 3 || a.Every != "5m0s" {
		t.Errorf("%d in buckets of %s, %d matched", total, a.Every, a.Matched)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`source.ip:10.0.0.0/8 and not dns.question.name:*.example | top 10 a`, `a in (b, "c d") or in list:x | count by y | histogram 1h`,
		`"C:\\x\" y" >= < : ((`, "fe80::1 aa:bb:cc:dd:ee:ff http://x", `x:>=5 |`,
	} {
		f.Add(s)
	}
	seen := sample
	seen.Observables = format.Observables(&seen, match.Scan)
	f.Fuzz(func(t *testing.T, s string) {
		q, err := hunt.Parse(s)
		if err != nil {
			if errs.KindOf(err) != errs.Invalid {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		for _, l := range q.Lists() {
			q.Bind(l, []string{"10.1.2.3", "*x*"})
		}
		holds := q.Matches(&seen)
		if cover, reach := q.Cover(); cover != nil {
			touched := false
			for _, o := range seen.Observables {
				passes := cover(o.Type, o.Value)
				touched = touched || passes
				if passes && reach != nil && !reached(reach, o.Type, o.Value) {
					t.Errorf("%q covers %s %q, which is out of its reach", s, o.Type, o.Value)
				}
			}
			if holds && !touched {
				t.Errorf("%q holds, but its cover lets none of the observables pass", s)
			}
		}
	})
}

func FuzzQuote(f *testing.F) {
	f.Add(`C:\Temp\`, `say "hi"`)
	f.Fuzz(func(t *testing.T, a, b string) {
		q, err := hunt.Parse("x:" + hunt.Quote(a) + " y:" + hunt.Quote(b))
		if err != nil {
			if len(a)+len(b) < 1000 {
				t.Errorf("%q, %q: %v", a, b, err)
			}
			return
		}
		if !q.Matches(&event.Event{Fields: event.Fields{"x": a, "y": b}}) {
			t.Errorf("%q, %q: the quoted values do not match themselves", a, b)
		}
	})
}

// reached says whether a reach has a value, as a history asks.
func reached(r *match.Reach, t indicator.Type, value string) bool {
	place := string(match.Place(t, value, nil))
	within := func(s match.Span) bool {
		return s.Type == t && place >= s.From && (s.To == "" || place < s.To)
	}
	found := slices.ContainsFunc(r.Always(), within)
	has := match.Traces(t, value, nil)
	for i, trace := range r.Traces() {
		if slices.Contains(has, trace) {
			r.Spans(i, func(s match.Span) { found = found || within(s) })
		}
	}
	return found
}
