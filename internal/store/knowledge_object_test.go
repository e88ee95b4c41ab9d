package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

func version(id, modified, name string) stix.Object {
	at, _ := time.Parse(time.RFC3339, modified)
	o := stix.Object{Type: "malware", ID: id, Modified: at, Name: name}
	o.Raw = fmt.Appendf(nil, `{"type":"malware","id":%q,"modified":%q,"name":%q,"x_own":[1, 2]}`, id, modified, name)
	return o
}

// TestObjectsAreKept: every version that every source published is kept as it came,
// once, and can be asked for by version and as of a time.
func TestObjectsAreKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := system(t)
		s := newIntel(st)
		learn := func(source string, want intel.Stored, objects ...stix.Object) time.Time {
			t.Helper()
			got, err := s.Learn(ctx, source, objects)
			if err != nil || got != want {
				t.Errorf("learn from %s: %+v, %v; want %+v", source, got, err, want)
			}
			time.Sleep(2 * time.Millisecond) // so that moments differ
			return time.Now()
		}
		old, mid, young := version("malware--1", "2026-01-01T00:00:00Z", "Old"), version("malware--1", "2026-02-01T00:00:00Z", "Mid"), version("malware--1", "2026-03-01T00:00:00Z", "Young")
		first := learn("a", intel.Stored{New: 2}, mid, version("malware--2", "2026-01-01T00:00:00Z", "Other"))
		second := learn("b", intel.Stored{New: 2, Same: 1}, young, young, old)
		learn("b", intel.Stored{Same: 1}, young)
		wrong := mid
		wrong.Raw = []byte(`{"type":"malware","id":"malware--1","modified":"2026-02-01T00:00:00Z","name":"Mid again"}`)
		learn("a", intel.Stored{Changed: 1}, wrong)
		ask := func(q intel.ObjectQuery) (out []string) {
			rows, err := s.Objects(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				var o stix.Object
				if err := json.Unmarshal(r.Raw, &o); err != nil {
					t.Fatal(err)
				}
				out = append(out, r.Source+" "+o.Name)
			}
			return out
		}
		one := []string{"malware--1"}
		for _, tt := range []struct {
			q    intel.ObjectQuery
			want []string
		}{
			{intel.ObjectQuery{}, []string{"a Other", "b Young"}},
			{intel.ObjectQuery{IDs: one, Versions: "first"}, []string{"b Old"}},
			{intel.ObjectQuery{IDs: one, Versions: "all"}, []string{"b Young", "b Old", "a Mid again"}},
			{intel.ObjectQuery{Versions: "2026-02-01T00:00:00Z"}, []string{"a Mid again"}},
			{intel.ObjectQuery{Types: []string{"tool"}}, nil},
			{intel.ObjectQuery{IDs: one, AsOf: second}, []string{"b Young"}},
			{intel.ObjectQuery{IDs: one, AsOf: first.Add(-time.Hour)}, nil},
			{intel.ObjectQuery{AddedAfter: first, Versions: "all"}, []string{"b Young", "b Old", "a Mid again"}},
			{intel.ObjectQuery{Versions: "all", Limit: 1, After: 2}, []string{"b Young"}},
		} {
			if diff := cmp.Diff(tt.want, ask(tt.q)); diff != "" {
				t.Errorf("%+v: -want +got\n%s", tt.q, diff)
			}
		}
		if e, err := s.EntityAsOf(ctx, "malware--2", first); err != nil || e.Name != "Other" {
			t.Errorf("as of then: %+v, %v", e, err)
		}
		if _, err := s.EntityAsOf(ctx, "malware--2", first.Add(-time.Hour)); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
		if _, err := s.Objects(ctx, intel.ObjectQuery{Versions: "newest"}); errs.KindOf(err) != errs.Invalid {
			t.Error(err)
		}
	})
}

// TestRoundTrip: what comes in as STIX goes out again without a difference.
func TestRoundTrip(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine reads and writes all of ATT&CK")
	}
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := system(t)
		s := newIntel(st)
		in := map[string]stix.Object{} // the newest version of each object
		for _, folder := range [][]string{{"attack", "enterprise-attack-18.1.json.gz"}, {"attack", "ics-attack-18.1.json.gz"}, {"stix-unit42-reports", "qakbotmalware.json.gz"}, {"stix-oasis", "examples"}, {"stix-rstix", "interop", "examples"}} {
			err := fetch.Walk(realdata.Path(t, folder...), fetch.Limits{}, func(name string, r io.Reader) error {
				var objects []stix.Object
				err := stix.DecodeBundle(r, stix.Limits{}, func(o stix.Object) error {
					if o.ID == "" { // a file beside them that is no STIX
						return nil
					}
					objects = append(objects, o)
					if have, ok := in[o.ID]; !ok || !have.Modified.After(o.Modified) {
						in[o.ID] = o
					}
					return nil
				})
				if err != nil {
					return nil // nor is this
				}
				_, err = s.Learn(ctx, "test", objects)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		report, err := s.Export(ctx, intel.Export{To: "stix", Objects: "only", TLP: 99}, nil, &b)
		if err != nil {
			t.Fatal(err)
		}
		out := 0
		err = stix.DecodeBundle(&b, stix.Limits{}, func(o stix.Object) error {
			out++
			if want := in[o.ID]; !bytes.Equal(o.Raw, want.Raw) {
				t.Errorf("%s came back changed:\n%.300s\n%.300s", o.ID, o.Raw, want.Raw)
			}
			return nil
		})
		if err != nil || out != len(in) || out < 24_771 || report.Stored != out || report.In != out {
			t.Errorf("%d objects came back of %d, %v; report %+v", out, len(in), err, report)
		}
		viewer := ref.WithActor(t.Context(), ref.Actor{Name: "v", Role: ref.Viewer})
		if _, err := s.Export(viewer, intel.Export{To: "csv", Objects: "only"}, nil, io.Discard); errs.KindOf(err) != errs.Invalid {
			t.Error(err)
		}
	})
}
