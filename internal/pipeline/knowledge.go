package pipeline

import (
	"context"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/exposure"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/stix"
	"github.com/vedette-soc/vedette/vuln"
)

// Knowledge lets collect write into the knowledge base.
type Knowledge struct {
	Intel *intel.Service
	Org   *org.Service
	// Exposure takes what is known of vulnerabilities; nil = it is kept with the rest.
	Exposure *exposure.Service
}

var _ collect.Knowledge = Knowledge{}

// Merge implements collect.Knowledge.
func (k Knowledge) Merge(ctx context.Context, source, run string, claims []indicator.Claim) (stored, merged int, dropped map[string]int, err error) {
	return k.Intel.Merge(ctx, source, run, claims)
}

// Withdraw implements collect.Knowledge.
func (k Knowledge) Withdraw(ctx context.Context, source, run string) (int, error) {
	return k.Intel.Withdraw(ctx, source, run)
}

// Objects implements collect.Knowledge. Only what has no id cannot be kept.
func (k Knowledge) Objects(ctx context.Context, source string, objects []stix.Object) (stored, merged int, dropped map[string]int, err error) {
	dropped = map[string]int{}
	keep := objects[:0:0]
	var records []vuln.Record
	for _, o := range objects {
		if r, ok := vuln.OfObject(o); ok && k.Exposure != nil {
			records = append(records, r)
		} else if o.ID != "" {
			keep = append(keep, o)
		} else {
			dropped["no-id"]++
		}
	}
	if len(records) > 0 {
		created, _, err := k.Exposure.Learn(ctx, source, records)
		if err != nil {
			return 0, 0, dropped, err
		}
		stored, merged = created, len(records)-created
	}
	if len(keep) == 0 {
		return stored, merged, dropped, nil
	}
	st, err := k.Intel.Learn(ctx, source, keep)
	return stored + st.New, merged + st.Changed + st.Same, dropped, err
}

// Suspicious implements collect.Knowledge: our own assets never become
// indicators by what a feed says.
func (k Knowledge) Suspicious(_ context.Context, t indicator.Type, value string) string {
	return k.Org.Index().Own(t, value)
}

// Done implements collect.Knowledge.
func (k Knowledge) Done(ctx context.Context, source, _ string) error {
	if err := k.Intel.Settle(ctx, source); err != nil {
		return err
	}
	return k.Intel.Announce(ctx)
}
