package pipeline

import (
	"context"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/stix"
)

// Names collects the entities of what collect reads, and nothing else.
type Names struct{ Glossary *intel.Glossary }

var _ collect.Knowledge = Names{}

// Merge implements collect.Knowledge: indicators are passed over.
func (n Names) Merge(_ context.Context, _, _ string, claims []indicator.Claim) (stored, merged int, dropped map[string]int, err error) {
	return 0, 0, map[string]int{"not-an-entity": len(claims)}, nil
}

// Objects implements collect.Knowledge.
func (n Names) Objects(_ context.Context, source string, objects []stix.Object) (stored, merged int, dropped map[string]int, err error) {
	added := n.Glossary.Add(source, objects)
	dropped = map[string]int{}
	if rest := len(objects) - added.New - added.Changed - added.Same; rest > 0 {
		dropped["no-name"] = rest
	}
	return added.New, added.Changed + added.Same, dropped, nil
}

// Withdraw implements collect.Knowledge; nothing is ever withdrawn here.
func (Names) Withdraw(context.Context, string, string) (int, error) { return 0, nil }

// Suspicious implements collect.Knowledge; there is no organisation to protect.
func (Names) Suspicious(context.Context, indicator.Type, string) string { return "" }

// Done implements collect.Knowledge.
func (Names) Done(context.Context, string, string) error { return nil }
