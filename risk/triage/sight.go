package triage

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/risk"
)

// Sight is what is known of one rule on one entity, over all its sessions: what an
// incident that grows for days is judged by.
type Sight struct {
	Rule     string    `json:"rule"`
	Sensor   string    `json:"sensor"`
	Entity   string    `json:"entity"`
	Session  time.Time `json:"session"`  // the beginning of the newest
	Sessions int       `json:"sessions"` // in which it fired
	Unusual  float64   `json:"unusual"`  // sum over them of the unusual part, 0-1 each
	Peak     float64   `json:"peak"`     // the highest surprise
	Last     float64   `json:"last"`     // that of the newest session
	NewHere  bool      `json:"new_here,omitempty"`
	NewInOrg bool      `json:"new_in_org,omitempty"`
	Warm     float64   `json:"warm"` // how far the memory could be relied on, 0-1
}

// Note adds a firing in session s; a session counts once.
func (g *Sight) Note(s *Session, f Fired, warm float64) {
	if g.Sessions > 0 && g.Session.Equal(s.First) {
		return
	}
	g.Rule, g.Sensor, g.Entity, g.Session = f.Rule, f.Sensor, s.Entity, s.First
	g.Sessions++
	g.Unusual += min(f.Surprise, 2) / 2
	g.Peak, g.Last, g.Warm = max(g.Peak, f.Surprise), f.Surprise, max(g.Warm, warm)
	g.NewHere, g.NewInOrg = g.NewHere || f.NewHere, g.NewInOrg || f.NewInOrg
}

// Rare tells whether something about it was rare when it came.
func (g *Sight) Rare(set Settings) bool { return g != nil && g.Peak >= set.Rare }

// seldom is the log-odds of an incident of new things alone, beside one of which
// nothing is known about what is usual: most that is new is harmless.
const seldom = -1.5

// together merges sights of the same rule on the same entity, in one order.
func together(sights []Sight) []Sight {
	at := map[string]int{}
	var out []Sight
	for _, g := range sights {
		key := g.Entity + "\x00" + g.Rule
		i, ok := at[key]
		if !ok {
			at[key] = len(out)
			out = append(out, g)
			continue
		}
		o := &out[i]
		o.Sessions += g.Sessions
		o.Unusual += g.Unusual
		o.Peak, o.Warm = max(o.Peak, g.Peak), max(o.Warm, g.Warm)
		if g.Session.After(o.Session) {
			o.Session, o.Last = g.Session, g.Last
		}
		o.NewHere, o.NewInOrg = o.NewHere || g.NewHere, o.NewInOrg || g.NewInOrg
	}
	slices.SortFunc(out, func(a, b Sight) int {
		return cmp.Or(cmp.Compare(b.Peak, a.Peak), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Entity, b.Entity))
	})
	return out
}

// Novelty is the evidence of what fired in an incident, as terms that are added to
// its log-odds, with the weights of a model for sessions. name says what people call a
// rule. Of a young memory the terms count in part, without any sight there are none.
func (m Model) Novelty(sights []Sight, set Settings, name func(rule string) string) []risk.Term {
	sights = together(sights)
	warm := 0.0
	p := newProfile()
	odd := 0.0 // how much of what fired is unusual
	for _, g := range sights {
		warm = max(warm, g.Warm)
		p.strange[g.Rule], p.sensor[g.Rule] = max(p.strange[g.Rule], g.Peak), g.Sensor
		if g.NewInOrg {
			p.newOrg[g.Rule] = true
		}
		odd += g.Unusual / float64(max(1, g.Sessions)) / float64(len(sights))
	}
	if warm == 0 {
		return nil
	}
	p.share, p.pairs = odd, 1
	x := (&Incident{sum: p}).measure()
	var terms []risk.Term
	add := func(w float64, why string) {
		if w = math.Round(100*w) / 100; w != 0 {
			terms = append(terms, risk.Term{Family: "novelty", Weight: w, Why: why})
		}
	}
	add(warm*(seldom+m.Weights[linked]+m.Weights[focus]*odd), focusWords(sights, odd, name))
	add(m.Weights[ownSurprise]*x.top3+m.Weights[mass]*x.mass+m.Weights[part]*x.top3*max(0, x.score()-set.Hot)/3, strangeWords(sights, name))
	add(m.Weights[firstEver]*x.newOrg, firstWords(sights, name))
	return terms
}

// focusWords says how much of what fired is unusual here.
func focusWords(sights []Sight, odd float64, name func(string) string) string {
	share := fmt.Sprintf("%.0f %% of what fired is unusual where it fired", 100*odd)
	if odd > .5 {
		return share
	}
	usual := sights[0]
	for _, g := range sights {
		if g.Sessions > usual.Sessions {
			usual = g
		}
	}
	if usual.Sessions < 2 {
		return share
	}
	return fmt.Sprintf("only %s: %s came up on %s on %d occasions, the last time it was %s", share, name(usual.Rule), bare(usual.Entity), usual.Sessions, said(usual.Last))
}

// said is a surprise in words.
func said(surprise float64) string {
	switch {
	case surprise < .5:
		return "no surprise"
	case surprise < 1.5:
		return "hardly a surprise"
	}
	return "still rare"
}

// strangeWords names what is strangest.
func strangeWords(sights []Sight, name func(string) string) string {
	top := sights[0]
	text := name(top.Rule) + " on " + bare(top.Entity)
	switch {
	case top.NewInOrg:
		text += ": never seen in this organisation before"
	case top.NewHere:
		text += ": the first time there"
	default:
		text += ": unusual there"
	}
	text += fmt.Sprintf(" (one chance in %.0f in half an hour)", math.Pow(10, top.Peak))
	more := 0
	for _, g := range sights[1:] {
		if g.Peak > 1 {
			more++
		}
	}
	if more > 0 {
		text += fmt.Sprintf(", and %d more unusual things", more)
	}
	return text
}

// firstWords names what the organisation had never seen.
func firstWords(sights []Sight, name func(string) string) string {
	var names []string
	for _, g := range sights {
		if n := name(g.Rule); g.NewInOrg && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	more := ""
	if n := len(names) - 3; n > 0 {
		names, more = names[:3], fmt.Sprintf(" and %d more", n)
	}
	return "never fired in this organisation before: " + strings.Join(names, ", ") + more
}

// bare is an entity without its kind.
func bare(entity string) string {
	if _, name, ok := strings.Cut(entity, "/"); ok {
		return name
	}
	return entity
}
