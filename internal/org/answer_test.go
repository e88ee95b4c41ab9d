package org_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

// TestAnswers goes through the set-up on a profile that somebody began by hand: each
// answer is a version of its own, and what was written before keeps its comments.
func TestAnswers(t *testing.T) {
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	ctx := ref.WithActor(t.Context(), ref.SystemActor)
	s := org.New(st.Org())
	if _, err := s.Import(ctx, []byte("# written by Ana\nname: Example AG # the holding\nnetworks:\n  - {name: office, ranges: [10.1.0.0/16]} # third floor\n")); err != nil {
		t.Fatal(err)
	}
	bands := map[org.Criticality][2]string{org.Negligible: {"0", "1 000"}, org.Low: {"500", "10,000"}, org.Normal: {"5000", "50000"}, org.High: {"20000", "500000"}, org.Crown: {"200000", "5000000"}}
	inv, err := org.ReadInventory("assets.csv", strings.NewReader("name,ip,criticality\nweb01,10.1.0.80,high\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		step   org.Step
		answer org.Answer
	}{
		{org.Who, org.Answer{Name: "Example AG", Sectors: "finance, energy,finance", Countries: "de, CH"}},
		{org.Networks, org.Answer{Networks: "10.2.0.0/16, fd00::/8 servers high\n# none\n10.3.0.0/16 Office exposed\n\n192.0.2.1"}},
		{org.Names, org.Answer{Domains: "Example.com example.org\n", Brands: "Example Pay: pay.example.net"}},
		{org.Assets, org.Answer{Jewels: "ERP erp01.corp.example 10.2.0.5; Finance\nweb01", Inventory: &inv}},
		{org.Products, org.Answer{Products: "Fortinet: FortiOS 7.2.4\npkg:maven/org.apache/log4j@2.14.1\ncpe:2.3:a:acme:shop_server:2.1:*:*:*:*:*:*:*\nnginx"}},
		{org.People, org.Answer{Privileged: "Ana Roth; administrator; ana, CORP\\adm-ana, Ana@example.com", VIP: "Bo Lind; bo@example.com"}},
		{org.Cost, org.Answer{Currency: "eur", Bands: bands}},
	} {
		is, _, err := s.Answer(ctx, step.step, step.answer, true)
		if err != nil {
			t.Fatal(step.step, err)
		}
		if _, version := s.Edition(); version == 0 || cmp.Equal(is.Profile, s.Index().Profile) {
			t.Errorf("%s: a look changed the profile, or the answer says nothing", step.step)
		}
		if _, _, err := s.Answer(ctx, step.step, step.answer, false); err != nil {
			t.Fatal(step.step, err)
		}
		if diff := cmp.Diff(is.Profile, s.Index().Profile); diff != "" {
			t.Errorf("%s: what was shown is not what was saved:\n%s", step.step, diff)
		}
	}
	got := s.Index().Profile
	want := org.Profile{
		Name: "Example AG", Sectors: []string{"finance", "energy"}, Countries: []string{"DE", "CH"}, Domains: []string{"example.com", "example.org"},
		Networks: []org.Network{
			{Name: "office", Ranges: []string{"10.1.0.0/16", "10.3.0.0/16"}, Exposed: true},
			{Name: "servers", Ranges: []string{"10.2.0.0/16", "fd00::/8"}, Criticality: org.High},
			{Name: "192.0.2.1", Ranges: []string{"192.0.2.1"}},
		},
		Assets: []org.Asset{
			{ID: "erp", Name: "ERP", Hostnames: []string{"erp01.corp.example"}, Addresses: []string{"10.2.0.5"}, Criticality: org.Crown, Owner: "Finance"},
			{ID: "web01", Name: "web01", Addresses: []string{"10.1.0.80"}, Criticality: org.Crown},
		},
		Technologies: []org.Technology{
			{Name: "FortiOS", Vendor: "Fortinet", Version: "7.2.4"},
			{Name: "log4j", Version: "2.14.1", PURL: "pkg:maven/org.apache/log4j@2.14.1"},
			{Name: "shop server", Vendor: "acme", Version: "2.1", CPE: "cpe:2.3:a:acme:shop_server:2.1:*:*:*:*:*:*:*"},
			{Name: "nginx"},
		},
		People: []org.Person{
			{Name: "Ana Roth", Role: "administrator", Accounts: []string{"ana", `CORP\adm-ana`}, Emails: []string{"ana@example.com"}, Privileged: true},
			{Name: "Bo Lind", Emails: []string{"bo@example.com"}, VIP: true},
		},
		Brands: []org.Brand{{Name: "Example Pay", Domains: []string{"pay.example.net"}}},
		Money:  org.Money{Currency: "EUR", Bands: map[org.Criticality][2]int64{org.Negligible: {0, 1000}, org.Low: {500, 10_000}, org.Normal: {5000, 50_000}, org.High: {20_000, 500_000}, org.Crown: {200_000, 5_000_000}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	saved, err := s.Saved(ctx)
	if err != nil || saved.Version != 8 || !strings.Contains(string(saved.File), "# written by Ana") || !strings.Contains(string(saved.File), "# the holding") {
		t.Errorf("version %d, %v:\n%s", saved.Version, err, saved.File)
	}
	if _, _, err := s.Answer(ctx, org.Who, org.Answer{Name: "Example AG", Sectors: "finance, energy", Countries: "DE,CH"}, false); err != nil {
		t.Fatal(err)
	}
	if _, version := s.Edition(); version != 8 {
		t.Errorf("the same answer again made version %d", version)
	}
}

func TestWrongAnswers(t *testing.T) {
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	s := org.New(st.Org())
	ctx := ref.WithActor(t.Context(), ref.SystemActor)
	for _, tt := range []struct {
		step   org.Step
		answer org.Answer
		says   string
	}{
		{org.Who, org.Answer{Countries: "Germany"}, `"Germany" is no code of two letters`},
		{org.Networks, org.Answer{Networks: "10.0.0.0/8 a\n10.0.0.0/99 b"}, `networks, line 2: "10.0.0.0/99" is no address range`},
		{org.Networks, org.Answer{Networks: "10.0.0.300 b"}, `"10.0.0.300" is no address`},
		{org.Networks, org.Answer{Networks: "office"}, "names no address range"},
		{org.Names, org.Answer{Domains: "a b..c"}, "is no domain name"},
		{org.Names, org.Answer{Brands: ": x"}, "has no name"},
		{org.Assets, org.Answer{Jewels: "ERP 10.0.0.0/8"}, "is a range"},
		{org.Assets, org.Answer{Jewels: "☃"}, "has no name"},
		{org.Products, org.Answer{Products: "cpe:2.3:x"}, "is no CPE"},
		{org.People, org.Answer{Privileged: "Ana"}, "write a name; a role"},
		{org.Cost, org.Answer{Currency: "EUR", Bands: map[org.Criticality][2]string{org.Low: {"1", "many"}}}, `"many" of the band low is no whole number`},
		{"nonsense", org.Answer{}, "no step"},
	} {
		if _, _, err := s.Answer(ctx, tt.step, tt.answer, true); err == nil || !strings.Contains(errs.Public(err), tt.says) {
			t.Errorf("%s %+v: %v", tt.step, tt.answer, err)
		}
	}
	viewer := ref.WithActor(t.Context(), ref.Actor{Name: "v", Role: ref.Viewer})
	if _, _, err := s.Answer(viewer, org.Who, org.Answer{}, true); errs.KindOf(err) != errs.Denied {
		t.Errorf("a viewer: %v", err)
	}
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{"10.1.0.0/16 office exposed\n", "ERP erp.example 10.0.0.1; x", "Acme: shop 1.2\ncpe:2.3:a:b:c:1", "pkg:a", "Ana;;a@b", "a: b.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, step := range org.Steps() {
			a := org.Answer{Name: s, Sectors: s, Countries: s, Domains: s, Brands: s, Networks: s, Jewels: s, Products: s, Privileged: s, VIP: s, Currency: s, Bands: map[org.Criticality][2]string{org.Low: {s, s}}}
			p, err := org.Try(step, a)
			if err != nil && errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", step, err)
			}
			for _, asset := range p.Assets {
				if err == nil && (asset.ID == "" || asset.Name == "") {
					t.Errorf("%q: an asset without a name", s)
				}
			}
		}
	})
}
