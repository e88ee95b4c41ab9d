// Package report keeps reports and what an analyst made of them.
//
// [Service.Add] reads a document and stores what was found in it as proposed;
// [Service.Review] accepts and rejects. Nothing is live before it is accepted: then
// a [Publisher] brings all that is accepted of a report into the knowledge base,
// with the report as its source, and takes back what no longer is.
package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/extract"
)

// State is what was decided about a finding.
type State string

// The states.
const (
	Proposed State = "proposed"
	Accepted State = "accepted"
	Rejected State = "rejected"
)

// Report is a document that was read.
type Report struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"` // its title, else the name of the file
	File   string    `json:"file"`
	Kind   string    `json:"kind"` // pdf, html ...
	Hash   string    `json:"hash"` // SHA-256 of the file
	Size   int       `json:"size"`
	Source string    `json:"source,omitempty"` // address the document gives for itself
	Added  time.Time `json:"added"`
	By     string    `json:"by"`
	Cut    bool      `json:"cut,omitempty"` // its end was too long to be read

	Proposed int `json:"proposed"` // findings nobody decided about, without those suppressed
	Accepted int `json:"accepted"`
	Rejected int `json:"rejected"`

	Reviewed   time.Time `json:"reviewed,omitzero"`
	ReviewedBy string    `json:"reviewed_by,omitempty"`
}

// SourceID is under which source the knowledge base has what is accepted of it.
func (r Report) SourceID() string { return "report/" + r.ID }

// Place is where a finding stands in the text.
type Place struct {
	From int    `json:"from"`
	To   int    `json:"to"`
	Text string `json:"text,omitempty"` // as spelled there: the alias that matched
}

// Finding is one thing a report speaks of, wherever it does.
type Finding struct {
	Seq        int            `json:"seq"`
	Kind       extract.Kind   `json:"kind"`
	Type       string         `json:"type"`
	Value      string         `json:"value"`
	ID         string         `json:"id,omitempty"`
	Ambiguous  []string       `json:"ambiguous,omitempty"`
	Sentence   string         `json:"sentence"` // the one that says most
	Because    []string       `json:"because,omitempty"`
	Confidence int            `json:"confidence"`
	Role       extract.Role   `json:"role,omitempty"`
	Section    string         `json:"section,omitempty"`
	Page       int            `json:"page,omitempty"`
	Places     []Place        `json:"places"`
	More       int            `json:"more,omitempty"` // further places, not kept
	Suppressed extract.Reason `json:"suppressed,omitempty"`
	Detail     string         `json:"detail,omitempty"`
	State      State          `json:"state"`
}

// Aliases are the spellings that matched, other than the value.
func (f Finding) Aliases() []string {
	var out []string
	for _, p := range f.Places {
		if p.Text != "" && p.Text != f.Value && !slices.Contains(out, p.Text) && len(out) < 5 {
			out = append(out, p.Text)
		}
	}
	return out
}

const (
	maxFindings = 20_000
	placesKept  = 50 // of a finding
)

// kinds in the order of a review.
var kinds = []extract.Kind{
	extract.Actor, extract.Malware, extract.Tool, extract.Campaign, extract.Technique, extract.Vulnerability, extract.Observable, extract.Sector, extract.Country,
}

// group makes one finding of the items that are the same thing. What is taken
// somewhere in the text is taken, wherever else it would be suppressed. cut is how
// many were too many.
func group(items []extract.Item) (out []Finding, cut int) {
	type key struct {
		kind       extract.Kind
		typ, value string
	}
	at := map[key]int{}
	for _, it := range items {
		k := key{it.Kind, it.Type, it.Value}
		i, ok := at[k]
		if !ok && len(out) == maxFindings {
			cut++
			continue
		}
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, finding(it))
		}
		f := &out[i]
		if better := f.Suppressed != "" && it.Suppressed == "" || (f.Suppressed == "") == (it.Suppressed == "") && it.Confidence > f.Confidence; ok && better {
			places, more := f.Places, f.More
			*f = finding(it)
			f.Places, f.More = places, more
		}
		if len(f.Places) < placesKept {
			f.Places = append(f.Places, Place{it.Span[0], it.Span[1], it.Text})
		} else {
			f.More++
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(slices.Index(kinds, a.Kind)-slices.Index(kinds, b.Kind), b2i(a.Suppressed != "")-b2i(b.Suppressed != ""),
			cmp.Compare(a.Type, b.Type), cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Value, b.Value))
	})
	for i := range out {
		out[i].Seq = i + 1
	}
	return out, cut
}

func finding(it extract.Item) Finding {
	return Finding{
		Kind: it.Kind, Type: it.Type, Value: it.Value, ID: it.ID, Ambiguous: it.Ambiguous, Sentence: it.Sentence, Because: it.Because, Confidence: it.Confidence,
		Role: it.Role, Section: it.Section, Page: it.Page, Suppressed: it.Suppressed, Detail: it.Detail, State: Proposed,
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// count fills in how many findings are in which state.
func (r *Report) count(findings []Finding) {
	r.Proposed, r.Accepted, r.Rejected = 0, 0, 0
	for _, f := range findings {
		switch {
		case f.State == Accepted:
			r.Accepted++
		case f.State == Rejected:
			r.Rejected++
		case f.Suppressed == "":
			r.Proposed++
		}
	}
}
