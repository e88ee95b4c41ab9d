package alert

import (
	"cmp"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// MaxCards is how many open incidents are looked at for what may join them: the
// newest.
const MaxCards = 250_000

// Card is an open incident as grouping looks for it: by whom it is about, what it
// rests on, what it is called, and when something rare fired in it.
type Card struct {
	ID                       string
	Number                   int
	First, Last, Rare        time.Time
	Alerts                   int
	Entities, Reasons, Names []string // each once; names folded

	asked uint64 // the last question it was found by
	at    int    // where among its answers
}

// cards is the open incidents and where to look for them.
type cards struct {
	open                 map[string]*Card
	entity, reason, name map[string][]*Card
	rare                 []*Card // by Rare, the earliest first
	asked                uint64
	found                []found
}

// found is an open incident that may take an alert, and what it shares with it.
type found struct {
	card                 *Card
	entity, reason, rare bool
	names                []string
}

// wanted says which incidents may take an alert. Zero fields find none.
type wanted struct {
	entity, reason string
	names          []string
	rare           time.Time // something rare fired at or after it
	since          time.Time // evidence at or after it
}

func newCards(list []*Card) *cards {
	c := &cards{open: make(map[string]*Card, len(list)), entity: map[string][]*Card{}, reason: map[string][]*Card{}, name: map[string][]*Card{}}
	for _, card := range list {
		c.put(card)
	}
	return c
}

func (c *cards) put(card *Card) {
	c.open[card.ID] = card
	for _, e := range card.Entities {
		c.entity[e] = append(c.entity[e], card)
	}
	for _, r := range card.Reasons {
		c.reason[r] = append(c.reason[r], card)
	}
	for _, n := range card.Names {
		c.name[n] = append(c.name[n], card)
	}
	rare := card.Rare
	card.Rare = time.Time{}
	c.setRare(card, rare)
}

func (c *cards) drop(id string) {
	card := c.open[id]
	if card == nil {
		return
	}
	delete(c.open, id)
	for _, e := range card.Entities {
		takeOut(c.entity, e, card)
	}
	for _, r := range card.Reasons {
		takeOut(c.reason, r, card)
	}
	for _, n := range card.Names {
		takeOut(c.name, n, card)
	}
	c.setRare(card, time.Time{})
}

// takeOut takes one card out of a list; an empty list goes.
func takeOut(m map[string][]*Card, key string, card *Card) {
	list := m[key]
	if i := slices.Index(list, card); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(m, key)
		return
	}
	m[key] = list
}

// hold notes that an incident holds an alert.
func (c *cards) hold(card *Card, a *Alert) {
	card.Alerts++
	d := &a.Detection
	if !slices.Contains(card.Entities, d.Entity.Name) && d.Entity.Name != "" {
		card.Entities = append(card.Entities, d.Entity.Name)
		c.entity[d.Entity.Name] = append(c.entity[d.Entity.Name], card)
	}
	if !slices.Contains(card.Reasons, d.Reason.Key) && d.Reason.Key != "" {
		card.Reasons = append(card.Reasons, d.Reason.Key)
		c.reason[d.Reason.Key] = append(c.reason[d.Reason.Key], card)
	}
}

// called notes the names of an incident, in place of those it had.
func (c *cards) called(card *Card, names []string) {
	now := foldAll(names)
	if slices.Equal(now, card.Names) {
		return
	}
	for _, n := range card.Names {
		takeOut(c.name, n, card)
	}
	card.Names = now
	for _, n := range now {
		c.name[n] = append(c.name[n], card)
	}
}

// setRare keeps the list in order: what is rare is nearly always the newest.
func (c *cards) setRare(card *Card, at time.Time) {
	if card.Rare.Equal(at) {
		return
	}
	if !card.Rare.IsZero() {
		i, _ := c.rareFrom(card.Rare)
		for i < len(c.rare) && c.rare[i] != card {
			i++
		}
		if i < len(c.rare) {
			c.rare = slices.Delete(c.rare, i, i+1)
		}
	}
	if card.Rare = at; !at.IsZero() {
		i, _ := c.rareFrom(at)
		c.rare = slices.Insert(c.rare, i, card)
	}
}

func (c *cards) rareFrom(at time.Time) (int, bool) {
	return slices.BinarySearchFunc(c.rare, at, func(card *Card, at time.Time) int { return card.Rare.Compare(at) })
}

// find returns what is wanted, by number; it is good until the next call.
func (c *cards) find(w wanted) []found {
	c.asked++
	c.found = c.found[:0]
	add := func(card *Card) *found {
		if card.asked != c.asked {
			card.asked, card.at = c.asked, len(c.found)
			c.found = append(c.found, found{card: card})
		}
		return &c.found[card.at]
	}
	each := func(list []*Card, note func(*found)) {
		for _, card := range list {
			if !card.Last.Before(w.since) {
				note(add(card))
			}
		}
	}
	if w.entity != "" {
		each(c.entity[w.entity], func(f *found) { f.entity = true })
	}
	if w.reason != "" {
		each(c.reason[w.reason], func(f *found) { f.reason = true })
	}
	if !w.rare.IsZero() {
		i, _ := c.rareFrom(w.rare)
		each(c.rare[i:], func(f *found) { f.rare = true })
	}
	for _, n := range foldAll(w.names) {
		each(c.name[n], func(f *found) { f.names = append(f.names, n) })
	}
	slices.SortFunc(c.found, func(a, b found) int { return cmp.Compare(a.card.Number, b.card.Number) })
	return c.found
}

// foldAll is names as they are compared, each once.
func foldAll(names []string) []string {
	var out []string
	for _, n := range names {
		if f := indicator.FoldName(n); f != "" && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}
