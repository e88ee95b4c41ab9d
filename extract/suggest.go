package extract

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/vedette-soc/vedette/attack"
)

// suggestion collects what a text says for one technique.
type suggestion struct {
	named, cited int
	best         []scored
}

type scored struct {
	sentence int
	score    float64
}

const (
	bestKept      = 5
	shownBelow    = 0.6 // of the threshold: what is shown as uncertain
	evidenceShown = 2   // sentences of a suggestion
)

// techniques finds ids and names and asks the model about every sentence.
func (r *reading) techniques() {
	t := r.engine.techniques
	if t == nil {
		return
	}
	all := map[attack.ID]*suggestion{}
	get := func(id attack.ID) *suggestion {
		if all[id] == nil {
			all[id] = &suggestion{}
		}
		return all[id]
	}
	places := t.find(r.text.Body, r.words)
	for _, n := range places {
		for _, id := range n.IDs {
			if n.Cited != "" {
				get(id).cited++
			} else {
				get(id).named++
			}
		}
	}
	chance := r.ask(get, all)
	for _, n := range places {
		if n.Cited != "" || !r.inObservable(n.From, n.To) {
			r.naming(n, chance)
		}
	}
	r.suggest(all, chance)
}

// inObservable says whether a place is part of an address or a file.
func (r *reading) inObservable(from, to int) bool {
	i := sort.Search(len(r.values), func(i int) bool { return r.values[i].To > from })
	return i < len(r.values) && r.values[i].From < to
}

// ask puts every sentence to the model and returns the probability of every label.
func (r *reading) ask(get func(attack.ID) *suggestion, all map[attack.ID]*suggestion) map[attack.ID]float64 {
	m := r.engine.known.Model
	out := map[attack.ID]float64{}
	if m == nil {
		return out
	}
	var scores []float64
	for i, s := range r.sentences {
		if zone := sectionAt(r.sections, s.From).zone; zone == References || zone == About {
			continue
		}
		f := Features(r.text.Body[s.From:s.To])
		if len(f) < LeastFeatures {
			continue
		}
		scores = m.score(f, scores)
		for l, score := range scores {
			g := get(m.labels[l])
			g.best = append(g.best, scored{i, score})
			if len(g.best) > 4*bestKept {
				g.trim()
			}
		}
	}
	for l, id := range m.labels {
		g := get(id)
		g.trim()
		e := Evidence{Named: g.named, Cited: g.cited, Length: len(r.sentences), Prior: m.prior[l]}
		for _, b := range g.best {
			e.Best = append(e.Best, b.score)
		}
		out[id] = m.probability(e)
	}
	return out
}

// LeastFeatures is how much a sentence must have to be put to a model: five words.
const LeastFeatures = 9

func (g *suggestion) trim() {
	slices.SortStableFunc(g.best, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	g.best = g.best[:min(len(g.best), bestKept)]
}

// naming is a technique that the text names outright.
func (r *reading) naming(n Naming, chance map[attack.ID]float64) {
	t := r.engine.techniques
	if text := r.text.Body[n.From:n.To]; n.Cited == "" && !cased(text) && len(words(text)) == 1 && r.ordinaryName(text) {
		return // "malware", "at": a word, not even a name in doubt
	}
	it := r.item(Technique, stixType(Technique), t.Name(n.IDs[0]), n.From, n.To)
	switch {
	case !n.Known:
		it.Value, it.Suppressed, it.Confidence = string(n.Cited), UnknownID, 5
	case n.Cited != "":
		it.ID, it.Confidence = string(n.IDs[0]), 99
		if n.Cited != n.IDs[0] {
			it.Detail = fmt.Sprintf("%s is %s today", n.Cited, n.IDs[0])
		}
	default:
		r.named(&it, n, chance)
	}
	r.items = append(r.items, it)
}

// named judges the name of a technique: some are said of anything.
func (r *reading) named(it *Item, n Naming, chance map[attack.ID]float64) {
	best := 0.0
	for _, id := range n.IDs {
		if p, ok := chance[id]; ok && p > best {
			best = p
			it.ID, it.Value = string(id), r.engine.techniques.Name(id)
		}
	}
	it.Confidence = int(100*best + 0.5)
	if it.ID == "" { // the model does not know it
		it.Confidence = 70
		if len(n.IDs) == 1 {
			it.ID = string(n.IDs[0])
		}
		if r.ordinaryName(it.Text) && (!cased(it.Text) || !strings.Contains(it.Text, " ")) {
			it.Confidence, it.Suppressed = 30, CommonWord
		}
	} else if best < r.engine.known.Model.threshold {
		it.Suppressed = Uncertain
	}
	if len(n.IDs) > 1 {
		for _, id := range n.IDs {
			it.Ambiguous = append(it.Ambiguous, string(id)+" "+r.engine.techniques.Name(id))
		}
		if best < r.engine.known.modelThreshold() {
			it.ID, it.Value = "", it.Text
		}
	}
}

func (k Knowledge) modelThreshold() float64 {
	if k.Model == nil {
		return 1
	}
	return k.Model.threshold
}

func (r *reading) ordinaryName(s string) bool {
	for _, w := range words(s) {
		if !r.engine.known.Names.ordinary(s[w.from:w.to]) {
			return false
		}
	}
	return true
}

// suggest adds what the model makes of the sentences.
func (r *reading) suggest(all map[attack.ID]*suggestion, chance map[attack.ID]float64) {
	m := r.engine.known.Model
	if m == nil {
		return
	}
	for _, id := range m.labels {
		p, g := chance[id], all[id]
		if p < shownBelow*m.threshold || len(g.best) == 0 {
			continue
		}
		for i, b := range g.best[:min(len(g.best), evidenceShown)] {
			if i > 0 && b.score < 0 {
				break
			}
			s := r.sentences[b.sentence]
			it := r.item(Technique, stixType(Technique), r.engine.techniques.Name(id), s.From, s.To)
			it.ID, it.Text, it.Confidence = string(id), "", int(100*p+0.5)
			it.Because = m.because(r.text.Body[s.From:s.To], id)
			if p < m.threshold {
				it.Suppressed = Uncertain
			}
			r.items = append(r.items, it)
		}
	}
}

// because lists the words that speak most for a technique in a sentence.
func (m *Model) because(sentence string, id attack.ID) []string {
	label := slices.Index(m.labels, id)
	type weighed struct {
		text   string
		weight float32
	}
	var all []weighed
	add := func(f uint32, text string) {
		for _, p := range m.posts[f] {
			if int(p.label) == label && p.weight > 0 {
				all = append(all, weighed{text, p.weight})
			}
		}
	}
	var last uint64
	var before word
	for i, w := range words(sentence) {
		if i == longestFeatures {
			break
		}
		h := hashBytes(offset, stem(sentence[w.from:w.to]))
		add(fold(h), sentence[w.from:w.to])
		if last != 0 {
			add(fold(hashPair(last, h)), strings.Join(strings.Fields(sentence[before.from:w.to]), " "))
		}
		last, before = h, w
	}
	slices.SortStableFunc(all, func(a, b weighed) int { return cmp.Compare(b.weight, a.weight) })
	var out []string
	for _, w := range all {
		if len(out) < 4 && !slices.Contains(out, w.text) {
			out = append(out, w.text)
		}
	}
	return out
}
