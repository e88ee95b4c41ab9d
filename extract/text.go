package extract

import (
	"sort"
	"strings"
)

// Text is a document as its reader left it: what a person sees, as one string.
// All offsets are bytes in Body.
type Text struct {
	Body     string
	Title    string
	Source   string    // address of the page or host of the sender, where the document says it
	Pages    []int     // where each page begins, in order; nil when there are none
	Headings []Heading // in order; readers that know none leave it nil
	Links    []Link    // in order
}

// Heading is a title inside the document.
type Heading struct {
	At    int
	Level int
	Title string
}

// Link is text that leads elsewhere. Its target is no part of the body.
type Link struct {
	From, To int
	Target   string
}

// page returns the number of the page, from 1, 0 when there are none.
func (t *Text) page(at int) int {
	return sort.Search(len(t.Pages), func(i int) bool { return t.Pages[i] > at })
}

// link returns the link that a span lies in.
func (t *Text) link(from, to int) (Link, bool) {
	i := sort.Search(len(t.Links), func(i int) bool { return t.Links[i].To >= to })
	if i < len(t.Links) && t.Links[i].From <= from {
		return t.Links[i], true
	}
	return Link{}, false
}

// lineReach bounds how much of a line is looked at around a place: a table may be
// one line of a megabyte.
const lineReach = 600

// nearLine returns the line around a place, as far as it matters.
func nearLine(s string, span [2]int) (from, to int) {
	from, to = max(0, span[0]-lineReach), min(len(s), span[1]+lineReach)
	if i := strings.LastIndexByte(s[from:span[0]], '\n'); i >= 0 {
		from += i + 1
	}
	if i := strings.IndexByte(s[span[1]:to], '\n'); i >= 0 {
		to = span[1] + i
	}
	return from, to
}

// lineOf returns the line around a place.
func lineOf(s string, at int) (from, to int) {
	from = strings.LastIndexByte(s[:at], '\n') + 1
	to = len(s)
	if i := strings.IndexByte(s[at:], '\n'); i >= 0 {
		to = at + i
	}
	return from, to
}
