package store_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

// TestStrangersOutlast: what was seen and what was said of unknown hosts is there after a
// restart; what made room is gone there too, and what was answered never does.
func TestStrangersOutlast(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := ref.WithActor(t.Context(), ref.Actor{Name: "ana", Role: ref.Analyst})
		x := org.Compile(org.Profile{})
		t0 := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		at := netip.MustParseAddr
		begin := func() *org.Strangers {
			t.Helper()
			s := new(org.Strangers)
			if err := s.Recall(ctx, st.Strangers()); err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := begin()
		s.Note(at("10.0.0.1"), t0, "kiosk", 80)
		s.Note(at("10.0.0.2"), t0, "", 0)
		if err := s.Keep(ctx); err != nil {
			t.Fatal(err)
		}
		s.Note(at("10.0.0.1"), t0.Add(time.Hour), "kiosk.corp", 443)
		if err := s.Answer(ctx, at("10.0.0.2"), org.Ignored, "a camera"); err != nil {
			t.Fatal(err)
		}
		if err := s.Answer(ctx, at("10.9.9.9"), org.Ignored, ""); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a host that was never seen: %v", err)
		}
		if err := s.Answer(ref.WithActor(ctx, ref.Actor{Name: "v", Role: ref.Viewer}), at("10.0.0.1"), org.Ignored, ""); errs.KindOf(err) != errs.Denied {
			t.Errorf("a viewer: %v", err)
		}
		if err := s.Keep(ctx); err != nil {
			t.Fatal(err)
		}
		list, all, _ := begin().List(x, 10)
		want := []org.Stranger{{Address: at("10.0.0.1"), Events: 2, First: t0, Last: t0.Add(time.Hour), Names: []string{"kiosk", "kiosk.corp"}, Ports: []int{80, 443}}}
		if d := cmp.Diff(want, list, cmpopts.EquateComparable(netip.Addr{})); d != "" || all != 1 {
			t.Error(all, d)
		}
		a := at("10.1.0.0")
		for i := range 5000 {
			s.Note(a, t0.Add(time.Duration(i+10)*time.Hour), "", 0)
			a = a.Next()
		}
		if err := s.Keep(ctx); err != nil {
			t.Fatal(err)
		}
		s = begin()
		if _, all, _ := s.List(x, 10); all >= 4096 || all < 3000 {
			t.Errorf("%d are kept", all)
		}
		answered := s.Answered(x)
		if len(answered) != 1 || answered[0].Why != "a camera" || answered[0].By != "ana" {
			t.Errorf("answered: %+v", answered)
		}
		if err := s.Answer(ctx, at("10.0.0.2"), "", ""); err != nil || len(s.Answered(x)) != 0 {
			t.Errorf("taken back: %v", err)
		}
	})
}
