// Package investigate answers what an analyst asks of an incident: who is behind
// it, which techniques, what is related, what happened before, in which order,
// and what to do about it.
//
// [Service.Dossier] gathers it all; each answer names where it comes from.
package investigate

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/ref"
)

// Dossier is what is known around an incident.
type Dossier struct {
	Indicators []Indicator `json:"indicators,omitempty"` // behind the incident, strongest first
	Actors     []Party     `json:"actors,omitempty"`     // who uses what was seen, directly named first
	Malware    []Party     `json:"malware,omitempty"`
	Techniques []Technique `json:"techniques,omitempty"`
	Related    []Related   `json:"related,omitempty"` // indicators we did not see, of the same campaign
	Earlier    []Earlier   `json:"earlier,omitempty"`
	Similar    []Similar   `json:"similar,omitempty"` // incidents, campaigns and actors it is like
	Advice     []Advice    `json:"advice,omitempty"`
}

// Indicator is one indicator behind the incident.
type Indicator struct {
	ID         string         `json:"id"`
	Type       indicator.Type `json:"type"`
	Value      string         `json:"value"`
	Names      []string       `json:"names,omitempty"`
	Sources    []string       `json:"sources,omitempty"`
	Confidence int            `json:"confidence"`
	LastSeen   time.Time      `json:"last_seen,omitzero"`
	Expires    time.Time      `json:"expires,omitzero"`
	Hits       int            `json:"hits"`
}

// Party is an actor, malware or tool and how we came to it.
type Party struct {
	Ref       ref.Ref  `json:"ref"`
	Type      string   `json:"type"`
	Name      string   `json:"name"`
	AttackID  string   `json:"attack_id"`
	Aliases   []string `json:"aliases,omitempty"`
	Why       string   `json:"why"`                // "named by 3 indicators", "uses Emotet"
	Direct    bool     `json:"direct"`             // named by an indicator, not concluded
	Ambiguous bool     `json:"ambiguous"`          // the name belongs to more than one entity
	Relevant  string   `json:"relevant,omitempty"` // why it concerns us; "" = unknown, not "no"
	Text      string   `json:"text"`               // description, shortened
}

// Technique is an ATT&CK technique and where it comes from.
type Technique struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Tactics  []string `json:"tactics,omitempty"`
	Why      string   `json:"why"`
	Observed bool     `json:"observed"` // detected here, not only known of the actor
}

// Related is an indicator that shares a name with those seen.
type Related struct {
	ID         string         `json:"id"`
	Type       indicator.Type `json:"type"`
	Value      string         `json:"value"`
	Names      []string       `json:"names,omitempty"`
	Confidence int            `json:"confidence"`
	Why        string         `json:"why"`
	Seen       int            `json:"seen"` // stored events that hold it
}

// Earlier is an incident that shares an observable or a name.
type Earlier struct {
	Ref      ref.Ref   `json:"ref"`
	Number   int       `json:"number"`
	Title    string    `json:"title"`
	Time     time.Time `json:"time,omitzero"`
	Verdict  string    `json:"verdict"`
	Shared   []string  `json:"shared,omitempty"`
	Priority int       `json:"priority"`
}

// Advice is a recommendation in writing.
type Advice struct {
	Title string  `json:"title"`
	Text  string  `json:"text"`
	Why   string  `json:"why"`
	Block []Block `json:"block,omitempty"` // indicators this advice would block
	URL   string  `json:"url"`             // ATT&CK mitigation or technique page
}

// Block is a value an advice proposes to block.
type Block struct {
	Type  indicator.Type `json:"type"`
	Value string         `json:"value"`
}

// Case is what the service needs of an incident, in its own words.
type Case struct {
	ID         string    `json:"id"`
	First      time.Time `json:"first,omitzero"`
	Names      []string  `json:"names,omitempty"`
	Techniques []string  `json:"techniques,omitempty"`
	Entities   []string  `json:"entities,omitempty"` // names of own hosts and accounts
	Profile    []string  // sectors, countries and technologies of ours, as written
	Exposed    bool      `json:"exposed"`
	Leaked     []Leaked  `json:"leaked,omitempty"`   // each account once
	Infected   []string  `json:"infected,omitempty"` // hosts that stealer logs name
	Reasons    []Reason  `json:"reasons,omitempty"`  // one per alert
	Acts       []Act     `json:"acts,omitempty"`     // what was done, by what rules and products say
}

// Reason is one matched indicator of a case, or another product's alert.
type Reason struct {
	Indicator string         `json:"indicator"` // id; "" when the reason is no indicator
	Type      indicator.Type `json:"type"`
	Value     string         `json:"value"`
	Title     string         `json:"title"`
	Hits      int            `json:"hits"`
	Blocked   bool           `json:"blocked"`
}

// Sources answers from the other capabilities; the pipeline implements it.
type Sources interface {
	Case(ctx context.Context, incident string) (Case, error)
	Indicator(ctx context.Context, t indicator.Type, value string) (Indicator, bool, error)
	// Named returns indicators that carry one of names, best first.
	Named(ctx context.Context, names []string, limit int) ([]Indicator, error)
	// Parties resolves names to entities and adds those one relation away
	// (who uses this malware, what this actor uses).
	Parties(ctx context.Context, names []string) ([]Party, []Technique, error)
	Earlier(ctx context.Context, incident string, values []string) ([]Earlier, error)
	Seen(ctx context.Context, t indicator.Type, value string) (int, error)
}
