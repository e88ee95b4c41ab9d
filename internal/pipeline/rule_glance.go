package pipeline

import (
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/sigma"
)

// ruleGlance tells by the bytes of a record that no rule of a set matches it: most
// of what is kept need not be decoded to be looked at with a rule. It belongs to one
// goroutine.
type ruleGlance struct {
	rec     *format.Recogniser
	matcher *sigma.Matcher
}

func newRuleGlance(d *Decoder, set *ruleSet) *ruleGlance {
	return &ruleGlance{rec: d.rec, matcher: set.engine.Matcher()}
}

// nothing says that the event of a record surely matches no rule; false in doubt. What
// the record is need not be found out again: it is declared then.
func (g *ruleGlance) nothing(r *telemetry.Stored) bool {
	name, sure := g.rec.Whole(r.Raw, r.Format)
	if !sure {
		return false
	}
	r.Format = name
	hits, err := g.matcher.Record(name, r.Raw)
	return err == nil && len(hits) == 0
}
