package report_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/report"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

// shelf remembers what it was given.
type shelf struct {
	live []string
	err  error
}

func (s *shelf) Publish(_ context.Context, _ report.Report, accepted []report.Finding) (report.Published, error) {
	if s.err != nil {
		return report.Published{}, s.err
	}
	s.live = nil
	for _, f := range accepted {
		s.live = append(s.live, f.Value)
	}
	return report.Published{Stored: len(accepted)}, nil
}

func (s *shelf) See(context.Context, []string) (map[string]report.Sight, error) {
	return map[string]report.Sight{}, nil
}

func open(t *testing.T) (*report.Service, *shelf) {
	t.Helper()
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		storetest.CheckStore(t, st)
		_ = st.Close()
	})
	s := &shelf{}
	return report.New(report.Config{Store: st.Reports(), Engine: extract.New(extract.Knowledge{}), Publisher: s, Eyes: s}), s
}

func as(role ref.Role) context.Context {
	return ref.WithActor(context.Background(), ref.Actor{Ref: ref.Ref{Kind: ref.User, ID: "kim"}, Name: "kim", Role: role})
}

const body = "C2: hxxps[:]//evil[.]test/a and evil2[.]test.\nAgain evil2[.]test, and 10.1.2.3.\n"

func TestReview(t *testing.T) {
	s, shelf := open(t)
	r, known, err := s.Add(as(ref.Analyst), "a.txt", []byte(body))
	if err != nil || known {
		t.Fatal(err, known)
	}
	if again, known, err := s.Add(as(ref.Analyst), "b.txt", []byte(body)); err != nil || !known || again.ID != r.ID {
		t.Errorf("the same file: %v %v %v", again, known, err)
	}
	v, err := s.Report(as(ref.Viewer), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	seq := map[string]int{}
	var got []string
	for _, f := range v.Findings {
		seq[f.Value] = f.Seq
		got = append(got, strings.TrimSpace(f.Value+" "+string(f.Suppressed)))
		for _, p := range f.Places {
			if v.Text[p.From:p.To] != p.Text {
				t.Errorf("place %v of %s is %q", p, f.Value, v.Text[p.From:p.To])
			}
		}
	}
	if diff := cmp.Diff([]string{"evil2.test", "https://evil.test/a", "10.1.2.3 private-address"}, got); diff != "" {
		t.Error(diff)
	}
	if len(v.Findings[0].Places) != 2 || v.Report.Proposed != 2 || len(shelf.live) != 0 {
		t.Errorf("%+v %+v, live %q", v.Findings[0], v.Report, shelf.live)
	}
	steps := []struct {
		d    report.Decision
		live []string
	}{
		{report.Decision{Accept: []int{seq["evil2.test"], seq["https://evil.test/a"]}}, []string{"evil2.test", "https://evil.test/a"}},
		{report.Decision{Reject: []int{seq["evil2.test"]}}, []string{"https://evil.test/a"}},
		{report.Decision{Undo: []int{seq["https://evil.test/a"]}}, nil},
		{report.Decision{Accept: []int{seq["10.1.2.3"]}}, []string{"10.1.2.3"}}, // the analyst knows better
	}
	for i, step := range steps {
		if _, err := s.Review(as(ref.Analyst), r.ID, step.d); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.live, shelf.live); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
	}
	list, err := s.Reports(as(ref.Viewer), 10)
	if err != nil || len(list) != 1 || list[0].Accepted != 1 || list[0].Rejected != 1 || list[0].Proposed != 1 || list[0].ReviewedBy != "kim" {
		t.Errorf("%+v %v", list, err)
	}
}

func TestRefuses(t *testing.T) {
	s, shelf := open(t)
	r, _, err := s.Add(as(ref.Analyst), "a.txt", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	broken := errs.New(errs.Unavailable, "down", "The store is down.")
	for name, tt := range map[string]struct {
		kind errs.Kind
		do   func() error
	}{
		"a viewer adds":     {errs.Denied, func() error { _, _, err := s.Add(as(ref.Viewer), "x", []byte("x")); return err }},
		"a viewer decides":  {errs.Denied, func() error { _, err := s.Review(as(ref.Viewer), r.ID, report.Decision{Accept: []int{1}}); return err }},
		"a device reads":    {errs.Denied, func() error { _, err := s.Report(as(ref.Device), r.ID); return err }},
		"an empty file":     {errs.Invalid, func() error { _, _, err := s.Add(as(ref.Analyst), "x", nil); return err }},
		"a broken PDF":      {errs.Invalid, func() error { _, _, err := s.Add(as(ref.Analyst), "x.pdf", []byte("%PDF-1.7\n")); return err }},
		"an unknown report": {errs.NotFound, func() error { _, err := s.Report(as(ref.Viewer), "nothing"); return err }},
		"an unknown finding": {errs.Invalid, func() error {
			_, err := s.Review(as(ref.Analyst), r.ID, report.Decision{Accept: []int{99}})
			return err
		}},
		"knowledge is down": {errs.Unavailable, func() error {
			shelf.err = broken
			_, err := s.Review(as(ref.Analyst), r.ID, report.Decision{Accept: []int{1}})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := tt.do(); errs.KindOf(err) != tt.kind {
				t.Errorf("%v", err)
			}
		})
	}
	if v, err := s.Report(as(ref.Viewer), r.ID); err != nil || v.Report.Accepted != 0 {
		t.Errorf("what could not be published counts as accepted: %+v %v", v.Report, err)
	}
}
