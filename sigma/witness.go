package sigma

import (
	"math"
	"strings"
)

// clueSort is how a clue is found.
type clueSort uint8

const (
	clueWhole clueSort = iota
	cluePrefix
	clueSuffix
	cluePart
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

// maxClues bounds what one rule puts into the index.
const maxClues = 4096

// witnessOf finds the rarest witness of a node.
func (v *view) witnessOf(n int32) witness {
	node := &v.nodes[n]
	switch node.op {
	case opAsk:
		return v.witnessOfAsk(node.ask)
	case opAnd:
		best := witness{none: true}
		for _, k := range node.kids {
			w := v.witnessOf(k)
			if !w.none && (best.none || w.chance < best.chance) {
				best = w
			}
		}
		return best
	case opOr, opOf:
		all := witness{}
		for _, k := range node.kids {
			w := v.witnessOf(k)
			if w.none || len(all.clues)+len(w.clues) > maxClues {
				return witness{none: true}
			}
			all.clues = append(all.clues, w.clues...)
			all.chance += w.chance
		}
		return all
	}
	return witness{none: true}
}

func (v *view) witnessOfAsk(i int32) witness {
	p := &v.asks[i]
	there := witness{clues: []clue{{slot: p.slot, sort: clueThere, ask: -1}}, chance: 0.7}
	switch p.sort {
	case askNull:
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
	case askRegexp:
		w := witness{}
		for _, s := range p.need {
			c := partClue(string(s))
			c.slot = p.slot
			one := v.one(c)
			w.clues, w.chance = append(w.clues, one.clues...), w.chance+one.chance
		}
		if len(w.clues) > 0 && w.chance < there.chance {
			return w
		}
	}
	return there
}

// one is the witness of a single clue.
func (v *view) one(c clue) witness {
	w := witness{clues: []clue{c}}
	switch c.sort {
	case clueThere:
		w.chance = 0.7
	case clueForeign:
		w.chance = 0.02
	default:
		bits := rarity(c.lit)
		if c.sort == cluePart {
			bits-- // at any place
		}
		w.chance = min(0.7, math.Exp2(-bits))
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
			if run = form([]byte(run)); len(run) >= gram && rarity(run) > rarity(best) {
				best = run
			}
		}
	}
	return clue{sort: cluePart, lit: best, ask: -1}, best != ""
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

// common are texts that so many values have that finding one says little; the
// longest first where one is in another.
var common = strings.NewReplacer(
	`c:\windows\system32\`, "", `c:\program files`, "", `\microsoft\windows\currentversion\`, "", `\software\microsoft\`, "",
	"microsoft", "", "windows", "", "system32", "", "syswow64", "", "currentversion", "", "currentcontrolset", "", "program", "",
	"powershell", "", "rundll32", "", "svchost", "", "services", "", "explorer", "", "software", "", "appdata", "", "local", "",
	"users", "", "temp", "", "cmd.exe", "", ".exe", "", ".dll", "", "http", "", "hklm", "", "control", "", "system", "", "policies", "",
	"security", "", "default", "", "server", "", "service", "", "object", "", "create", "", "version", "", "process", "", "true", "", "false", "",
)

// rarity is a guess, in bits, how seldom a text is found.
func rarity(s string) float64 {
	rest := common.Replace(s)
	bits := 1 + 2*float64(len(s)-len(rest))/8
	for i := range len(rest) {
		switch c := rest[i]; {
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
