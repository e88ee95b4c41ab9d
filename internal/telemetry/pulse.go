package telemetry

import "time"

const (
	// Silence is how long a sender may be quiet of which nothing better is known.
	Silence = 20 * time.Minute
	// known is how many arrivals tell a sender's usual pause, and patient how many
	// times that pause it may be quiet.
	known   = 10
	patient = 4
	// quietest is the least pause that is worth a word.
	quietest = 5 * time.Minute
	// forget is the share by which the longest pause shrinks with each arrival.
	forget = 0.005
	// Ahead is how far the clock of a sender may run before ours.
	Ahead = 5 * time.Minute
)

// sender is what is counted of one.
type sender struct {
	Source
	arrivals int64
}

// arrived notes records that were kept. started is when we began to listen.
func (s *sender) arrived(now, started time.Time, n, bytes int64) {
	if s.First.IsZero() {
		s.First = now
	}
	if !s.Last.IsZero() && !s.Last.Before(started) {
		s.Pause = max(now.Sub(s.Last), time.Duration(float64(s.Pause)*(1-forget)))
	}
	s.arrivals++
	s.Events += n
	s.Bytes += bytes
	s.Last = now
}

// health is the sender as it looks now. It may be quiet as long as configured, or
// else four times its longest recent pause, but no less than five minutes.
func (s *sender) health(now, started time.Time, configured time.Duration) Source {
	c := s.Source
	switch {
	case c.Last.IsZero(): // nothing of it was ever kept
		return c
	case configured > 0:
		c.Allowed = configured
	case s.arrivals < known:
		c.Allowed = Silence
	default:
		c.Allowed = max(quietest, patient*c.Pause)
	}
	since := c.Last
	if started.After(since) {
		since = started
	}
	c.Silent = now.Sub(since) > c.Allowed
	return c
}
