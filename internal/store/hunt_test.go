package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

func TestHunt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, s := t.Context(), st.HuntJobs()
		if p, err := s.Place(ctx); p != nil || err != nil {
			t.Errorf("place at first: %q, %v", p, err)
		}
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		a := hunt.Job{ID: "a", Kind: hunt.Rules, State: hunt.Waiting, Created: at, Rules: []string{"x"}, From: 1, Until: 9}
		b := hunt.Job{ID: "b", Kind: hunt.AllLive, State: hunt.Waiting, Created: at.Add(time.Second)}
		for _, place := range []string{`{"n":1}`, `{"n":2}`} {
			if err := s.Begin(ctx, []hunt.Job{a, b}, []byte(place)); err != nil {
				t.Fatal(err)
			}
		}
		if p, err := s.Place(ctx); string(p) != `{"n":2}` || err != nil {
			t.Errorf("place: %q, %v", p, err)
		}
		a.State, a.Next, a.Found = hunt.Done, 10, 3
		if err := s.SaveJob(ctx, a, &ref.Act{Actor: ref.SystemActor, Verb: "hunt.retro", Target: ref.Ref{Kind: ref.Job, ID: "a"}, Time: at}); err != nil {
			t.Fatal(err)
		}
		all, err := s.Jobs(ctx, false, 10)
		if diff := cmp.Diff([]hunt.Job{b, a}, all); diff != "" || err != nil {
			t.Errorf("jobs: %v\n%s", err, diff)
		}
		open, err := s.Jobs(ctx, true, 10)
		if diff := cmp.Diff([]hunt.Job{b}, open); diff != "" || err != nil {
			t.Errorf("open jobs: %v\n%s", err, diff)
		}
		if _, err := s.Job(ctx, "nothing"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("an unknown job: %v", err)
		}
	})
}

func TestSavedHunts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := ref.WithActor(t.Context(), ref.SystemActor)
		s := hunt.New(st.HuntJobs(), st.Hunts(), nil, nil)
		h, err := s.Save(ctx, hunt.Saved{Name: " Who ", Query: "source.ip:10.0.0.0/8", Days: 30})
		if err != nil || h.ID == "" || h.Name != "Who" {
			t.Fatal(h, err)
		}
		h.Hypothesis = "somebody does"
		if _, err := s.Save(ctx, h); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Hunt(ctx, h.ID); got.Hypothesis != "somebody does" || err != nil {
			t.Errorf("%+v, %v", got, err)
		}
		for _, bad := range []hunt.Saved{{Name: "x", Query: "source.ip:"}, {Name: "", Query: "x"}, {Name: "x", Query: "x", Days: -1}} {
			if _, err := s.Save(ctx, bad); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		l, err := s.SaveList(ctx, "bad hosts", "evil.example # why\n192.0.2.1, 192.0.2.1\n\n")
		if diff := cmp.Diff([]string{"192.0.2.1", "evil.example"}, l.Values); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		if names, err := s.Lists(ctx); len(names) != 1 || names[0] != "bad hosts" || err != nil {
			t.Errorf("%q, %v", names, err)
		}
		if _, err := s.Ask(ctx, "in list:other", hunt.Ask{}, nil); errs.Public(err) != `column 9: there is no list "other"` {
			t.Errorf("an unknown list: %v", err)
		}
		if err := s.Delete(ctx, h.ID); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Hunts(ctx); len(all) != 0 || err != nil {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
