package sigma

import (
	"math"
	"slices"
	"strings"
)

// clueSort is how a clue is found.
type clueSort uint8

const (
	clueWhole clueSort = iota
	cluePrefix
	clueSuffix
	cluePart
	clueShort   // a part of one to three bytes
	clueForeign // some value has a character that is not ASCII
	clueThere   // there is a value
)

// clue is something that can be looked for cheaply in all values of a slot at
// once. ask is the predicate that holds when the clue is found, -1 when that has
// still to be seen.
type clue struct {
	slot int32
	sort clueSort
	lit  string
	ask  int32
}

// witness is a set of clues of which one is found whenever a rule matches; chance
// is a guess how often one is found in an event. none says that there is no such
// set.
type witness struct {
	clues  []clue
	chance float64
	none   bool
}

// The chances of what most events have: a text, and any value at all.
const (
	often    = 0.7
	oftenest = 0.9
)

// maxClues bounds what one rule puts into the index.
const maxClues = 4096

// witnessOf finds the rarest witness of a node.
func (v *tree) witnessOf(n int32) witness {
	node := &v.nodes[n]
	switch node.op {
	case opAsk:
		return v.witnessOfAsk(node.at)
	case opAnd:
		best := witness{none: true}
		for _, k := range v.kidsOf(node) {
			w := v.witnessOf(k)
			if !w.none && (best.none || w.chance < best.chance) {
				best = w
			}
		}
		return best
	case opOr, opOf:
		all := witness{}
		for _, k := range v.kidsOf(node) {
			w := v.witnessOf(k)
			if w.none || len(all.clues)+len(w.clues) > maxClues {
				return witness{none: true}
			}
			if len(w.clues) == 1 && w.clues[0].sort == clueForeign && slices.Contains(all.clues, w.clues[0]) {
				continue // one for many texts, found once
			}
			all.clues = append(all.clues, w.clues...)
			all.chance += w.chance
		}
		return all
	}
	return witness{none: true}
}

func (v *tree) witnessOfAsk(i int32) witness {
	p := &v.asks[i]
	there := witness{clues: []clue{{slot: p.slot, sort: clueThere, ask: -1}}, chance: oftenest}
	switch p.sort {
	case askNull, askExists:
		return witness{none: true}
	case askNothing:
		return witness{}
	case askText:
		c, ok := clueOfText(&p.text, p.cased)
		if !ok {
			return there
		}
		c.slot = p.slot
		if !p.cased && p.text.fit != fitGlob && c.sort != clueForeign {
			c.ask = i
		}
		return v.one(c)
	case askSet:
		w := witness{}
		for s := range p.set {
			c := v.one(clue{slot: p.slot, sort: clueWhole, lit: s, ask: i})
			w.clues, w.chance = append(w.clues, c.clues...), w.chance+c.chance
		}
		return w
	case askTexts, askRegexp:
		w := witness{}
		need, ask := p.need, int32(-1)
		if p.sort == askTexts {
			need, ask = p.texts.texts(), i
		}
		for _, s := range need {
			c := partClue(string(s))
			if p.sort == askTexts {
				c.sort = map[fit]clueSort{fitPart: c.sort, fitPrefix: cluePrefix, fitSuffix: clueSuffix}[p.texts.fit]
				c.lit = string(s)
			}
			c.slot, c.ask = p.slot, ask
			one := v.one(c)
			w.clues, w.chance = append(w.clues, one.clues...), w.chance+one.chance
		}
		w.chance = min(w.chance, often)
		if len(w.clues) > 0 {
			return w
		}
	}
	return there
}

// one is the witness of a single clue.
func (v *tree) one(c clue) witness {
	w := witness{clues: []clue{c}}
	switch c.sort {
	case clueThere:
		w.chance = oftenest
	case clueForeign:
		w.chance = 0.02
	default:
		bits := rarity(c.lit)
		switch {
		case c.sort == cluePart:
			bits-- // at any place
			if len(c.lit) < 7 {
				bits -= 2 // makes every place of a value looked at
			}
		case c.sort == clueWhole && commonValues[c.lit]:
			bits = 1
		case c.sort == clueWhole && c.lit == "":
			bits = 4
		case c.sort == clueShort:
			bits = min(bits-1.5, 1.5*float64(len(c.lit))) // a backslash is nearly everywhere
		case c.sort == clueWhole && len(c.lit) < 12 && !strings.ContainsAny(c.lit, `.\/`):
			bits = min(bits, 7) // most likely one of few words or numbers
		}
		w.chance = min(often, math.Exp2(-bits))
	}
	return w
}

// gram is how many bytes of a part the index looks for.
const gram = 4

// partClue is the clue that a text is part of a value.
func partClue(s string) clue {
	switch {
	case len(s) >= gram:
		return clue{sort: cluePart, lit: s, ask: -1}
	case strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f }):
		return clue{sort: clueForeign, ask: -1}
	case s != "":
		return clue{sort: clueShort, lit: s, ask: -1}
	}
	return clue{sort: clueThere, ask: -1}
}

// clueOfText finds the rarest clue of a text.
func clueOfText(t *text, cased bool) (clue, bool) {
	form := func(b []byte) string {
		if cased {
			return foldString(string(b))
		}
		return string(b)
	}
	switch t.fit {
	case fitWhole:
		return clue{sort: clueWhole, lit: form(t.lit), ask: -1}, true
	case fitPrefix:
		return clue{sort: cluePrefix, lit: form(t.lit), ask: -1}, true
	case fitSuffix:
		return clue{sort: clueSuffix, lit: form(t.lit), ask: -1}, true
	case fitPart:
		c := partClue(form(t.lit))
		return c, c.sort != clueThere
	case fitAny:
		return clue{}, false
	}
	best := ""
	for i := range t.pieces {
		for _, run := range t.pieces[i].runs() {
			if run = form([]byte(run)); rarity(run) > rarity(best) {
				best = run
			}
		}
	}
	return partClue(best), best != ""
}

// runs returns the stretches of a piece that stand as they are.
func (p *globPiece) runs() []string {
	if p.elements == nil {
		return []string{string(p.lit)}
	}
	var out []string
	var b strings.Builder
	for _, e := range p.elements {
		if e.sort == exactly {
			b.WriteRune(e.r)
			continue
		}
		out = append(out, b.String())
		b.Reset()
	}
	return append(out, b.String())
}

// rarity is a guess, in bits, how seldom a text is found: what is not in common
// texts counts.
func rarity(s string) float64 {
	if s == "" {
		return 0
	}
	bits := 1.0
	for i := range len(s) {
		if common := commonAt(s, i); common {
			bits += 0.2
			continue
		}
		switch c := s[i]; {
		case c == ' ' || c == '\\' || c == '/' || c == '.':
			bits++
		case c >= '0' && c <= '9':
			bits += 1.5
		default:
			bits += 3
		}
	}
	return min(bits, 60)
}

// commonAt says whether the byte at i is part of a common gram.
func commonAt(s string, i int) bool {
	for start := max(0, i-gram+1); start <= i && start+gram <= len(s); start++ {
		if commonGrams[s[start:start+gram]] {
			return true
		}
	}
	return false
}
