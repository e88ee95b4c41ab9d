package leak

import "time"

// SourceState is how a source that is asked by itself is.
type SourceState struct {
	Health  string // "good", "waiting", "failed"
	Message string
	Last    time.Time // asked
	Next    time.Time
	Latest  string   // the newest breach that the source knows
	Domains []string // what leaves
}

// Source is how the source is that is asked by itself; nil = there is none.
func (s *Service) Source() *SourceState { return s.asked.Load() }
