package store_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

// mine is everything at example.org, and the machine srv1.
type mine struct{}

func (mine) Ours(account, site string) bool {
	return strings.HasSuffix(account, "@example.org") || strings.HasSuffix(site, "example.org")
}
func (mine) Machine(name string) bool { return name == "srv1" }
func (mine) Domains() []string        { return []string{"example.org"} }

func leaksOf(st *store.Store, keep time.Duration) *leak.Service {
	return leak.New(leak.Config{Store: st.Leaks(), Own: mine{}, Keep: keep, Pace: time.Millisecond, Key: func() ([]byte, error) { return bytes.Repeat([]byte{1}, credential.KeySize), nil }})
}

func TestLeaks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, ctx := leaksOf(st, 0), system(t)
		take := func(name, text string) leak.Report {
			t.Helper()
			r, err := s.Import(ctx, leak.Order{Name: name, Source: "collection one", Reader: strings.NewReader(text)})
			if err != nil {
				t.Fatal(err)
			}
			dropped := 0
			for _, n := range r.Dropped {
				dropped += n
			}
			if r.In != r.Stored+r.Known+dropped {
				t.Errorf("%s: the books do not balance: %+v", name, r)
			}
			return r
		}
		list := "https://vpn.example.org:jdoe:one\nhttps://vpn.example.org:jdoe:two\nhttps://a.example:x@other.example:y\n"
		first := take("combo.txt", list)
		if diff := cmp.Diff(leak.Report{In: 3, Stored: 2, Dropped: map[string]int{"not-ours": 1}, Files: 1}, first); diff != "" {
			t.Errorf("the first time -want +got\n%s", diff)
		}
		facts, err := st.Outbox().Pending(t.Context(), 10)
		if err != nil || len(facts) != 1 || facts[0].Topic != "leak.changed" {
			t.Fatalf("announced: %+v, %v", facts, err)
		}
		if diff := cmp.Diff(leak.Report{In: 3, Known: 2, Dropped: map[string]int{"not-ours": 1}, Files: 1}, take("combo.txt", list)); diff != "" {
			t.Errorf("a recycled collection -want +got\n%s", diff)
		}
		if facts, _ := st.Outbox().Pending(t.Context(), 10); len(facts) != 1 {
			t.Errorf("a recycled collection was announced: %+v", facts)
		}
		known := s.Known().Records
		// The same theft, told better: the log that it came from.
		r := take("Passwords.txt", "URL: https://vpn.example.org/\nLogin: jdoe\nPassword: one\n")
		if r.Changed != 1 || r.Known != 1 || r.Stored != 0 {
			t.Errorf("told better: %+v", r)
		}
		i := slices.IndexFunc(s.Known().Records, func(r leak.Record) bool { return r.Kind == credential.Stealer })
		if i < 0 || len(s.Known().Records) != 2 || !s.Known().Records[i].First.Equal(known[0].First) {
			t.Errorf("records: %+v", s.Known().Records)
		}
		take("breacheddomain-example.org.json", `{"k":["Adobe","Lists"]}`)
		take("breaches.json", `[{"Name":"Adobe","Domain":"adobe.com","BreachDate":"2013-10-04","DataClasses":["Passwords"]},{"Name":"Lists","BreachDate":"2020-01-01","IsSpamList":true}]`)
		var said []string
		for _, r := range s.Known().Records {
			if r.Account == "k@example.org" {
				said = append(said, fmt.Sprintf("%s %s %s %v %s", r.Kind, r.Source, r.Site, r.Password, r.When().Format(time.DateOnly)))
			}
		}
		slices.Sort(said)
		if diff := cmp.Diff([]string{"breach Adobe adobe.com true 2013-10-04", "spam Lists  false 2020-01-01"}, said); diff != "" {
			t.Errorf("breaches -want +got\n%s", diff)
		}
		viewer := ref.WithActor(t.Context(), ref.Actor{Name: "v", Role: ref.Analyst})
		all := func(*leak.Record) bool { return true }
		if _, err := s.List(viewer, "", "", all); err == nil {
			t.Error("an analyst read the list")
		}
		if _, err := s.Erase(ctx, "nobody@example.org", "x"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("erase what is not there: %v", err)
		}
		if n, err := s.Erase(ctx, "K@example.org", "asked for"); n != 2 || err != nil {
			t.Errorf("erased %d, %v", n, err)
		}
		got, err := s.List(ctx, credential.Stealer, "vpn jdoe", func(r *leak.Record) bool { return r.Account == "jdoe" })
		if err != nil || len(got) != 1 {
			t.Errorf("list: %+v, %v", got, err)
		}
		lines, err := st.Audit().Latest(t.Context(), ref.Ref{Kind: ref.System, ID: "leaks"}, 100)
		if err != nil || len(lines) != 7 || lines[0].Verb != "leak.read" || lines[1].Verb != "leak.erase" || strings.Contains(string(lines[1].Detail)+lines[1].Reason, "k@") {
			t.Errorf("audit: %+v, %v", lines, err)
		}
		if _, _, err := audit.Verify(t.Context(), st.Audit()); err != nil {
			t.Error(err)
		}
	})
}

