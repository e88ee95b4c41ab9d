package demo

import (
	"encoding/json"
	"math/rand/v2"
	"time"
)

// script gathers events. All chance comes from one seed.
type script struct {
	start  time.Time // midnight of the first day, on the story's clock
	end    time.Time
	rnd    *rand.Rand
	record int // of Windows logs
	events []Event
}

func newScript(end time.Time) *script {
	return &script{start: end.Add(-Length), end: end, rnd: rand.New(rand.NewPCG(17, 4471))}
}

// at returns a moment on the story's clock; day is 1 or 2.
func (s *script) at(day, hour, minute, second int) time.Time {
	return s.start.Add(time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second)
}

// later returns t and a random part of at most d.
func (s *script) later(t time.Time, d time.Duration) time.Time {
	return t.Add(time.Duration(s.rnd.Int64N(int64(d))))
}

// load is how busy the office is at t, 0 to 1.
func (s *script) load(t time.Time) float64 {
	hours := [24]float64{
		.01, .01, .01, .01, .01, .02, .1, .35, .8, 1, 1, 1,
		.6, .9, 1, 1, .8, .45, .15, .08, .05, .03, .02, .01,
	}
	return hours[int(t.Sub(s.start)/time.Hour)%24]
}

// chance is true with probability p.
func (s *script) chance(p float64) bool { return s.rnd.Float64() < p }

// doc is a JSON object.
type doc = map[string]any

// add keeps an event unless it lies beyond the end.
func (s *script) add(at time.Time, source, format string, d doc) {
	if at.After(s.end) {
		return
	}
	raw, err := json.Marshal(d)
	if err != nil { // only texts, numbers, lists and objects are in d
		panic("demo: " + err.Error())
	}
	s.events = append(s.events, Event{at, source, format, raw})
}

// token returns n random letters and digits.
func (s *script) token(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[s.rnd.IntN(len(letters))]
	}
	return string(b)
}

// port returns a random port of a client.
func (s *script) port() int { return 49152 + s.rnd.IntN(16384) }
