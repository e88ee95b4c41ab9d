package intel

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/ref"
)

// DecayRule says how fast what a source says ages. Source "" is any source; no Types
// are all.
type DecayRule struct {
	Source string
	Types  []indicator.Type
	Decay  indicator.Decay
}

// WithDecay puts rules before the built-in models: the first that fits counts.
func (s *Service) WithDecay(rules []DecayRule) *Service {
	s.trust.decays = rules
	return s
}

// decay is the model by which what a source says of a type ages.
func (t trust) decay(source string, typ indicator.Type) indicator.Decay {
	for _, r := range t.decays {
		if (r.Source == "" || r.Source == source) && (len(r.Types) == 0 || slices.Contains(r.Types, typ)) {
			return r.Decay
		}
	}
	return indicator.DecayOf(typ)
}

// Life is how long the entries of a source really were listed, beside the models.
type Life struct {
	Type     indicator.Type `json:"type"`
	Entries  int            `json:"entries"` // those that came after the first good run
	Gone     int            `json:"gone"`    // of them withdrawn
	HalfLife float64        `json:"half_life_days,omitempty"`
	InUse    DecayModel     `json:"in_use"`
	Proposed *DecayModel    `json:"proposed,omitempty"` // nil: too few have gone
}

// DecayModel is a decay model and how far it is from what was seen.
type DecayModel struct {
	Lifetime  float64 `json:"lifetime"` // days
	Speed     float64 `json:"decay_speed"`
	Threshold float64 `json:"threshold"`
	Error     float64 `json:"error"` // root mean square, of the share still listed
}

// Lives fits a decay model to each type of entry of a source, most numerous first.
func (s *Service) Lives(ctx context.Context, source string) ([]Life, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	lived, err := s.ledger.Lives(ctx, source, s.now().UTC())
	if err != nil {
		return nil, err
	}
	out := []Life{}
	for _, typ := range slices.Sorted(maps.Keys(lived)) {
		inUse := s.trust.decay(source, typ)
		fit, ok := indicator.FitDecay(lived[typ], inUse.Threshold)
		l := Life{Type: typ, Entries: fit.N, Gone: fit.Gone, InUse: decayModel(inUse, indicator.DecayError(lived[typ], inUse))}
		if ok {
			m := decayModel(fit.Decay, fit.Error)
			l.Proposed, l.HalfLife = &m, fit.Reaches(100, 50).Hours()/24
		}
		out = append(out, l)
	}
	slices.SortStableFunc(out, func(a, b Life) int { return b.Entries - a.Entries })
	return out, nil
}

func decayModel(d indicator.Decay, distance float64) DecayModel {
	return DecayModel{float64(d.Lifetime) / float64(24*time.Hour), d.Delta, d.Threshold, distance}
}
