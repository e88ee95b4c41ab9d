package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/landscape"
)

// CampaignThreat is one campaign of the landscape: what speaks for it by itself, half
// of the score of the most relevant actor it is attributed to, and how lately it was
// seen anywhere.
type CampaignThreat struct {
	landscape.Assessment
	Actors     []landscape.Assessment `json:"actors"` // it is attributed to, the most relevant first
	Techniques []Technique            `json:"techniques"`
	Gaps       int                    `json:"gaps"`
	Active     time.Time              `json:"active,omitzero"` // seen last, as its source says
}

// Weights of a campaign's age: seen within a year, within three.
const (
	thisYear   = 15
	threeYears = 5
)

// campaigns ranks the campaigns, the most relevant first.
func (g gathering) campaigns(t *Threats, p landscape.Profile, reader *landscape.Reader, now time.Time) []CampaignThreat {
	var actors []landscape.Actor
	at := map[string]int{}
	for i := range g.circle.Campaigns {
		a := &g.circle.Campaigns[i]
		at[a.ID] = i
		actors = append(actors, g.actor(a))
	}
	var out []CampaignThreat
	for _, a := range landscape.Assess(p, actors, reader, now) {
		c := CampaignThreat{Assessment: a}
		of := &g.circle.Campaigns[at[a.ID]]
		for _, id := range of.Attributed() {
			if actor, ok := t.Actor(id); ok && !slices.ContainsFunc(c.Actors, func(x landscape.Assessment) bool { return x.ID == actor.ID }) {
				c.Actors = append(c.Actors, actor.Assessment)
			}
		}
		slices.SortStableFunc(c.Actors, func(a, b landscape.Assessment) int { return b.Score - a.Score })
		c.Active = of.LastSeen
		c.weigh(now)
		c.Techniques, c.Gaps = g.techniques(t.Coverage, of)
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b CampaignThreat) int {
		return cmp.Or(b.Score-a.Score, b.Active.Compare(a.Active), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// weigh adds what an actor and time say.
func (c *CampaignThreat) weigh(now time.Time) {
	add := func(kind landscape.Kind, weight int, short, text, source string) {
		if weight != 0 {
			c.Terms = append(c.Terms, landscape.Term{Kind: kind, Weight: weight, Short: short, Text: text, Source: source})
			c.Score += weight
		}
	}
	if len(c.Actors) > 0 {
		a := c.Actors[0]
		add("attributed", a.Score/2, "by "+a.Name, fmt.Sprintf("It is attributed to %s, whose score is %d.", a.Name, a.Score), "the knowledge base")
	}
	switch age := now.Sub(c.Active); {
	case c.Active.IsZero():
		c.Questions = append(c.Questions, landscape.Question{Kind: "recent", Text: "No source says when it was seen last."})
	case age < 366*24*time.Hour:
		add("recent", thisYear, "this year", "It was seen within a year: last on "+c.Active.Format(time.DateOnly)+".", "its source")
	case age < 3*366*24*time.Hour:
		add("recent", threeYears, "lately", "It was seen within three years: last on "+c.Active.Format(time.DateOnly)+".", "its source")
	}
}

// techniques are those that a campaign uses, and how many of them no rule would see.
func (g gathering) techniques(cover *Coverage, of *intel.Actor) (out []Technique, gaps int) {
	for _, e := range g.circle.Uses(of, "attack-pattern") {
		if e.AttackID == "" {
			continue
		}
		sight, _ := cover.Of(e.AttackID)
		out = append(out, Technique{e.AttackID, e.Name, sight})
		if !sight.Seen() {
			gaps++
		}
	}
	return out, gaps
}
