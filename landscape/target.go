package landscape

import (
	"slices"
	"strings"
	"unicode"
)

// Said is a sector or place that a sentence says is targeted.
type Said struct {
	Key      string
	Sector   bool // else a place
	Sentence string
}

// aims are beginnings of words after which victims are named.
var aims = []string{"target", "victim", "against", "attack", "compromis", "focus", "intru", "breach", "infect", "aimed", "aiming", "hit", "struck", "disrupt", "pursu", "spied", "spying", "interest", "breaks", "broke", "extort", "preys", "affect", "impact", "sabotag"}

func aim(w word) bool {
	return slices.ContainsFunc(aims, func(a string) bool { return strings.HasPrefix(w.low, a) }) && w.low != "attackers" && w.low != "attacker" && w.low != "hitherto"
}

// from are words behind a place that make it an origin: "Russian state-sponsored".
var from = wordSet(`state-sponsored sponsored backed based nexus linked aligned affiliated speaking origin hackers hacker attackers attacker actor actors threat group groups cyberespionage espionage apt adversary adversaries
	intelligence ministry nationals cybercriminal cybercriminals cybercrime affiliated-with operatives threat-actor government-backed state state-linked state-backed cyber nation-state general military-intelligence people's liberation army's gru fsb svr`)

// origin are words before a place that make it an origin: "attributed to Russia".
var origin = wordSet(`attributed originating originated originates linked affiliated behalf sponsored backed nexus ties tied based located operates operate operating from out connected connections associated suspected believed assessed direction behest`)

// whole are words behind a place or a sector that make it a target also where no aim
// stands before: "Turkish victims", "the energy sector has been targeted".
var whole = wordSet(`victims victim targets organizations organisations companies entities sector sectors industry industries institutions agencies firms users government governments companies' customers individuals businesses enterprises`)

// never are words that turn a sentence round.
var never = wordSet(`avoid avoids avoided avoiding excluding exclude excludes except spares spare exempt not never`)

func wordSet(s string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		out[w] = true
	}
	return out
}

// Read returns whom a text says somebody targets, each sector and place once, with
// the first sentence that says so. It would rather miss one than invent one.
func (r *Reader) Read(text string) []Said {
	var out []Said
	for _, s := range sentences(Plain(text)) {
		for _, found := range r.sentence(s) {
			if !slices.ContainsFunc(out, func(o Said) bool { return o.Key == found.Key && o.Sector == found.Sector }) {
				out = append(out, found)
			}
		}
	}
	return out
}

// turned: the sentence says whom somebody does not target.
func turned(ws []word) bool {
	for i, w := range ws {
		if never[w.low] && !(w.low == "not" && i+1 < len(ws) && (ws[i+1].low == "limited" || ws[i+1].low == "only")) {
			return true
		}
	}
	return false
}

func (r *Reader) sentence(s string) []Said {
	ws := splitWords(s)
	first := slices.IndexFunc(ws, aim)
	if first < 0 || turned(ws) {
		return nil
	}
	var out []Said
	for i := 0; i < len(ws); {
		key, isSector, n := r.longest(ws[i:])
		if n == 0 {
			i++
			continue
		}
		if r.targeted(ws, i, n, first, isSector) {
			out = append(out, Said{Key: key, Sector: isSector, Sentence: s})
		}
		i += n
	}
	return out
}

// longest returns the longest sector or place that begins the words.
func (r *Reader) longest(ws []word) (key string, isSector bool, n int) {
	table := sectorTable()
	var b strings.Builder
	for i := 0; i < min(len(ws), max(table.long, r.long)); i++ {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(ws[i].low)
		if k, ok := r.places[b.String()]; ok && capital(ws[0], k) {
			key, isSector, n = k, false, i+1
		} else if k, ok := table.words[b.String()]; ok && !(ws[0].low == "it" && ws[0].text != "IT") {
			key, isSector, n = k, true, i+1
		}
	}
	return key, isSector, n
}

// capital: places are written with a capital, "US" with two; words for the whole
// world are not.
func capital(w word, key string) bool {
	if key == worldwide {
		return true
	}
	if len(w.text) == 2 {
		return strings.ToUpper(w.text) == w.text
	}
	return unicode.IsUpper([]rune(w.text)[0])
}

func (r *Reader) targeted(ws []word, at, n, first int, isSector bool) bool {
	end := at + n
	if isSector {
		return r.sectorTargeted(ws, at, end, first)
	}
	if ws[end-1].possessive && end < len(ws) && from[ws[end].low] || ws[end-1].hyphen {
		return false // "Russia's General Staff", "China-based"
	}
	if end < len(ws) && (from[ws[end].low] || end+1 < len(ws) && ws[end].hyphen && from[ws[end+1].low]) {
		return false
	}
	if at < first {
		return end < len(ws) && ws[end].low == "victims"
	}
	for i := at - 1; i > first && i >= at-7; i-- { // what stands between aim and place
		if origin[ws[i].low] && !aimBetween(ws, i, at) {
			return false
		}
	}
	return true
}

func (r *Reader) sectorTargeted(ws []word, at, end, first int) bool {
	// "China's Ministry of State Security" is who acts
	if at > 0 && (ws[at-1].low == "operational" || ws[at-1].low == "e") {
		return false // operational technology, e-currency
	}
	if at > first {
		if prev := at - 1; prev > first && ws[prev].possessive && from[ws[at].low] {
			return false
		}
		for i := at - 1; i > first && i >= at-4; i-- {
			if (ws[i].low == "attributed" || ws[i].low == "behalf" || ws[i].low == "linked" || ws[i].low == "affiliated") && !aimBetween(ws, i, at) {
				return false
			}
		}
		return !(end < len(ws) && (ws[end].low == "gain" || ws[end].low == "motivated" || ws[end].low == "malware" || ws[end].low == "trojan" || ws[end].low == "trojans" || ws[end].low == "intelligence"))
	}
	return end < len(ws) && whole[ws[end].low] && ws[end].low != "government"
}

// aimBetween: a new aim begins between two words.
func aimBetween(ws []word, a, b int) bool { return slices.ContainsFunc(ws[a+1:b], aim) }
