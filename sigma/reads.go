package sigma

import (
	"slices"
	"strings"
)

// Laid says whether Matcher.Record can tell by the bytes of a format's records what they
// match; some it leaves to decoding all the same.
func (e *Engine) Laid(format string) bool {
	f := e.planOf(format)
	return f == nil || f.idle() || len(f.layouts) > 0
}

// Reads returns what says whether a field of a format's events may be one that decides what
// Matcher.Event finds in them: an event without the others matches what it matches with
// them, and belongs to the same log sources. dataset is the event.dataset of the events, ""
// = any.
func (e *Engine) Reads(format, dataset string) func(field string) bool {
	f := e.planOf(format)
	if f == nil || f.idle() {
		return func(string) bool { return false }
	}
	read, words := map[string]bool{}, false
	note := func(fields []int32) {
		for _, i := range fields {
			read[e.fields[i]] = true
		}
	}
	note(f.when)
	for _, j := range f.joins {
		note(j.of)
	}
	folded, _ := appendFold(nil, []byte(dataset), false)
	for i := range f.sources {
		s := &f.sources[i]
		if s.view < 0 || dataset != "" && !e.mayBelong(s, folded) {
			continue
		}
		v := e.views[s.view]
		words = words || v.keywords
		for _, slot := range v.slots {
			for _, c := range slot.candidates {
				note(c)
			}
		}
	}
	return func(field string) bool {
		return read[field] || e.parents[field] || len(f.above(field)) > 0 || words && f.holdsWords(field)
	}
}

// holdsWords says whether keywords look through a field, or the members of objects in it.
func (f *formatPlan) holdsWords(field string) bool {
	return f.wantsWord(field) || slices.ContainsFunc(f.keywords, func(k string) bool { return strings.HasPrefix(k, field+".") })
}

// mayBelong says whether events of a dataset may belong to a source.
func (e *Engine) mayBelong(s *planSource, dataset []byte) bool {
	for i := range s.when {
		c := &s.when[i]
		if e.fields[c.field] == "event.dataset" && !slices.ContainsFunc(c.texts, func(t text) bool { return t.match(dataset) }) {
			return false
		}
	}
	return true
}
