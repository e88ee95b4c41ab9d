package hunt_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

// errands is a past in which a long job is under way when indicators come into effect.
type errands struct {
	service *hunt.Service
	due     [][]hunt.Job
	did     []string
}

func (e *errands) Ready(context.Context) error { return nil }

func (e *errands) Due(_ context.Context, place []byte) (jobs []hunt.Job, now []byte, err error) {
	if len(e.due) > 0 {
		jobs, e.due = e.due[0], e.due[1:]
	}
	return jobs, []byte(fmt.Sprintf("{\"left\":%d}", len(e.due))), nil
}

func (e *errands) All(context.Context) ([]hunt.Job, error) { return nil, nil }

func (e *errands) Look(_ context.Context, j hunt.Job, tell func(hunt.Job) error) (hunt.Job, error) {
	e.did = append(e.did, fmt.Sprintf("%s from %d", j.Kind, j.Next))
	for ; j.Next <= j.Until; j.Next++ {
		if j.Kind == hunt.Patterns && j.Next == 4 && len(e.did) == 1 {
			e.service.Renew() // as an import does
		}
		if err := tell(j); err != nil {
			return j, err
		}
	}
	return j, nil
}

// TestLongJobsLetOthersPass: a job that reads everything does not keep new indicators
// waiting; it goes on where it was, and each job ends once.
func TestLongJobsLetOthersPass(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		indicators := hunt.Job{Kind: hunt.Indicators, From: 1, Until: 3}
		e := &errands{due: [][]hunt.Job{{{Kind: hunt.Patterns, From: 1, Until: 9}, {Kind: hunt.Rules, From: 1, Until: 2}}, {indicators}}}
		e.service = hunt.New(st.HuntJobs(), st.Hunts(), e, nil)
		if err := e.service.Drain(ref.WithActor(t.Context(), ref.SystemActor)); err != nil {
			t.Fatal(err)
		}
		want := []string{"patterns from 1", "indicators from 1", "patterns from 4", "rules from 1"}
		if diff := cmp.Diff(want, e.did); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		open, err := st.HuntJobs().Jobs(t.Context(), true, 10)
		if err != nil || len(open) > 0 {
			t.Errorf("left open: %+v, %v", open, err)
		}
	})
}
