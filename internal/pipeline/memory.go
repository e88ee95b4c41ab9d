package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/match/pattern"
	"github.com/vedette-soc/vedette/stix"
)

// Memory is a knowledge base without a store, for one run of the command line:
// indicators by value, with their names and sources. Not safe for concurrent
// use while it is being filled.
type Memory struct {
	entries []entry
	at      map[string]uint32   // type and value -> place in entries
	words   map[string][]string // each name, source and type once, as a list of one
	builder match.Builder
	set     pattern.Builder
	Refused int // entries that the index would not take
}

type entry struct {
	kind       indicator.Type
	value      string
	names      []string
	sources    []string
	confidence int
}

var _ collect.Knowledge = (*Memory)(nil)

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{at: map[string]uint32{}, words: map[string][]string{}}
}

// Merge implements collect.Knowledge. The source of a claim is its file.
func (m *Memory) Merge(_ context.Context, source, _ string, claims []indicator.Claim) (stored, merged int, dropped map[string]int, err error) {
	for _, c := range claims {
		key := string(c.Type) + "\x00" + c.Raw
		i, known := m.at[key]
		if known {
			merged++
		} else {
			stored++
			i = uint32(len(m.entries))
			value := key[len(c.Type)+1:]
			m.at[key] = i
			m.entries = append(m.entries, entry{kind: indicator.Type(m.alone(string(c.Type))[0]), value: value})
			if err := m.index(c.Type, value, i); err != nil {
				m.Refused++
			}
		}
		e := &m.entries[i]
		e.confidence = max(e.confidence, cmp.Or(c.Confidence, 50))
		e.sources = m.add(e.sources, cmp.Or(filepath.Base(c.File), source))
		for _, n := range c.Names {
			e.names = m.add(e.names, n)
		}
	}
	return stored, merged, nil, nil
}

func (m *Memory) index(t indicator.Type, value string, i uint32) error {
	if t == indicator.Pattern {
		return m.set.Add(uint64(i), value)
	}
	return m.builder.Add(t, value, uint64(i))
}

// alone returns the list that holds only w; the same list for the same word.
func (m *Memory) alone(w string) []string {
	list, ok := m.words[w]
	if !ok {
		w = strings.Clone(w)
		list = []string{w}
		m.words[w] = list
	}
	return list
}

func (m *Memory) add(list []string, w string) []string {
	switch {
	case w == "" || slices.Contains(list, w):
		return list
	case len(list) == 0:
		return m.alone(w)
	}
	return append(slices.Clip(list), m.alone(w)[0])
}

// Withdraw implements collect.Knowledge; nothing is ever withdrawn here.
func (m *Memory) Withdraw(context.Context, string, string) (int, error) { return 0, nil }

// Objects implements collect.Knowledge: they are counted, not kept.
func (m *Memory) Objects(_ context.Context, _ string, objects []stix.Object) (stored, merged int, dropped map[string]int, err error) {
	return 0, 0, map[string]int{"not-an-indicator": len(objects)}, nil
}

// Suspicious implements collect.Knowledge; there is no organisation to protect.
func (m *Memory) Suspicious(context.Context, indicator.Type, string) string { return "" }

// Done implements collect.Knowledge.
func (m *Memory) Done(context.Context, string, string) error { return nil }

// Compile ends the filling and returns what is asked. The map that made merging
// quick is given up.
func (m *Memory) Compile() *Compiled {
	m.at, m.words = nil, nil
	return &Compiled{index: m.builder.Build(), patterns: m.set.Build(), entries: m.entries}
}

// Compiled is a filled Memory. It never changes and is safe for concurrent use.
type Compiled struct {
	index    *match.Index
	patterns *pattern.Set
	entries  []entry
}

// Len is the number of indicators.
func (c *Compiled) Len() int { return len(c.entries) }

// Each calls fn with every indicator.
func (c *Compiled) Each(fn func(Hit) error) error {
	for i := range c.entries {
		if err := fn(c.hit(i)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Compiled) hit(i int) Hit {
	e := c.entries[i]
	names := e.names
	if names == nil {
		names = []string{}
	}
	return Hit{Type: e.kind, Value: e.value, Names: names, Sources: e.sources, Confidence: e.confidence}
}

// Wanted returns what tells a format.Reader which raw records may touch an
// indicator; nil when it cannot be told, because of a kind of indicator that only
// shows when a record is read.
func (c *Compiled) Wanted() format.Wanted {
	for _, t := range c.index.Unseen() {
		if format.Observed(t) {
			return nil
		}
	}
	searchers := sync.Pool{New: func() any { return c.index.Searcher() }}
	return func(records [][]byte, wanted []bool) {
		s := searchers.Get().(*match.Searcher)
		for _, t := range s.Search(records, nil) {
			wanted[t.Record] = true
		}
		searchers.Put(s)
		for i := range records {
			wanted[i] = wanted[i] || c.patterns.May(records[i])
		}
	}
}

// patternTexts returns the patterns by their place.
func (c *Compiled) patternTexts() map[intel.Key]string {
	out := map[intel.Key]string{}
	for i, e := range c.entries {
		if e.kind == indicator.Pattern {
			out[intel.Key(i)] = e.value
		}
	}
	return out
}

// Patterns calls fn with the patterns that are complete with an event, and what made
// them be looked at. watch remembers of those over several events.
func (c *Compiled) Patterns(watch *pattern.Watch, ev *event.Event, fn func(event.Observable, Hit)) {
	for _, s := range c.patterns.Look(ev, nil) {
		if s.Data != nil {
			if _, ok := watch.Take(c.patterns, s, fmt.Sprintf("%s:%d", ev.Origin.File, ev.Origin.Line)); !ok {
				continue
			}
		}
		fn(s.By, c.hit(int(s.ID)))
	}
}

// Hit is one indicator an observable touches.
type Hit struct {
	Type       indicator.Type `json:"type"`
	Value      string         `json:"value"`
	Names      []string       `json:"names"`
	Sources    []string       `json:"sources"`
	Confidence int            `json:"confidence"`
}

// Lookup appends the indicators a canonical observable touches to dst; scratch is
// reused between calls.
func (c *Compiled) Lookup(t indicator.Type, value string, dst []Hit, scratch []match.Hit) ([]Hit, []match.Hit) {
	scratch = c.index.Lookup(t, value, scratch[:0])
	for _, h := range scratch {
		dst = append(dst, c.hit(int(h.ID)))
	}
	return dst, scratch
}
