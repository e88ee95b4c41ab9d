package web

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// loss is a loss report as one bar and the reasons for what was dropped.
type loss struct {
	indicator.LossReport
	StoredWidth, MergedWidth, DroppedWidth float64 // of 100 units
	Reasons                                []countOf
	Kinds                                  []countOf
}

// countOf is a number with what it counts.
type countOf struct {
	Name  string
	Count int
	Share float64 // of 100
}

// Lost is how many entries were dropped.
func (l loss) Lost() int { return l.LossReport.Lost() }

func newLoss(r indicator.LossReport) loss {
	l := loss{LossReport: r}
	if r.In > 0 {
		share := func(n int) float64 { return 100 * float64(n) / float64(r.In) }
		l.StoredWidth, l.MergedWidth, l.DroppedWidth = share(r.Stored), share(r.Merged), share(r.Lost())
	}
	l.Reasons = ranked(r.Dropped)
	kinds := map[string]int{}
	for t, n := range r.Types {
		kinds[string(t)] = n
	}
	l.Kinds = ranked(kinds)
	return l
}

// ranked returns the counts of m, largest first.
func ranked(m map[string]int) []countOf {
	var out []countOf
	top := 0
	for name, n := range m {
		out = append(out, countOf{Name: name, Count: n})
		top = max(top, n)
	}
	for i := range out {
		out[i].Share = 100 * float64(out[i].Count) / float64(max(top, 1))
	}
	slices.SortFunc(out, func(a, b countOf) int { return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name)) })
	return out
}
