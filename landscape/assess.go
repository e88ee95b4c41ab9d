package landscape

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What terms weigh. Nothing was fitted: the order is what matters. What was seen
// here and what an analyst says stand above what others write; a sector or country
// named exactly stands above one that only holds ours or is a part of it; and that
// somebody targets others is a weak reason against, because lists are never whole.
const (
	weightJudged        = 60
	weightSeen          = 50
	weightSeenSoftware  = 24 // shared by all who use it
	weightSector        = 30
	weightSectorPart    = 24 // a part of ours
	weightSectorWhole   = 15 // ours is a part of it
	weightCountry       = 25
	weightRegion        = 12
	weightWorld         = 5
	weightOther         = -6
	weightExploits      = 15
	weightTechnology    = 8
	weightReport        = 6
	recentReport        = 365 * 24 * time.Hour
	softwareTerms       = 3 // of each of these kinds at most so many are counted
	technologyTerms     = 3
	commonTechnology    = 5 // a product that one in so many actors' texts name tells nobody apart
	leastForCommonality = 20
)

// Assess ranks actors: highest score first, and where it is the same by name.
func Assess(p Profile, actors []Actor, r *Reader, now time.Time) []Assessment {
	x := newAssessor(p, actors, r, now)
	out := make([]Assessment, 0, len(actors))
	for i := range actors {
		out = append(out, x.assess(&actors[i]))
	}
	slices.SortFunc(out, func(a, b Assessment) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(place(a.State), place(b.State)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func place(s State) int { return slices.Index([]State{Relevant, Unknown, Other}, s) }

type assessor struct {
	reader    *Reader
	now       time.Time
	sectors   []string // keys
	countries []string // codes
	products  []product
}

func newAssessor(p Profile, actors []Actor, r *Reader, now time.Time) *assessor {
	x := &assessor{reader: r, now: now}
	for _, s := range p.Sectors {
		if key, ok := SectorOf(s); ok && !slices.Contains(x.sectors, key) {
			x.sectors = append(x.sectors, key)
		}
	}
	for _, c := range p.Countries {
		if key, ok := r.PlaceOf(c); ok && !slices.Contains(x.countries, key) {
			x.countries = append(x.countries, key)
		}
	}
	slices.Sort(x.sectors)
	slices.Sort(x.countries)
	x.products = telling(productsOf(p.Technologies), actors)
	return x
}

func (x *assessor) assess(a *Actor) Assessment {
	out := Assessment{ID: a.ID, Name: a.Name, Type: a.Type, Aliases: a.Aliases, Origin: a.Origin, Judged: a.Judged, Targets: TargetsOf(*a, x.reader)}
	add := func(terms ...Term) { out.Terms = append(out.Terms, terms...) }
	ask := func(k Kind, format string, args ...any) {
		out.Questions = append(out.Questions, Question{k, fmt.Sprintf(format, args...)})
	}
	if a.Judged != nil {
		add(judged(*a.Judged))
	}
	add(x.seen(a, &out.LastSeen)...)
	switch t, ok := x.sector(out.Targets.Sectors); {
	case ok:
		add(t)
	case len(x.sectors) == 0:
		ask(Sector, "The profile names no sector of ours.")
	default:
		ask(Sector, "No source says which sectors it targets.")
	}
	switch t, ok := x.country(out.Targets.Places); {
	case ok:
		add(t)
	case len(x.countries) == 0:
		ask(Country, "The profile names no country of ours.")
	default:
		ask(Country, "No source says which countries it targets.")
	}
	add(x.technology(a)...)
	add(x.reported(a)...)
	for _, t := range out.Terms {
		out.Score += t.Weight
	}
	out.State = stateOf(out)
	return out
}

func stateOf(a Assessment) State {
	for _, t := range a.Terms {
		if t.Weight > 0 && (t.Kind != Activity) {
			return Relevant
		}
	}
	if len(a.Targets.Sectors)+len(a.Targets.Places) == 0 && a.Judged == nil {
		return Unknown
	}
	if !slices.ContainsFunc(a.Terms, func(t Term) bool { return t.Weight < 0 }) {
		return Unknown // something is known, but not what we ask
	}
	return Other
}

func judged(j Judgement) Term {
	if j.Targets {
		return Term{Kind: Judged, Weight: weightJudged, Short: "targets us", Text: fmt.Sprintf("%s says that it targets us: %s", j.By, j.Why), Source: j.By}
	}
	return Term{Kind: Judged, Weight: -weightJudged, Short: "does not target us", Text: fmt.Sprintf("%s says that it does not target us: %s", j.By, j.Why), Source: j.By}
}

// seen weighs incidents: that name the actor, once; that name what it uses, shared
// by all who use it.
func (x *assessor) seen(a *Actor, last *time.Time) []Term {
	sights := slices.Clone(a.Seen)
	slices.SortFunc(sights, func(p, q Sight) int {
		return cmp.Or(cmp.Compare(b2i(p.Software), b2i(q.Software)), cmp.Compare(p.Users, q.Users), q.Last.Compare(p.Last), cmp.Compare(p.Number, q.Number), cmp.Compare(p.Name, q.Name))
	})
	var out []Term
	named := map[string]bool{}
	for _, s := range sights {
		if s.Refuted || named[s.Name] || !s.Software && named[""] {
			continue
		}
		named[s.Name] = true
		t := Term{Kind: SeenHere, Source: fmt.Sprintf("incident %d", s.Number), Incident: s.Incident}
		if !s.Software {
			named[""] = true
			t.Weight, t.Short, t.Text = weightSeen, "seen here", fmt.Sprintf("Incident %d bears its name (%s).", s.Number, s.Name)
		} else {
			if len(out) >= softwareTerms {
				continue
			}
			t.Weight = weightSeenSoftware / max(s.Users, 1)
			if t.Weight == 0 {
				continue // everybody uses it: that says nothing of this one
			}
			t.Short = s.Name + " seen here"
			t.Text = fmt.Sprintf("Incident %d met %s, which it uses; so do %d other actors.", s.Number, s.Name, s.Users-1)
			if s.Users <= 1 {
				t.Text = fmt.Sprintf("Incident %d met %s, which nobody else is known to use.", s.Number, s.Name)
			}
		}
		if s.Last.After(*last) {
			*last = s.Last
		}
		out = append(out, t)
	}
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sector is the best that can be said of sectors; ok is false when nothing can.
func (x *assessor) sector(targets []Target) (Term, bool) {
	if len(x.sectors) == 0 || len(targets) == 0 {
		return Term{}, false
	}
	best, of := Term{}, ""
	for _, t := range targets {
		for _, ours := range x.sectors {
			c := Term{Kind: Sector, Source: t.Source, Sentence: t.Sentence, Short: t.Name}
			switch {
			case t.Key == ours:
				c.Weight, c.Text = weightSector, fmt.Sprintf("It targets our sector, %s.", t.Name)
			case within(ours, t.Key):
				c.Weight, c.Text = weightSectorWhole, fmt.Sprintf("It targets %s, which our sector, %s, is a part of.", t.Name, SectorName(ours))
			case within(t.Key, ours):
				c.Weight, c.Text = weightSectorPart, fmt.Sprintf("It targets %s, a part of our sector, %s.", t.Name, SectorName(ours))
			default:
				continue
			}
			if c.Weight > best.Weight || c.Weight == best.Weight && better(t, ours, of) {
				best, of = c, t.Key+ours
			}
		}
	}
	if best.Weight == 0 {
		return Term{Kind: Sector, Weight: weightOther, Short: "other sectors", Text: "The sectors it is said to target are others: " + names(targets) + ".", Source: sources(targets)}, true
	}
	return best, true
}

// better breaks ties, so that the order of the evidence does not matter.
func better(t Target, ours, than string) bool { return than == "" || t.Key+ours < than }

// country is the best that can be said of places.
func (x *assessor) country(targets []Target) (Term, bool) {
	if len(x.countries) == 0 || len(targets) == 0 {
		return Term{}, false
	}
	best, of := Term{}, ""
	for _, t := range targets {
		for _, ours := range x.countries {
			if !holds(t.Key, ours) {
				continue
			}
			c := Term{Kind: Country, Source: t.Source, Sentence: t.Sentence, Short: t.Name}
			switch t.Key {
			case ours:
				c.Weight, c.Text = weightCountry, fmt.Sprintf("It targets %s, where we are.", t.Name)
			case worldwide:
				c.Weight, c.Short, c.Text = weightWorld, "worldwide", "It is said to target the whole world."
			default:
				c.Weight, c.Text = weightRegion, fmt.Sprintf("It targets %s, where our %s is.", t.Name, x.reader.PlaceName(ours))
			}
			if c.Weight > best.Weight || c.Weight == best.Weight && better(t, ours, of) {
				best, of = c, t.Key+ours
			}
		}
	}
	if best.Weight == 0 {
		return Term{Kind: Country, Weight: weightOther, Short: "other countries", Text: "The places it is said to target are others: " + names(targets) + ".", Source: sources(targets)}, true
	}
	return best, true
}

// namesShown bounds the names in a sentence.
const namesShown = 5

func names(targets []Target) string {
	var out []string
	for _, t := range targets[:min(len(targets), namesShown)] {
		out = append(out, t.Name)
	}
	s := strings.Join(out, ", ")
	if n := len(targets) - namesShown; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s
}

func sources(targets []Target) string {
	var out []string
	for _, t := range targets {
		if !slices.Contains(out, t.Source) {
			out = append(out, t.Source)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// reported: a report of ours names it, and not long ago.
func (x *assessor) reported(a *Actor) []Term {
	var best Report
	for _, r := range a.Reports {
		if x.now.Sub(r.Time) <= recentReport && (r.Time.After(best.Time) || r.Time.Equal(best.Time) && r.ID < best.ID) {
			best = r
		}
	}
	if best.ID == "" {
		return nil
	}
	return []Term{{Kind: Activity, Weight: weightReport, Short: "in a report", Text: fmt.Sprintf("A report that was accepted here names it: %s.", best.Name), Source: best.Name}}
}

// TargetsOf is whom an actor targets: what sources list, then what they write.
func TargetsOf(a Actor, r *Reader) Targets {
	var t Targets
	for _, c := range a.Sectors {
		if key, ok := SectorOf(c.Value); ok {
			t.Sectors = append(t.Sectors, Target{key, SectorName(key), c.Source, c.Sentence})
		}
	}
	for _, c := range a.Places {
		if key, ok := r.PlaceOf(c.Value); ok {
			t.Places = append(t.Places, Target{key, r.PlaceName(key), c.Source, c.Sentence})
		}
	}
	for _, text := range a.Texts {
		if text.Of != "" {
			continue
		}
		for _, s := range r.Read(text.Body) {
			if s.Sector {
				t.Sectors = append(t.Sectors, Target{s.Key, SectorName(s.Key), text.Source, s.Sentence})
			} else {
				t.Places = append(t.Places, Target{s.Key, r.PlaceName(s.Key), text.Source, s.Sentence})
			}
		}
	}
	t.Sectors, t.Places = settle(t.Sectors), settle(t.Places)
	return t
}

// settle keeps each target once, the one with a sentence before the one without.
func settle(ts []Target) []Target {
	slices.SortFunc(ts, func(a, b Target) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(b2i(a.Sentence == ""), b2i(b.Sentence == "")), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Sentence, b.Sentence))
	})
	return slices.CompactFunc(ts, func(a, b Target) bool { return a.Key == b.Key })
}
