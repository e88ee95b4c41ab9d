package store_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

// portfolio feeds a store for some simulated days with sources of known truth:
// "base" adds ten names a day; "nested" has every second of them, at once; "clone"
// repeats base two days late; "noisy" adds forty of its own a day and drops them
// after three; "poison" holds what belongs to everybody.
type portfolio struct {
	t    *testing.T
	s    *intel.Service
	now  time.Time
	runs int
}

func (p *portfolio) run(source string, names []string) {
	p.t.Helper()
	p.runs++
	run := fmt.Sprint(p.runs)
	var claims []indicator.Claim
	for _, n := range names {
		claims = append(claims, domain(n, 70))
	}
	ctx := system(p.t)
	if _, _, _, err := p.s.Merge(ctx, source, run, claims); err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.s.Withdraw(ctx, source, run); err != nil {
		p.t.Fatal(err)
	}
	if err := p.s.Settle(ctx, source); err != nil {
		p.t.Fatal(err)
	}
}

func named(kind string, from, to int) (out []string) {
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("%s%d.example", kind, i))
	}
	return out
}

func everySecond(names []string) (out []string) {
	for i := 0; i < len(names); i += 2 {
		out = append(out, names[i])
	}
	return out
}

func TestFeedAudit(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine plays 25 days")
	}
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := &portfolio{t: t, now: time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)}
		p.s = newIntel(st).WithClock(func() time.Time { return p.now })
		const days = 25
		for day := range days {
			base := named("base", 0, 100+10*day)
			p.run("base", base)
			p.now = p.now.Add(10 * time.Minute)
			p.run("nested", everySecond(base))
			p.run("clone", named("base", 0, 100+10*max(day-2, 0)))
			p.run("noisy", named("noisy", 40*max(day-2, 0), 40*(day+1)))
			p.run("poison", []string{"google.com", "bad.example"})
			p.now = p.now.Add(24*time.Hour - 10*time.Minute)
		}
		ctx := ref.WithActor(t.Context(), ref.SystemActor)
		listed := func(_ indicator.Type, value string) (string, string) {
			if value == "google.com" {
				return "Top sites", value
			}
			return "", ""
		}
		if err := p.s.Recheck(ctx, listed); err != nil {
			t.Fatal(err)
		}
		outcomes(t, st, p)
		audit, err := p.s.Audit(ctx)
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]intel.FeedAudit{}
		place := map[string]int{}
		for i, f := range audit.Feeds {
			by[f.Source], place[f.Source] = f, i
		}
		type counts struct {
			Volume, Exclusive, Adds, Removes int
			InFeeds                          []int
			Latency                          intel.Quantiles
			First                            float64
			Do                               string
		}
		got := map[string]counts{}
		for name, f := range by {
			got[name] = counts{f.Volume, f.Exclusive, f.Adds, f.Removes, f.InFeeds, f.Latency, f.First, f.Advice.Do}
		}
		// base ends with 340 names, clone with the first 320, nested with every
		// second of the 340. Of base's 240 later names 230 were taken up by another.
		const late = 2*24*60 + 10
		want := map[string]counts{
			"base":   {340, 10, 240, 0, []int{10, 170, 160}, intel.Quantiles{N: 230}, 1, "keep"},
			"nested": {170, 0, 120, 0, []int{0, 10, 160}, intel.Quantiles{N: 120, Median: 10, P90: 10}, 0, "remove"},
			"clone":  {320, 0, 220, 0, []int{0, 160, 160}, intel.Quantiles{N: 220, Median: late, P90: late}, 0, "remove"},
			"noisy":  {120, 120, 960, 880, []int{120}, intel.Quantiles{}, 0, "remove"},
			"poison": {2, 2, 0, 0, []int{2}, intel.Quantiles{}, 0, "watch"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		for _, o := range []struct {
			a, b string
			want float64
		}{{"nested", "base", 1}, {"base", "nested", .5}, {"clone", "base", 1}, {"base", "clone", 320. / 340}, {"noisy", "base", 0}, {"nested", "clone", 160. / 170}} {
			if got := audit.Overlap[place[o.a]][place[o.b]]; math.Abs(got-o.want) > 1e-9 {
				t.Errorf("overlap of %s with %s: %v, want %v", o.a, o.b, got, o.want)
			}
		}
		if l := by["poison"].Listed; l.Listed != 1 || l.Checked != 2 || l.Samples[0].Value != "google.com" || by["base"].Listed.Listed != 0 {
			t.Errorf("listed: %+v", l)
		}
		if l := by["noisy"].LifeDays; l.N != 840 || l.Median != 3 || l.P90 != 3 { // of the 880 withdrawn 40 are of the first run: their age is unknown
			t.Errorf("life of noisy: %+v", l)
		}
		base, noisy := by["base"], by["noisy"]
		if base.Hits != 3 || base.True != 2 || base.Removal.LostN != 1 || base.LeadHours.N != 3 || base.LeadHours.Median < 24 {
			t.Errorf("yield of base: %+v", base.Yield)
		}
		if noisy.Hits != 12 || noisy.False != 12 || noisy.Removal.Saved != 12 || noisy.Precision.High > .35 || noisy.Precision.Low < 0 {
			t.Errorf("yield of noisy: %+v", noisy.Yield)
		}
		if audit.Feeds[0].Source != "base" || audit.Union != 340+120+2 {
			t.Errorf("first is %s; %d in all", audit.Feeds[0].Source, audit.Union)
		}
		if wrong, err := p.s.Recount(ctx); wrong != 0 || err != nil {
			t.Errorf("counted anew, %d sets were wrong; %v", wrong, err)
		}
		storetest.CheckStore(t, st)
	})
}

