package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

func newIntel(st *store.Store) *intel.Service {
	return intel.New(st.Intel(), st.Knowledge(), st.Ledger())
}

func domain(v string, conf int, names ...string) indicator.Claim {
	return indicator.Claim{Type: indicator.Domain, Raw: v, Confidence: conf, Names: names}
}

func merge(t *testing.T, s *intel.Service, source, run string, claims ...indicator.Claim) (stored, merged int) {
	t.Helper()
	stored, merged, dropped, err := s.Merge(system(t), source, run, claims)
	if err != nil || len(dropped) > 0 {
		t.Fatalf("merge: %v, dropped %v", err, dropped)
	}
	return stored, merged
}

func liveValues(t *testing.T, s *intel.Service) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := s.Live(system(t), func(k intel.Key, ty indicator.Type, v string) error {
		if k != intel.KeyOf(ty, v) {
			t.Errorf("%s has the key %d, want %d", v, k, intel.KeyOf(ty, v))
		}
		out[v] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMergeOverSources(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		if n, m := merge(t, s, "feed-a", "1", domain("evil.example", 50, "Qakbot"), domain("evil.example", 40), domain("bad.example", 60)); n != 2 || m != 1 {
			t.Errorf("first merge stored %d, merged %d; want 2, 1", n, m)
		}
		if n, m := merge(t, s, "feed-b", "1", domain("evil.example", 50, "qakbot", "Pinkslip")); n != 0 || m != 1 {
			t.Errorf("second source stored %d, merged %d; want 0, 1", n, m)
		}
		row, err := s.Lookup(system(t), indicator.Domain, "evil.example")
		if err != nil {
			t.Fatal(err)
		}
		if row.Confidence != 75 { // 1 - (1-.5)(1-.5)
			t.Errorf("confidence %d, want 75", row.Confidence)
		}
		if d := cmp.Diff([]string{"Qakbot", "Pinkslip"}, row.Names); d != "" {
			t.Error(d)
		}
		if len(row.Sources) != 2 || row.Sources[0].Source != "feed-a" || row.ValidUntil.Before(time.Now().Add(24*time.Hour)) {
			t.Errorf("row %+v", row)
		}
		byID, err := s.ByID(system(t), row.ID)
		if err != nil || byID.Value != "evil.example" {
			t.Errorf("by id: %+v, %v", byID, err)
		}
		if _, err := s.ByID(system(t), "x"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("by a wrong id: %v", err)
		}
	})
}

// TestMergeInBatches: where the batches of a run end makes no difference.
func TestMergeInBatches(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		one, two := domain("evil.example", 70, "Qakbot"), domain("evil.example", 0, "Pinkslip")
		merge(t, s, "feed", "1", one, two)
		once, err := s.Lookup(system(t), indicator.Domain, "evil.example")
		if err != nil {
			t.Fatal(err)
		}
		merge(t, s, "feed", "2", one)
		merge(t, s, "feed", "2", two)
		twice, err := s.Lookup(system(t), indicator.Domain, "evil.example")
		if err != nil || !slices.Equal(once.Names, twice.Names) || once.Confidence != 70 || twice.Confidence != 70 {
			t.Errorf("in one batch %v (%d), in two %v (%d), %v", once.Names, once.Confidence, twice.Names, twice.Confidence, err)
		}
		merge(t, s, "feed", "3", two) // the next run takes the place of the one before, once it is over
		if err := s.Settle(system(t), "feed"); err != nil {
			t.Fatal(err)
		}
		if next, err := s.Lookup(system(t), indicator.Domain, "evil.example"); err != nil || !slices.Equal(next.Names, two.Names) || next.Confidence != 50 {
			t.Errorf("the next run: %v (%d), %v", next.Names, next.Confidence, err)
		}
	})
}

func TestWithdrawnAndExpiredAreNotLive(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		old := domain("expired.example", 80)
		old.ValidUntil = time.Now().Add(-time.Hour)
		merge(t, s, "a", "1", domain("one.example", 80), domain("both.example", 80), old)
		merge(t, s, "b", "1", domain("both.example", 80))
		merge(t, s, "a", "2", domain("new.example", 80))
		n, err := s.Withdraw(system(t), "a", "2")
		if err != nil || n != 3 {
			t.Fatalf("withdrew %d, %v; want 3", n, err)
		}
		if d := cmp.Diff(map[string]bool{"both.example": true, "new.example": true}, liveValues(t, s)); d != "" {
			t.Error(d)
		}
		row, err := s.Lookup(system(t), indicator.Domain, "one.example")
		if err != nil || row.Claimed || !row.Sources[0].Withdrawn {
			t.Errorf("a withdrawn indicator: %+v, %v", row, err)
		}
		merge(t, s, "a", "3", domain("one.example", 80)) // it comes back
		if !liveValues(t, s)["one.example"] {
			t.Error("an indicator that is claimed again is not live")
		}
		c, err := s.Counts(system(t))
		if err != nil || c.Total != 4 || c.Live != 3 || c.BySource["b"] != 1 {
			t.Errorf("counts %+v, %v", c, err)
		}
	})
}

