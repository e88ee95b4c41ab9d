package sigma

import (
	"slices"
	"strings"
)

// Layout says what the members of a JSON record are called in the event that a
// format makes of it, so that a record can be matched without making the event.
// Names of nested members are joined by dots first.
type Layout struct {
	Name string
	// Needs are names of which each list must have one among the members for
	// the layout to be this one; Never are beginnings of names that speak
	// against it. Both as they stand in the record, at any depth.
	Needs [][]string
	Never []string
	// Strip is taken from the beginning of a name, and each of Marks from
	// anywhere in it.
	Strip string
	Marks []string
	// Move gives members another name, the first that has a text winning; the
	// others keep the name they would have otherwise. An empty text counts as
	// absent.
	Move []Rename
	// Names and Prefixes give members another name without such a contest.
	Names    []Rename
	Prefixes []Rename
	// Rest is put before all other names.
	Rest string
	// Whole are event fields that the format makes whole numbers of and that
	// must be there.
	Whole []string
	// Decode are names that only decoding understands: a record that has one
	// is left to it.
	Decode []string
}

// Rename is the name of a member and the event field that it becomes.
type Rename struct{ From, To string }

func readLayout(n *node) (Layout, error) {
	if err := n.only("name", "needs", "never", "strip", "marks", "move", "names", "prefixes", "rest", "whole", "decode"); err != nil {
		return Layout{}, err
	}
	l := Layout{
		Name: n.scalar("name"), Never: n.strings("never"), Strip: n.scalar("strip"), Marks: n.strings("marks"),
		Rest: n.scalar("rest"), Whole: n.strings("whole"), Decode: n.strings("decode"),
	}
	if needs := n.get("needs"); needs != nil {
		for _, item := range needs.items {
			l.Needs = append(l.Needs, (&node{kind: mapping, pairs: []pair{{key: "n", value: item}}}).strings("n"))
		}
	}
	var err error
	for _, part := range []struct {
		key string
		to  *[]Rename
	}{{"move", &l.Move}, {"names", &l.Names}, {"prefixes", &l.Prefixes}} {
		if *part.to, err = readRenames(n.get(part.key)); err != nil {
			return l, err
		}
	}
	if len(l.Needs) > 16 {
		return l, faultf(n.line, "more than 16 needs")
	}
	return l, nil
}

func readRenames(n *node) ([]Rename, error) {
	if n == nil {
		return nil, nil
	}
	var out []Rename
	for _, p := range n.pairs {
		for _, from := range n.strings(p.key) {
			out = append(out, Rename{From: from, To: p.key})
		}
	}
	if n.kind != mapping || len(out) == 0 {
		return nil, faultf(n.line, "a mapping of event fields to the members they are made of")
	}
	return out, nil
}

// place is what a member of a record is to a layout.
type place struct {
	name   string // of the event field
	move   int    // index in Move, -1 for none
	needs  uint32 // which of Needs the member satisfies, one bit each
	decode bool   // the record must be decoded
}

// place names the member at a dotted path whose last part is key.
func (l *Layout) place(path, key string) place {
	out := place{move: -1}
	for i, names := range l.Needs {
		if slices.Contains(names, path) {
			out.needs |= 1 << i
		}
	}
	for _, n := range l.Never {
		out.decode = out.decode || strings.HasPrefix(key, n)
	}
	name := strings.TrimPrefix(path, l.Strip)
	for _, m := range l.Marks {
		name = strings.ReplaceAll(name, m, "")
	}
	out.decode = out.decode || slices.Contains(l.Decode, name)
	out.move = slices.IndexFunc(l.Move, func(r Rename) bool { return r.From == name })
	out.name = l.rename(name)
	return out
}

// sole says whether no other member contends for the name.
func (l *Layout) sole(move int) bool {
	n := 0
	for _, r := range l.Move {
		if r.To == l.Move[move].To {
			n++
		}
	}
	return n == 1
}

func (l *Layout) rename(name string) string {
	for _, r := range l.Names {
		if r.From == name {
			return r.To
		}
	}
	for _, r := range l.Prefixes {
		if rest, ok := strings.CutPrefix(name, r.From); ok {
			return r.To + rest
		}
	}
	return l.Rest + name
}
