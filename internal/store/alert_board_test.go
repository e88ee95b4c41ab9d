package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// mixture is batches of detections of every way to belong together.
func mixture(seed uint64) (batches [][]alert.Detection) {
	rng := rand.New(rand.NewPCG(seed, 7))
	at, n := time.Duration(0), 0
	for range 24 {
		var ds []alert.Detection
		for range 25 {
			n++
			at += time.Duration(rng.IntN(600)) * time.Second
			host, name := fmt.Sprint("host", rng.IntN(8)), ""
			var d alert.Detection
			if rng.IntN(3) == 0 {
				if rng.IntN(2) == 0 {
					name = fmt.Sprint("Malware-", rng.IntN(4))
				}
				d = met(n, at, host, fmt.Sprint("evil", rng.IntN(20), ".example"), name)
				if name == "" {
					d.Reason.Names = nil
				}
			} else {
				d = fired(n, at, host, fmt.Sprint("rule ", rng.IntN(12)), []string{"low", "medium", "high"}[rng.IntN(3)])
			}
			d.Suppressed = rng.IntN(15) == 0
			ds = append(ds, d)
		}
		batches = append(batches, ds)
	}
	return batches
}

// told is what the incidents of a store say, without what is by chance or by clock.
type toldIncident struct {
	Number, Alerts, Detections int
	Title                      string
	State                      alert.State
	Terms                      []string
	Links                      []string
	First, Last, Rare          time.Time
	Lines                      int
}

func allTold(t *testing.T, s *alert.Service) (out []toldIncident) {
	t.Helper()
	for _, in := range queue(t, s, alert.QueueQuery{Limit: 1000}) {
		d, err := s.Incident(system(t), in.ID)
		if err != nil {
			t.Fatal(err)
		}
		x := toldIncident{in.Number, in.Alerts, in.Detections, in.Title, in.State, nil, nil, in.First, in.Last, in.Rare, len(d.Timeline)}
		for _, term := range in.Assessment.Terms {
			x.Terms = append(x.Terms, fmt.Sprintf("%+.2f %s", term.Weight, term.Why))
		}
		for _, l := range in.Links {
			x.Links = append(x.Links, fmt.Sprintf("%s %s %s %.2f", l.How, l.Value, l.Why, l.Weight))
		}
		if in.Merged == "" && in.Alerts != len(d.Alerts) {
			t.Errorf("incident %d says it has %d alerts, and has %d", in.Number, in.Alerts, len(d.Alerts))
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b toldIncident) int { return a.Number - b.Number })
	return out
}

// TestBoardIsWhatIsStored: a service that remembers open incidents groups and ranks
// as one that reads them anew each time, and as two that write in turns.
func TestBoardIsWhatIsStored(t *testing.T) {
	if testing.Short() {
		t.Skip("writes in turns, never at once")
	}
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		other, err := store.Open(t.Context(), storetest.SQLite(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.Close() })
		one, two := alert.New(st.Alerts()), alert.New(st.Alerts())
		for i, ds := range mixture(3) {
			anew := alert.New(other.Alerts())
			take(t, anew, ds...)
			in := one
			if i%5 == 4 {
				in = two
			}
			take(t, in, ds...)
			if i%6 != 5 {
				continue
			}
			for _, s := range []*alert.Service{anew, in} { // what people do in between
				list := queue(t, s, alert.QueueQuery{State: alert.Open, Limit: 1000})
				slices.SortFunc(list, func(a, b alert.Incident) int { return a.Number - b.Number })
				if err := s.Judge(system(t), list[0].ID, alert.Verdict{Kind: alert.FalsePositive, Reason: "a test"}); err != nil {
					t.Fatal(err)
				}
				if err := s.Merge(system(t), list[len(list)-1].ID, list[1].ID, "the same"); err != nil {
					t.Fatal(err)
				}
				d, err := s.Incident(system(t), list[1].ID)
				if err != nil || len(d.Alerts) < 2 {
					t.Fatal(err, len(d.Alerts))
				}
				if _, err := s.Split(system(t), list[1].ID, []string{d.Alerts[0].Fingerprint}, "not the same"); err != nil {
					t.Fatal(err)
				}
			}
		}
		want, got := allTold(t, alert.New(other.Alerts())), allTold(t, one)
		if len(want) < 10 {
			t.Fatalf("only %d incidents", len(want))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("remembered and read anew differ (-anew +remembered):\n%s", diff)
		}
	})
}

// A change that is refused leaves what is known in memory as it was.
func TestRefusedChangeKeepsTheBoard(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := alert.New(st.Alerts())
		id := take(t, s, met(1, 0, "srv1", "evil.example")).Incidents[0]
		if err := s.Reopen(system(t), id, "why not"); err == nil {
			t.Fatal("an open incident was reopened")
		}
		again := take(t, s, met(2, time.Minute, "srv1", "bad.example")).Incidents
		if diff := cmp.Diff([]string{id}, again); diff != "" {
			t.Error(diff)
		}
		if _, err := s.Split(system(t), id, nil, ""); err == nil {
			t.Error("nothing was split off")
		}
		if err := s.Note(system(t), id, "seen"); err != nil {
			t.Error(err)
		}
	})
}
