package pipeline

import (
	"context"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/stix"
	"github.com/vedette-soc/vedette/vuln"
)

// Vulnerabilities gathers records in memory, by CVE id, for work without a store.
// What else is read is counted as dropped.
type Vulnerabilities map[string]*vuln.Record

var _ collect.Knowledge = Vulnerabilities{}

// Merge implements collect.Knowledge.
func (Vulnerabilities) Merge(_ context.Context, _, _ string, claims []indicator.Claim) (stored, merged int, dropped map[string]int, err error) {
	return 0, 0, map[string]int{"no-vulnerability": len(claims)}, nil
}

// Withdraw implements collect.Knowledge.
func (Vulnerabilities) Withdraw(context.Context, string, string) (int, error) { return 0, nil }

// Objects implements collect.Knowledge.
func (v Vulnerabilities) Objects(_ context.Context, _ string, objects []stix.Object) (stored, merged int, dropped map[string]int, err error) {
	dropped = map[string]int{}
	for _, o := range objects {
		r, ok := vuln.OfObject(o)
		if !ok {
			dropped["no-vulnerability"]++
			continue
		}
		if have := v[r.CVE]; have != nil {
			have.Merge(r)
			merged++
			continue
		}
		v[r.CVE] = &r
		stored++
	}
	return stored, merged, dropped, nil
}

// Suspicious implements collect.Knowledge.
func (Vulnerabilities) Suspicious(context.Context, indicator.Type, string) string { return "" }

// Done implements collect.Knowledge.
func (Vulnerabilities) Done(context.Context, string, string) error { return nil }
