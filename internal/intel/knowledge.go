package intel

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// FoldName is a name as compared: lower case, without the marks that sources
// write differently ("Cobalt-Strike", "cobalt_strike", "Cobalt Strike").
func FoldName(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" \t-_.", r) }), " ")
}

// Learn takes STIX objects: entities and the relationships between them.
func (s *Service) Learn(ctx context.Context, source string, objects []stix.Object) (Stored, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Stored{}, err
	}
	var entities []Entity
	var relations []Relation
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
	return s.Know(ctx, entities, relations)
}

func entityOf(o stix.Object, source string) Entity {
	e := Entity{ID: o.ID, Type: o.Type, Name: o.Name, Aliases: o.Aliases, Description: o.Description, Source: source, Modified: o.Modified, Revoked: o.Revoked}
	var more struct {
		AttackAliases []string `json:"x_mitre_aliases"`
		Deprecated    bool     `json:"x_mitre_deprecated"`
	}
	if json.Unmarshal(o.Raw, &more) == nil {
		e.Aliases = union(e.Aliases, more.AttackAliases)
		e.Revoked = e.Revoked || more.Deprecated
	}
	for _, x := range o.ExternalReferences {
		if strings.HasPrefix(x.SourceName, "mitre-") && x.ExternalID != "" {
			e.AttackID, e.URL = x.ExternalID, x.URL
			break
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
	return s.knowledge.PutKnowledge(ctx, entities, relations)
}

// Entity returns an entity by its STIX id.
func (s *Service) Entity(ctx context.Context, id string) (Entity, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Entity{}, err
	}
	return s.knowledge.Entity(ctx, id)
}

// Resolve returns the entities each name may mean: none, one, or several when the
// name is ambiguous.
func (s *Service) Resolve(ctx context.Context, names []string) (map[string][]Entity, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.knowledge.Named(ctx, names)
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
