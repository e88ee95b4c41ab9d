package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Sources answers investigate's questions from the other capabilities.
type Sources struct {
	Alerts  *alert.Service
	Intel   *intel.Service
	History telemetry.History
	Org     *org.Service
}

var _ investigate.Sources = Sources{}

// Case implements investigate.Sources.
func (s Sources) Case(ctx context.Context, incident string) (investigate.Case, error) {
	d, err := s.Alerts.Incident(ctx, incident)
	if err != nil {
		return investigate.Case{}, err
	}
	c := investigate.Case{
		ID: incident, First: d.Incident.First, Names: d.Incident.Names, Techniques: d.Incident.Techniques,
		Profile: targets(s.Org.Index().Profile),
	}
	for _, e := range d.Incident.Entities {
		c.Entities = append(c.Entities, e.Name)
		c.Exposed = c.Exposed || e.Exposed
	}
	for _, a := range d.Alerts {
		r := a.Detection.Reason
		reason := investigate.Reason{Type: r.Type, Value: r.Value, Title: r.Title, Hits: a.Count, Blocked: a.Detection.Blocked}
		if r.Kind == alert.ByIndicator {
			reason.Indicator = r.Key
		}
		c.Reasons = append(c.Reasons, reason)
		if act, ok := actOf(&a.Detection); ok && !a.Detection.Suppressed {
			c.Acts = append(c.Acts, act)
		}
		leaksOf(&a.Detection, &c)
	}
	return c, nil
}

// actOf is what a rule or another product says was done, if it is believed and was not
// stopped.
func actOf(d *alert.Detection) (investigate.Act, bool) {
	r := d.Reason
	if r.Kind == alert.ByIndicator || d.Blocked || d.Tactic == "" || r.Level == "low" || r.Level == "informational" {
		return investigate.Act{}, false
	}
	a := investigate.Act{Tactic: d.Tactic, Techniques: d.Techniques, Title: r.Title, Account: d.Account.Name, Strong: r.Level == "high" || r.Level == "critical"}
	if d.Entity.Kind != userKind {
		a.Host = d.Entity.Name
	} else if a.Account == "" {
		a.Account = d.Entity.Name
	}
	return a, true
}

// targets are the words by which a report may say that it speaks of us: sectors,
// countries in English, technologies.
func targets(p org.Profile) []string {
	words := slices.Clone(p.Sectors)
	for _, code := range p.Countries {
		if region, err := language.ParseRegion(code); err == nil {
			words = append(words, display.English.Regions().Name(region))
		}
	}
	for _, t := range p.Technologies {
		words = append(words, t.Name)
	}
	return words
}

// Indicator implements investigate.Sources.
func (s Sources) Indicator(ctx context.Context, t indicator.Type, value string) (investigate.Indicator, bool, error) {
	row, err := s.Intel.Lookup(ctx, t, value)
	if errs.KindOf(err) == errs.NotFound {
		return investigate.Indicator{}, false, nil
	}
	return indicatorOf(row), err == nil, err
}

func indicatorOf(row intel.Row) investigate.Indicator {
	i := investigate.Indicator{
		ID: row.ID, Type: row.Type, Value: row.Value, Names: row.Names, Confidence: row.Confidence, LastSeen: row.LastSeen, Expires: row.ValidUntil,
	}
	for _, a := range row.Sources {
		i.Sources = append(i.Sources, a.Source)
	}
	return i
}

// Named implements investigate.Sources.
func (s Sources) Named(ctx context.Context, names []string, limit int) ([]investigate.Indicator, error) {
	var out []investigate.Indicator
	for _, n := range names {
		rows, _, err := s.Intel.Search(ctx, intel.Query{Name: n, Limit: limit})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, indicatorOf(r))
		}
	}
	slices.SortStableFunc(out, func(a, b investigate.Indicator) int { return b.Confidence - a.Confidence })
	return out[:min(len(out), limit)], nil
}

// neighboursRead bounds how many relations of one entity are followed.
const neighboursRead = 400