// outcomes raises alerts that are judged: two real ones and an open one by base,
// twelve false ones by noisy.
func outcomes(t *testing.T, st *store.Store, p *portfolio) {
	t.Helper()
	ctx := system(t)
	s := alert.New(st.Alerts())
	hit := func(n int, value string, verdict alert.VerdictKind, sources ...string) {
		typ, v, err := indicator.Detect(value)
		if err != nil {
			t.Fatal(err)
		}
		d := alert.Detection{
			ID: fmt.Sprint("d", n), Time: p.now.Add(-time.Duration(n) * time.Minute), Event: ref.Ref{Kind: ref.Event, ID: fmt.Sprint(n)}, Summary: value, Sensor: "intelligence",
			Reason: alert.Reason{Kind: alert.ByIndicator, Key: indicator.ID(typ, v), Title: value, Type: typ, Value: v, Confidence: 70, Sources: sources},
			Entity: alert.Entity{Kind: "host", Name: fmt.Sprint("host", n), Criticality: 10},
		}
		taken, err := s.Take(ctx, []alert.Detection{d}, nil)
		if err != nil || len(taken.Incidents) != 1 {
			t.Fatal(taken, err)
		}
		if verdict != "" {
			if err := s.Judge(ctx, taken.Incidents[0], alert.Verdict{Kind: verdict, Reason: "looked at it"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	hit(1, "base335.example", alert.TruePositive, "base")
	hit(2, "base300.example", alert.TruePositive, "base", "clone", "nested")
	hit(3, "base301.example", "", "base", "clone")
	for i := range 12 {
		hit(10+i, fmt.Sprintf("noisy%d.example", 960+i), alert.FalsePositive, "noisy")
	}
}

// TestRecount: counts that went wrong are put right, and said.
// TestLives: entries that stay three days, and a model chosen for them.
func TestLives(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		slow := indicator.Decay{Lifetime: 1000 * 24 * time.Hour, Delta: 1, Threshold: 20}
		p := &portfolio{t: t, now: time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)}
		p.s = newIntel(st).WithClock(func() time.Time { return p.now }).WithDecay([]intel.DecayRule{
			{Source: "other", Decay: indicator.Decay{Lifetime: time.Hour, Delta: 1}},
			{Types: []indicator.Type{indicator.Domain}, Decay: slow},
		})
		for day := range 12 {
			p.run("fleeting", named("fleeting", 10*max(day-3, 0), 10*(day+1)))
			p.run("lasting", named("lasting", 0, 10*(day+1)))
			p.now = p.now.Add(24 * time.Hour)
		}
		ctx := system(t)
		lives, err := p.s.Lives(ctx, "fleeting")
		if err != nil || len(lives) != 1 {
			t.Fatalf("%v, %v", lives, err)
		}
		// Of days 1 to 11, those of 1 to 7 are gone; each was last seen after three days.
		l := lives[0]
		if l.Type != indicator.Domain || l.Entries != 110 || l.Gone != 70 || l.Proposed == nil || l.HalfLife < 2.5 || l.HalfLife > 4.5 {
			t.Errorf("fleeting: %+v", l)
		}
		if l.InUse.Lifetime != 1000 || l.Proposed.Error >= l.InUse.Error {
			t.Errorf("fleeting: in use %+v, proposed %+v", l.InUse, l.Proposed)
		}
		if lives, err = p.s.Lives(ctx, "lasting"); err != nil || len(lives) != 1 || lives[0].Proposed != nil || lives[0].Gone != 0 {
			t.Errorf("lasting: %+v, %v", lives, err)
		}
		if lives, err = p.s.Lives(ctx, "unknown"); err != nil || len(lives) != 0 {
			t.Errorf("unknown: %+v, %v", lives, err)
		}
		row, err := p.s.Lookup(ctx, indicator.Domain, "lasting0.example")
		if err != nil || !row.ValidUntil.Equal(slow.Expiry(row.LastSeen, 70).Truncate(time.Second)) {
			t.Errorf("the chosen model says until %v, the row %v, %v", slow.Expiry(row.LastSeen, 70), row.ValidUntil, err)
		}
	})
}

func TestRecount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		merge(t, s, "a", "1", domain("x.example", 70), domain("y.example", 70))
		merge(t, s, "b", "1", domain("y.example", 70))
		ctx := system(t)
		tally, _, err := st.Ledger().Tallies(ctx, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{`["a"]`: 1, `["a","b"]`: 1}, tally.Sets); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if err := st.Intel().Save(ctx, intel.Batch{Tally: &intel.Tally{Sets: map[string]int{`["a"]`: 5, `["c"]`: 1}}}); err != nil {
			t.Fatal(err)
		}
		if wrong, err := s.Recount(ctx); wrong != 2 || err != nil {
			t.Errorf("%d wrong, %v", wrong, err)
		}
		after, _, err := st.Ledger().Tallies(ctx, time.Now())
		if err != nil || !cmp.Equal(tally.Sets, after.Sets) {
			t.Errorf("%v, %v", after.Sets, err)
		}
		if !strings.HasPrefix(`["a"]`, intel.SetKey([]string{"a"})) {
			t.Error("the key of a set changed")
		}
	})
}
