package indicator

// LossReport accounts for everything an import read:
// In = Stored + Merged + the sum of Dropped.
type LossReport struct {
	In      int            `json:"in"`
	Stored  int            `json:"stored"`
	Merged  int            `json:"merged"`
	Dropped map[string]int `json:"dropped"`
	Types   map[Type]int   `json:"types,omitempty"` // of what was stored or merged
}

// Balanced reports whether everything is accounted for.
func (r LossReport) Balanced() bool {
	sum := r.Stored + r.Merged
	for _, n := range r.Dropped {
		sum += n
	}
	return sum == r.In
}
