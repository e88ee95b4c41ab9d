package web

import (
	"fmt"

	"github.com/vedette-soc/vedette/risk"
)

// loss is the expected loss in words, "" when the organisation gave no money bands.
func (s *server) loss(a risk.Assessment) string {
	m := s.cfg.Org.Index().Profile.Money
	from, to, ok := m.Range(a.Criticality.Value)
	if !ok {
		return ""
	}
	l := risk.ExpectedLoss(a, float64(from), float64(to))
	if l.To < 1 {
		return "below " + m.Currency + " 1"
	}
	return fmt.Sprintf("%s %s – %s", m.Currency, group(int64(l.From)), group(int64(l.To)))
}

// stake is what the range of an expected loss comes from.
func (s *server) stake(a risk.Assessment) string {
	m := s.cfg.Org.Index().Profile.Money
	from, to, ok := m.Range(a.Criticality.Value)
	if !ok {
		return ""
	}
	text := fmt.Sprintf("%s of %s %s – %s, what the profile says that the loss of such an asset costs", likely(a.Likelihood)+" × "+percent(a.Stage.Value), m.Currency, group(from), group(to))
	if a.Reputation.Value > 1 {
		text += fmt.Sprintf(", × %g for the reputation", a.Reputation.Value)
	}
	return text
}
