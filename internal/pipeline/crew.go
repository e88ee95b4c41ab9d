package pipeline

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/sigma"
)

// crew looks at the records of a batch side by side: what needs no order, decoding
// and matching, is done by as many hands as there are cores.
type crew struct {
	decoder *Decoder
	rules   *Rules // nil = none
	hands   []*hand
}

// hand is what one goroutine works with.
type hand struct {
	detector
	eye     *ruleEye
	sources map[sigma.LogSource]int
}

// batch is records that were looked at, in their order.
type batch struct {
	looked  []viewed
	set     *ruleSet // with which rules; nil = none
	sources map[sigma.LogSource]int
	err     error
}

// viewed is one record with what was seen in it; all but record is empty when it
// carries no event.
type viewed struct {
	record  telemetry.Stored
	event   event.Event
	note    telemetry.Note
	claimed time.Time // of the event, as its sender says
	fresh   bool      // it was looked at; false for one that is only to be noted again
	about   about
	found   []alert.Detection
	partly  partly // of patterns over several observations
	sight   sight
}

// portion is how many records a hand takes at a time.
const portion = 32

func newCrew(decoder *Decoder, rules *Rules, d detector) *crew {
	c := &crew{decoder: decoder, rules: rules}
	for range runtime.GOMAXPROCS(0) {
		c.hands = append(c.hands, &hand{detector: d})
	}
	return c
}

// look looks at records; those up to place were done before.
func (c *crew) look(ctx context.Context, records []telemetry.Stored, place telemetry.Seq) *batch {
	b := &batch{looked: make([]viewed, len(records)), sources: map[sigma.LogSource]int{}}
	if c.rules != nil {
		b.set = c.rules.state.Load()
	}
	var next atomic.Int64
	var failed error
	var once sync.Once
	work := func(h *hand) {
		h.begin(b.set)
		for {
			to := int(next.Add(portion))
			if to-portion >= len(records) {
				return
			}
			for i := to - portion; i < min(to, len(records)); i++ {
				b.looked[i].record = records[i]
				if err := h.look(ctx, c.decoder, &b.looked[i], place); err != nil {
					once.Do(func() { failed = err })
					next.Store(int64(len(records)))
					return
				}
			}
		}
	}
	hands := c.hands[:min(len(c.hands), 1+len(records)/portion)]
	var all sync.WaitGroup
	for _, h := range hands[1:] {
		all.Go(func() { work(h) })
	}
	work(hands[0])
	all.Wait()
	for _, h := range hands {
		for s, n := range h.sources {
			b.sources[s] += n
		}
	}
	b.err = failed
	return b
}

func (h *hand) begin(set *ruleSet) {
	h.sources = map[sigma.LogSource]int{}
	if set == nil {
		h.eye = nil
	} else if h.eye == nil || h.eye.set != set {
		h.eye = newRuleEye(set)
	}
}

func (h *hand) look(ctx context.Context, d *Decoder, l *viewed, place telemetry.Seq) error {
	var ok bool
	if l.event, ok = d.Decode(l.record); !ok {
		return nil
	}
	if l.claimed = l.event.Time; l.claimed.Sub(l.record.Received) > telemetry.Ahead {
		l.event.Time = l.record.Received // a clock that runs ahead must not order incidents
	}
	l.note = noteOf(&l.event, l.record.Source)
	if l.record.Seq <= place {
		return nil
	}
	l.fresh = true
	l.about = about{ev: &l.event, id: EventRef(l.record.Seq), org: h.org}
	var err error
	if l.found, err = h.indicators(ctx, &l.about); err != nil {
		return fmt.Errorf("detect in event %d: %w", l.record.Seq, err)
	}
	whole, parts, err := h.patterns(ctx, h.matcher.patterns.set.Load(), &l.about)
	if err != nil {
		return fmt.Errorf("hold event %d against patterns: %w", l.record.Seq, err)
	}
	l.partly = parts
	l.found = append(append(l.found, whole...), product(&l.about)...)
	if h.eye != nil {
		l.sight = h.eye.look(&l.event, nil)
		if telemetry.Imported(l.record.Source) {
			return nil
		}
		for _, s := range h.eye.main.LogSources() {
			h.sources[s]++
		}
	}
	return nil
}

// old returns what was found in a record of an old file, as found by looking back.
// No correlation is told of it: those run in the order of events.
func (l *viewed) old() []alert.Detection {
	found := append(l.found, byRules(&l.about, l.sight.matches)...)
	now := time.Now()
	for i := range found {
		past(&found[i], now)
	}
	return found
}
