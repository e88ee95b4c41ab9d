package triage

import (
	"cmp"
	"math"
	"slices"
)

// Near is an earlier verdict about something like what is asked about.
type Near struct {
	Lesson   Lesson
	Likeness float64  // 0-1
	Shared   []string // names of what both hold, what says most first
}

// Nearest finds the n lessons that are most like what is told: by the rules,
// indicators, sources, hosts and accounts they share, each counting by how few
// lessons have it.
func Nearest(told []Told, lessons []Lesson, n int) []Near {
	mine := traits(told)
	df := map[string]int{}
	theirs := make([]map[string]string, len(lessons))
	for i, l := range lessons {
		theirs[i] = traits(l.Told)
		for k := range theirs[i] {
			df[k]++
		}
	}
	weight := func(k string) float64 { return math.Log1p(float64(len(lessons)+1) / float64(df[k]+1)) }
	length := func(m map[string]string) (sum float64) {
		for k := range m {
			sum += weight(k) * weight(k)
		}
		return math.Sqrt(sum)
	}
	var out []Near
	for i, l := range lessons {
		var both []string
		sum := 0.0
		for k := range theirs[i] {
			if _, ok := mine[k]; ok {
				both = append(both, k)
				sum += weight(k) * weight(k)
			}
		}
		if sum == 0 {
			continue
		}
		slices.SortFunc(both, func(a, b string) int { return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a, b)) })
		near := Near{Lesson: l, Likeness: sum / length(mine) / length(theirs[i])}
		for _, k := range both {
			near.Shared = append(near.Shared, mine[k])
		}
		out = append(out, near)
	}
	slices.SortFunc(out, func(a, b Near) int {
		return cmp.Or(cmp.Compare(b.Likeness, a.Likeness), b.Lesson.Time.Compare(a.Lesson.Time), cmp.Compare(a.Lesson.Incident, b.Lesson.Incident))
	})
	return out[:min(n, len(out))]
}

// traits are what two incidents may share, with what people call them.
func traits(told []Told) map[string]string {
	m := map[string]string{}
	for _, t := range told {
		m["rule\x00"+t.Rule] = t.Name
		if t.Entity != "" {
			m["entity\x00"+t.Entity] = bare(t.Entity)
		}
	}
	return m
}
