package intel

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Yield is what a source did for us in the window: an alert is a hit of each source
// that claimed its indicator when it was met.
type Yield struct {
	Hits      int       `json:"hits"`       // alerts
	HitValues int       `json:"hit_values"` // distinct indicators met
	Per1000   float64   `json:"hits_per_1000_a_day"`
	True      int       `json:"true"`  // hits judged real
	False     int       `json:"false"` // hits judged false
	Precision *Interval `json:"precision,omitempty"`
	LeadHours Quantiles `json:"lead_hours"` // how long before our first hit it had the indicator
	Removal   Removal   `json:"removal"`
}

// Removal is what the window had been without the source: what no other had met.
type Removal struct {
	Lost    []LostHit `json:"lost,omitempty"`    // real attacks that nothing else would have shown, at most 50
	LostN   int       `json:"lost_n"`            // how many
	Saved   int       `json:"saved"`             // false alerts that nobody would have had to read
	Unknown int       `json:"unknown,omitempty"` // not judged
}

// LostHit is one of them.
type LostHit struct {
	Alert string    `json:"alert"`
	Value string    `json:"value"`
	Title string    `json:"title"`
	At    time.Time `json:"at"`
}

const lostShown = 50

// real and wrong are the verdicts that say whether an indicator was right. What was
// authorised was met all the same: the indicator said nothing false.
func real(verdict string) bool  { return verdict == "true-positive" }
func wrong(verdict string) bool { return verdict == "false-positive" }

// yields counts what each source did.
func (p *Portfolio) yields(outcomes []Outcome, at map[string]int) {
	values := make([]map[string]bool, len(p.Feeds))
	for _, o := range outcomes {
		for _, source := range o.Sources {
			i, ok := at[source]
			if !ok {
				continue
			}
			y := &p.Feeds[i].Yield
			y.Hits++
			if values[i] == nil {
				values[i] = map[string]bool{}
			}
			values[i][o.ID] = true
			switch {
			case real(o.Verdict):
				y.True++
			case wrong(o.Verdict):
				y.False++
			}
			if len(o.Sources) == 1 {
				y.Removal.count(o)
			}
		}
	}
	days := p.To.Sub(p.From).Hours() / 24
	for i := range p.Feeds {
		f := &p.Feeds[i]
		f.HitValues = len(values[i])
		f.Per1000 = float64(f.Hits) / max(float64(f.Volume), 1) * 1000 / days
		if f.True+f.False > 0 {
			precision := betaPosterior(f.True, f.False)
			f.Precision = &precision
		}
	}
}

func (r *Removal) count(o Outcome) {
	switch {
	case real(o.Verdict):
		r.LostN++
		if len(r.Lost) < lostShown {
			r.Lost = append(r.Lost, LostHit{o.Alert, o.Value, o.Title, o.First})
		}
	case wrong(o.Verdict):
		r.Saved++
	default:
		r.Unknown++
	}
}

// cover chooses sources one after the other, always the one that brings most useful
// indicators beyond those chosen. Useful is what was met here and not judged false,
// or what two sources claim that do not copy each other.
func (p *Portfolio) cover(sets []sourceSet, outcomes []Outcome, at map[string]int) {
	var useful []sourceSet
	for _, s := range sets {
		if p.corroborated(s.sources, at) {
			useful = append(useful, s)
		}
	}
	for _, o := range outcomes {
		if !wrong(o.Verdict) && !p.corroborated(o.Sources, at) {
			useful = append(useful, sourceSet{o.Sources, 1})
		}
	}
	for _, s := range useful {
		p.Useful += s.n
	}
	chosen := map[string]bool{}
	for rank := 1; rank <= len(p.Feeds); rank++ {
		gain := map[string]int{}
		for _, s := range useful {
			if !slices.ContainsFunc(s.sources, func(source string) bool { return chosen[source] }) {
				for _, source := range s.sources {
					gain[source] += s.n
				}
			}
		}
		best := -1
		for i, f := range p.Feeds {
			if !chosen[f.Source] && (best < 0 || gain[f.Source] > gain[p.Feeds[best].Source] || gain[f.Source] == gain[p.Feeds[best].Source] && f.Volume < p.Feeds[best].Volume) {
				best = i
			}
		}
		f := &p.Feeds[best]
		chosen[f.Source], f.Rank, f.Gain = true, rank, gain[f.Source]
	}
}

