package intel

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// FoldName is a name as compared: lower case, without the marks that sources
// write differently ("Cobalt-Strike", "cobalt_strike", "Cobalt Strike").
func FoldName(s string) string { return indicator.FoldName(s) }

// Learn takes STIX objects: all are kept as they came; of those that name
// something, or relate two things, the knowledge base is made.
func (s *Service) Learn(ctx context.Context, source string, objects []stix.Object) (Stored, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Stored{}, err
	}
	entities, relations := knowledgeOf(source, objects)
	things, pointers, err := s.pointers(ctx, source, objects)
	if err != nil {
		return Stored{}, err
	}
	entities, relations = append(things, entities...), append(relations, pointers...)
	return s.knowledge.PutKnowledge(ctx, Knowledge{entities, relations, objectRows(source, objects), s.now().UTC()})
}

// knowledgeOf reads entities and relations out of objects; what has no name and is
// no relationship carries neither.
func knowledgeOf(source string, objects []stix.Object) (entities []Entity, relations []Relation) {
	for _, o := range objects {
		switch {
		case o.Type == "relationship":
			relations = append(relations, Relation{
				From: ref.Ref{Kind: ref.Entity, ID: o.SourceRef}, Type: o.RelationshipType,
				To: ref.Ref{Kind: ref.Entity, ID: o.TargetRef}, Source: source,
			})
		case o.Name != "":
			entities = append(entities, entityOf(o, source))
		}
	}
	return entities, relations
}

// cluster is what a MISP galaxy says beyond STIX.
type cluster struct {
	Type    string   `json:"type"`
	URL     string   `json:"url"`
	Country string   `json:"country"`
	Victims []string `json:"victims"`
	Sectors []string `json:"sectors"`
}

func entityOf(o stix.Object, source string) Entity {
	e := Entity{ID: o.ID, Type: o.Type, Name: o.Name, Aliases: o.Aliases, Description: o.Description, Source: source, Modified: o.Modified, Revoked: o.Revoked}
	var more struct {
		AttackAliases []string `json:"x_mitre_aliases"`
		Deprecated    bool     `json:"x_mitre_deprecated"`
		Cluster       *cluster `json:"x_misp_galaxy"`
		LastSeen      string   `json:"last_seen"`
	}
	if json.Unmarshal(o.Raw, &more) == nil {
		e.Aliases = union(e.Aliases, more.AttackAliases)
		e.Revoked = e.Revoked || more.Deprecated
		if o.Type == "campaign" {
			e.LastSeen, _ = time.Parse(time.RFC3339, more.LastSeen) // what is no time is not said
		}
		if c := more.Cluster; c != nil {
			e.Vocabulary, e.Country, e.Victims, e.Sectors, e.URL = "misp-galaxy/"+c.Type, c.Country, c.Victims, c.Sectors, c.URL
		}
	}
	for _, x := range o.ExternalReferences {
		if strings.HasPrefix(x.SourceName, "mitre-") && x.ExternalID != "" {
			e.AttackID, e.URL = x.ExternalID, x.URL
			break
		}
		if x.SourceName == "capec" && x.ExternalID != "" && o.Type == "attack-pattern" { // CAPEC names itself first
			e.Aliases, e.URL = union(e.Aliases, []string{x.ExternalID}), cmp.Or(e.URL, x.URL)
		}
		e.URL = cmp.Or(e.URL, x.URL)
	}
	e.Aliases = slices.DeleteFunc(e.Aliases, func(a string) bool { return a == e.Name })
	return e
}

// Know stores entities and relations.
func (s *Service) Know(ctx context.Context, entities []Entity, relations []Relation) (Stored, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Stored{}, err
	}
	return s.knowledge.PutKnowledge(ctx, Knowledge{Entities: entities, Relations: relations, Now: s.now().UTC()})
}

// Entity returns an entity by its STIX id.
func (s *Service) Entity(ctx context.Context, id string) (Entity, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Entity{}, err
	}
	return s.knowledge.Entity(ctx, id)
}

// Resolve returns what each name may mean: nothing, one thing, or several when the
// name is ambiguous; see [Meanings].
func (s *Service) Resolve(ctx context.Context, names []string) (map[string][]Meaning, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return Meanings(ctx, s.knowledge, names)
}

// Neighbours returns the relations of r and the entities at their other ends.
func (s *Service) Neighbours(ctx context.Context, r ref.Ref, limit int) ([]Relation, []Entity, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, nil, err
	}
	return s.knowledge.Neighbours(ctx, r, limit)
}

// FindEntities searches entities by words of their name or alias.
func (s *Service) FindEntities(ctx context.Context, words, entityType string, limit int) ([]Entity, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.knowledge.FindEntities(ctx, words, entityType, limit)
}

// Decide records what an analyst says of two entities: "same", "different", or
// "undecided" to take an earlier decision back.
func (s *Service) Decide(ctx context.Context, a, b, verdict, why string) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	if verdict != "same" && verdict != "different" && verdict != "undecided" {
		return errs.New(errs.Invalid, "verdict_unknown", "%q is not one of same, different, undecided.", verdict)
	}
	if a == b || strings.TrimSpace(why) == "" {
		return errs.New(errs.Invalid, "decision_invalid", "A decision needs two entities and a reason.")
	}
	x, err := s.knowledge.Entity(ctx, a)
	if err != nil {
		return err
	}
	y, err := s.knowledge.Entity(ctx, b)
	if err != nil {
		return err
	}
	if verdict == "same" && x.class() != y.class() {
		return errs.New(errs.Invalid, "different_kinds", "%s is of type %s and %s of type %s: these cannot be one thing.", x.Name, x.Type, y.Name, y.Type)
	}
	actor := ref.ActorFrom(ctx)
	return s.knowledge.Decide(ctx, Decision{A: a, B: b, Same: verdict == "same", By: actor.Name, Why: why}, verdict == "undecided", ref.Act{
		Actor: actor, Verb: "intel.same", Target: ref.Ref{Kind: ref.Entity, ID: a}, Reason: why, Time: s.now(),
		Detail: map[string]any{"name": x.Name, "other": b, "other_name": y.Name, "verdict": verdict},
	})
}