func TestPinWins(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		merge(t, s, "a", "1", domain("evil.example", 80))
		id := indicator.ID(indicator.Domain, "evil.example")
		if err := s.Pin(system(t), id, 0, time.Time{}, true, ""); errs.CodeOf(err) != "pin_invalid" {
			t.Errorf("a pin without a reason: %v", err)
		}
		if err := s.Pin(system(t), id, 5, time.Time{}, true, "our own test"); err != nil {
			t.Fatal(err)
		}
		merge(t, s, "b", "1", domain("evil.example", 99))
		row, err := s.ByID(system(t), id)
		if err != nil || row.Confidence != 5 || !row.Revoked || len(liveValues(t, s)) != 0 {
			t.Errorf("a source overruled the analyst: %+v, %v", row, err)
		}
		entries, err := st.Audit().Latest(t.Context(), ref.Ref{Kind: ref.Indicator, ID: id}, 10)
		if err != nil || len(entries) != 1 || entries[0].Reason != "our own test" {
			t.Errorf("audit: %+v, %v", entries, err)
		}
	})
}

func TestSearchPagesAndFilters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		var claims []indicator.Claim
		for i := range 25 {
			claims = append(claims, domain(fmt.Sprintf("h%02d_x.example", i), 50, "Qak-Bot"))
		}
		merge(t, s, "a", "1", claims...)
		merge(t, s, "b", "1", indicator.Claim{Type: indicator.IPv4, Raw: "203.0.113.9", Confidence: 90})
		seen := map[string]bool{}
		q := intel.Query{Limit: 10, Text: "_x.EXAMPLE"}
		for {
			rows, next, err := s.Search(system(t), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if seen[r.Value] {
					t.Errorf("%s twice", r.Value)
				}
				seen[r.Value] = true
			}
			if q.Cursor = next; next == "" {
				break
			}
		}
		if len(seen) != 25 {
			t.Errorf("found %d of 25", len(seen))
		}
		for _, tt := range []struct {
			q    intel.Query
			want int
		}{
			{intel.Query{Name: "qak bot"}, 25},
			{intel.Query{Source: "b"}, 1},
			{intel.Query{Type: indicator.IPv4}, 1},
			{intel.Query{MinConf: 60}, 1},
			{intel.Query{Text: "203[.]0.113.9"}, 1},
			{intel.Query{Text: "h01%"}, 0},
			{intel.Query{State: "expired"}, 0},
			{intel.Query{State: "all"}, 26},
		} {
			rows, _, err := s.Search(system(t), tt.q)
			if err != nil || len(rows) != tt.want {
				t.Errorf("%+v: %d rows, %v; want %d", tt.q, len(rows), err, tt.want)
			}
		}
	})
}

func TestKnowledge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		objects := []stix.Object{
			{Type: "malware", ID: "malware--1", Name: "QakBot", Aliases: []string{"Pinkslipbot"}},
			{Type: "intrusion-set", ID: "intrusion-set--1", Name: "APT1", Aliases: []string{"Panda"}},
			{Type: "intrusion-set", ID: "intrusion-set--2", Name: "APT2", Aliases: []string{"PANDA"}},
			{Type: "relationship", ID: "relationship--1", RelationshipType: "uses", SourceRef: "intrusion-set--1", TargetRef: "malware--1"},
		}
		for i, want := range []intel.Stored{{New: 4}, {Same: 4}} {
			got, err := s.Learn(system(t), "test", objects)
			if err != nil || got != want {
				t.Errorf("pass %d: %+v, %v; want %+v", i+1, got, err, want)
			}
		}
		found, err := s.Resolve(system(t), []string{"pinkslipbot", "panda", "nobody"})
		if err != nil || len(found["pinkslipbot"]) != 1 || len(found["panda"]) != 2 || len(found["nobody"]) != 0 {
			t.Errorf("resolve: %+v, %v", found, err)
		}
		rels, around, err := s.Neighbours(system(t), ref.Ref{Kind: ref.Entity, ID: "malware--1"}, 10)
		if err != nil || len(rels) != 1 || len(around) != 1 || around[0].Name != "APT1" {
			t.Errorf("neighbours: %+v %+v %v", rels, around, err)
		}
		capec := stix.Object{Type: "attack-pattern", ID: "attack-pattern--1", Name: "Leverage Alternate Encoding", ExternalReferences: []stix.ExternalReference{{SourceName: "capec", ExternalID: "CAPEC-267"}}}
		if _, err := s.Learn(system(t), "capec", []stix.Object{capec}); err != nil {
			t.Fatal(err)
		}
		if found, err := s.Resolve(system(t), []string{"CAPEC-267"}); err != nil || len(found["CAPEC-267"]) != 1 {
			t.Errorf("by its CAPEC id: %+v, %v", found, err)
		}
		list, err := s.FindEntities(system(t), "apt", "intrusion-set", 10)
		if err != nil || len(list) != 2 {
			t.Errorf("find: %+v, %v", list, err)
		}
	})
}

