package web

import (
	"fmt"
	"math"
	"strconv"

	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/risk"
)

// lossIn is the expected loss in money; ok is false when it is not given.
func lossIn(m org.Money, a risk.Assessment) (l risk.Loss, ok bool) {
	from, to, ok := m.Range(a.Criticality.Value)
	if !ok {
		return l, false
	}
	return risk.ExpectedLoss(a, float64(from), float64(to)), true
}

// loss is the expected loss in words, "" when the organisation gave no money bands.
func (s *server) loss(a risk.Assessment) string {
	m := s.cfg.Org.Index().Profile.Money
	l, ok := lossIn(m, a)
	if !ok {
		return ""
	}
	if l.To < 1 {
		return "below " + m.Currency + " 1"
	}
	return m.Currency + " " + amounts(l.From, l.To)
}

// amounts is a range in the largest unit that keeps it short: 1.5–30 M.
func amounts(from, to float64) string {
	unit, name := 1.0, ""
	switch {
	case to >= 1e9:
		unit, name = 1e9, "\u00a0bn"
	case to >= 1e6:
		unit, name = 1e6, "\u00a0M"
	case to >= 1e4:
		unit, name = 1e3, "\u00a0k"
	}
	digits := 100.0 // hundredths of the unit, but whole euros and dollars
	if unit == 1 {
		digits = 1
	}
	short := func(v float64) string { return strconv.FormatFloat(math.Round(digits*v/unit)/digits, 'f', -1, 64) }
	return short(from) + "–" + short(to) + name
}

// stake is what the range of an expected loss comes from.
func (s *server) stake(a risk.Assessment) string {
	m := s.cfg.Org.Index().Profile.Money
	from, to, ok := m.Range(a.Criticality.Value)
	if !ok {
		return ""
	}
	text := fmt.Sprintf("%s of %s %s, what the profile says that the loss of such an asset costs", likely(a.Likelihood)+" × "+percent(a.Stage.Value), m.Currency, amounts(float64(from), float64(to)))
	if a.Reputation.Value > 1 {
		text += fmt.Sprintf(", × %g for the reputation", a.Reputation.Value)
	}
	return text
}
