package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
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
	values  *interned // each type and value
	entries [][]entry // by number, in chunks of chunkTexts
	lists   *wordLists
	key     []byte
	builder match.Builder
	set     pattern.Builder
	Refused int // entries that the index would not take
}

// entry is what is known of a value.
type entry struct {
	names, sources list
	confidence     int32
}

var _ collect.Knowledge = (*Memory)(nil)

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{values: newInterned(), lists: newWordLists()}
}

// Merge implements collect.Knowledge. The source of a claim is its file.
func (m *Memory) Merge(_ context.Context, source, _ string, claims []indicator.Claim) (stored, merged int, dropped map[string]int, err error) {
	for _, c := range claims {
		m.key = append(append(append(m.key[:0], c.Type...), 0), c.Raw...)
		i, known := m.values.number(m.key)
		if known {
			merged++
		} else {
			stored++
			if i%chunkTexts == 0 {
				m.entries = append(m.entries, make([]entry, 0, chunkTexts))
			}
			last := len(m.entries) - 1
			m.entries[last] = append(m.entries[last], entry{})
			if err := m.index(c.Type, c.Raw, i); err != nil {
				m.Refused++
			}
		}
		e := &m.entries[i/chunkTexts][i%chunkTexts]
		e.confidence = max(e.confidence, int32(min(cmp.Or(c.Confidence, 50), math.MaxInt32)))
		e.sources = m.lists.with(e.sources, cmp.Or(filepath.Base(c.File), source))
		for _, n := range c.Names {
			e.names = m.lists.with(e.names, n)
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

// Compile ends the filling and returns what is asked. What made merging quick is given
// up.
func (m *Memory) Compile() *Compiled {
	m.values.settled()
	m.lists.settled()
	return &Compiled{index: m.builder.Build(), patterns: m.set.Build(), values: m.values, entries: m.entries, lists: m.lists}
}

// Compiled is a filled Memory. It never changes and is safe for concurrent use.
type Compiled struct {
	index    *match.Index
	patterns *pattern.Set
	values   *interned
	entries  [][]entry
	lists    *wordLists
}

// Len is the number of indicators.
func (c *Compiled) Len() int { return c.values.n }

// Each calls fn with every indicator.
func (c *Compiled) Each(fn func(Hit) error) error {
	for i := range c.Len() {
		if err := fn(c.hit(i)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Compiled) hit(i int) Hit {
	e := c.entries[i/chunkTexts][i%chunkTexts]
	kind, value, _ := bytes.Cut(c.values.text(uint32(i)), []byte{0})
	return Hit{Type: indicator.Type(kind), Value: string(value), Names: c.lists.of(e.names), Sources: c.lists.of(e.sources), Confidence: int(e.confidence)}
}

// Wanted returns what tells a format.Reader which raw records may touch an
// indicator; nil when it cannot be told, because of a kind of indicator that only
// shows when a record is read, or of a pattern over text that some formats join or decode.
func (c *Compiled) Wanted() format.Wanted {
	for _, t := range c.index.Unseen() {
		if format.Observed(t) {
			return nil
		}
	}
	if inFields(c.patternTexts()) {
		return nil
	}
	searchers := sync.Pool{New: func() any { return c.index.Searcher() }}
	return func(records [][]byte, _ func(int) string, wanted []bool) {
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
	if c.patterns.Len() == 0 { // else millions of values are gone through for nothing
		return out
	}
	for i := range c.Len() {
		kind, value, _ := bytes.Cut(c.values.text(uint32(i)), []byte{0})
		if string(kind) == string(indicator.Pattern) {
			out[intel.Key(i)] = string(value)
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
