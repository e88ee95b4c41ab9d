package extract

import (
	"regexp"
	"slices"

	"github.com/vedette-soc/vedette/attack"
)

// Techniques finds techniques that a text names outright, by id or by name. It
// never changes and is safe for concurrent use.
type Techniques struct {
	catalogue *attack.Catalogue
	names     map[uint64][]attack.ID // of techniques in use
	longest   int
}

// NewTechniques prepares the names of a catalogue. A technique that was taken
// back is found by its old name as well and means its successor.
//
// A name that techniques of several matrices share means the one of the enterprise.
func NewTechniques(c *attack.Catalogue) *Techniques {
	t := &Techniques{catalogue: c, names: map[uint64][]attack.ID{}}
	enterprise := func(e attack.Entity) bool { return slices.Contains(e.Domains, attack.Enterprise) }
	t.addAll(enterprise)
	t.addAll(func(e attack.Entity) bool { return !enterprise(e) })
	return t
}

// addAll adds the names of those techniques whose names are not taken.
func (t *Techniques) addAll(of func(attack.Entity) bool) {
	taken := map[uint64]bool{}
	for h := range t.names {
		taken[h] = true
	}
	c := t.catalogue
	for e := range c.Entities() {
		if e.AttackID.Kind() != attack.Technique {
			continue
		}
		now, ok := c.Current(e.AttackID)
		if !ok || now.Deprecated || now.Revoked || !of(now) {
			continue
		}
		t.add(e.Name, now.AttackID, taken)
		if e.AttackID.Parent() != e.AttackID {
			if parent, ok := c.Entity(e.AttackID.Parent()); ok {
				t.add(parent.Name+" "+e.Name, now.AttackID, taken)
			}
		}
	}
}

func (t *Techniques) add(name string, id attack.ID, taken map[uint64]bool) {
	h, n := hashName(name)
	if h == 0 || taken[h] || slices.Contains(t.names[h], id) {
		return
	}
	t.names[h] = append(t.names[h], id)
	t.longest = max(t.longest, n)
}

// Naming is a place where a text names a technique.
type Naming struct {
	From, To int
	IDs      []attack.ID // more than one when the name is that of several
	Cited    attack.ID   // the id as written, "" for a name
	Known    bool        // false for an id that ATT&CK has not
}

var techniqueID = regexp.MustCompile(`\bT\d{4}(?:[./]\d{3})?\b`)

// Find lists the places in a text that name a technique, in order.
func (t *Techniques) Find(s string) []Naming { return t.find(s, words(s)) }

func (t *Techniques) find(s string, ws []word) []Naming {
	var out []Naming
	for _, at := range techniqueID.FindAllStringIndex(s, -1) {
		if n, ok := t.cited(s, at[0], at[1]); ok {
			out = append(out, n)
		}
	}
	for i := 0; i < len(ws); i++ {
		ids, n := t.longestAt(s, ws[i:])
		if n > 0 {
			out = append(out, Naming{From: ws[i].from, To: ws[i+n-1].to, IDs: ids, Known: true})
			i += n - 1
		}
	}
	slices.SortFunc(out, func(a, b Naming) int { return a.From - b.From })
	return out
}

// cited reads an id; one that ATT&CK never had is kept as unknown.
func (t *Techniques) cited(s string, from, to int) (Naming, bool) {
	if from > 0 && (s[from-1] == '-' || s[from-1] == '_' || s[from-1] == '.') || to < len(s) && (s[to] == '_' || s[to] == '-') {
		return Naming{}, false
	}
	text := []byte(s[from:to])
	if len(text) > 5 {
		text[5] = '.'
	}
	id := attack.ID(text)
	n := Naming{From: from, To: to, Cited: id, IDs: []attack.ID{id}}
	if e, ok := t.catalogue.Current(id); ok {
		n.IDs, n.Known = []attack.ID{e.AttackID}, true
	}
	return n, true
}

func (t *Techniques) longestAt(s string, ws []word) (ids []attack.ID, n int) {
	h := uint64(0)
	for i, w := range ws {
		if i == t.longest || i > 0 && !w.joint {
			break
		}
		h = hashWord(h, s[w.from:w.to])
		if found := t.names[h]; found != nil {
			ids, n = found, i+1
		}
	}
	return ids, n
}

// Name returns the name of a technique, of a sub-technique with its technique's.
func (t *Techniques) Name(id attack.ID) string {
	e, ok := t.catalogue.Entity(id)
	if !ok {
		return string(id)
	}
	if parent, ok := t.catalogue.Entity(id.Parent()); ok && id.Parent() != id {
		return parent.Name + ": " + e.Name
	}
	return e.Name
}
