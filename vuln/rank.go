package vuln

import (
	"cmp"
	"fmt"
	"slices"
)

// Asset is something that runs products.
type Asset struct {
	Name     string
	Exposed  bool // reachable from the internet
	Stake    Stake
	Products []Product
}

// Row is a vulnerability of an asset in the order of urgency.
type Row struct {
	CVE      string   `json:"cve"`
	Asset    string   `json:"asset"`
	Affected Answer   `json:"affected"`
	Deadline string   `json:"deadline"` // of BOD 26-04; "" when not affected
	Rank     int      `json:"rank"`     // from 1
	Reasons  []string `json:"reasons"`

	days     int
	known    bool
	ransom   bool
	decision int
	chance   float64
	cvss     float64
	stake    Stake
}

// Rank joins assets and records: a row for each asset and vulnerability whose product
// the asset runs, the most urgent first.
func Rank(assets []Asset, records []Record) []Row {
	var out []Row
	by := byProduct(records)
	for _, a := range assets {
		seen := map[int]bool{}
		for _, p := range a.Products {
			for _, i := range by.of(completed(p)) {
				if seen[i] {
					continue
				}
				seen[i] = true
				if row, ok := Judge(records[i], a); ok {
					out = append(out, row)
				}
			}
		}
	}
	slices.SortFunc(out, func(x, y Row) int {
		return cmp.Or(x.class()-y.class(), x.days-y.days, less(x.ransom, y.ransom), less(x.known, y.known), y.decision-x.decision,
			cmp.Compare(y.chance, x.chance), int(y.stake)-int(x.stake), cmp.Compare(y.cvss, x.cvss), cmp.Compare(x.CVE, y.CVE), cmp.Compare(x.Asset, y.Asset))
	})
	for i := range out {
		out[i].Rank = i + 1
	}
	return out
}

func (r Row) class() int {
	switch r.Affected {
	case Yes:
		return 0
	case Unknown:
		return 1
	}
	return 2
}

func less(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// index finds the records that may speak of a product.
type index struct {
	name, pack map[string][]int
}

func byProduct(records []Record) index {
	x := index{map[string][]int{}, map[string][]int{}}
	for i, r := range records {
		put := func(m map[string][]int, key string) {
			if list := m[key]; key != "" && (len(list) == 0 || list[len(list)-1] != i) {
				m[key] = append(list, i)
			}
		}
		for _, a := range r.Affected {
			put(x.name, fold(a.Product))
			put(x.pack, a.Package)
			for _, s := range a.CPEs {
				if c, ok := ParseCPE(s); ok {
					put(x.name, fold(c.Product))
				}
			}
		}
		if r.KEV != nil {
			put(x.name, fold(r.KEV.Product))
		}
	}
	return x
}

func (x index) of(p Product) []int {
	out := slices.Concat(x.name[fold(p.Name)], x.pack[p.PURL])
	if c, ok := ParseCPE(p.CPE); ok {
		out = append(out, x.name[fold(c.Product)]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// AssetAffected is what holds for an asset: yes when one of its products is affected, unknown
// when one may be, no when all that the record names are not.
func AssetAffected(r Record, products []Product) (Answer, string) {
	answer, why := Silent, ""
	for _, p := range products {
		said, because := Affects(r, p)
		if said == Yes {
			return Yes, because
		}
		if answer == Silent || answer == No && said == Unknown {
			if said != Silent {
				answer, why = said, because
			}
		}
	}
	return answer, why
}

// Judge says how urgent a vulnerability is on an asset; ok is false when the record
// names no product of the asset.
func Judge(r Record, a Asset) (Row, bool) {
	answer, why := AssetAffected(r, a.Products)
	if answer == Silent {
		return Row{}, false
	}
	row := Row{CVE: r.CVE, Asset: a.Name, Affected: answer, Reasons: []string{why}, known: r.KEV != nil, cvss: r.CVSS, stake: a.Stake}
	say := func(format string, args ...any) { row.Reasons = append(row.Reasons, fmt.Sprintf(format, args...)) }
	if answer == No {
		return row, true
	}
	s := Situation{KEV: r.KEV != nil, Exposed: a.Exposed, Automatable: r.SSVC.Automatable != "no", Total: r.SSVC.Impact != "partial"}
	d := BOD2604(s)
	row.Deadline, row.days = d.String(), d.Days
	if row.days == 0 {
		row.days = 1000
	}
	if k := r.KEV; k != nil {
		say("known to be exploited (KEV%s)", dated(k))
		if row.ransom = k.Ransomware; k.Ransomware {
			say("used in ransomware campaigns")
		}
	}
	if a.Exposed {
		say("reachable from the internet")
	}
	if r.SSVC.Automatable == "" || r.SSVC.Impact == "" {
		say("whether it can be automated and how much it gives is not known: counted as the worse")
	}
	if dec, ok := SSVC(r.SSVC, a.Stake); ok {
		row.decision = slices.Index([]Decision{Track, TrackStar, Attend, Act}, dec)
		say("SSVC: %s (exploitation %s, automatable %s, technical impact %s)", dec, r.SSVC.Exploitation, r.SSVC.Automatable, r.SSVC.Impact)
	}
	if r.EPSS != nil {
		row.chance = r.EPSS.Percentile
		say("EPSS %.1f %% within 30 days, above %.0f %% of all", 100*r.EPSS.Score, 100*r.EPSS.Percentile)
	}
	if r.CVSS > 0 {
		say("CVSS %.1f", r.CVSS)
	}
	return row, true
}

func dated(k *KEV) string {
	if k.Added.IsZero() {
		return ""
	}
	return ", since " + k.Added.Format("2006-01-02")
}
