package store_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk"
)

// fired is a detection: a rule fired on a host at t0+after.
func fired(n int, after time.Duration, host, rule, level string) alert.Detection {
	ev := ref.Ref{Kind: ref.Event, ID: fmt.Sprint(n)}
	return alert.Detection{
		ID: alert.DetectionID(ev, rule, ""), Time: t0.Add(after), Event: ev, Sensor: "sigma", Summary: host + ": " + rule, Tactic: "execution",
		Reason: alert.Reason{Kind: alert.ByRule, Key: rule, Title: rule, Level: level},
		Entity: alert.Entity{Kind: "host", Name: host, Criticality: 10, Why: "an ordinary host"},
	}
}

// ordinary is a week in which a rule fires every day on one host, and others on
// others, so that the memory knows what is usual.
func ordinary() (ds []alert.Detection) {
	for day := range 8 {
		for h := range 12 {
			at := time.Duration(day)*24*time.Hour + time.Duration(h)*47*time.Minute
			ds = append(ds, fired(1000+day*100+h, at, fmt.Sprint("srv", h%6), fmt.Sprint("daily ", h%6), "high"))
		}
	}
	slices.SortStableFunc(ds, func(a, b alert.Detection) int { return a.Time.Compare(b.Time) })
	return ds
}

func incidentWith(t *testing.T, list []alert.Incident, title string) alert.Incident {
	t.Helper()
	i := slices.IndexFunc(list, func(in alert.Incident) bool { return strings.Contains(in.Title, title) })
	if i < 0 {
		t.Fatalf("no incident %q", title)
	}
	return list[i]
}

// TestStandingNoiseSinks: what fires every day on a host goes down by itself, and
// the same rule on another host, or a new one, is above it.
func TestStandingNoiseSinks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		ds := ordinary()
		take(t, s, ds[:12]...)
		before := incidentWith(t, queue(t, s, alert.QueueQuery{}), "daily 1")
		for day := range slices.Chunk(ds[12:], 12) {
			take(t, s, day...)
		}
		after := incidentWith(t, queue(t, s, alert.QueueQuery{}), "daily 1")
		if after.ID != before.ID || after.Assessment.Likelihood > before.Assessment.Likelihood/3 {
			t.Errorf("likelihood %.3f on the first day, %.3f after a week", before.Assessment.Likelihood, after.Assessment.Likelihood)
		}
		take(t, s, fired(1, 8*24*time.Hour+11*time.Hour, "srv9", "daily 1", "high"), fired(2, 8*24*time.Hour+14*time.Hour, "srv3", "never before", "high"))
		list := queue(t, s, alert.QueueQuery{})
		for _, title := range []string{"srv9: daily 1", "never before"} {
			in := incidentWith(t, list, title)
			if in.Assessment.Likelihood < 3*after.Assessment.Likelihood {
				t.Errorf("%s has the likelihood %.3f, standing noise %.3f", title, in.Assessment.Likelihood, after.Assessment.Likelihood)
			}
			if !slices.ContainsFunc(in.Assessment.Terms, func(x risk.Term) bool {
				return x.Family == "novelty" && (strings.Contains(x.Why, "first time there") || strings.Contains(x.Why, "never seen"))
			}) {
				t.Errorf("%s does not say that it is new: %+v", title, in.Assessment.Terms)
			}
		}
	})
}

var sameAssessment = cmp.Options{cmpopts.EquateApprox(0, 1e-9), cmpopts.IgnoreFields(risk.Assessment{}, "Counterfactual")}

// TestWhatIsUsualSurvives: a restart after each batch, and batches taken twice,
// change nothing of what is said.
func TestWhatIsUsualSurvives(t *testing.T) {
	said := func(t *testing.T, restart bool) map[string]risk.Assessment {
		st := onSQLite(t)
		s := alert.New(st.Alerts())
		for day := range slices.Chunk(ordinary(), 9) {
			if restart {
				s = alert.New(st.Alerts())
			}
			take(t, s, day...)
			if restart {
				take(t, s, day...)
			}
		}
		out := map[string]risk.Assessment{}
		for _, in := range queue(t, s, alert.QueueQuery{}) {
			out[in.Title] = in.Assessment
		}
		return out
	}
	if diff := cmp.Diff(said(t, false), said(t, true), sameAssessment); diff != "" {
		t.Error(diff)
	}
}

// failing is a store whose next transaction is undone at its end.
type failing struct {
	alert.Store
	fail bool
}

var errUndone = errors.New("undone")

func (f *failing) Write(ctx context.Context, fn func(alert.Tx) error) error {
	return f.Store.Write(ctx, func(tx alert.Tx) error {
		if err := fn(tx); err != nil || !f.fail {
			return err
		}
		f.fail = false
		return errUndone
	})
}

// TestUndoneTeachesNothing: what a failed transaction had learnt is forgotten with
// it.
func TestUndoneTeachesNothing(t *testing.T) {
	said := func(t *testing.T, fail bool) []float64 {
		f := &failing{Store: onSQLite(t).Alerts()}
		s := alert.New(f)
		for day := range slices.Chunk(ordinary(), 7) {
			if f.fail = fail; fail {
				if _, err := s.Take(system(t), day, nil); !errors.Is(err, errUndone) {
					t.Fatal(err)
				}
			}
			take(t, s, day...)
		}
		var out []float64
		for _, in := range queue(t, s, alert.QueueQuery{}) {
			out = append(out, in.Assessment.LogOdds)
		}
		return out
	}
	if diff := cmp.Diff(said(t, false), said(t, true), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
}

// TestScoreIsTheSum: what is stored of each incident adds up.
func TestScoreIsTheSum(t *testing.T) {
	s := alert.New(onSQLite(t).Alerts())
	take(t, s, ordinary()...)
	for _, in := range queue(t, s, alert.QueueQuery{}) {
		a := in.Assessment
		sum := a.Base
		for _, x := range a.Terms {
			sum += x.Weight
		}
		if math.Abs(sum-a.LogOdds) > 1e-9 || math.Abs(1/(1+math.Exp(-sum))-a.Likelihood) > 1e-9 {
			t.Errorf("incident %d: terms add up to %v, said %v (%v)", in.Number, sum, a.LogOdds, a.Likelihood)
		}
	}
}

// onSQLite opens a fresh store of its own.
func onSQLite(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// TestBurst: a new rule that fires on a thousand hosts becomes few incidents, none
// larger than an incident may be, and nothing is lost.
func TestBurst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		ctx := system(t)
		if _, err := s.Take(ctx, ordinary(), nil); err != nil {
			t.Fatal(err)
		}
		var ds []alert.Detection
		for i := range 1100 {
			ds = append(ds, fired(50_000+i, 8*24*time.Hour+time.Duration(i)*100*time.Millisecond, fmt.Sprint("host", i), "brand new rule", "high"))
		}
		for part := range slices.Chunk(ds, 700) {
			if _, err := s.Take(ctx, part, nil); err != nil {
				t.Fatal(err)
			}
		}
		list, _, err := s.Queue(ctx, alert.QueueQuery{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		var sizes []int
		for _, in := range list {
			if strings.Contains(in.Title, "brand new rule") {
				sizes = append(sizes, in.Alerts)
			}
		}
		slices.Sort(sizes)
		if diff := cmp.Diff([]int{100, 500, 500}, sizes); diff != "" {
			t.Errorf("alerts an incident, -want +got\n%s", diff)
		}
	})
}
