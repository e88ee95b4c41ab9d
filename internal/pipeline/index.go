// Package pipeline is the three lives as code: of an indicator, of an event, of
// an alert. It is the only package that knows several capabilities.
//
// [Matcher] keeps the live index, [Events] turns stored records into incidents,
// [Facts] acts on what capabilities announce; the other types answer, for one
// capability, what another one knows.
package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/ref"
)

// metaKept bounds how many indicators met lately are remembered in full.
const metaKept = 20_000

// Matcher holds the index of all live indicators and renews it when they change.
// Lookup never waits for a renewal.
type Matcher struct {
	intel *intel.Service
	log   *slog.Logger
	state atomic.Pointer[compiled]
	dirty chan struct{}
	first sync.Once
}

// compiled is one index with what belongs to it; it never changes but for the
// memory of indicators met.
type compiled struct {
	index   *match.Index
	refused int         // indicators the index would not take, such as public suffixes
	built   time.Time
	took    time.Duration

	mu  sync.Mutex
	met map[uint64]intel.Row // guarded by mu
}

// NewMatcher returns a Matcher with an empty index; Run fills it.
func NewMatcher(in *intel.Service, log *slog.Logger) *Matcher {
	m := &Matcher{intel: in, log: log, dirty: make(chan struct{}, 1)}
	m.state.Store(&compiled{index: new(match.Builder).Build(), met: map[uint64]intel.Row{}})
	return m
}

// Renew asks for a new index soon.
func (m *Matcher) Renew() {
	select {
	case m.dirty <- struct{}{}:
	default:
	}
}

// Run builds the index at the start, then closes ready, and builds it again when
// indicators changed and at least once an hour because they expire. It is a
// worker.
func (m *Matcher) Run(ctx context.Context, ready chan<- struct{}) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := m.Rebuild(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		m.first.Do(func() { close(ready) })
		// A large index takes seconds to build: an import that announces itself
		// again and again must not keep a core busy with nothing else.
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(2 * m.state.Load().took):
		}
		select {
		case <-ctx.Done():
			return nil
		case <-m.dirty:
		case <-tick.C:
		}
	}
}

// Rebuild compiles all live indicators and swaps the index.
func (m *Matcher) Rebuild(ctx context.Context) error {
	start := time.Now()
	var b match.Builder
	c := &compiled{met: map[uint64]intel.Row{}}
	err := m.intel.Live(ctx, func(k intel.Key, t indicator.Type, value string) error {
		if err := b.Add(t, value, uint64(k)); err != nil {
			c.refused++
			return nil
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read live indicators: %w", err)
	}
	c.index = b.Build()
	c.built, c.took = time.Now(), time.Since(start)
	m.state.Store(c)
	m.log.DebugContext(ctx, "index swapped", "indicators", c.index.Len(), "refused", c.refused, "took", c.took)
	return nil
}

// IndexState is what the health page shows of the index.
type IndexState struct {
	Indicators int           `json:"indicators"`
	Refused    int           `json:"refused"`
	Bytes      int           `json:"bytes"`
	Built      time.Time     `json:"built,omitzero"`
	Took       time.Duration `json:"took"`
}

// State describes the index in use.
func (m *Matcher) State() IndexState {
	c := m.state.Load()
	return IndexState{Indicators: c.index.Len(), Refused: c.refused, Bytes: c.index.Size(), Built: c.built, Took: c.took}
}

// Met is an indicator that an observable touched.
type Met struct {
	Row  intel.Row
	Kind match.Kind
}

// Lookup returns the live indicators a canonical observable touches.
func (m *Matcher) Lookup(ctx context.Context, t indicator.Type, value string, hits []match.Hit) ([]match.Hit, []Met, error) {
	c := m.state.Load()
	hits = c.index.Lookup(t, value, hits[:0])
	if len(hits) == 0 {
		return hits, nil, nil
	}
	var met []Met
	for _, h := range hits {
		row, err := c.row(ctx, m.intel, h.ID)
		if err != nil {
			return hits, nil, fmt.Errorf("look up the indicator behind %s: %w", value, err)
		}
		met = append(met, Met{row, h.Kind})
	}
	return hits, met, nil
}

func (c *compiled) row(ctx context.Context, in *intel.Service, id uint64) (intel.Row, error) {
	c.mu.Lock()
	row, ok := c.met[id]
	c.mu.Unlock()
	if ok {
		return row, nil
	}
	row, err := in.ByKey(ctx, intel.Key(id))
	if err != nil {
		return row, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.met) >= metaKept {
		clear(c.met)
	}
	c.met[id] = row
	return row, nil
}