// Everything that was merged must be found again, whatever the order and the
// batches were: compared with a plain map.
func TestMergeAgreesWithMap(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		want := map[string]bool{}
		for run := range 3 {
			var claims []indicator.Claim
			for i := range 5000 {
				v := fmt.Sprintf("n%d.example", (i*7919+run*3001)%9000)
				claims = append(claims, domain(v, 70))
				want[v] = true
			}
			merge(t, s, fmt.Sprint("s", run), "1", claims...)
		}
		if got := liveValues(t, s); len(got) != len(want) {
			t.Errorf("%d live, want %d", len(got), len(want))
		}
	})
}

func BenchmarkMerge(b *testing.B) {
	st, err := store.Open(b.Context(), storetest.SQLite(b))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	s := newIntel(st)
	ctx := ref.WithActor(b.Context(), ref.SystemActor)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		claims := make([]indicator.Claim, 2000)
		for i := range claims {
			n++
			claims[i] = domain(fmt.Sprintf("host%d.example", n), 70, "Qakbot")
		}
		if _, _, _, err := s.Merge(ctx, "bench", "1", claims); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "indicators/s")
}

// crashing is an indicator store that dies before the next Save that names rows.
type crashing struct {
	intel.Store
	armed bool
}

func (c *crashing) Save(ctx context.Context, b intel.Batch) error {
	if c.armed && len(b.Rows) > 0 {
		c.armed = false
		return errors.New("the plug was pulled")
	}
	return c.Store.Save(ctx, b)
}

// TestWithdrawAfterCrash: what a crash kept from being withdrawn is withdrawn by
// the next run.
func TestWithdrawAfterCrash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		c := &crashing{Store: st.Intel()}
		s := intel.New(c, st.Knowledge(), st.Ledger())
		merge(t, s, "a", "1", domain("gone.example", 80), domain("stays.example", 80))
		merge(t, s, "a", "2", domain("stays.example", 80))
		c.armed = true
		if n, err := s.Withdraw(system(t), "a", "2"); err == nil {
			t.Fatalf("withdrew %d without a store", n)
		}
		if n, err := s.Withdraw(system(t), "a", "2"); n != 1 || err != nil {
			t.Errorf("the second time withdrew %d, %v; want 1", n, err)
		}
		if d := cmp.Diff(map[string]bool{"stays.example": true}, liveValues(t, s)); d != "" {
			t.Error(d)
		}
	})
}

// TestRepetition: what a run says again word for word is not written, and is not
// withdrawn; what it says in several batches is joined.
func TestRepetition(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		ctx := system(t)
		said := func(value string) intel.AssertionRow {
			_, all, err := st.Intel().Load(ctx, []intel.Key{intel.KeyOf(indicator.Domain, value)})
			if err != nil {
				t.Fatal(err)
			}
			for _, rows := range all {
				return rows[0]
			}
			return intel.AssertionRow{}
		}
		merge(t, s, "a", "1", domain("stays.example", 80, "Quack"), domain("changes.example", 80), domain("goes.example", 80), domain("grows.example", 80, "Quack"))
		merge(t, s, "a", "2", domain("stays.example", 80, "Quack"), domain("changes.example", 60))
		merge(t, s, "a", "2", domain("grows.example", 80, "Quack"))
		merge(t, s, "a", "2", domain("grows.example", 80, "Honk"))
		if n, err := s.Withdraw(ctx, "a", "2"); n != 1 || err != nil {
			t.Errorf("withdrew %d, %v", n, err)
		}
		if r := said("stays.example").Run; r != intel.RunKeyOf("1") {
			t.Errorf("what stayed was written by run %d", r)
		}
		if r := said("changes.example"); r.Run != intel.RunKeyOf("2") || r.Confidence != 60 {
			t.Errorf("what changed: %+v", r)
		}
		if r := said("grows.example"); len(r.Names) != 2 {
			t.Errorf("what grew: %+v", r)
		}
		want := map[string]bool{"stays.example": true, "changes.example": true, "grows.example": true}
		if d := cmp.Diff(want, liveValues(t, s)); d != "" {
			t.Error(d)
		}
		if err := s.Settle(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Withdraw(ctx, "a", "retired"); n != 3 || err != nil {
			t.Errorf("withdrew %d of the rest, %v", n, err)
		}
	})
}
