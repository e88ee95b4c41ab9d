package web

import "strings"

// severity is a level as letter, shape and colour.
type severity struct{ Level string }

// Name is the level, "info" for one that is not known.
func (s severity) Name() string {
	switch s.Level {
	case "critical", "high", "medium", "low":
		return s.Level
	}
	return "info"
}

// Letter is the level's letter.
func (s severity) Letter() string { return strings.ToUpper(s.Name()[:1]) }

// priorityBars is a priority of 0-100 as a glyph of four bars.
type priorityBars struct{ Score int }

// bar is one bar of a glyph, in units of its view box.
type bar struct {
	X, Y, Height int
	On           bool
}

// Bars are the four bars; those up to the score are on.
func (p priorityBars) Bars() []bar {
	out := make([]bar, 4)
	for i := range out {
		h := 3 + 3*i
		out[i] = bar{X: 4 * i, Y: 12 - h, Height: h, On: p.Score > 25*i}
	}
	return out
}
