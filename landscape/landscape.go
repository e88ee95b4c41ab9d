// Package landscape ranks who threatens an organisation: for each actor it says
// which facts speak for it being a threat to this organisation, which against, and
// what is not known.
//
// [Assess] ranks actors against a [Profile]. [Reader] finds in prose which sectors
// and places somebody is said to target, with the sentence that says so.
//
// Promises: a score is the sum of the weights of the terms that are shown; the order
// of the evidence does not matter; what nobody said is an open [Question], which
// weighs nothing. Nothing here does I/O, and all of it is safe for concurrent use.
package landscape

import (
	"slices"
	"time"
)

// Profile is what of an organisation makes it a target.
type Profile struct {
	Sectors      []string // in any words that Sector knows
	Countries    []string // ISO 3166-1 alpha-2
	Technologies []Technology
	Names        []string // the organisation, its brands and suppliers
}

// Technology is a product in use.
type Technology struct{ Vendor, Name string }

// Actor is somebody with what is known of them, joined over all who say it.
type Actor struct {
	ID, Name, Type string
	Aliases        []string
	Origin         string   // country they are suspected to act from
	Sectors        []Claim  // targeted, as a source lists them
	Places         []Claim  // targeted countries and regions, by name or code
	Texts          []Text   // what is written about them, and about what they use
	Exploits       []Claim  // vulnerabilities, with what they are in
	Seen           []Sight  // here
	Reports        []Report // of ours that name them
	Judged         *Judgement
}

// Claim is one thing a source says.
type Claim struct{ Value, Source, Sentence string }

// Text is prose of a source. Of is what it is about, "" for the actor itself: what
// is said of a tool says nothing about targets, but of products.
type Text struct{ Body, Source, Of string }

// Sight is an incident of ours that bears the actor's name or the name of something
// that Users actors use.
type Sight struct {
	Incident string
	Number   int
	Name     string // that matched
	Software bool
	Users    int
	Last     time.Time
	Refuted  bool // judged a false positive
}

// Report is a report that names an actor.
type Report struct {
	ID, Name string
	Time     time.Time
}

// Judgement is what an analyst said: that an actor targets us, or does not.
type Judgement struct {
	Targets bool      `json:"targets"`
	Why     string    `json:"why"`
	By      string    `json:"by"`
	Time    time.Time `json:"time"`
}

// Kind groups terms by the question they answer.
type Kind string

// The kinds, in the order in which they are shown.
const (
	Judged   Kind = "judged"
	SeenHere Kind = "seen-here"
	Sector   Kind = "sector"
	Country  Kind = "country"
	Exposure Kind = "exposure"
	InUse    Kind = "technology"
	Activity Kind = "activity"
)

// Term is one reason with what it weighs.
type Term struct {
	Kind     Kind   `json:"kind"`
	Weight   int    `json:"weight"`
	Short    string `json:"short"`              // a few words for a chip
	Text     string `json:"text"`               // a sentence
	Source   string `json:"source"`             // who says it
	Sentence string `json:"sentence,omitempty"` // of the source, word for word
	Incident string `json:"incident,omitempty"` // id, of SeenHere
}

// Question is something nobody answered; it weighs nothing.
type Question struct {
	Kind Kind   `json:"kind"`
	Text string `json:"text"`
}

// State says how much the ranking rests on.
type State string

// The states.
const (
	Relevant State = "relevant" // something speaks for it
	Other    State = "other"    // what is known of its targets is not us
	Unknown  State = "unknown"  // nothing is known of its targets, and nothing else speaks for it
)

// Assessment is an actor as seen from the organisation.
type Assessment struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Type      string     `json:"type"`
	Aliases   []string   `json:"aliases,omitempty"`
	Origin    string     `json:"origin,omitempty"`
	State     State      `json:"state"`
	Score     int        `json:"score"`
	Terms     []Term     `json:"terms"`
	Questions []Question `json:"questions"`
	Targets   Targets    `json:"targets"`
	LastSeen  time.Time  `json:"last_seen,omitzero"` // here
	Judged    *Judgement `json:"judged,omitempty"`
}

// Targets is all that is said of whom an actor targets.
type Targets struct {
	Sectors []Target `json:"sectors,omitempty"`
	Places  []Target `json:"places,omitempty"`
}

// Target is a targeted sector or place.
type Target struct {
	Key      string `json:"key"`  // of SectorName, or ISO code or region
	Name     string `json:"name"` // for people
	Source   string `json:"source"`
	Sentence string `json:"sentence,omitempty"`
}

// Sector tells whether a sector, by its key, is among them, or a part or the whole of one.
func (t Targets) Sector(key string) bool {
	return slices.ContainsFunc(t.Sectors, func(s Target) bool { return within(key, s.Key) || within(s.Key, key) })
}

// Country tells whether a country, by its code, is among them or in a region that is.
func (t Targets) Country(code string) bool {
	return slices.ContainsFunc(t.Places, func(p Target) bool { return holds(p.Key, code) })
}
