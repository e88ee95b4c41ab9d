// Package extract reads a report and says what is in it: observables,
// vulnerabilities, techniques, and who and what is named, each with the place in
// the text, the sentence, how sure it is, and where it should not be taken, why.
//
// [New] makes an [Engine] of what is known: names ([DecodeNames]), the catalogue
// of ATT&CK, a technique model ([DecodeModel]) and warning lists.
// [Engine.Extract] reads a [Text]; package document makes one of a PDF, a web page
// or a mail. [Bundle] writes what was found as STIX.
//
// Nothing found is hidden: an item that should not become intelligence has a
// [Reason]. Every span lies inside the body. The same text gives the same items,
// in the order of their places, and the time is bounded by the size of the text.
package extract

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/misp"
)

// Kind is what an item is.
type Kind string

// The kinds.
const (
	Observable    Kind = "observable"
	Vulnerability Kind = "vulnerability"
	Technique     Kind = "technique"
	Actor         Kind = "actor"
	Malware       Kind = "malware"
	Tool          Kind = "tool"
	Campaign      Kind = "campaign"
	Sector        Kind = "sector"
	Country       Kind = "country"
)

// Item is something found at one place.
type Item struct {
	Kind       Kind     `json:"kind"`
	Type       string   `json:"type"`                // an indicator type, or the STIX type of what is named
	Value      string   `json:"value"`               // canonical and refanged; of a name the usual one
	ID         string   `json:"id,omitempty"`        // of ATT&CK, or an ISO 3166 code
	Text       string   `json:"text"`                // as the report spells it
	Ambiguous  []string `json:"ambiguous,omitempty"` // what else the name may mean; then there is no ID
	Span       [2]int   `json:"span"`
	Sentence   string   `json:"sentence"`
	Confidence int      `json:"confidence"` // how likely it is meant, in percent
	Role       Role     `json:"role,omitempty"`
	Zone       Zone     `json:"zone,omitempty"`
	Section    string   `json:"section,omitempty"`
	Page       int      `json:"page,omitempty"`
	Defanged   bool     `json:"defanged,omitempty"`
	Because    []string `json:"because,omitempty"` // the words that speak for a technique
	Suppressed Reason   `json:"suppressed,omitempty"`
	Detail     string   `json:"detail,omitempty"` // of the reason
}

// Knowledge is what an engine knows. Every field may be nil.
type Knowledge struct {
	Catalogue *attack.Catalogue
	Names     *Names
	Model     *Model
	Warnings  *misp.WarningSet
}

// Engine finds intelligence in texts. It never changes and is safe for concurrent
// use.
type Engine struct {
	known      Knowledge
	techniques *Techniques
}

// New returns an engine.
func New(k Knowledge) *Engine {
	e := &Engine{known: k}
	if k.Catalogue != nil {
		e.techniques = NewTechniques(k.Catalogue)
	}
	return e
}

// reading is one text being read.
type reading struct {
	engine    *Engine
	text      *Text
	sentences []Range
	sections  []section
	words     []word
	owner     owner
	defangs   bool    // the author defangs
	values    []Range // of the observables
	items     []Item
}

// Extract returns everything found in a text, in the order of its place.
func (e *Engine) Extract(t Text) []Item {
	t.Body = strings.ToValidUTF8(t.Body, "?")
	r := &reading{engine: e, text: &t, sentences: Sentences(t.Body), sections: sections(&t), words: words(t.Body)}
	p := refang(t.Body)
	found := observables(p)
	r.owner = ownerOf(&t, found)
	for _, f := range found {
		r.defangs = r.defangs || f.defanged
	}
	for _, f := range found {
		r.observable(p, f)
		from, to := p.span(f.from, f.to)
		r.values = append(r.values, Range{from, to})
	}
	r.mentions()
	r.techniques()
	slices.SortStableFunc(r.items, func(a, b Item) int {
		return cmp.Or(a.Span[0]-b.Span[0], b.Span[1]-a.Span[1], cmp.Compare(a.Kind, b.Kind))
	})
	return r.items
}

// item begins an item at a place.
func (r *reading) item(kind Kind, typ, value string, from, to int) Item {
	s := sentenceAt(r.sentences, from)
	if s.To < to {
		s.To = to
	}
	sec := sectionAt(r.sections, from)
	it := Item{
		Kind: kind, Type: typ, Value: value, Text: r.text.Body[from:to], Span: [2]int{from, to},
		Sentence: strings.Join(strings.Fields(r.text.Body[s.From:s.To]), " "), Zone: sec.zone, Section: sec.title,
	}
	if len(r.text.Pages) > 0 {
		it.Page = r.text.page(from)
	}
	return it
}

func (r *reading) observable(p *plain, f finding) {
	if f.suppressed == "-" {
		return
	}
	from, to := p.span(f.from, f.to)
	kind := Observable
	if f.typ == indicator.Vulnerability {
		kind = Vulnerability
	}
	it := r.item(kind, string(f.typ), f.value, from, to)
	it.Defanged, it.Suppressed = f.defanged, f.suppressed
	if it.Suppressed == MaybeHost && r.besideHash(it.Span) {
		it.Suppressed = "" // the row of a sample names its file
	}
	r.placeHash(&it)
	it.Role = r.roleOf(&it)
	if it.Suppressed == "" && kind == Observable {
		it.Suppressed, it.Detail = r.suppress(&it)
	}
	it.Confidence = observableConfidence(&it)
	if kind == Vulnerability {
		it.ID = it.Value
	}
	r.items = append(r.items, it)
}

// observableConfidence: what the reader of the report would say. A defanged value
// in a list of indicators is one; a file name in prose may be anything.
func observableConfidence(it *Item) int {
	c := 75
	switch {
	case it.Kind == Vulnerability:
		return 99
	case it.Suppressed != "":
		return 10
	case it.Type == string(indicator.FileName):
		c = 55
	case it.Type == string(indicator.UserAgent), it.Type == string(indicator.ASN), it.Type == string(indicator.Email):
		c = 65
	}
	if it.Defanged {
		c += 15
	}
	if it.Zone == Indicators {
		c += 12
	}
	if it.Role == RoleC2 || it.Role == RoleDelivery {
		c += 5
	}
	return min(c, 98)
}
