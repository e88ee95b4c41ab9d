package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/vedette-soc/vedette/extract"
)

// judged is one technique of one document, judged by a model that knew neither.
type judged struct {
	doc, label int
	terms      [extract.PoolTerms]float64
	truth      bool
	p          float64
}

// pooled is the second stage: how to weigh what a document says.
type pooled struct {
	pool      []float64
	threshold float64
}

// crossValidate judges every document by models trained without its group and
// without any sentence it shares, prints the figures, and returns the second stage
// fitted on all of these judgements.
func crossValidate(c *corpus, folds int) (pooled, error) {
	var all []judged
	for fold := range folds {
		m := trainSentences(c, without(c, func(group int) bool { return group%folds == fold }))
		priors := documentPriors(c, func(d *document) bool { return d.group%folds != fold })
		for i, d := range c.docs {
			if d.group%folds == fold {
				all = append(all, judge(c, m, priors, i)...)
			}
		}
		fmt.Printf("fold %d of %d\n", fold+1, folds)
	}
	var sum figures
	for fold := range folds { // the second stage, too, is fitted on other documents
		p := fitPool(filter(all, func(j judged) bool { return c.docs[j.doc].group%folds != fold }))
		part := filter(all, func(j judged) bool { return c.docs[j.doc].group%folds == fold })
		p.apply(part)
		sum.add(part, p.threshold)
	}
	sum.print("words and names")
	printNames(c, all)
	p := fitPool(all)
	p.apply(all)
	fmt.Printf("threshold %.3f, pool %.3f\n", p.threshold, p.pool)
	printCalibration(all)
	return p, nil
}

// without keeps the examples that have nothing to do with the groups left out.
func without(c *corpus, out func(group int) bool) func(example) bool {
	taken := map[uint32]bool{}
	for _, e := range c.examples {
		if e.doc >= 0 && out(e.group) {
			taken[e.key] = true
		}
	}
	return func(e example) bool { return (e.group < 0 || !out(e.group)) && !taken[e.key] }
}

func documentPriors(c *corpus, use func(*document) bool) []float64 {
	n := 0.0
	count := make([]float64, len(c.labels))
	for _, d := range c.docs {
		if use(d) {
			n++
			for l := range d.truth {
				count[l]++
			}
		}
	}
	for l := range count {
		p := (count[l] + 0.5) / (n + 1)
		count[l] = math.Log(p / (1 - p))
	}
	return count
}

// judge gives the terms of every label for a document.
func judge(c *corpus, m *sentenceModel, priors []float64, doc int) []judged {
	best := make([][]float64, len(c.labels))
	scores := make([]float64, len(c.labels))
	for _, e := range c.examples {
		if e.doc != doc || len(e.features) < extract.LeastFeatures {
			continue
		}
		m.score(e.features, scores)
		for l, s := range scores {
			best[l] = append(best[l], s)
		}
	}
	d := c.docs[doc]
	var out []judged
	for l := range c.labels {
		slices.SortFunc(best[l], func(a, b float64) int {
			if a > b {
				return -1
			}
			return 1
		})
		terms := extract.Pool(extract.Evidence{
			Best: best[l][:min(len(best[l]), 5)], Named: d.named[l], Cited: d.cited[l], Length: d.size, Prior: priors[l],
		})
		out = append(out, judged{doc: doc, label: l, terms: terms, truth: d.truth[l]})
	}
	return out
}

func filter(all []judged, keep func(judged) bool) []judged {
	var out []judged
	for _, j := range all {
		if keep(j) {
			out = append(out, j)
		}
	}
	return out
}

// fitPool is logistic regression by gradient descent, then the threshold with the
// best F1.
func fitPool(set []judged) pooled {
	w := make([]float64, extract.PoolTerms)
	g := make([]float64, extract.PoolTerms)
	for range 1500 {
		grad := make([]float64, extract.PoolTerms)
		for _, j := range set {
			sum := 0.0
			for i, t := range j.terms {
				sum += w[i] * t
			}
			d := 1 / (1 + math.Exp(-sum))
			if j.truth {
				d--
			}
			for i, t := range j.terms {
				grad[i] += d * t
			}
		}
		for i := range w {
			step := grad[i]/float64(len(set)) + 1e-5*w[i]
			g[i] += step * step
			w[i] -= 0.3 * step / math.Sqrt(g[i]+1e-12)
		}
	}
	p := pooled{pool: w}
	p.apply(set)
	best := -1.0
	for t := 0.15; t < 0.7; t += 0.01 {
		var f figures
		f.add(set, t)
		if f1 := f.f1(); f1 > best {
			best, p.threshold = f1, t
		}
	}
	return p
}

func (p pooled) apply(set []judged) {
	for k := range set {
		sum := 0.0
		for i, t := range set[k].terms {
			sum += p.pool[i] * t
		}
		set[k].p = 1 / (1 + math.Exp(-sum))
	}
}

type figures struct{ tp, fp, fn float64 }

func (f *figures) add(set []judged, threshold float64) {
	for _, j := range set {
		switch said := j.p >= threshold; {
		case said && j.truth:
			f.tp++
		case said:
			f.fp++
		case j.truth:
			f.fn++
		}
	}
}

func (f figures) f1() float64 { return 2 * f.tp / max(2*f.tp+f.fp+f.fn, 1) }

func (f figures) print(what string) {
	fmt.Printf("%s: precision %.3f, recall %.3f, F1 %.3f\n", what, f.tp/max(f.tp+f.fp, 1), f.tp/max(f.tp+f.fn, 1), f.f1())
}

// printNames is the measure to beat: what the text names outright.
func printNames(c *corpus, all []judged) {
	var f figures
	for _, j := range all {
		d := c.docs[j.doc]
		j.p = 0
		if d.named[j.label]+d.cited[j.label] > 0 {
			j.p = 1
		}
		f.add([]judged{j}, 0.5)
	}
	f.print("names and ids alone")
}

func printCalibration(all []judged) {
	for low := 0.0; low < 1; low += 0.1 {
		var n, sum, hit float64
		for _, j := range all {
			if j.p >= low && j.p < low+0.1 {
				n++
				sum += j.p
				if j.truth {
					hit++
				}
			}
		}
		if n > 0 {
			fmt.Printf("said %.2f, was %.2f (%d)\n", sum/n, hit/n, int(n))
		}
	}
}

// featuresKept bounds the file.
const featuresKept = 2500

// finalModel trains on all but one in held groups.
func finalModel(c *corpus, p pooled, held int) extract.Trained {
	out := func(group int) bool { return held > 0 && group%held == held-1 }
	use := without(c, out)
	m := trainSentences(c, use)
	priors := documentPriors(c, func(d *document) bool { return !out(d.group) })
	t := extract.Trained{Pool: p.pool, Threshold: p.threshold}
	for l := range c.labels {
		t.Labels = append(t.Labels, m.trained(c, l, priors[l], featuresKept))
	}
	for _, e := range c.examples {
		if use(e) && len(e.features) >= 8 {
			t.Seen = append(t.Seen, e.key)
		}
	}
	slices.Sort(t.Seen)
	t.Seen = slices.Compact(t.Seen)
	return t
}
