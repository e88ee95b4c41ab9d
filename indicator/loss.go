package indicator

import "encoding/json"

// LossReport accounts for everything an import or export has read: nothing
// vanishes. The zero value is ready for use.
type LossReport struct {
	In      int            `json:"in"`
	Stored  int            `json:"stored"`
	Merged  int            `json:"merged"`
	Dropped map[string]int `json:"dropped"`
	Types   map[Type]int   `json:"types,omitempty"` // of what was stored or merged
}

// Store counts an entry read and stored; Merge one that was known already.
func (r *LossReport) Store(t Type) {
	r.In++
	r.Stored++
	r.count(t)
}

// Merge counts an entry that joined one already there.
func (r *LossReport) Merge(t Type) {
	r.In++
	r.Merged++
	r.count(t)
}

// Drop counts an entry that is not kept, under a short stable reason.
func (r *LossReport) Drop(reason string) {
	r.In++
	if r.Dropped == nil {
		r.Dropped = map[string]int{}
	}
	r.Dropped[reason]++
}

func (r *LossReport) count(t Type) {
	if r.Types == nil {
		r.Types = map[Type]int{}
	}
	r.Types[t]++
}

// Add adds the counts of another report.
func (r *LossReport) Add(other LossReport) {
	r.In += other.In
	r.Stored += other.Stored
	r.Merged += other.Merged
	for reason, n := range other.Dropped {
		if r.Dropped == nil {
			r.Dropped = map[string]int{}
		}
		r.Dropped[reason] += n
	}
	for t, n := range other.Types {
		if r.Types == nil {
			r.Types = map[Type]int{}
		}
		r.Types[t] += n
	}
}

// MarshalJSON writes "dropped" as an object even when nothing was.
func (r LossReport) MarshalJSON() ([]byte, error) {
	if r.Dropped == nil {
		r.Dropped = map[string]int{}
	}
	type plain LossReport
	return json.Marshal(plain(r))
}

// Lost returns how many entries were dropped.
func (r *LossReport) Lost() int {
	n := 0
	for _, c := range r.Dropped {
		n += c
	}
	return n
}

// Balanced says whether in = stored + merged + dropped.
func (r *LossReport) Balanced() bool { return r.In == r.Stored+r.Merged+r.Lost() }
