package app

import (
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
)

// decayRules reads the rules of the configuration.
func decayRules(rules []config.Life) ([]intel.DecayRule, error) {
	var out []intel.DecayRule
	for i, l := range rules {
		r := intel.DecayRule{
			Source: l.Source,
			Decay:  indicator.Decay{Lifetime: time.Duration(l.Lifetime * float64(24*time.Hour)), Delta: l.Speed, Threshold: l.Threshold},
		}
		for _, name := range l.Types {
			if !slices.Contains(indicator.Types, indicator.Type(name)) {
				return nil, errs.New(errs.Invalid, "config_invalid", "life, rule %d: %q is no type of indicator; see docs/formats.md.", i+1, name)
			}
			r.Types = append(r.Types, indicator.Type(name))
		}
		out = append(out, r)
	}
	return out, nil
}
