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

const (
	// metaKept bounds how many indicators met lately are remembered in full.
	metaKept = 20_000
	// changesTaken bounds how many changes are put beside the index rather than
	// into a new one.
	changesTaken = 20_000
	// changesFolded is how many changes are worth a new index once
	// foldEvery has passed.
	changesFolded = 1000
	foldEvery     = time.Hour
	// expiryEvery is how often expired indicators are looked for.
	expiryEvery = time.Minute
)

// Matcher holds the index of all live indicators and keeps it true. Lookup never
// waits for that.
//
// What begins or ceases to be live is in effect as soon as Update has seen it:
// after each "intel.changed", and each minute for what expires. Before an
// indicator is reported it is held against the knowledge base (as it was at the
// last Update), so that one that was withdrawn is not reported by an index that
// does not know it yet. A change of more than changesTaken indicators is in
// effect when a new index is built, during which the old one serves.
type Matcher struct {
	intel *intel.Service
	file  string // where the index is kept; "" = nowhere
	log   *slog.Logger
	live  match.Live
	// patterns is the live indicators that are no plain value.
	patterns patternBook
	dirty    chan struct{}
	inEffect atomic.Pointer[func()]
	first    sync.Once // Run may be started again

	mu    sync.Mutex
	since intel.Stamp          // up to which live is true; guarded by mu
	about IndexState           // guarded by mu
	met   map[uint64]intel.Row // by Hit.ID; guarded by mu
}

// NewMatcher returns a Matcher with an empty index; Run fills it, from the file
// if there is one that can be brought up to date.
func NewMatcher(in *intel.Service, file string, log *slog.Logger) *Matcher {
	return &Matcher{intel: in, file: file, log: log, dirty: make(chan struct{}, 1), met: map[uint64]intel.Row{}}
}

// InEffect lets fn be told after changes are in effect, instead of who was told before;
// nil = nobody.
func (m *Matcher) InEffect(fn func()) {
	if fn == nil {
		m.inEffect.Store(nil)
		return
	}
	m.inEffect.Store(&fn)
}

// Renew asks for an Update soon.
func (m *Matcher) Renew() {
	select {
	case m.dirty <- struct{}{}:
	default:
	}
}

// Start fills the index from the file, or else from the knowledge base.
func (m *Matcher) Start(ctx context.Context) error {
	ok, err := m.load(ctx)
	if err != nil || ok {
		return err
	}
	return m.Rebuild(ctx)
}

// Run fills the index, closes ready, and keeps the index true. It is a worker.
func (m *Matcher) Run(ctx context.Context, ready chan<- struct{}) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	if err := m.Start(ctx); err != nil {
		return unlessDone(ctx, err)
	}
	m.first.Do(func() { close(ready) })
	return unlessDone(ctx, m.follow(ctx))
}

func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// follow updates the index and builds new ones beside.
func (m *Matcher) follow(ctx context.Context) error {
	tick := time.NewTicker(expiryEvery)
	defer tick.Stop()
	var built chan error // of the build that runs; nil = none does
	defer func() {
		if built != nil {
			<-built
		}
	}()
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-built:
			if built = nil; err != nil {
				return err
			}
		case <-again:
		case <-m.dirty:
		case <-tick.C:
		}
		stale, err := m.Update(ctx)
		if err != nil {
			return err
		}
		if !stale || built != nil {
			continue
		}
		// An import that announces itself again and again must not keep a core
		// busy with nothing but new indices.
		if wait := m.rest(); wait > 0 {
			again = time.After(wait)
			continue
		}
		built = make(chan error, 1)
		go func(built chan<- error) { built <- m.Rebuild(ctx) }(built)
	}
}

// rest is how long to wait before the next build: twice as long as the last took.
func (m *Matcher) rest() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return 2*m.about.Took - time.Since(m.about.Built)
}

