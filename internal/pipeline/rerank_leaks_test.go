package pipeline_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

// What is learnt of a leaked account ranks the incidents that are about it, and no other;
// the same again ranks none. An alert that is about several accounts knows the worst, and
// who begins anew ranks what came in while nobody did.
func TestLeaksRankWhatTheyTouch(t *testing.T) {
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	ctx := ref.WithActor(t.Context(), ref.SystemActor)
	alerts, orgs := alert.New(st.Alerts()), org.New(st.Org())
	profile := func(more string) {
		t.Helper()
		if _, err := orgs.Import(ctx, []byte("name: H\ndomains: [example.org]\nassets: [{id: a, name: host3}]\npeople: [{name: Jane, accounts: [u1], emails: [jane@example.org]"+more+"}]\n")); err != nil {
			t.Fatal(err)
		}
	}
	profile("")
	leaks := leak.New(leak.Config{Store: st.Leaks(), Own: pipeline.Ours{Org: orgs}, Key: func() ([]byte, error) { return bytes.Repeat([]byte{1}, credential.KeySize), nil }})
	leaked := &pipeline.Leaked{Leak: leaks, Org: orgs, Alerts: st.Concerns()}
	var touched []string
	fresh := func() *pipeline.Rerank {
		return pipeline.NewRerank(pipeline.Rerank{Alerts: alerts, Org: orgs, Leaked: leaked, Marks: st.Checkpoints(), Changed: func(ids []string) { touched = append(touched, ids...) }})
	}
	rerank := fresh()
	var ds []alert.Detection
	for i := range 40 {
		host := i % 20 // each host has two accounts
		ev := ref.Ref{Kind: ref.Event, ID: fmt.Sprint(i)}
		rule := fmt.Sprint("Sign-in ", host)
		ds = append(ds, alert.Detection{
			ID: alert.DetectionID(ev, rule, ""), Time: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i), Event: ev, Sensor: "idp", Summary: fmt.Sprint("host", host, ": ", rule),
			Reason: alert.Reason{Kind: alert.ByProduct, Key: rule, Title: rule, Level: "high"}, Entity: alert.Entity{Kind: "host", Name: fmt.Sprint("host", host), Criticality: 10},
			Account: alert.Account{Name: fmt.Sprint("u", i/20*20+host%4), Used: true}, Tactic: "initial-access",
		})
	}
	leaked.Fill(ds)
	if _, err := alerts.Take(ctx, ds, nil); err != nil {
		t.Fatal(err)
	}
	about := func(accounts ...string) (ids []string) {
		t.Helper()
		list, err := st.Concerns().About(ctx, accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			ids = append(ids, c.Alert.Incident)
		}
		slices.Sort(ids)
		return slices.Compact(ids)
	}
	learn := func(csv string) []string {
		t.Helper()
		touched = nil
		if csv != "" {
			if _, err := leaks.Import(ctx, leak.Order{Name: "l.csv", Reader: strings.NewReader("account,site,date,kind,machine\n" + csv)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := rerank.Leaks(ctx); err != nil {
			t.Fatal(err)
		}
		slices.Sort(touched)
		return slices.Compact(touched)
	}
	want := about("u1")
	if len(want) != 5 {
		t.Fatalf("%d incidents are about u1", len(want))
	}
	if diff := cmp.Diff(want, learn("jane@example.org,vpn.example.org,2026-02-20,breach,\n")); diff != "" {
		t.Errorf("a breach: -want +ranked\n%s", diff)
	}
	if got := learn("jane@example.org,vpn.example.org,2026-02-20,breach,\n"); len(got) != 0 {
		t.Errorf("the same again ranked %d", len(got))
	}
	if got := learn("somebody@example.org,vpn.example.org,2026-02-20,stealer,\n"); len(got) != 0 {
		t.Errorf("another account ranked %d", len(got))
	}
	if diff := cmp.Diff(about("u1", "u22"), learn("u22@example.org,vpn.example.org,2026-02-25,stealer,host9\nu1,vpn.example.org,2026-02-26,stealer,\n")); diff != "" {
		t.Errorf("two stealer logs: -want +ranked\n%s", diff)
	}
	profile(", password_changed: 2026-05-01")
	if diff := cmp.Diff(want, learn("")); diff != "" {
		t.Errorf("a changed password: -want +ranked\n%s", diff)
	}
	// What comes in while nobody ranks.
	if _, err := leaks.Import(ctx, leak.Order{Name: "l.csv", Reader: strings.NewReader("account,site,date,kind,machine\nu3,vpn.example.org,2026-02-20,stealer,host3\n")}); err != nil {
		t.Fatal(err)
	}
	rerank, touched = fresh(), nil
	if diff := cmp.Diff(about("u3"), learn("")); diff != "" {
		t.Errorf("after a start: -want +ranked\n%s", diff)
	}
	if _, err := leaks.Erase(ctx, "u3", "asked for"); err != nil {
		t.Fatal(err)
	}
	rerank = fresh()
	if diff := cmp.Diff(about("u3"), learn("")); diff != "" {
		t.Errorf("erased while nobody ranked: -want +ranked\n%s", diff)
	}
	list, _, err := alerts.Queue(ctx, alert.QueueQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range list {
		for _, term := range in.Assessment.Terms {
			if term.Family == "leak" && strings.Contains(term.Why, "u3") {
				t.Errorf("incident %d still says: %s", in.Number, term.Why)
			}
		}
	}
}

// A port scan is not about an account, whoever is named in it; names that everybody has say
// nothing of ours.
func TestLeaksBearOnWhatTheyMay(t *testing.T) {
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	ctx := ref.WithActor(t.Context(), ref.SystemActor)
	orgs := org.New(st.Org())
	if _, err := orgs.Import(ctx, []byte("name: H\ndomains: [example.org]\npeople: [{name: Jane, accounts: [jdoe], emails: [jane@mail.example]}]\n")); err != nil {
		t.Fatal(err)
	}
	leaks := leak.New(leak.Config{Store: st.Leaks(), Own: pipeline.Ours{Org: orgs}, Key: func() ([]byte, error) { return bytes.Repeat([]byte{1}, credential.KeySize), nil }})
	r, err := leaks.Import(ctx, leak.Order{Name: "l.csv", Reader: strings.NewReader("account,site,source,date,kind\nadmin,vpn.example.org,,2026-02-20,stealer\njane@mail.example,dating.example,Dating,2026-02-20,breach\njdoe,forum.example,,2026-02-20,combo\nk.roth@example.org,,,2026-02-20,combo\n")})
	if err != nil || r.Stored != 3 || r.Dropped["not-ours"] != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	leaked := &pipeline.Leaked{Leak: leaks, Org: orgs}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		d       alert.Detection
		account string // of the leak; "" = none
	}{
		{"a private address", alert.Detection{Account: alert.Account{Name: "jdoe", Used: true}}, "a private address of Jane"},
		{"without its domain", alert.Detection{Account: alert.Account{Name: "k.roth", Used: true}}, "k.roth@example.org"},
		{"a scan", alert.Detection{Account: alert.Account{Name: "jdoe"}, Tactic: "reconnaissance"}, ""},
		{"a name that everybody has", alert.Detection{Account: alert.Account{Name: "admin", Used: true}}, ""},
		{"somebody else", alert.Detection{Account: alert.Account{Name: "b.lind", Used: true}}, ""},
	} {
		tt.d.Time = at
		ds := []alert.Detection{tt.d}
		leaked.Fill(ds)
		got := ""
		if l := ds[0].Leak; l != nil {
			got = l.Account
			if l.Private && (l.Site != "" || l.Source != "") {
				t.Errorf("%s: tells for what: %+v", tt.name, l)
			}
		}
		if got != tt.account {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.account)
		}
	}
	book := &pipeline.LeakBook{Leak: leaks, Org: orgs, Alerts: st.Concerns()}
	for text, want := range map[string]int{"dating": 0, "jane@mail": 0, "private": 1, "": 3, "k.roth example.org": 1} {
		list, err := book.Accounts(ctx, "", text)
		if err != nil || len(list) != want {
			t.Errorf("%q finds %d, want %d (%v)", text, len(list), want, err)
		}
	}
	var none *pipeline.Leaked
	none.Fill([]alert.Detection{{}})
}

func BenchmarkLeaked(b *testing.B) {
	st, err := store.Open(b.Context(), storetest.SQLite(b))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	ctx := ref.WithActor(b.Context(), ref.SystemActor)
	orgs := org.New(st.Org())
	if _, err := orgs.Import(ctx, []byte("name: H\ndomains: [example.org]\n")); err != nil {
		b.Fatal(err)
	}
	leaks := leak.New(leak.Config{Store: st.Leaks(), Own: pipeline.Ours{Org: orgs}, Key: func() ([]byte, error) { return bytes.Repeat([]byte{1}, credential.KeySize), nil }})
	var csv strings.Builder
	csv.WriteString("account,site,date,kind\n")
	for i := range 50_000 {
		fmt.Fprintf(&csv, "u%d@example.org,vpn.example.org,2026-02-20,stealer\n", i)
	}
	if _, err := leaks.Import(ctx, leak.Order{Name: "l.csv", Reader: strings.NewReader(csv.String())}); err != nil {
		b.Fatal(err)
	}
	leaked := &pipeline.Leaked{Leak: leaks, Org: orgs}
	one := make([]alert.Detection, 1000)
	for i := range one {
		one[i] = alert.Detection{Time: time.Now(), Account: alert.Account{Name: fmt.Sprint("u", i*97), Used: i%2 == 0}, Entity: alert.Entity{Kind: "host", Name: "h"}}
	}
	b.ReportAllocs()
	for b.Loop() {
		leaked.Fill(one)
	}
}
