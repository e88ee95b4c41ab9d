package stix

import (
	"cmp"
	"errors"
	"iter"
	"slices"
	"sort"
	"time"
)

// maxEvaluation bounds how many combinations of observations one pattern may try.
const maxEvaluation = 2_000_000

// ErrTooComplex is returned for a pattern that would take too long on the data.
var ErrTooComplex = errors.New("the pattern has more combinations of these observations than can be tried")

// Match evaluates the pattern against data (STIX 2.1, part 9) and returns the
// indexes of observations that satisfy it together, in order; none when it does
// not match. Comparisons within one pair of brackets that are joined by AND must
// hold for the same object; a pattern that there names objects of several types
// asks for such objects within the same observation. The error is a regular
// expression that RE2 does not have, or ErrTooComplex.
func (p Pattern) Match(data []ObservedData) ([]int, error) {
	e := &evaluation{data: data, left: cmp.Or(p.most, maxEvaluation), tests: p.tests}
	for i := range data {
		for range max(data[i].Number, 1) {
			e.of = append(e.of, i)
		}
	}
	for b := range e.bindings(p.Root) {
		var out []int
		for _, instance := range b {
			out = append(out, e.of[instance])
		}
		slices.Sort(out)
		return slices.Compact(out), nil
	}
	return nil, e.err
}

// evaluation is one run of a pattern over data. An instance is one observation,
// counted as often as it was seen; a binding is the instances that satisfy an
// expression together.
type evaluation struct {
	data  []ObservedData
	of    []int // the observation of each instance
	left  int
	tests map[string]test // compiled before; nil = none
	err   error
}

type binding []int32

// bindings enumerates what satisfies o. It ends early on an error.
func (e *evaluation) bindings(o Observation) iter.Seq[binding] {
	switch o := o.(type) {
	case Observed:
		return e.instances(o.Expr)
	case Combined:
		all := e.bindings(o.Terms[0])
		for _, t := range o.Terms[1:] {
			if o.Op == Or {
				all = either(all, e.bindings(t))
			} else {
				all = e.both(all, t, o.Op == FollowedBy)
			}
		}
		return all
	case Qualified:
		return e.qualified(o)
	}
	return func(func(binding) bool) {}
}

// spend counts one step and reports whether another may follow.
func (e *evaluation) spend() bool {
	if e.left--; e.left < 0 && e.err == nil {
		e.err = ErrTooComplex
	}
	return e.err == nil
}

func (e *evaluation) instances(x Expr) iter.Seq[binding] {
	return func(yield func(binding) bool) {
		holds := map[int]bool{}
		for instance, i := range e.of {
			ok, known := holds[i]
			if !known {
				ok = e.holds(x, &e.data[i])
				holds[i] = ok
			}
			if !e.spend() || ok && !yield(binding{int32(instance)}) {
				return
			}
		}
	}
}

func either(a, b iter.Seq[binding]) iter.Seq[binding] {
	return func(yield func(binding) bool) {
		for x := range a {
			if !yield(x) {
				return
			}
		}
		for x := range b {
			if !yield(x) {
				return
			}
		}
	}
}

// both pairs each binding of a with each of o that shares no instance; ordered
// says that the second may have been after the first.
func (e *evaluation) both(a iter.Seq[binding], o Observation, ordered bool) iter.Seq[binding] {
	return func(yield func(binding) bool) {
		for x := range a {
			for y := range e.bindings(o) {
				if !e.spend() {
					return
				}
				if shares(x, y) || ordered && e.latestFirst(x).After(e.earliestLast(y)) {
					continue
				}
				if !yield(append(x[:len(x):len(x)], y...)) {
					return
				}
			}
		}
	}
}

func shares(a, b binding) bool {
	return slices.ContainsFunc(a, func(i int32) bool { return slices.Contains(b, i) })
}

func (e *evaluation) latestFirst(b binding) (t time.Time) {
	for i, instance := range b {
		if f := e.data[e.of[instance]].First; i == 0 || f.After(t) {
			t = f
		}
	}
	return t
}

func (e *evaluation) earliestLast(b binding) (t time.Time) {
	for i, instance := range b {
		if l := e.data[e.of[instance]].Last; i == 0 || l.Before(t) {
			t = l
		}
	}
	return t
}

func (e *evaluation) qualified(q Qualified) iter.Seq[binding] {
	switch {
	case q.Repeats > 1:
		return e.repeated(q.Of, q.Repeats)
	case q.Within > 0:
		if r, ok := q.Of.(Qualified); ok && r.Repeats > 1 {
			if o, ok := r.Of.(Observed); ok {
				return e.window(o, r.Repeats, q.Within)
			}
		}
		return e.only(q.Of, func(b binding) bool { return e.latestFirst(b).Sub(e.earliestLast(b)) <= q.Within })
	case !q.Start.IsZero():
		return e.only(q.Of, func(b binding) bool {
			return !slices.ContainsFunc(b, func(instance int32) bool {
				d := &e.data[e.of[instance]]
				return d.Last.Before(q.Start) || !d.First.Before(q.Stop)
			})
		})
	}
	return e.bindings(q.Of)
}

func (e *evaluation) only(o Observation, keep func(binding) bool) iter.Seq[binding] {
	return func(yield func(binding) bool) {
		for b := range e.bindings(o) {
			if keep(b) && !yield(b) {
				return
			}
		}
	}
}

// repeated joins n bindings of o that share no instance.
func (e *evaluation) repeated(o Observation, n int) iter.Seq[binding] {
	return func(yield func(binding) bool) {
		var all []binding
		for b := range e.bindings(o) {
			all = append(all, b)
		}
		var choose func(from, left int, have binding) bool
		choose = func(from, left int, have binding) bool {
			if left == 0 {
				return yield(have)
			}
			for i := from; i+left <= len(all); i++ {
				if !e.spend() {
					return false
				}
				if !shares(have, all[i]) && !choose(i+1, left-1, append(have[:len(have):len(have)], all[i]...)) {
					return false
				}
			}
			return true
		}
		choose(0, n, nil)
	}
}

// window is REPEATS n TIMES WITHIN d of one observation, without trying all
// choices: n instances fit if one of them ends first, at t, and n have begun by
// t + d and not ended before t.
func (e *evaluation) window(o Observed, n int, d time.Duration) iter.Seq[binding] {
	return func(yield func(binding) bool) {
		var all binding
		for b := range e.instances(o.Expr) {
			all = append(all, b...)
		}
		at := func(i int) *ObservedData { return &e.data[e.of[all[i]]] }
		sort.SliceStable(all, func(i, j int) bool { return at(i).Last.Before(at(j).Last) })
		for i := range all {
			var in binding
			for j := i; j < len(all) && len(in) < n; j++ {
				if !e.spend() {
					return
				}
				if !at(j).First.After(at(i).Last.Add(d)) {
					in = append(in, all[j])
				}
			}
			if len(in) == n && !yield(in) {
				return
			}
		}
	}
}
