// Package vuln says which vulnerabilities touch which products, and how urgent each
// is: from CVE records, the catalogue of known exploited ones and EPSS.
//
// [ReadRecord], [ReadKEV] and [ReadEPSS] read what others publish, [Affects] answers
// whether a product is affected with yes, no or unknown and why, [SSVC] and [BOD2604]
// are decision tables, [Rank] orders what is found. What is not known stays unknown:
// a product without a version is not affected because its name fits.
package vuln

import (
	"regexp"
	"strings"
	"time"
)

// Record is what is known of one vulnerability. Parts come from different sources:
// zero parts are not known.
type Record struct {
	CVE      string     `json:"cve"`
	Title    string     `json:"title,omitempty"`
	Affected []Affected `json:"affected,omitempty"`
	CVSS     float64    `json:"cvss,omitempty"` // highest base score
	SSVC     Choices    `json:"ssvc,omitzero"`
	KEV      *KEV       `json:"kev,omitempty"`
	EPSS     *EPSS      `json:"epss,omitempty"`
	Rejected bool       `json:"rejected,omitempty"`
}

// Choices are CISA's answers to the questions of SSVC; "" = not answered.
type Choices struct {
	Exploitation string `json:"exploitation,omitempty"` // none, poc, active
	Automatable  string `json:"automatable,omitempty"`  // no, yes
	Impact       string `json:"impact,omitempty"`       // partial, total
}

// KEV is an entry of the catalogue of known exploited vulnerabilities.
type KEV struct {
	Vendor     string    `json:"vendor"`
	Product    string    `json:"product"`
	Name       string    `json:"name"`
	Added      time.Time `json:"added,omitzero"`
	Due        time.Time `json:"due,omitzero"`
	Ransomware bool      `json:"ransomware"` // used in ransomware campaigns
}

// EPSS is the probability that it is exploited within 30 days.
type EPSS struct {
	Score      float64 `json:"score"`
	Percentile float64 `json:"percentile"`
	Model      string  `json:"model,omitempty"` // scores of different models do not compare
}

// Affected is a product with its versions, as a record has it.
type Affected struct {
	Vendor  string    `json:"vendor,omitempty"`
	Product string    `json:"product,omitempty"`
	Package string    `json:"package,omitempty"` // purl without a version
	CPEs    []string  `json:"cpes,omitempty"`
	Default string    `json:"default,omitempty"` // affected, unaffected, unknown
	Ranges  []Version `json:"ranges,omitempty"`
}

// Version is a version or a range of versions with what holds for it.
type Version struct {
	From    string   `json:"from"`
	Below   string   `json:"below,omitempty"` // exclusive
	To      string   `json:"to,omitempty"`    // inclusive
	Status  string   `json:"status"`
	Type    string   `json:"type,omitempty"` // semver, custom, git ...
	Changes []Change `json:"changes,omitempty"`
}

// Change is where the status of a range changes.
type Change struct {
	At     string `json:"at"`
	Status string `json:"status"`
}

// Product is something in use. Any part may be missing.
type Product struct {
	Vendor  string
	Name    string
	Version string
	CPE     string
	PURL    string
}

// Merge puts what another source knows of the same vulnerability into r.
func (r *Record) Merge(o Record) {
	if r.CVE == "" {
		r.CVE = o.CVE
	}
	if o.Title != "" {
		r.Title = o.Title
	}
	if len(o.Affected) > 0 {
		r.Affected = o.Affected
	}
	r.CVSS = max(r.CVSS, o.CVSS)
	if o.SSVC != (Choices{}) {
		r.SSVC = o.SSVC
	}
	if o.KEV != nil {
		r.KEV = o.KEV
	}
	if o.EPSS != nil {
		r.EPSS = o.EPSS
	}
	r.Rejected = r.Rejected || o.Rejected
}

var cveID = regexp.MustCompile(`(?i)\bCVE[-_.]((?:19|20)\d{2})[-_.](\d{4,7})\b`)

// IDs finds the CVE ids in a text, in their usual spelling, each once.
func IDs(text string) []string {
	var out []string
	for _, m := range cveID.FindAllStringSubmatch(text, 64) {
		id := "CVE-" + m[1] + "-" + m[2]
		known := false
		for _, o := range out {
			known = known || o == id
		}
		if !known {
			out = append(out, id)
		}
	}
	return out
}

// Canonical returns a CVE id in its usual spelling; ok is false for what is none.
func Canonical(id string) (string, bool) {
	id = strings.TrimSpace(id)
	found := IDs(id)
	if len(found) != 1 || len(found[0]) != len(id) {
		return "", false
	}
	return found[0], true
}
