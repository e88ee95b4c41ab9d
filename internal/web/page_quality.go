package web

import (
	"math"
	"net/http"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/risk/triage"
)

// qualityPage is how good the ranking is here: what was said against what was judged.
type qualityPage struct {
	alert.Quality
	Teach []alert.Teaching
	Least int // verdicts that a probability needs
	Bars  []reliabilityBar
}

// Gain is how much better, or worse, than saying the base rate always.
func (p qualityPage) Gain() float64 { return math.Abs(p.Reliability.Skill) }

func (qualityPage) template() string { return "quality" }
func (qualityPage) title() string    { return "Quality of the ranking" }

// reliabilityBar is one bar of the chart: of what was said to be about as likely, how
// much was real, on a square of 200 units.
type reliabilityBar struct {
	triage.Bin
	X, Y, H float64
	DotX    float64 // what was said
}

const (
	chartSide = 200.0
	chartBar  = chartSide/10 - 4
)

func reliabilityBars(bins []triage.Bin) []reliabilityBar {
	var out []reliabilityBar
	one := func(v float64) float64 { return math.Round(10*v) / 10 }
	for _, b := range bins {
		out = append(out, reliabilityBar{Bin: b, X: one(chartSide*b.From + 2), Y: one(chartSide * (1 - b.Real)), H: one(max(chartSide*b.Real, 1)), DotX: one(chartSide * b.Said)})
	}
	return out
}

func (s *server) showQuality(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	q, err := s.cfg.Alerts.Quality(r.Context())
	if err != nil {
		return nil, err
	}
	p := qualityPage{Quality: q, Least: triage.LeastCalibrated, Bars: reliabilityBars(q.Reliability.Bins)}
	if p.Teach, err = s.cfg.Alerts.Teach(r.Context()); err != nil {
		return nil, err
	}
	return p, nil
}
