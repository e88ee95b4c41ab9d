package org_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/vuln"
)

func TestMoney(t *testing.T) {
	const all = "money:\n  currency: EUR\n  bands: {negligible: [0, 1000], low: [500, 10000], normal: [5000, 50000], high: [20000, 500000], crown-jewel: [200000, 5000000]}\n"
	p, err := org.Parse([]byte(all))
	if err != nil {
		t.Fatal(err)
	}
	from, to, ok := p.Money.Range(30)
	if from != 20_000 || to != 500_000 || !ok {
		t.Errorf("high: %d %d %v", from, to, ok)
	}
	if _, _, ok := (org.Money{}).Range(30); ok {
		t.Error("a figure that nobody gave")
	}
	for change, want := range map[string]string{
		"low: [500, 10000], ":               "low is missing",
		"EUR":                               "no code of three letters",
		"normal: [5000, 50000]":             "normal goes from",
		"high: [20000, 500000]":             "costs less than the one below",
		"crown-jewel: [200000, 5000000]":    "nothing else",
		"negligible: [0, 1000], low: [500,": "cannot be read",
	} {
		with := map[string]string{
			"EUR": "euros", "normal: [5000, 50000]": "normal: [50000, 5000]", "high: [20000, 500000]": "high: [20000, 40000]",
			"crown-jewel: [200000, 5000000]": "crown-jewel: [200000, 5000000], other: [1, 2]", "negligible: [0, 1000], low: [500,": "negligible: x, low: [500,",
		}[change]
		if _, err := org.Parse([]byte(strings.Replace(all, change, with, 1))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q as %q: %v", change, with, err)
		}
	}
}

// TestProducts: what an asset runs, by CPE, purl, the profile's products, or name.
func TestProducts(t *testing.T) {
	p, err := org.Parse([]byte(`
networks: [{name: dmz, ranges: [203.0.113.0/24], exposed: true}]
assets:
  - {id: "1", name: a, addresses: [203.0.113.5], technologies: ["cpe:2.3:a:acme:shop:1.0:*:*:*:*:*:*:*", "pkg:npm/left-pad@1.2", FortiOS, SQL Server 2022, OpenSSH 8.9p1]}
  - {id: "2", name: b}
technologies:
  - {name: FortiOS, vendor: Fortinet, version: 7.2.2}
  - {name: Exchange, vendor: Microsoft}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vuln.Asset{
		{Name: "a", Exposed: true, Stake: vuln.MediumStake, Products: []vuln.Product{
			{CPE: "cpe:2.3:a:acme:shop:1.0:*:*:*:*:*:*:*"},
			{PURL: "pkg:npm/left-pad@1.2"},
			{Vendor: "Fortinet", Name: "FortiOS", Version: "7.2.2"},
			{Name: "SQL Server 2022"},
			{Name: "OpenSSH", Version: "8.9p1"},
		}},
		{Name: "b", Stake: vuln.MediumStake},
		{Name: "organisation", Stake: vuln.MediumStake, Products: []vuln.Product{{Vendor: "Microsoft", Name: "Exchange"}}},
	}
	if d := cmp.Diff(want, org.Compile(p).Vulnerable()); d != "" {
		t.Error(d)
	}
}
