package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/exposure"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/vuln"
)

// Exposed says of detections that name a vulnerability whether their target has it.
type Exposed struct {
	Exposure *exposure.Service
	Org      *org.Service
}

// Fill completes detections. A nil *Exposed says nothing.
func (e *Exposed) Fill(ctx context.Context, ds []alert.Detection) error {
	if e == nil {
		return nil
	}
	var ids []string
	for i := range ds {
		ids = append(ids, named(&ds[i])...)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	known, err := e.Exposure.Known(ctx, slices.Compact(ids))
	if err != nil {
		return fmt.Errorf("ask what is known of vulnerabilities: %w", err)
	}
	x := e.Org.Index()
	for i := range ds {
		for _, id := range named(&ds[i]) {
			if at := target(id, known[id], ds[i].Entity, x); worse(at, ds[i].Target) {
				ds[i].Target = at
			}
		}
	}
	return nil
}

// again is what Fill would say of a detection now; what it said, when that cannot be told.
func (e *Exposed) again(ctx context.Context) func(alert.Detection) *alert.Target {
	if e == nil {
		return nil
	}
	return func(d alert.Detection) *alert.Target {
		one := []alert.Detection{d}
		one[0].Target = nil
		if err := e.Fill(ctx, one); err != nil {
			return d.Target
		}
		return one[0].Target
	}
}

// named are the vulnerabilities that a detection is about: those that its rule, or the
// product that raised it, names.
func named(d *alert.Detection) []string {
	if d.Reason.Kind == alert.ByIndicator {
		return nil
	}
	return vuln.IDs(d.Reason.Title + " " + strings.Join(d.CVEs, " "))
}

// target says whether an entity has a vulnerability.
func target(cve string, r vuln.Record, e alert.Entity, x *org.Index) *alert.Target {
	t := &alert.Target{CVE: cve, Affected: string(vuln.Unknown), Exposed: e.Exposed, Why: "what " + e.Name + " runs is not known"}
	if r.CVE == "" {
		t.Why = "nothing is known here of " + cve + ": no source speaks of it"
		return t
	}
	t.Title, t.CVSS = r.Title, r.CVSS
	if k := r.KEV; k != nil {
		t.Exploited, t.Ransomware = true, k.Ransomware
		if t.Title == "" {
			t.Title = k.Name
		}
	}
	if r.EPSS != nil {
		t.EPSS = r.EPSS.Score
	}
	a, ok := x.Host(e.Name)
	if !ok {
		return t
	}
	t.Exposed = t.Exposed || x.Exposed(*a)
	if d, ok := vuln.SSVC(r.SSVC, a.Criticality.Stake()); ok {
		t.SSVC = string(d)
	}
	products := x.Profile.Products(*a)
	switch answer, why := vuln.AssetAffected(r, products); {
	case answer != vuln.Silent:
		t.Affected, t.Why = string(answer), why
	case len(products) > 0:
		t.Why = "nothing that " + a.Name + " is known to run is named by " + cve
	}
	return t
}

// worse tells whether a says more against the target than b.
func worse(a, b *alert.Target) bool {
	if b == nil {
		return true
	}
	weight := func(t *alert.Target) (n int) {
		n = map[string]int{string(vuln.Yes): 20, string(vuln.Unknown): 10}[t.Affected]
		if t.Exploited {
			n += 5
		}
		return n
	}
	return weight(a) > weight(b)
}
