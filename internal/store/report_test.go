package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/report"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

func TestReports(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		reports := s.Reports()
		r := report.Report{ID: "r1", Name: "A", Hash: "h1", Added: time.UnixMicro(1_700_000_000_000_000).UTC()}
		act := ref.Act{Actor: ref.SystemActor, Verb: "report.add", Target: ref.Ref{Kind: ref.Report, ID: "r1"}}
		findings := []report.Finding{{Seq: 1, Value: "a", State: report.Proposed}, {Seq: 2, Value: "b", State: report.Proposed}}
		if err := reports.Add(ctx, r, "text\x00 with NUL", findings, act); err != nil {
			t.Fatal(err)
		}
		other := r
		other.ID = "r2"
		if err := reports.Add(ctx, other, "", nil, act); errs.KindOf(err) != errs.Conflict {
			t.Errorf("the same file twice: %v", err)
		}
		findings[1].State, r.Accepted = report.Accepted, 1
		if err := reports.Save(ctx, r, findings[1:], act); err != nil {
			t.Fatal(err)
		}
		got, text, have, err := reports.Report(ctx, "r1")
		if err != nil || text != "text  with NUL" {
			t.Errorf("%q %v", text, err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(findings, have); diff != "" {
			t.Error(diff)
		}
		if _, ok, err := reports.ByHash(ctx, "h1"); !ok || err != nil {
			t.Error(ok, err)
		}
		if _, ok, err := reports.ByHash(ctx, "h2"); ok || err != nil {
			t.Error(ok, err)
		}
		if _, _, _, err := reports.Report(ctx, "r2"); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
		if list, err := reports.Reports(ctx, 10); err != nil || len(list) != 1 {
			t.Error(list, err)
		}
	})
}