// What is older than it is to be kept goes by itself, and that is announced.
func TestLeaksExpire(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		if _, err := leaksOf(st, 0).Import(system(t), leak.Order{Name: "c.txt", Reader: strings.NewReader("https://vpn.example.org:jdoe:one\n")}); err != nil {
			t.Fatal(err)
		}
		expect(t, st, time.Hour, 1)
		expect(t, st, time.Nanosecond, 0)
		facts, err := st.Outbox().Pending(t.Context(), 10)
		if err != nil || len(facts) != 2 {
			t.Errorf("announced: %+v, %v", facts, err)
		}
	})
}

func expect(t *testing.T, st *store.Store, keep time.Duration, want int) {
	t.Helper()
	s := leaksOf(st, keep)
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := len(s.Known().Records); got != want {
		t.Errorf("kept for %s: %d records, want %d", keep, got, want)
	}
}

// What is stored of an incident with leaks adds up, whatever came together.
func TestLeakTermsAddUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		alerts, ctx := alert.New(st.Alerts()), system(t)
		now := time.Now().UTC()
		var ds []alert.Detection
		for i := range 30 {
			ev := ref.Ref{Kind: ref.Event, ID: fmt.Sprint(i)}
			name := fmt.Sprint("u", i%7)
			d := alert.Detection{
				ID: alert.DetectionID(ev, "r", ""), Time: now.Add(time.Duration(i) * time.Hour), Event: ev, Sensor: "idp", Summary: "sign-in", Entity: alert.Entity{Kind: "host", Name: fmt.Sprint("h", i%5), Criticality: 10},
				Reason: alert.Reason{Kind: alert.ByProduct, Key: "r", Title: "sign-in", Level: []string{"high", "medium", "low"}[i%3]}, Account: alert.Account{Name: name, Used: i%2 == 0}, Tactic: []string{"initial-access", "command-and-control", "reconnaissance"}[i%3],
			}
			if i%3 != 1 {
				d.Leak = &alert.Leak{Account: name, Kind: credential.Kinds()[i%4], Password: i%5 > 0, Time: now.AddDate(0, 0, -i*9)}
			}
			if i%4 == 0 {
				d.Infection = &alert.Leak{Kind: "stealer", Time: now.AddDate(0, 0, -i)}
			}
			ds = append(ds, d)
		}
		if _, err := alerts.Take(ctx, ds, nil); err != nil {
			t.Fatal(err)
		}
		list, _, err := alerts.Queue(ctx, alert.QueueQuery{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		terms := 0
		for _, in := range list {
			sum, of := in.Assessment.Base, 0
			for _, term := range in.Assessment.Terms {
				sum += term.Weight
				if term.Family == "leak" {
					of++
					if term.Weight <= 0 || term.Absent == "" {
						t.Errorf("a term of a leak: %+v", term)
					}
				}
			}
			terms += of
			if math.Abs(sum-in.Assessment.LogOdds) > 1e-9 || of > 2 {
				t.Errorf("incident %d: terms add up to %g, said is %g; %d of leaks", in.Number, sum, in.Assessment.LogOdds, of)
			}
		}
		if terms == 0 {
			t.Error("no incident speaks of a leak")
		}
		about, err := st.Concerns().About(ctx, []string{"u0"}, nil)
		if err != nil || len(about) == 0 {
			t.Fatalf("alerts about an account: %+v, %v", about, err)
		}
		hosts, err := st.Concerns().About(ctx, []string{}, []string{"h1"})
		if err != nil || len(hosts) != 1 || hosts[0].Alert.Detection.Entity.Name != "h1" {
			t.Errorf("alerts about a host: %+v, %v", hosts, err)
		}
		if all, err := st.Concerns().About(ctx, nil, nil); err != nil || len(all) < len(about) {
			t.Errorf("all: %d, %v", len(all), err)
		}
	})
}
