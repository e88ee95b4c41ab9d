package sigma

import (
	"math/bits"
	"slices"
)

// run looks at the rules of one view. It returns whether there were any to look at.
func (m *Matcher) run(at int32) (looked bool) {
	v := m.engine.views[at]
	m.nextTurn()
	picked := m.picked[:(len(v.rules)+63)/64]
	clear(picked)
	for _, r := range v.index.always {
		picked[r>>6] |= 1 << (r & 63)
	}
	for _, i := range v.index.words {
		m.lookAtWords(&v.index.slots[i], picked)
	}
	for i, from := range v.index.from {
		for _, f := range from {
			if f >= 0 && m.first[f] >= 0 {
				m.look(&v.index.slots[i], f, picked)
				break
			}
		}
	}
	for _, i := range v.index.several {
		s := &v.index.slots[i]
		for _, f := range m.fieldsOf(&v.slots[s.slot]) {
			m.lookAtAll(s, f, picked)
		}
	}
	m.sweeping = true
	for w, set := range picked {
		looked = looked || set != 0
		for ; set != 0; set &= set - 1 {
			r := &v.rules[w<<6+bits.TrailingZeros64(set)]
			if !m.matched[r.rule] && m.eval(v, r.root) {
				m.matched[r.rule] = true
				m.matches = append(m.matches, Match{int(r.rule), at})
			}
		}
	}
	m.sweeping = false
	return looked
}

// nextTurn makes all answers unknown.
func (m *Matcher) nextTurn() {
	if m.turn++; m.turn >= 1<<31 {
		clear(m.memo)
		m.turn = 1
	}
}

// finish puts the matches in the order of the rules.
func (m *Matcher) finish() []Match {
	for _, x := range m.matches {
		m.matched[x.Rule] = false
	}
	if len(m.matches) > 1 {
		slices.SortFunc(m.matches, func(a, b Match) int { return a.Rule - b.Rule })
	}
	return m.matches
}

func (m *Matcher) eval(v *view, n int32) bool {
	node := &v.nodes[n]
	switch node.op {
	case opAsk:
		if memo := m.memo[node.at]; memo>>1 == m.turn {
			return memo&1 != 0
		}
		if node.count >= 0 && m.sweeping && m.memo[node.count] != m.turn<<1|1 {
			return false
		}
		return m.answer(v, node.at)
	case opAnd:
		for _, k := range v.kidsOf(node) {
			if !m.eval(v, k) {
				return false
			}
		}
		return true
	case opOr:
		for _, k := range v.kidsOf(node) {
			if m.eval(v, k) {
				return true
			}
		}
		return false
	case opNot:
		return !m.eval(v, v.kids[node.at])
	}
	count := int32(0)
	for _, k := range v.kidsOf(node) {
		if m.eval(v, k) {
			count++
		}
	}
	return count >= node.count
}

// answer asks a predicate once for each turn.
func (m *Matcher) answer(v *view, ask int32) bool {
	memo := m.memo[ask]
	if memo>>1 == m.turn {
		return memo&1 != 0
	}
	p := &v.asks[ask]
	answer := uint32(0)
	if m.holds(v, p) {
		answer = 1
	}
	m.memo[ask] = m.turn<<1 | answer
	if m.sweeping && !p.swept {
		m.learn(p, ask<<1|int32(answer))
	}
	return answer != 0
}

// soleValue is where the only value is kept that a slot has in the event of a turn.
type soleValue struct {
	turn uint32
	spot spot
}

// learn keeps an answer with the only value of the slot.
func (m *Matcher) learn(p *predicate, answer int32) {
	if p.sort >= askNull { // not asked of the value, or not of it alone
		return
	}
	sole := &m.sole[p.slot]
	if sole.turn != m.turn {
		return
	}
	if r := sole.spot.recollection(); r != nil && int(r.learnt) < len(r.answers) {
		r.answers[r.learnt] = answer
		r.learnt++
	}
}
