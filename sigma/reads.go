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

// Reads says whether a field of a format's events may be one that decides what
// Matcher.Event finds in them: an event without the others matches what it matches with
// them, and belongs to the same log sources. dataset is the event.dataset of the events, ""
// = any.
func (e *Engine) Reads(format, dataset, field string) bool {
	f := e.planOf(format)
	if f == nil || f.idle() {
		return false
	}
	at, known := e.field[field]
	if known && f.reads(at) || e.parents[field] || len(f.above(field)) > 0 {
		return true
	}
	word := f.wantsWord(field) || slices.ContainsFunc(f.keywords, func(k string) bool { return strings.HasPrefix(k, field+".") })
	folded, _ := appendFold(nil, []byte(dataset), false)
	for i := range f.sources {
		s := &f.sources[i]
		if s.view < 0 || dataset != "" && !e.mayBelong(s, folded) {
			continue
		}
		if v := e.views[s.view]; word && v.keywords || known && v.reads(at) {
			return true
		}
	}
	return false
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

// reads says whether a field says where events of the format belong, or is a part of
// another.
func (f *formatPlan) reads(field int32) bool {
	return slices.Contains(f.when, field) || slices.ContainsFunc(f.joins, func(j planJoin) bool { return slices.Contains(j.of, field) })
}

func (v *view) reads(field int32) bool {
	return slices.ContainsFunc(v.slots, func(s slot) bool {
		return slices.ContainsFunc(s.candidates, func(c []int32) bool { return slices.Contains(c, field) })
	})
}
