package pipeline

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/match/pattern"
	"github.com/vedette-soc/vedette/ref"
)

// patternsMost bounds the STIX patterns that events are held against.
const patternsMost = 100_000

// patternBook is the live indicators that are a STIX pattern over more than one
// value, compiled; the index has the others. Readers never wait.
type patternBook struct {
	set atomic.Pointer[pattern.Set]

	mu      sync.Mutex
	texts   map[intel.Key]string // guarded by mu
	refused int                  // that can match no event; guarded by mu
}

// replace makes texts all there is.
func (b *patternBook) replace(texts map[intel.Key]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.texts = texts
	b.compile()
}

// apply takes what changed.
func (b *patternBook) apply(changes []intel.Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	turned := false
	for _, c := range changes {
		if c.Type != indicator.Pattern {
			continue
		}
		turned = true
		if b.texts == nil {
			b.texts = map[intel.Key]string{}
		}
		if delete(b.texts, c.Key); c.Live {
			b.texts[c.Key] = c.Value
		}
	}
	if turned {
		b.compile()
	}
}

// compile puts texts into effect. The caller holds mu.
func (b *patternBook) compile() {
	var set *pattern.Set
	set, b.refused = compilePatterns(b.texts)
	b.set.Store(set)
}

// live returns the patterns by key.
func (b *patternBook) live() map[intel.Key]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.texts)
}

func (b *patternBook) counts() (n, refused int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.set.Load().Len(), b.refused
}

// compilePatterns compiles patterns; what can match no event, and what is beyond the
// bound, is counted.
func compilePatterns(texts map[intel.Key]string) (set *pattern.Set, refused int) {
	var b pattern.Builder
	n := 0
	for k, text := range texts {
		if n >= patternsMost || b.Add(uint64(k), text) != nil {
			refused++
			continue
		}
		n++
	}
	return b.Build(), refused
}

// partly is what an event said of a pattern over several observations.
type partly struct {
	set    *pattern.Set
	sights []pattern.Sight
}

// patterns returns the detections of the patterns of a set that an event satisfies by itself,
// and what it says of those that want more than one.
func (w *detector) patterns(ctx context.Context, set *pattern.Set, a *about) ([]alert.Detection, partly, error) {
	w.sights = set.Look(a.ev, w.sights[:0])
	if len(w.sights) == 0 {
		return nil, partly{}, nil
	}
	var out []alert.Detection
	parts := partly{set: set}
	for _, s := range w.sights {
		if s.Data != nil {
			parts.sights = append(parts.sights, s)
			continue
		}
		d, ok, err := w.byPattern(ctx, a, s)
		if err != nil {
			return nil, parts, err
		}
		if ok {
			out = append(out, d)
		}
	}
	return out, parts, nil
}

// byPattern makes the detection of a pattern that is satisfied; ok is false when it is
// no longer live.
func (w *detector) byPattern(ctx context.Context, a *about, s pattern.Sight) (d alert.Detection, ok bool, err error) {
	row, err := w.matcher.row(ctx, s.ID)
	if err != nil {
		return d, false, fmt.Errorf("look up the pattern behind %s: %w", s.By.Value, err)
	}
	if !row.Live(time.Now()) {
		return d, false, nil
	}
	d = a.base()
	byIndicator(&d, s.By, Met{Row: row, Kind: match.Exact}, a.set)
	return d, true, nil
}

// complete tells watch what an event said of patterns over several observations, and
// returns the detections of those that are complete with it. The other events stand
// beside the reason.
func (w *detector) complete(ctx context.Context, watch *pattern.Watch, a *about, p partly) ([]alert.Detection, error) {
	var out []alert.Detection
	for _, s := range p.sights {
		events, ok := watch.Take(p.set, s, a.id.ID)
		if !ok {
			continue
		}
		d, ok, err := w.byPattern(ctx, a, s)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		for _, id := range events {
			if id != a.id.ID {
				d.Reason.Related = append(d.Reason.Related, ref.Ref{Kind: ref.Event, ID: id})
			}
		}
		if n := len(d.Reason.Related); n > 0 {
			d.Summary += fmt.Sprintf(", with %d earlier events", n)
		}
		out = append(out, d)
	}
	return out, nil
}

// patternsOf is the name under which patterns over several observations remember.
const patternsOf = Consumer + "/patterns"

// recallPatterns takes up what patterns remembered, and looks again, raising nothing,
// at the records between that and the place.
func (w *Events) recallPatterns(ctx context.Context) error {
	w.watching = detector{matcher: w.Matcher, org: w.Org, warnings: w.Warnings}
	if w.Memories == nil {
		return nil
	}
	seq, state, err := w.Memories.Memory(ctx, patternsOf)
	if err != nil {
		return fmt.Errorf("read what patterns remember: %w", err)
	}
	if seq == 0 {
		return nil
	}
	if err := w.watch.Restore(state); err != nil {
		w.Log.WarnContext(ctx, "patterns over several events begin anew", "error", err)
		return nil
	}
	set := w.Matcher.patterns.set.Load()
	w.watch.Renew(set)
	return w.again(ctx, seq+1, func(r telemetry.Stored) {
		if ev, ok := w.Decoder.Decode(r); ok {
			for _, s := range set.Look(&ev, nil) {
				w.watch.Take(set, s, strconv.FormatUint(uint64(r.Seq), 10))
			}
		}
	})
}

// rememberPatterns makes durable what patterns remember, when that is not what it was.
func (w *Events) rememberPatterns(ctx context.Context) error {
	if w.Memories == nil || !w.watchTold {
		return nil
	}
	w.watch.Renew(w.Matcher.patterns.set.Load())
	state, err := w.watch.State()
	if err == nil {
		err = w.Memories.SaveMemory(ctx, patternsOf, w.place, state)
	}
	w.watchTold = state != nil
	return err
}
