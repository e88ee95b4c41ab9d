package similar

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Library holds cases to compare with. The zero value is not ready; use New.
type Library struct {
	cases []kept // empty id = taken out
	at    map[string]int
	free  []int
	ids   map[string]id // of keys and kins
	post  [][]int32     // by id: cases that have it, in any order
	spare []id
	n     int
}

// id stands for a key or kin: a place in post, or a negative number for one that the
// library does not hold.
type id int32

// none is the kin of what has none.
const none id = math.MinInt32

// kept is a case as it is compared.
type kept struct {
	id      string
	ordered bool
	items   []Item // steps first, in order
	steps   int
	keys    []id // of items
	kins    []id
}

// New returns an empty library.
func New() *Library { return &Library{at: map[string]int{}, ids: map[string]id{}} }

// Len returns how many cases there are.
func (l *Library) Len() int { return l.n }

// Put takes a case in, in place of the one with its id.
func (l *Library) Put(c Case) {
	l.Remove(c.ID)
	k := prepare(c, l.intern)
	slot := len(l.cases)
	if n := len(l.free); n > 0 {
		slot, l.free = l.free[n-1], l.free[:n-1]
		l.cases[slot] = k
	} else {
		l.cases = append(l.cases, k)
	}
	l.at[c.ID] = slot
	l.n++
	for _, i := range k.all() {
		l.post[i] = append(l.post[i], int32(slot))
	}
}

// intern gives a key its place.
func (l *Library) intern(key string) id {
	i, ok := l.ids[key]
	if !ok {
		if n := len(l.spare); n > 0 {
			i, l.spare = l.spare[n-1], l.spare[:n-1]
		} else {
			i = id(len(l.post))
			l.post = append(l.post, nil)
		}
		l.ids[strings.Clone(key)] = i
	}
	return i
}

// look finds keys without keeping them; strangers are numbered in others.
func (l *Library) look(others map[string]id) func(string) id {
	return func(key string) id {
		if i, ok := l.ids[key]; ok {
			return i
		}
		i, ok := others[key]
		if !ok {
			i = id(-1 - len(others))
			others[key] = i
		}
		return i
	}
}

// Remove takes a case out.
func (l *Library) Remove(name string) {
	slot, ok := l.at[name]
	if !ok {
		return
	}
	k := &l.cases[slot]
	for _, i := range k.all() {
		list := l.post[i]
		if at := slices.Index(list, int32(slot)); at >= 0 {
			list[at] = list[len(list)-1]
			l.post[i] = list[:len(list)-1]
		}
	}
	for i, item := range k.items {
		l.forget(k.keys[i], item.key())
		if k.kins[i] != none {
			l.forget(k.kins[i], item.kin())
		}
	}
	delete(l.at, name)
	l.cases[slot] = kept{}
	l.free = append(l.free, slot)
	l.n--
}

// forget frees the place of a key that no case has any more.
func (l *Library) forget(i id, key string) {
	if at, ok := l.ids[key]; ok && at == i && len(l.post[i]) == 0 {
		delete(l.ids, key)
		l.post[i] = nil
		l.spare = append(l.spare, i)
	}
}

// prepare makes a case ready: each item once, the order of steps kept.
func prepare(c Case, place func(string) id) kept {
	k := kept{id: c.ID, ordered: c.Ordered}
	seen := map[string]bool{}
	take := func(list []Item, limit int, step bool) {
		for _, i := range list {
			key := i.key()
			if i.Value == "" || seen[key] || (i.Kind.facet() == steps) != step || limit == 0 {
				continue
			}
			limit--
			seen[key] = true
			kin := none
			if s := i.kin(); s != "" {
				kin = place(s)
			}
			k.items, k.keys, k.kins = append(k.items, i), append(k.keys, place(key)), append(k.kins, kin)
		}
	}
	take(c.Steps, maxSteps, true)
	k.steps = len(k.items)
	take(c.Traces, maxTraces, false)
	return k
}

// all returns every key and kin of a case, each once.
func (k *kept) all() []id {
	out := slices.Concat(k.keys, k.kins)
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) > 0 && out[0] == none {
		out = out[1:]
	}
	return out
}

// least is as how many cases a small library counts: of three cases what one has is
// not yet common.
const least = 100

// among is how many cases have something.
func (l *Library) among(i id) int {
	if i < 0 {
		return 0
	}
	return len(l.post[i])
}

// rarity is what an item says that so many cases have.
func (l *Library) rarity(i id) float64 {
	n := max(l.n, least)
	return max(math.Log(float64(n+2)/float64(l.among(i)+1)), .05)
}

// weight of an item when both have it.
func (l *Library) weight(i Item, at id) float64 { return i.Kind.says() * l.rarity(at) }

// closely is how many cases are compared in full: those that share most by weight.
const closely = 256

// Nearest returns the n cases most like c that share something, the most alike first;
// a case with its id is not one of them.
func (l *Library) Nearest(c Case, n int) []Match {
	q := prepare(c, l.look(map[string]id{}))
	w := l.witness(&q)
	var out []Match
	for _, slot := range l.candidates(&q) {
		if m, ok := l.compare(w, &l.cases[slot]); ok {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b Match) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) })
	return out[:min(max(n, 0), len(out))]
}

// candidates returns the cases that share most with q, by what it weighs in a case of
// their size.
func (l *Library) candidates(q *kept) []int32 {
	sum := make([]float64, len(l.cases))
	var met []int32
	add := func(at id, w float64) {
		if at < 0 {
			return
		}
		for _, s := range l.post[at] {
			if sum[s] == 0 {
				met = append(met, s)
			}
			sum[s] += w
		}
	}
	for i, item := range q.items {
		w, share := l.weight(item, q.keys[i]), 0.0
		if kin := q.kins[i]; kin != none {
			share = item.Kind.akin() * item.Kind.says() * l.rarity(kin)
			add(kin, share)
		}
		add(q.keys[i], w-share) // who has it has its kin too
	}
	for _, s := range met {
		sum[s] /= math.Sqrt(float64(len(l.cases[s].items)) + 8)
	}
	met = slices.DeleteFunc(met, func(s int32) bool { return l.cases[s].id == q.id })
	slices.SortFunc(met, func(a, b int32) int {
		return cmp.Or(cmp.Compare(sum[b], sum[a]), cmp.Compare(l.cases[a].id, l.cases[b].id))
	})
	return met[:min(len(met), closely)]
}
