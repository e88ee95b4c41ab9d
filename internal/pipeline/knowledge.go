package pipeline

import (
	"context"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/stix"
)

// Knowledge lets collect write into the knowledge base.
type Knowledge struct {
	Intel *intel.Service
	Org   *org.Service
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
	for _, o := range objects {
		if o.ID != "" {
			keep = append(keep, o)
		} else {
			dropped["no-id"]++
		}
	}
	st, err := k.Intel.Learn(ctx, source, keep)
	return st.New, st.Changed + st.Same, dropped, err
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
