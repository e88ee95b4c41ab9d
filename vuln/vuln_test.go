package vuln_test

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/vuln"
)

// TestSSVC holds all 36 rows of CISA's table, low / medium / high.
func TestSSVC(t *testing.T) {
	const table = `
none no partial: track track track
none no total: track track track*
none yes partial: track track attend
none yes total: track track attend
poc no partial: track track track*
poc no total: track track* attend
poc yes partial: track track attend
poc yes total: track track* attend
active no partial: track track attend
active no total: track attend act
active yes partial: attend attend act
active yes total: attend act act`
	rows := 0
	for line := range strings.Lines(strings.TrimSpace(table)) {
		head, tail, _ := strings.Cut(strings.TrimSpace(line), ": ")
		f := strings.Fields(head)
		for stake, want := range strings.Fields(tail) {
			rows++
			got, ok := vuln.SSVC(vuln.Choices{Exploitation: f[0], Automatable: f[1], Impact: f[2]}, vuln.Stake(stake))
			if !ok || string(got) != want {
				t.Errorf("%s, stake %d: %q, want %q", head, stake, got, want)
			}
		}
	}
	if rows != 36 {
		t.Errorf("%d rows", rows)
	}
	if _, ok := vuln.SSVC(vuln.Choices{Exploitation: "active"}, vuln.HighStake); ok {
		t.Error("an answer to what was not answered")
	}
}

