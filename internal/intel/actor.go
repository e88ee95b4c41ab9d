package intel

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// ActorStore reads all actors at once and keeps what analysts say of whom they
// target. Contract as of Store.
type ActorStore interface {
	// Surroundings returns the entities of some types that are not revoked, every
	// relation of theirs, and the entities at the other ends.
	Surroundings(ctx context.Context, types []string) (of []Entity, relations []Relation, around []Entity, err error)
	// Targeting returns what analysts said.
	Targeting(ctx context.Context) ([]Targeting, error)
	// SaveTargeting records what an analyst says, or takes it back, with act.
	SaveTargeting(ctx context.Context, t Targeting, takeBack bool, act ref.Act) error
}

// Targeting is what an analyst says of an actor: that it targets us, or does not.
type Targeting struct {
	Entity  string    `json:"entity"`
	Targets bool      `json:"targets"`
	By      string    `json:"by"`
	Why     string    `json:"why"`
	Time    time.Time `json:"time"`
}

// Actor is one actor over all vocabularies, with what stands around it.
type Actor struct {
	Meaning
	Members   []Entity   // the entities that are this actor, the first gives the name
	Relations []Relation // of any of them, and of campaigns attributed to them
	Campaigns []Entity
	Targeting *Targeting // nil = nobody said anything
}

// Circle is all actors, and the entities they have relations with by their ids.
type Circle struct {
	Actors    []Actor
	Campaigns []Actor // each as if it acted by itself
	Around    map[string]Entity
}

// actorTypes are the STIX types of who acts, and of their campaigns.
var actorTypes = []string{"intrusion-set", "threat-actor", "campaign"}

// WithActors gives the service where all actors are read at once.
func (s *Service) WithActors(a ActorStore) *Service {
	s.actors = a
	return s
}

// Actors returns every actor that is known, joined over vocabularies as [Meanings]
// joins them.
func (s *Service) Actors(ctx context.Context) (Circle, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Circle{}, err
	}
	all, relations, around, err := s.actors.Surroundings(ctx, actorTypes)
	if err != nil {
		return Circle{}, err
	}
	said, err := s.actors.Targeting(ctx)
	if err != nil {
		return Circle{}, err
	}
	g := newGrouping()
	var bearers []Entity
	c := Circle{Around: map[string]Entity{}}
	for _, e := range slices.Concat(all, around) {
		c.Around[e.ID] = e
	}
	for _, e := range all {
		if e.class() == "actor" && g.add(e) {
			bearers = append(bearers, e)
		}
	}
	if g.decisions, err = s.knowledge.Decisions(ctx, g.ids()); err != nil {
		return Circle{}, err
	}
	g.link()
	at := map[string][]Relation{}
	for _, r := range relations {
		at[r.From.ID] = append(at[r.From.ID], r)
		if r.To.ID != r.From.ID {
			at[r.To.ID] = append(at[r.To.ID], r)
		}
	}
	for _, m := range g.meanings(bearers) {
		c.Actors = append(c.Actors, actorOf(m, g, at, c.Around, said))
	}
	for _, e := range all {
		if e.Type == "campaign" && !e.Revoked {
			c.Campaigns = append(c.Campaigns, Actor{Meaning: Meaning{Entity: e}, Members: []Entity{e}, Relations: at[e.ID]})
		}
	}
	return c, nil
}

func actorOf(m Meaning, g *grouping, at map[string][]Relation, around map[string]Entity, said []Targeting) Actor {
	a := Actor{Meaning: m, Members: []Entity{g.entities[m.ID]}}
	for _, o := range m.Same {
		a.Members = append(a.Members, g.entities[o.ID])
	}
	campaigns := map[string]Entity{}
	for _, e := range a.Members {
		a.Relations = append(a.Relations, at[e.ID]...)
		for _, r := range at[e.ID] {
			if c := around[r.From.ID]; r.Type == "attributed-to" && c.Type == "campaign" && !c.Revoked {
				campaigns[c.ID] = c
			}
		}
		for _, t := range said {
			if t.Entity == e.ID && (a.Targeting == nil || t.Time.After(a.Targeting.Time)) {
				a.Targeting = &t
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(campaigns)) {
		a.Campaigns = append(a.Campaigns, campaigns[id])
		a.Relations = append(a.Relations, at[id]...)
	}
	return a
}

// Uses returns the entities of some types that the actor, or a campaign of it, uses,
// each once, in the order of their names.
func (c *Circle) Uses(a *Actor, types ...string) []Entity {
	return c.ends(a, []string{"uses"}, types)
}

// Targeted returns the entities that the actor, or a campaign of it, is said to
// target or exploit.
func (c *Circle) Targeted(a *Actor, types ...string) []Entity {
	return c.ends(a, []string{"targets", "exploits", "has"}, types)
}

func (c *Circle) ends(a *Actor, by, types []string) []Entity {
	mine := map[string]bool{}
	for _, e := range slices.Concat(a.Members, a.Campaigns) {
		mine[e.ID] = true
	}
	found := map[string]Entity{}
	for _, r := range a.Relations {
		if e := c.Around[r.To.ID]; mine[r.From.ID] && slices.Contains(by, r.Type) && slices.Contains(types, e.Type) && !e.Revoked {
			found[e.ID] = e
		}
	}
	return slices.SortedFunc(maps.Values(found), rank)
}

// Attributed returns the ids of whom a campaign is attributed to.
func (a *Actor) Attributed() []string {
	var out []string
	for _, r := range a.Relations {
		if r.Type == "attributed-to" && r.From.ID == a.ID {
			out = append(out, r.To.ID)
		}
	}
	return out
}

// JudgeTargeting records what an analyst says of an actor: that it targets us
// ("yes"), that it does not ("no"), or "undecided" to take that back.
func (s *Service) JudgeTargeting(ctx context.Context, entity, verdict, why string) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	if verdict != "yes" && verdict != "no" && verdict != "undecided" {
		return errs.New(errs.Invalid, "verdict_unknown", "%q is not one of yes, no, undecided.", verdict)
	}
	if why = strings.TrimSpace(why); len(why) < 3 || len(why) > 2000 {
		return errs.New(errs.Invalid, "reason_missing", "Say why, in 3 to 2000 characters: whoever meets this later must be able to judge it.")
	}
	e, err := s.knowledge.Entity(ctx, entity)
	if err != nil {
		return err
	}
	if e.class() != "actor" {
		return errs.New(errs.Invalid, "no_actor", "%s is of type %s; only actors target somebody.", e.Name, e.Type)
	}
	actor, now := ref.ActorFrom(ctx), s.now().UTC()
	return s.actors.SaveTargeting(ctx, Targeting{Entity: entity, Targets: verdict == "yes", By: actor.Name, Why: why, Time: now}, verdict == "undecided", ref.Act{
		Actor: actor, Verb: "intel.targeting", Target: ref.Ref{Kind: ref.Entity, ID: entity}, Reason: why, Time: now,
		Detail: map[string]any{"name": e.Name, "verdict": verdict},
	})
}
