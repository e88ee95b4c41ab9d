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
	Indicators []Indicator // behind the incident, strongest first
	Actors     []Party     // who uses what was seen, directly named first
	Malware    []Party
	Techniques []Technique
	Related    []Related // indicators we did not see, of the same campaign
	Earlier    []Earlier
	Advice     []Advice
}

// Indicator is one indicator behind the incident.
type Indicator struct {
	ID         string
	Type       indicator.Type
	Value      string
	Names      []string
	Sources    []string
	Confidence int
	LastSeen   time.Time
	Expires    time.Time
	Hits       int
}

// Party is an actor, malware or tool and how we came to it.
type Party struct {
	Ref       ref.Ref
	Type      string
	Name      string
	AttackID  string
	Aliases   []string
	Why       string // "named by 3 indicators", "uses Emotet"
	Direct    bool   // named by an indicator, not concluded
	Ambiguous bool   // the name belongs to more than one entity
	Text      string // description, shortened
}

// Technique is an ATT&CK technique and where it comes from.
type Technique struct {
	ID, Name string
	Tactics  []string
	Why      string
	Observed bool // detected here, not only known of the actor
}

// Related is an indicator that shares a name with those seen.
type Related struct {
	ID         string
	Type       indicator.Type
	Value      string
	Names      []string
	Confidence int
	Why        string
	Seen       int // stored events that hold it
}

// Earlier is an incident that shares an observable or a name.
type Earlier struct {
	Ref      ref.Ref
	Number   int
	Title    string
	Time     time.Time
	Verdict  string
	Shared   []string
	Priority int
}

// Advice is a recommendation in writing.
type Advice struct {
	Title string
	Text  string
	Why   string
	Block []Block // indicators this advice would block
	URL   string  // ATT&CK mitigation or technique page
}

// Block is a value an advice proposes to block.
type Block struct {
	Type  indicator.Type
	Value string
}

// Case is what the service needs of an incident, in its own words.
type Case struct {
	ID         string
	First      time.Time
	Names      []string
	Techniques []string
	Entities   []string // names of own hosts and accounts
	Exposed    bool
	Reasons    []Reason // one per alert
}

// Reason is one matched indicator of a case, or another product's alert.
type Reason struct {
	Indicator string // id; "" when the reason is no indicator
	Type      indicator.Type
	Value     string
	Title     string
	Hits      int
	Blocked   bool
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