// Update puts what changed since into effect. It returns whether the index should
// be built anew: too much has changed, or much a while ago.
func (m *Matcher) Update(ctx context.Context) (stale bool, err error) {
	m.mu.Lock()
	since, built := m.since, m.about.Built
	m.mu.Unlock()
	changed, to, ok, err := m.intel.Changes(ctx, since, changesTaken)
	if err != nil {
		return false, fmt.Errorf("read what indicators changed: %w", err)
	}
	m.mu.Lock()
	clear(m.met)
	m.mu.Unlock()
	if beside := m.live.View().Changed(); !ok || beside+len(changed) > changesTaken {
		return true, nil
	} else if len(changed) == 0 {
		m.reached(to)
		return beside >= changesFolded && time.Since(built) > foldEvery, nil
	}
	changes := make([]match.Change, len(changed))
	for i, c := range changed {
		changes[i] = match.Change{ID: uint64(c.Key), Type: c.Type, Value: c.Value, Gone: !c.Live}
	}
	refused := m.live.Apply(changes...)
	m.patterns.apply(changed)
	m.log.DebugContext(ctx, "index changed", "changes", len(changes), "refused", len(refused))
	m.reached(to)
	return false, nil
}

// reached notes up to when the index is true, unless it is so up to later.
func (m *Matcher) reached(to intel.Stamp) {
	m.mu.Lock()
	newer := to.Seq > m.since.Seq
	if newer || to.Seq == m.since.Seq && to.At.After(m.since.At) {
		m.since = to
	}
	m.mu.Unlock()
	if told := m.inEffect.Load(); newer && told != nil {
		(*told)()
	}
}

// Since is the moment up to which the index in use is true.
func (m *Matcher) Since() intel.Stamp {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.since
}

// IndexState is what the health page shows of the index.
type IndexState struct {
	Indicators int           `json:"indicators"`
	Changed    int           `json:"changed"`     // of these, beside the index built last
	Refused    int           `json:"refused"`     // indicators the index would not take, such as public suffixes
	Patterns   int           `json:"patterns"`    // STIX patterns over more than one value, held against every event
	NoPatterns int           `json:"no_patterns"` // of these kinds that can match no event
	Bytes      int           `json:"bytes"`
	Built      time.Time     `json:"built,omitzero"`
	Took       time.Duration `json:"took"` // to build, or to read from its file
}

// State describes the index in use.
func (m *Matcher) State() IndexState {
	v := m.live.View()
	m.mu.Lock()
	s := m.about
	m.mu.Unlock()
	s.Indicators, s.Changed, s.Bytes = v.Len(), v.Changed(), v.Size()
	s.Patterns, s.NoPatterns = m.patterns.counts()
	return s
}

// Met is an indicator that an observable touched.
type Met struct {
	Row  intel.Row
	Kind match.Kind
}

// Lookup returns the live indicators a canonical observable touches.
func (m *Matcher) Lookup(ctx context.Context, t indicator.Type, value string, hits []match.Hit) ([]match.Hit, []Met, error) {
	hits = m.live.Lookup(t, value, hits[:0])
	if len(hits) == 0 {
		return hits, nil, nil
	}
	var met []Met
	now := time.Now()
	for _, h := range hits {
		row, err := m.row(ctx, h.ID)
		if err != nil {
			return hits, nil, fmt.Errorf("look up the indicator behind %s: %w", value, err)
		}
		if row.Live(now) {
			met = append(met, Met{row, h.Kind})
		}
	}
	return hits, met, nil
}

func (m *Matcher) row(ctx context.Context, id uint64) (intel.Row, error) {
	m.mu.Lock()
	row, ok := m.met[id]
	m.mu.Unlock()
	if ok {
		return row, nil
	}
	row, err := m.intel.ByKey(ctx, intel.Key(id))
	if err != nil {
		return row, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.met) >= metaKept {
		clear(m.met)
	}
	m.met[id] = row
	return row, nil
}
