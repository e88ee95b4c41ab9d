package intel_test

import (
	"bytes"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/ref"
)

// TestExportNeedsAnalyst: what is labelled above GREEN does not leave by a viewer.
func TestExportNeedsAnalyst(t *testing.T) {
	s := intel.New(nil, nil, nil) // it must not come to a question to the store
	for role, labels := range map[ref.Role][]indicator.TLP{
		ref.Nobody: {indicator.TLPUnknown, indicator.TLPClear},
		ref.Viewer: {indicator.TLPAmber, indicator.TLPAmberStrict, indicator.TLPRed},
	} {
		ctx := ref.WithActor(t.Context(), ref.Actor{Name: "somebody", Role: role})
		for _, l := range labels {
			var b bytes.Buffer
			_, err := s.Export(ctx, intel.Export{To: "csv", TLP: l}, nil, &b)
			if errs.KindOf(err) != errs.Denied || b.Len() > 0 {
				t.Errorf("%v exports %v: %v", role, l, err)
			}
		}
	}
}
