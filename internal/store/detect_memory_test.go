package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// textReads counts the texts that are read from the store of rules.
type textReads struct {
	detect.Store
	n int
}

func (r *textReads) Texts(ctx context.Context, hashes []string) (map[string]string, error) {
	r.n += len(hashes)
	return r.Store.Texts(ctx, hashes)
}

// TestTextsAreReadOnce has rules change while two services ask what runs, one of which
// makes the changes, and holds what they say against a service that remembers nothing.
func TestTextsAreReadOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, here, there := system(t), &textReads{Store: st.Rules()}, &textReads{Store: st.Rules()}
		s := detect.New(detect.Config{Store: here, Tuning: st.RuleTuning(), Now: func() time.Time { return noon }})
		other := detect.New(detect.Config{Store: there, Tuning: st.RuleTuning(), Now: func() time.Time { return noon }})
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		runs := func(what string, read, elsewhere int) {
			t.Helper()
			want, err := newDetect(st, nil).Running(ctx)
			check(err)
			for s, at := range map[*detect.Service]struct {
				reads *textReads
				want  int
			}{s: {here, read}, other: {there, elsewhere}} {
				at.reads.n = 0
				live, err := s.Running(ctx)
				check(err)
				if diff := cmp.Diff(want, live); diff != "" {
					t.Errorf("%s: %s", what, diff)
				}
				if at.reads.n != at.want {
					t.Errorf("%s: %d texts are read, want %d", what, at.reads.n, at.want)
				}
			}
		}
		importPack(t, s, "one", whoamiRule, twoRules)
		runs("the rules are there", 0, 2)
		runs("nothing changed", 0, 0)
		_, err := s.Switch(ctx, []string{whoamiID}, false, "too loud")
		check(err)
		runs("a rule is off", 0, 0)
		_, err = s.Switch(ctx, []string{whoamiID}, true, "back again")
		check(err)
		_, err = s.Except(ctx, whoamiID, "User: svc", "known to do so", noon.Add(time.Hour))
		check(err)
		runs("a rule has an exception", 0, 0)
		importPack(t, s, "one", strings.Replace(whoamiRule, "whoami.exe", "who.exe", 1), twoRules)
		runs("a rule changed", 0, 1)
		importPack(t, s, "one", whoamiRule)
		runs("some are gone, one is as before", 0, 1)
		importPack(t, s, "one", whoamiRule, twoRules)
		runs("they come back, and were not remembered", 0, 1)
	})
}
