package format

import (
	"bytes"
	"strings"
)

// envelope is what services put around a list of records: an object that begins with
// a member of one of the names, in which the list lies at a path.
type envelope struct {
	first []string // "@odata.*" is every name that begins so
	path  []string
}

var envelopes = []envelope{
	{[]string{"Records"}, []string{"Records"}},                                                           // AWS CloudTrail
	{[]string{"records"}, []string{"records"}},                                                           // Azure
	{[]string{"@odata.*"}, []string{"value"}},                                                            // Microsoft Graph and others that speak OData
	{[]string{"took", "timed_out", "_scroll_id", "pit_id", "_shards", "hits"}, []string{"hits", "hits"}}, // a search of Elasticsearch or OpenSearch
	{[]string{"preview", "init_offset"}, []string{"results"}},                                            // a search of Splunk
}

// envelopeBytes are those with which the name of the first member can begin.
var envelopeBytes = func() (out [256]bool) {
	for _, e := range envelopes {
		for _, f := range e.first {
			out[f[0]] = true
		}
	}
	return out
}()

// Enveloped says whether a record begins a list of records in an envelope.
func Enveloped(record []byte) bool {
	if len(record) == 0 || record[0] != '{' {
		return false
	}
	open, _, _ := arrayStart(record[:min(len(record), maxLead)], false)
	return open > 0
}

// arrayStart returns how many bytes lead up to the first object in an array of
// objects, 0 when head does not begin one, and how many objects are around it: one
// in an envelope counts as well, and may be empty. more says that head is too short
// to tell.
func arrayStart(head []byte, fresh bool) (open, around int, more bool) {
	l := lead{rest: head}
	if fresh {
		l.space()
	}
	if l.is('{') {
		if around = l.enter(); around == 0 {
			return 0, 0, l.more
		}
	} else if !l.is('[') {
		return 0, 0, l.more
	}
	l.rest = l.rest[1:]
	l.space()
	if !l.is('{') && !(around > 0 && l.is(']')) {
		return 0, 0, l.more
	}
	return len(head) - len(l.rest), around, false
}

// lead reads the beginning of a JSON value. more says that it ended before the value
// did what was asked.
type lead struct {
	rest []byte
	more bool
}

func (l *lead) space() { l.rest = bytes.TrimLeft(l.rest, " \t\r\n") }

func (l *lead) is(c byte) bool {
	if len(l.rest) == 0 {
		l.more = true
		return false
	}
	return l.rest[0] == c
}

// enter goes to the list of the envelope at rest, and returns how many objects are
// around it; 0 when there is none.
func (l *lead) enter() int {
	l.rest = l.rest[1:]
	l.space()
	if len(l.rest) > 1 && !envelopeBytes[l.rest[1]] {
		return 0
	}
	first, ok := l.name(true)
	if !ok {
		return 0
	}
	for i := range envelopes {
		if e := &envelopes[i]; e.begins(first) {
			return l.follow(e, first)
		}
	}
	return 0
}

// begins says whether a name is one with which the envelope begins.
func (e *envelope) begins(name []byte) bool {
	for _, f := range e.first {
		if begin, any := strings.CutSuffix(f, "*"); string(name) == f || any && bytes.HasPrefix(name, []byte(begin)) {
			return true
		}
	}
	return false
}

// follow goes on from behind the name of the first member.
func (l *lead) follow(e *envelope, name []byte) int {
	for depth, want := range e.path {
		for string(name) != want {
			if !l.value() {
				return 0
			}
			l.space()
			var ok bool
			if name, ok = l.nameAfter(','); !ok {
				return 0
			}
		}
		if depth == len(e.path)-1 {
			break
		}
		var ok bool
		if name, ok = l.nameAfter('{'); !ok {
			return 0
		}
	}
	if !l.is('[') {
		return 0
	}
	return len(e.path)
}

// nameAfter reads the name of the member that follows c.
func (l *lead) nameAfter(c byte) ([]byte, bool) {
	if !l.is(c) {
		return nil, false
	}
	l.rest = l.rest[1:]
	l.space()
	return l.name(false)
}

// name reads the name of a member up to its value. Of the first, most of which begin
// no envelope, no more is waited for than it takes to tell.
func (l *lead) name(first bool) ([]byte, bool) {
	if !l.is('"') {
		return nil, false
	}
	end := bytes.IndexByte(l.rest[1:], '"')
	if end < 0 {
		l.more = !first || mayBegin(l.rest[1:])
		return nil, false
	}
	name := l.rest[1 : 1+end]
	l.rest = l.rest[end+2:]
	if first && !known(name) {
		return nil, false
	}
	l.space()
	if !l.is(':') {
		return nil, false
	}
	l.rest = l.rest[1:]
	l.space()
	if len(l.rest) == 0 {
		l.more = true
		return nil, false
	}
	return name, true
}

func known(name []byte) bool {
	for i := range envelopes {
		if envelopes[i].begins(name) {
			return true
		}
	}
	return false
}

// mayBegin says whether a name that begins so may be the first of an envelope.
func mayBegin(part []byte) bool {
	for i := range envelopes {
		for _, f := range envelopes[i].first {
			begin, any := strings.CutSuffix(f, "*")
			if strings.HasPrefix(begin, string(part)) || any && bytes.HasPrefix(part, []byte(begin)) {
				return true
			}
		}
	}
	return false
}

// value steps over a value.
func (l *lead) value() bool {
	switch {
	case l.is('"'):
		for i := 1; i < len(l.rest); i++ {
			switch l.rest[i] {
			case '\\':
				i++
			case '"':
				l.rest = l.rest[i+1:]
				return true
			}
		}
		l.more = true
		return false
	case l.is('{'), l.is('['):
		var b balance
		n, done := b.feed(l.rest)
		l.rest, l.more = l.rest[n:], !done
		return done
	}
	n := bytes.IndexAny(l.rest, ",}] \t\r\n")
	if n < 0 {
		l.more = true
		return false
	}
	l.rest = l.rest[n:]
	return n > 0
}
