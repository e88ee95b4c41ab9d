package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match/pattern"
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
	asked   *format.Brief // of every event
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
	brief   bool // event has what is asked of every event, and nothing was found in it
	note    telemetry.Note
	claimed time.Time // of the event, as its sender says
	fresh   bool      // it was looked at; false for one that is only to be noted again
	about   about
	found   []alert.Detection
	partly  partly // of patterns over several observations
	sight   sight
}

// asked is what is asked of every event when there are no rules.
var asked = format.NewBrief(nil)

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
		h.eye, h.asked = nil, asked
	} else if h.eye == nil || h.eye.set != set {
		h.eye, h.asked = newRuleEye(set), set.asked
	}
}

// look looks at one record. What is asked of every event is read of it; all of it only
// when something may be found.
func (h *hand) look(ctx context.Context, d *Decoder, l *viewed, place telemetry.Seq) error {
	var ok bool
	set := h.matcher.patterns.set.Load()
	if set.Unsparing() {
		l.event, ok = d.Decode(l.record)
	} else {
		l.event, l.brief, ok = d.Brief(l.record, h.asked)
	}
	if !ok {
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
	if l.brief {
		if !h.concerns(&l.event, set) {
			h.count(l)
			return nil
		}
		l.complete(d)
	}
	return h.find(ctx, l, set)
}

// concerns says whether something may be found in a brief event.
func (h *hand) concerns(ev *event.Event, set *pattern.Set) bool {
	if ev.Fields.String("event.kind") == "alert" || h.touches(ev) || set.Concerns(ev) {
		return true
	}
	return h.eye != nil && h.eye.concerns(ev)
}

// complete decodes the event in full.
func (l *viewed) complete(d *Decoder) {
	if !l.brief {
		return
	}
	r := l.record
	if bytes.HasPrefix(r.Raw, []byte("{")) { // it lies in no other
		r.Format, r.Context = l.event.Format, nil
	}
	full, ok := d.read(r)
	if ok { // it was an event before
		l.event.Fields, l.brief = full.Fields, false
	}
}

// find looks at an event that is decoded in full.
func (h *hand) find(ctx context.Context, l *viewed, set *pattern.Set) error {
	var err error
	if l.found, err = h.indicators(ctx, &l.about); err != nil {
		return fmt.Errorf("detect in event %d: %w", l.record.Seq, err)
	}
	whole, parts, err := h.patterns(ctx, set, &l.about)
	if err != nil {
		return fmt.Errorf("hold event %d against patterns: %w", l.record.Seq, err)
	}
	l.partly = parts
	l.found = append(append(l.found, whole...), product(&l.about)...)
	if h.eye != nil {
		l.sight = h.eye.look(&l.event, nil)
	}
	h.count(l)
	return nil
}

// count counts the event for the log sources that it belongs to, as rules have seen.
func (h *hand) count(l *viewed) {
	if h.eye == nil || telemetry.Imported(l.record.Source) {
		return
	}
	for _, s := range h.eye.main.LogSources() {
		h.sources[s]++
	}
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
