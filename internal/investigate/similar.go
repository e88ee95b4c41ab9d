package investigate

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/similar"
)

// Similar is an earlier incident, a campaign or an actor that an incident is like, and
// by what: the points of what is shared add up to the score.
type Similar struct {
	Ref     ref.Ref          `json:"ref"`
	Kind    string           `json:"kind"` // incident, or the STIX type: campaign, intrusion-set ...
	Number  int              `json:"number,omitempty"`
	Title   string           `json:"title"`
	Time    time.Time        `json:"time,omitzero"`
	Verdict string           `json:"verdict,omitempty"`
	Reason  string           `json:"reason,omitempty"` // of the verdict
	Sources []string         `json:"sources,omitempty"`
	Score   float64          `json:"score"`
	Shared  []similar.Shared `json:"shared"`
}

// Likeness finds what an incident is like; the pipeline implements it.
type Likeness interface {
	// Similar returns other incidents and what the knowledge base holds, the most alike
	// first.
	Similar(ctx context.Context, incident string) ([]Similar, error)
}

// WithLikeness makes dossiers say what an incident is like.
func (s *Service) WithLikeness(l Likeness) *Service {
	s.likeness = l
	return s
}
