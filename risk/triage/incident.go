package triage

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Incident is what belongs together: either what was rare at the same time, or
// what is usual on one entity (Standing), which is looked at as one thing.
type Incident struct {
	ID          int
	Standing    bool
	Entity      string // of a standing one
	First, Last time.Time
	Sessions    []*Session
	Links       []Link
	sum         *profile
}

// Link says why a session belongs to an incident.
type Link struct {
	Session *Session
	Why     string
}

// peer is a foreign address and who met it last.
type peer struct {
	entity string
	last   time.Time
	many   bool // several entities of ours meet it: a service, which links nothing
}

const maxMet = 100_000

// profile is what an incident's score is made of. It grows with each session.
type profile struct {
	strange map[string]float64 // rule: highest surprise
	sensor  map[string]string  // rule: detector
	newOrg  map[string]bool
	share   float64 // sum over sessions and rules of the unusual part, 0-1 each
	pairs   int     // sessions x rules
	alerts  int
	first   map[string]*Session // made when asked for
}

func newProfile() *profile {
	return &profile{strange: map[string]float64{}, sensor: map[string]string{}, newOrg: map[string]bool{}}
}

func (p *profile) add(s *Session) {
	p.alerts += s.Alerts
	p.first = nil
	for _, f := range s.Fired {
		p.strange[f.Rule] = max(p.strange[f.Rule], f.Surprise)
		p.sensor[f.Rule] = f.Sensor
		if f.NewInOrg {
			p.newOrg[f.Rule] = true
		}
		p.share += min(f.Surprise, 2) / 2
		p.pairs++
	}
}

func (in *Incident) profile() *profile {
	if in.sum == nil {
		in.sum = newProfile()
		for _, s := range in.Sessions {
			in.sum.add(s)
		}
	}
	return in.sum
}

func (in *Incident) add(s *Session, why string) {
	if len(in.Sessions) == 0 {
		in.First, in.Last = s.First, s.Last
	}
	in.First, in.Last = earlier(in.First, s.First), later(in.Last, s.Last)
	in.Sessions = append(in.Sessions, s)
	in.Links = append(in.Links, Link{s, why})
	if in.sum != nil {
		in.sum.add(s)
	}
	s.Incident = in
}

func (in *Incident) drop(s *Session) {
	if i := slices.Index(in.Sessions, s); i >= 0 {
		in.Sessions = slices.Delete(in.Sessions, i, i+1)
		in.Links = slices.Delete(in.Links, i, i+1)
		in.sum = nil
	}
}

// fits tells whether s is close enough to in, and in not too long.
func (d *Desk) fits(in *Incident, s *Session) bool {
	return s.First.Sub(in.Last) < d.set.Join && s.Last.Sub(in.First) < d.set.Span
}

func (d *Desk) joinRare(s *Session) {
	lead := s.Fired[0]
	why := fmt.Sprintf("%s on %s is rare here (surprise %.1f)", lead.Rule, s.Entity, lead.Surprise)
	for _, in := range slices.Backward(d.rare) {
		if d.fits(in, s) {
			in.add(s, why+", as is what happened within "+text(d.set.Join))
			return
		}
	}
	d.next++
	in := &Incident{ID: d.next}
	in.add(s, why)
	d.rare = append(d.rare, in)
}

// joinUsual puts a session that is not rare into a hot incident that it fits, or
// one whose foreign address it shares; else to what stands on its entity.
func (d *Desk) joinUsual(s *Session) {
	if s.Strangest() >= d.set.Odd {
		for _, in := range slices.Backward(d.rare) {
			if d.fits(in, s) && in.Score() >= d.set.Hot {
				in.add(s, fmt.Sprintf("%s on %s is odd (surprise %.1f) while this went on", s.Fired[0].Rule, s.Entity, s.Fired[0].Surprise))
				return
			}
		}
	}
	if in, why := d.shares(s); in != nil {
		in.add(s, why)
		return
	}
	in := d.standing[s.Entity]
	if in == nil || s.First.Sub(in.First) >= d.set.Shift {
		d.next++
		in = &Incident{ID: d.next, Standing: true, Entity: s.Entity}
		d.standing[s.Entity] = in
	}
	in.add(s, "usual on "+s.Entity)
}

// shares finds an open incident one of whose sessions met the same foreign
// address, if nobody else did.
func (d *Desk) shares(s *Session) (*Incident, string) {
	for _, p := range s.Peers {
		m, ok := d.met[p]
		if !ok || m.many || m.entity == s.Entity {
			continue
		}
		for _, in := range slices.Backward(d.rare) {
			if d.fits(in, s) && slices.ContainsFunc(in.Sessions, func(q *Session) bool { return slices.Contains(q.Peers, p) }) {
				return in, fmt.Sprintf("%s met %s, as %s did, and nobody else", s.Entity, p, m.entity)
			}
		}
	}
	return nil, ""
}

func (d *Desk) meet(s *Session) {
	for _, p := range s.Peers {
		m, ok := d.met[p]
		d.met[p] = peer{entity: s.Entity, last: s.Last, many: m.many || ok && m.entity != s.Entity && s.First.Sub(m.last) >= d.set.Join}
	}
}

// claim moves odd sessions that ended around a hot incident into it.
func (d *Desk) claim(in *Incident, by *Session) {
	for _, q := range slices.Backward(d.recent) {
		if q.Incident.Standing && q.Strangest() >= d.set.Odd && in.First.Sub(q.Last) < d.set.Join && by.First.Sub(q.Last) < d.set.Reach {
			q.Incident.drop(q)
			in.add(q, fmt.Sprintf("%s on %s was odd (surprise %.1f) around the beginning", q.Fired[0].Rule, q.Entity, q.Fired[0].Surprise))
		}
	}
}

// Score is how much stands out, without labels: the mean of the three highest
// surprises, half a point for each further detector that is surprised, what is new
// in the organisation (at most 2), ln(1 + sum of surprise above 1 by rule), and how
// much of it all is unusual (at most 1).
func (in *Incident) Score() float64 {
	return in.measure().score()
}

func (x measures) score() float64 {
	return x.top3 + x.share + .5*x.second + .5*x.third + 2*x.newOrg + x.mass
}

// measures of an incident.
type measures struct {
	top1, top3, share, second, third, newOrg, mass float64
	alerts                                         int
}

func (in *Incident) measure() measures {
	p := in.profile()
	x := measures{alerts: p.alerts}
	var v []float64
	best := map[string]float64{}
	sum := 0.0
	for rule, s := range p.strange {
		v = append(v, s)
		best[p.sensor[rule]] = max(best[p.sensor[rule]], s)
	}
	slices.Sort(v)
	slices.Reverse(v)
	for _, s := range v {
		sum += max(0, s-1)
	}
	if len(v) == 0 {
		return x
	}
	x.top1, x.top3 = v[0], mean3(v)
	x.share = p.share / float64(p.pairs)
	surprised := 0
	for _, s := range best {
		if s > 1 {
			surprised++
		}
	}
	x.second, x.third = is(surprised >= 2), is(surprised >= 3)
	x.newOrg = float64(min(5, len(p.newOrg))) / 5
	x.mass = math.Log1p(sum)
	return x
}

// mean3 is the mean of the three first values, of fewer where there are fewer.
func mean3(v []float64) float64 {
	n := min(3, len(v))
	sum := 0.0
	for _, x := range v[:n] {
		sum += x
	}
	return sum / float64(max(n, 1))
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func text(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}
