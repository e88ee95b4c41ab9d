package pipeline

import (
	"cmp"
	"time"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// GathererState is what the keeper tells of itself since its start.
type GathererState struct {
	Taken   int64            `json:"taken"` // lots
	Late    int64            `json:"late"`  // of these, after those that came behind them
	Skipped int64            `json:"skipped"`
	Buried  int64            `json:"buried"`
	Anew    int64            `json:"anew"`         // lots from matchers that followed other correlations
	By      map[string]int64 `json:"by,omitempty"` // lots by matcher
}

// matchersCounted bounds how many matchers are told apart.
const matchersCounted = 256

// State returns the figures since the start. Safe for concurrent use.
func (g *Gatherer) State() GathererState {
	s := GathererState{Taken: g.taken.Load(), Late: g.late.Load(), Skipped: g.skipped.Load(), Buried: g.buried.Load(), Anew: g.anew.Load(), By: map[string]int64{}}
	g.mu.Lock()
	defer g.mu.Unlock()
	for m, n := range g.lots {
		s.By[m] = n
	}
	return s
}

// taking counts what was taken.
func (g *Gatherer) taking(list []telemetry.LotFound, all []told, to telemetry.LotNumber) {
	w := g.Events
	for i, f := range list {
		if f.Number <= g.place {
			g.late.Add(1)
		}
		t := &all[i]
		if t.Buried != "" {
			g.buried.Add(1)
		}
		if w.rules != nil {
			w.rules.told(t)
		}
		for _, d := range t.Decoded {
			if g.Counted != nil {
				g.Counted(d)
			}
		}
		for _, s := range t.Strangers {
			for range min(s.Events, 2*telemetry.LotRecords) {
				if w.Strangers == nil {
					break
				}
				w.Strangers.Note(s.Address, s.At, s.Name, s.Port)
			}
		}
		g.by(cmp.Or(f.Matcher, "(unknown)"))
	}
	g.taken.Add(int64(len(list)))
	g.place = max(g.place, to)
}

func (g *Gatherer) by(matcher string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lots == nil {
		g.lots = map[string]int64{}
	}
	if _, ok := g.lots[matcher]; !ok && len(g.lots) >= matchersCounted {
		matcher = "(other)"
	}
	g.lots[matcher]++
}

// told counts what a matcher counted.
func (f *ruleFinder) told(t *told) {
	for id, n := range t.Fired {
		f.fired[id] += n
	}
	for id, n := range t.Excepted {
		f.excepted[id] += n
	}
	if len(t.Sources) == 0 {
		return
	}
	day := time.Now().UTC().Format(time.DateOnly)
	for _, s := range t.Sources {
		f.noteOn(day, s.Source, s.Events)
	}
}