// TestBOD2604 holds all 16 rows: KEV, exposed, automatable, total.
func TestBOD2604(t *testing.T) {
	want := strings.Split("fix on system upgrade|fix on system upgrade|60 days|60 days|60 days|14 days|14 days|3 days|14 days|14 days|14 days|3 days and forensic investigation|14 days|3 days and forensic investigation|3 days|3 days and forensic investigation", "|")
	for i, w := range want {
		s := vuln.Situation{KEV: i&8 > 0, Exposed: i&4 > 0, Automatable: i&2 > 0, Total: i&1 > 0}
		if got := vuln.BOD2604(s).String(); got != w {
			t.Errorf("%+v: %s, want %s", s, got, w)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	order := []string{"0", "0.9", "1.0-alpha", "1.0-beta", "1.0-rc1", "1.0", "1.0.1", "1.0.2", "1.0.2k", "1.2", "1.10", "2.0.0", "10.0.19045", "2023.1"}
	for i, a := range order {
		for j, b := range order {
			got, ok := vuln.CompareVersions(a, b)
			if want := min(max(i-j, -1), 1); !ok || min(max(got, -1), 1) != want {
				t.Errorf("%s against %s: %d %v, want %d", a, b, got, ok, want)
			}
		}
	}
	for _, s := range []string{"", "n/a", "unspecified", "abc123def", "*"} {
		if _, ok := vuln.CompareVersions(s, "1.0"); ok {
			t.Errorf("%q compares", s)
		}
	}
}

// TestAffects: yes only where product and version fit, unknown where they cannot be told.
func TestAffects(t *testing.T) {
	record := func(affected string) vuln.Record {
		r, err := vuln.ReadRecord([]byte(`{"cveMetadata":{"cveId":"CVE-2024-10001","state":"PUBLISHED"},"containers":{"cna":{"affected":[` + affected + `]}}}`))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	shop := `{"vendor":"Acme","product":"Shop Server","defaultStatus":"unaffected","versions":[{"version":"2.0","lessThan":"2.5.3","status":"affected","versionType":"semver","changes":[{"at":"2.4.9","status":"unaffected"}]}]}`
	for name, c := range map[string]struct {
		record  string
		product vuln.Product
		want    vuln.Answer
	}{
		"in the range":              {shop, vuln.Product{Vendor: "acme", Name: "shop_server", Version: "2.1"}, vuln.Yes},
		"by CPE without a vendor":   {shop, vuln.Product{CPE: "cpe:2.3:a:acme:shop_server:2.1:*:*:*:*:*:*:*"}, vuln.Yes},
		"fixed in between":          {shop, vuln.Product{Vendor: "acme", Name: "shop server", Version: "2.4.9"}, vuln.No},
		"above":                     {shop, vuln.Product{Vendor: "acme", Name: "shop server", Version: "2.5.3"}, vuln.No},
		"below":                     {shop, vuln.Product{Vendor: "acme", Name: "shop server", Version: "1.9"}, vuln.No},
		"version not known":         {shop, vuln.Product{Vendor: "acme", Name: "shop server"}, vuln.Unknown},
		"another vendor":            {shop, vuln.Product{Vendor: "other", Name: "shop server", Version: "2.1"}, vuln.Silent},
		"vendor not known":          {shop, vuln.Product{Name: "shop server", Version: "2.1"}, vuln.Unknown},
		"a package of that name":    {shop, vuln.Product{PURL: "pkg:npm/shop-server@2.1"}, vuln.Silent},
		"a package":                 {`{"packageURL":"pkg:npm/left-pad","versions":[{"version":"0","lessThan":"1.3","status":"affected","versionType":"semver"}]}`, vuln.Product{PURL: "pkg:npm/left-pad@1.2"}, vuln.Yes},
		"no order":                  {`{"vendor":"Acme","product":"x","versions":[{"version":"0","lessThan":"deadbeef","status":"affected","versionType":"git"}]}`, vuln.Product{Vendor: "acme", Name: "x", Version: "1"}, vuln.Unknown},
		"not listed, default open":  {`{"vendor":"Acme","product":"x","defaultStatus":"unknown","versions":[{"version":"1.0","status":"affected"}]}`, vuln.Product{Vendor: "acme", Name: "x", Version: "2"}, vuln.Unknown},
		"range in words":            {`{"vendor":"Acme","product":"x","defaultStatus":"unaffected","versions":[{"version":">= 3.0, < 3.4","status":"affected"}]}`, vuln.Product{Vendor: "acme", Name: "x", Version: "3.3"}, vuln.Yes},
		"a whole series":            {`{"vendor":"Acme","product":"x","defaultStatus":"unaffected","versions":[{"version":"0","lessThanOrEqual":"2.*","status":"affected","versionType":"custom"}]}`, vuln.Product{Vendor: "acme", Name: "x", Version: "2.99"}, vuln.Yes},
		"no product":                {`{"vendor":"n/a","product":"n/a","versions":[{"version":"n/a","status":"affected"}]}`, vuln.Product{Vendor: "acme", Name: "x", Version: "2"}, vuln.Silent},
		"two entries that disagree": {shop + `,{"vendor":"Acme","product":"Shop Server","versions":[{"version":"2.5.3","status":"affected"}]}`, vuln.Product{Vendor: "acme", Name: "shop server", Version: "2.5.3"}, vuln.Unknown},
	} {
		got, why := vuln.Affects(record(c.record), c.product)
		if got != c.want || (got == vuln.Silent) != (why == "") {
			t.Errorf("%s: %q (%s), want %q", name, got, why, c.want)
		}
	}
}

func TestRank(t *testing.T) {
	product := []vuln.Product{{Vendor: "Acme", Name: "Shop", Version: "1.0"}}
	entry := []vuln.Affected{{Vendor: "Acme", Product: "Shop", Default: "unaffected", Ranges: []vuln.Version{{From: "0", Below: "2.0", Status: "affected"}}}}
	records := []vuln.Record{
		{CVE: "CVE-2024-0001", Affected: entry, CVSS: 9.8, SSVC: vuln.Choices{Exploitation: "none", Automatable: "no", Impact: "total"}},
		{CVE: "CVE-2024-0002", Affected: entry, CVSS: 5, KEV: &vuln.KEV{Vendor: "Acme", Product: "Shop"}, SSVC: vuln.Choices{Exploitation: "active", Automatable: "yes", Impact: "total"}},
	}
	var got []string
	for _, r := range vuln.Rank([]vuln.Asset{{Name: "in", Products: product}, {Name: "out", Exposed: true, Products: product}, {Name: "none"}}, records) {
		got = append(got, fmt.Sprint(r.Rank, " ", r.CVE, " ", r.Asset, " ", r.Affected, " ", r.Deadline))
	}
	want := []string{
		"1 CVE-2024-0002 in yes 3 days and forensic investigation", "2 CVE-2024-0002 out yes 3 days and forensic investigation",
		"3 CVE-2024-0001 out yes 14 days", "4 CVE-2024-0001 in yes fix on system upgrade",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func unzip(t *testing.T, elem ...string) io.Reader {
	t.Helper()
	f, err := os.Open(realdata.Path(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRealRecords reads the catalogue in both forms, and 3,075 records.
func TestRealRecords(t *testing.T) {
	var twins [2][]vuln.Record
	for i, name := range []string{"known_exploited_vulnerabilities.json.gz", "known_exploited_vulnerabilities.csv.gz"} {
		err := vuln.ReadKEV(unzip(t, "kev", name), func(_ int, r vuln.Record, err error) error {
			twins[i] = append(twins[i], r)
			return err
		})
		if err != nil || len(twins[i]) != 1404 {
			t.Fatalf("%s: %d, %v", name, len(twins[i]), err)
		}
	}
	if d := cmp.Diff(twins[0], twins[1]); d != "" {
		t.Errorf("the two forms differ: %.2000s", d)
	}
	n, answered, products := 0, 0, 0
	in := bufio.NewScanner(unzip(t, "vulnrichment", "cves.jsonl.gz"))
	in.Buffer(nil, 8<<20)
	for in.Scan() {
		r, err := vuln.ReadRecord(in.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		n++
		if _, ok := vuln.SSVC(r.SSVC, vuln.LowStake); ok {
			answered++
		}
		if len(r.Affected) > 0 {
			products++
		}
	}
	t.Logf("%d records, %d with SSVC, %d name products", n, answered, products)
	if n != 3075 || answered < 2900 || products < 2500 {
		t.Errorf("%d records, %d with SSVC, %d name products", n, answered, products)
	}
}

func TestReadEPSS(t *testing.T) {
	const file = "#model_version:v2026.06.15,score_date:2026-11-01T00:00:00Z\ncve,epss,percentile\nCVE-2021-44228,0.94,0.999\nx,1,2\nCVE-2024-1234,NaN,0.1\n"
	var got []vuln.Record
	bad := 0
	err := vuln.ReadEPSS(strings.NewReader(file), func(_ int, r vuln.Record, err error) error {
		if err != nil {
			bad++
			return nil
		}
		got = append(got, r)
		return nil
	})
	want := []vuln.Record{{CVE: "CVE-2021-44228", EPSS: &vuln.EPSS{Score: .94, Percentile: .999, Model: "v2026.06.15"}}}
	if d := cmp.Diff(want, got); d != "" || bad != 2 || err != nil {
		t.Error(d, bad, err)
	}
}

func FuzzReadRecord(f *testing.F) {
	f.Add([]byte(`{"cveMetadata":{"cveId":"CVE-2024-10001"},"containers":{"cna":{"affected":[{"vendor":"a","product":"b","cpes":["cpe:2.3:a:a:b:1\\:0:*"],"versions":[{"version":"< 1","status":"affected"}]}],"metrics":[{"other":{"type":"ssvc","content":{"options":[{"Exploitation":"poc"}]}}}]}}}`), "a", "b", "1.0", "pkg:npm/%40a/b@1?x#y")
	f.Fuzz(func(_ *testing.T, raw []byte, vendor, name, version, purl string) {
		r, err := vuln.ReadRecord(raw)
		if err != nil {
			return
		}
		p := vuln.Product{Vendor: vendor, Name: name, Version: version, PURL: purl, CPE: name}
		vuln.Affects(r, p)
		vuln.Rank([]vuln.Asset{{Products: []vuln.Product{p}}}, []vuln.Record{r})
	})
}

func FuzzReadTables(f *testing.F) {
	f.Add("cveID,product\nCVE-2024-1234,x\n")
	f.Add(`{"vulnerabilities":[{"cveID":"CVE-2024-1234"}]}`)
	f.Add("#model_version:v1\ncve,epss,percentile\nCVE-2024-1234,0.5,0.5")
	f.Fuzz(func(t *testing.T, s string) {
		keep := func(_ int, r vuln.Record, err error) error {
			if err == nil && r.CVE == "" {
				return errors.New("a record without an id")
			}
			return nil
		}
		for _, read := range []func(io.Reader, func(int, vuln.Record, error) error) error{vuln.ReadKEV, vuln.ReadEPSS} {
			if err := read(strings.NewReader(s), keep); err != nil && strings.Contains(err.Error(), "without an id") {
				t.Error(err)
			}
		}
	})
}