// copies is the overlap from which two sources count as one.
const copies = .9

// corroborated reports whether two of the sources do not copy each other.
func (p *Portfolio) corroborated(sources []string, at map[string]int) bool {
	for i, a := range sources {
		for _, b := range sources[i+1:] {
			x, okX := at[a]
			y, okY := at[b]
			if okX && okY && max(p.Overlap[x][y], p.Overlap[y][x]) < copies {
				return true
			}
		}
	}
	return false
}

// advise says what to do with each source. A source that is young, or of which too
// little is known, is never advised against.
func (p *Portfolio) advise() {
	mean, judged := 0.0, 0
	for _, f := range p.Feeds {
		if f.Precision != nil {
			mean += f.Precision.Value
			judged++
		}
	}
	if judged > 0 {
		mean /= float64(judged)
	}
	for i := range p.Feeds {
		p.Feeds[i].Advice = p.advice(i, mean)
	}
	p.sortFeeds()
}

func (p *Portfolio) advice(i int, mean float64) Advice {
	f := &p.Feeds[i]
	a := Advice{Do: "keep"}
	say := func(do, format string, args ...any) {
		if do == "remove" || a.Do == "keep" {
			a.Do = cmp.Or(do, a.Do)
		}
		a.Reasons = append(a.Reasons, fmt.Sprintf(format, args...))
	}
	if f.Removal.LostN > 0 {
		say("", "without it %d real detections of the last 30 days would be lost", f.Removal.LostN)
	}
	small := share(f.Gain, p.Useful) < .01 && p.Useful > 0
	young := f.Settled.IsZero() || p.To.Sub(f.Settled) < 14*24*time.Hour
	if j := p.twin(i); j >= 0 {
		do := "watch"
		if f.Removal.LostN == 0 && !young {
			do = "remove"
		}
		say(do, "%.0f %% of it stands in %s too, which is no slower", 100*p.Overlap[i][j], p.Feeds[j].Source)
	}
	if small && !young && f.Removal.LostN == 0 && f.Precision != nil && f.Precision.Value < mean {
		say("remove", "it adds less than 1 %% of what is useful, and what it hits alone is right less often (%.0f %%) than on average (%.0f %%)", 100*f.Precision.Value, 100*mean)
	}
	if f.Precision != nil && f.False >= 10 && f.Precision.High < .5 {
		say("watch", "%d of its %d judged hits were false", f.False, f.True+f.False)
	}
	if f.Listed.Checked >= 100 && share(f.Listed.Listed, f.Listed.Checked) > .02 {
		say("watch", "%.1f %% of it stands on warning lists", 100*share(f.Listed.Listed, f.Listed.Checked))
	}
	if !young && f.Adds == 0 && f.Volume > 0 {
		say("watch", "nothing new for 30 days")
	}
	if len(a.Reasons) == 0 {
		a.Reasons = []string{reasonToKeep(f, young)}
	}
	return a
}

func reasonToKeep(f *FeedAudit, young bool) string {
	switch {
	case young:
		return "too young to be judged"
	case f.True > 0:
		return fmt.Sprintf("%d real hits in 30 days", f.True)
	case f.Exclusive > 0:
		return fmt.Sprintf("%d indicators that no other source has", f.Exclusive)
	}
	return "nothing speaks against it"
}

// twin returns another source that has nearly all of i and was not behind it; -1
// when there is none. Of two that are equal the later name is the copy.
func (p *Portfolio) twin(i int) int {
	f := &p.Feeds[i]
	if f.Volume < 50 {
		return -1
	}
	for j := range p.Feeds {
		o := &p.Feeds[j]
		if j == i || p.Overlap[i][j] < copies {
			continue
		}
		behind := f.First - o.First
		if behind < 0 || behind == 0 && (o.Volume > f.Volume || o.Volume == f.Volume && o.Source < f.Source) {
			return j
		}
	}
	return -1
}
