package intel

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/stix"
)

// Tag is what a taxonomy says of a machine tag, such as "tlp:amber".
type Tag struct {
	Tag         string `json:"tag"`
	Taxonomy    string `json:"taxonomy"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Exclusive   string `json:"exclusive,omitempty"` // a thing bears only one tag of those that name the same here
	// Against are the tags that the same thing bears although they exclude this one.
	Against []string `json:"against,omitempty"`
}

// tagType is the type of the objects that tags are kept as. They have no name: they are
// not among the entities that intelligence speaks about.
const tagType = "x-vedette-tag"

func tagID(tag string) string {
	return stix.ProducedID(tagType, strings.ToLower(strings.ReplaceAll(tag, `"`, "")))
}

// Object is the tag as it is kept.
func (t Tag) Object() stix.Object {
	o := stix.Object{Type: tagType, ID: tagID(t.Tag)}
	o.Raw, _ = json.Marshal(struct { // texts always marshal
		Type string `json:"type"`
		ID   string `json:"id"`
		Tag
	}{o.Type, o.ID, t})
	return o
}

// tagsExplained bounds how many tags of one thing are explained.
const tagsExplained = 300

// Tags says what tags mean, in their order; one that no taxonomy explains has neither
// title nor taxonomy.
func (s *Service) Tags(ctx context.Context, tags []string) ([]Tag, error) {
	out := make([]Tag, 0, len(tags))
	var ids []string
	for i, tag := range tags {
		t := Tag{Tag: tag}
		for _, one := range []string{"tlp", "PAP"} { // exclusive also where their taxonomies were not imported
			if p, _, ok := strings.Cut(tag, ":"); ok && strings.EqualFold(p, one) {
				t.Exclusive = one
			}
		}
		out = append(out, t)
		if i < tagsExplained {
			ids = append(ids, tagID(tag))
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := s.Objects(ctx, ObjectQuery{IDs: ids, Limit: len(ids)})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		var t Tag
		if r.Type != tagType || json.Unmarshal(r.Raw, &t) != nil {
			continue // somebody else's object under that id explains nothing
		}
		for i := range out {
			if tagID(out[i].Tag) == r.ID {
				t.Tag = out[i].Tag
				out[i] = t
			}
		}
	}
	for i := range out {
		for _, o := range out {
			if out[i].Exclusive != "" && o.Exclusive == out[i].Exclusive && tagID(o.Tag) != tagID(out[i].Tag) && !slices.Contains(out[i].Against, o.Tag) {
				out[i].Against = append(out[i].Against, o.Tag)
			}
		}
	}
	return out, nil
}