// Parties implements investigate.Sources.
func (s Sources) Parties(ctx context.Context, names []string) ([]investigate.Party, []investigate.Technique, error) {
	resolved, err := s.Intel.Resolve(ctx, names)
	if err != nil {
		return nil, nil, err
	}
	var parties []investigate.Party
	var techniques []investigate.Technique
	have := map[string]bool{}
	for _, n := range names {
		for _, e := range resolved[n] {
			if have[e.ID] || !party(e.Type) {
				continue
			}
			have[e.ID] = true
			p := partyOf(e.Entity)
			p.Direct, p.Ambiguous, p.Why = true, len(resolved[n]) > 1, fmt.Sprintf("the sources name it %q", n)
			parties = append(parties, p)
		}
	}
	users := map[string]*user{}
	for _, p := range slices.Clone(parties) {
		if p.Ambiguous {
			continue
		}
		ts, err := s.around(ctx, p, have, users)
		if err != nil {
			return nil, nil, err
		}
		techniques = append(techniques, ts...)
	}
	return append(parties, concluded(users)...), techniques, nil
}

// user is a party concluded from what it uses.
type user struct {
	entity intel.Entity
	uses   []string
	rare   bool // something it uses has few users
}

// fewUsers is how many users make a program tell something about who uses it:
// half of the known groups use Mimikatz.
const fewUsers = 5

// concluded returns users that say something: those of a program that few use, or
// of at least three of the programs seen; the ones that use most of them first.
func concluded(users map[string]*user) []investigate.Party {
	var out []investigate.Party
	weight := map[string]int{}
	for id, u := range users {
		if !u.rare && len(u.uses) < 3 {
			continue
		}
		p := partyOf(u.entity)
		p.Why = "uses " + strings.Join(u.uses, ", ")
		weight[id] = len(u.uses)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b investigate.Party) int {
		return cmp.Or(cmp.Compare(weight[b.Ref.ID], weight[a.Ref.ID]), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// around follows the relations of p one step: who uses it goes into users, which
// techniques it uses is returned.
func (s Sources) around(ctx context.Context, p investigate.Party, have map[string]bool, users map[string]*user) ([]investigate.Technique, error) {
	rels, entities, err := s.Intel.Neighbours(ctx, p.Ref, neighboursRead)
	if err != nil {
		return nil, err
	}
	toP := map[string]bool{} // entities that point at p
	for _, r := range rels {
		if r.To == p.Ref {
			toP[r.From.ID] = true
		}
	}
	rare := len(toP) <= fewUsers
	var techniques []investigate.Technique
	for _, e := range entities {
		switch {
		case e.Revoked:
		case e.Type == "attack-pattern" && !toP[e.ID]:
			techniques = append(techniques, investigate.Technique{ID: e.AttackID, Name: e.Name, Why: p.Name + " uses it"})
		case party(e.Type) && !have[e.ID] && toP[e.ID]:
			u := users[e.ID]
			if u == nil {
				u = &user{entity: e}
				users[e.ID] = u
			}
			u.uses = append(u.uses, p.Name)
			u.rare = u.rare || rare
		}
	}
	return techniques, nil
}

func party(entityType string) bool {
	switch entityType {
	case "intrusion-set", "threat-actor", "campaign", "malware", "tool":
		return true
	}
	return false
}

func partyOf(e intel.Entity) investigate.Party {
	text, _, _ := strings.Cut(e.Description, "\n")
	if r := []rune(text); len(r) > 400 {
		text = string(r[:400]) + "…"
	}
	return investigate.Party{Ref: ref.Ref{Kind: ref.Entity, ID: e.ID}, Type: e.Type, Name: e.Name, AttackID: e.AttackID, Aliases: e.Aliases, Text: text}
}

// Earlier implements investigate.Sources.
func (s Sources) Earlier(ctx context.Context, incident string, values []string) ([]investigate.Earlier, error) {
	shared, err := s.Alerts.Sharing(ctx, incident, values, 20)
	if err != nil {
		return nil, err
	}
	var out []investigate.Earlier
	for _, sh := range shared {
		e := investigate.Earlier{
			Ref: ref.Ref{Kind: ref.Incident, ID: sh.Incident.ID}, Number: sh.Incident.Number, Title: sh.Incident.Title, Time: sh.Incident.First,
			Shared: sh.Values, Priority: sh.Incident.Assessment.Priority,
		}
		if v := sh.Incident.Verdict; v != nil {
			e.Verdict = string(v.Kind)
		}
		out = append(out, e)
	}
	return out, nil
}

// Seen implements investigate.Sources.
func (s Sources) Seen(ctx context.Context, t indicator.Type, value string) (int, error) {
	f, err := s.History.Find(ctx, KeyOf(t, value), 1)
	return f.Count, err
}
