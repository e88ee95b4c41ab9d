package sigma

import "strings"

// Laid says whether Matcher.Record can tell by the bytes of a format's records what they
// match; some it leaves to decoding all the same.
func (e *Engine) Laid(format string) bool {
	f := e.planOf(format)
	return f == nil || f.idle() || len(f.layouts) > 0
}

// Reads says whether a field of a format's events may be one that decides what Matcher.Event
// finds in them: an event without the others matches what it matches with them, and
// belongs to the same log sources.
func (e *Engine) Reads(format, field string) bool {
	f := e.planOf(format)
	if f == nil || f.idle() {
		return false
	}
	if i, word := f.wants(field); i >= 0 || word || len(f.above(field)) > 0 || e.parents[field] {
		return true
	}
	for _, k := range f.keywords { // of members of objects in a list
		if strings.HasPrefix(k, field+".") {
			return true
		}
	}
	return false
}
