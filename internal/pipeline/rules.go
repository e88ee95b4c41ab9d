package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

// Rules keeps the detection rules compiled and compiles them anew when they
// change. Looking at events never waits for that.
type Rules struct {
	detect    *detect.Service
	org       *org.Service
	pipelines []sigma.Pipeline
	log       *slog.Logger
	dirty     chan struct{}
	state     atomic.Pointer[ruleSet]
	ready     chan struct{} // closed when the first rules are compiled
	// InEffect is told after other rules are in effect; may be nil. Set it before Run.
	InEffect func()
	first    sync.Once

	building sync.Mutex
	memory   compilers // guarded by building

	matches, excepted, forgotten atomic.Int64
	mu                           sync.Mutex
	fired                        map[string]int // guarded by mu: matches by rule since the start
}

// ruleSet is what is compiled at one time; it never changes.
type ruleSet struct {
	generation int
	engine     *sigma.Engine
	meta       []detect.Rule // by rule of engine
	asked      *format.Brief // of every event
	passes     *sigma.Engine // of exceptions; nil when there are none
	passOf     map[string][]int
	exceptions []detect.LiveException // by rule of passes

	correlations []sigma.Correlation
	corrMeta     []detect.Rule // by correlation
	wants        []bool        // by rule of engine: a correlation asks for it
	followed     string        // stands for the correlations and all that bears on what they ask for; "" without any

	refused []detect.Refusal
	never   map[string]string // why a rule cannot match
	blind   int
	asOf    time.Time // when the rules were read
	took    time.Duration
}

// compilers remember what they made of rules, and of exceptions, for the next time.
type compilers struct{ rules, passes sigma.Compiler }

// RulesState is what pages show of the compiled rules.
type RulesState struct {
	Rules        int              `json:"rules"`
	Correlations int              `json:"correlations"`
	Refused      []detect.Refusal `json:"refused"`
	Matches      int64            `json:"matches"`        // since the start
	Excepted     int64            `json:"excepted"`       // since the start
	Forgotten    int64            `json:"forgotten"`      // groups that correlations gave up for want of memory, since the start
	AsOf         time.Time        `json:"as_of,omitzero"` // what is on at this time is running
	Took         time.Duration    `json:"took"`
}

// Cover says whether a rule can match our events, and how often it did.
type Cover struct {
	Fires   bool   `json:"fires"`
	Why     string `json:"why,omitempty"` // why it cannot
	Matches int    `json:"matches"`       // since the start
}

// NewRules returns Rules without any; Run fills it. o says what stands for
// placeholders.
func NewRules(d *detect.Service, o *org.Service, pipelines []sigma.Pipeline, log *slog.Logger) *Rules {
	r := &Rules{detect: d, org: o, pipelines: pipelines, log: log, dirty: make(chan struct{}, 1), ready: make(chan struct{}), fired: map[string]int{}}
	empty, _ := sigma.Compile(sigma.Collection{}, sigma.Options{})
	r.state.Store(&ruleSet{engine: empty, asked: askedBy(empty)})
	return r
}

// Renew asks for new rules soon.
func (r *Rules) Renew() {
	select {
	case r.dirty <- struct{}{}:
	default:
	}
}

// Ready is closed when the first rules are compiled.
func (r *Rules) Ready() <-chan struct{} { return r.ready }

// Run compiles the rules at the start, and again when they changed and at least
// once an hour because exceptions expire. It is a worker.
func (r *Rules) Run(ctx context.Context) error {
	ctx = ref.WithActor(ctx, ref.SystemActor)
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := r.Rebuild(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		r.first.Do(func() { close(r.ready) })
		select {
		case <-ctx.Done():
			return nil
		case <-r.dirty:
		case <-tick.C:
		}
	}
}

// Rebuild compiles what is to run and swaps it in.
func (r *Rules) Rebuild(ctx context.Context) error {
	r.building.Lock()
	defer r.building.Unlock()
	start := time.Now()
	live, err := r.detect.Running(ctx)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	set, err := compileRules(live, r.options(), &r.memory)
	if err != nil {
		return err
	}
	set.generation = r.state.Load().generation + 1
	set.asOf, set.took = start, time.Since(start)
	r.state.Store(set)
	if r.InEffect != nil {
		r.InEffect()
	}
	r.log.DebugContext(ctx, "rules swapped", "rules", set.engine.Len(), "correlations", len(set.correlations), "refused", len(set.refused), "took", set.took)
	return nil
}

func (r *Rules) options() sigma.Options {
	return sigma.Options{Pipelines: r.pipelines, LogSources: true, Placeholders: r.org.Index().Profile.Placeholders}
}

func compileRules(live detect.Live, opt sigma.Options, by *compilers) (*ruleSet, error) {
	s := &ruleSet{refused: live.Problems, never: map[string]string{}, passOf: map[string][]int{}}
	var err error
	if s.engine, err = s.compile(&by.rules, live.Sigma, opt); err != nil {
		return nil, err
	}
	s.asked = askedBy(s.engine)
	for i := range s.engine.Len() {
		s.meta = append(s.meta, live.Meta[s.engine.Rule(i).ID])
	}
	for _, c := range s.engine.Coverage() {
		if c.Never != "" {
			s.never[s.engine.Rule(c.Rule).ID] = c.Never
			s.blind++
		}
	}
	if err := s.correlate(live); err != nil {
		return nil, err
	}
	s.followed = s.follows(live)
	if len(live.Exceptions) == 0 {
		by.passes = sigma.Compiler{}
		return s, nil
	}
	var passes sigma.Collection
	byID := map[string]detect.LiveException{}
	for _, e := range live.Exceptions {
		passes.Rules = append(passes.Rules, e.Match)
		byID[e.ID] = e
	}
	if s.passes, err = s.compile(&by.passes, passes, opt); err != nil {
		return nil, err
	}
	for i := range s.passes.Len() {
		e := byID[s.passes.Rule(i).ID]
		s.exceptions = append(s.exceptions, e)
		s.passOf[e.Rule] = append(s.passOf[e.Rule], i)
	}
	return s, nil
}

// askedBy is what is asked of every event with the rules of an engine.
func askedBy(e *sigma.Engine) *format.Brief {
	return format.NewBrief(func(format, dataset string) func(string) bool {
		if e.Laid(format) {
			return nil // they are held against the bytes
		}
		return e.Reads(format, dataset)
	})
}

// compile notes what is refused; the error is one that no rule is to blame for.
func (s *ruleSet) compile(by *sigma.Compiler, c sigma.Collection, opt sigma.Options) (*sigma.Engine, error) {
	e, err := by.Compile(c, opt)
	return e, s.refuse(err)
}

func (s *ruleSet) refuse(err error) error {
	var problems sigma.Problems
	if err == nil || !errors.As(err, &problems) {
		return err
	}
	for _, p := range problems {
		s.refused = append(s.refused, detect.Refusal{File: p.File, Line: p.Line, Rule: p.Rule, Why: p.Text})
	}
	return nil
}

// correlate keeps the correlations that can work.
func (s *ruleSet) correlate(live detect.Live) error {
	s.correlations = live.Sigma.Correlations
	s.wants = make([]bool, s.engine.Len())
	if _, err := sigma.NewCorrelator(s.correlations, live.Sigma.Rules); err != nil {
		if err := s.refuse(err); err != nil {
			return err
		}
	}
	for i := range s.correlations {
		s.corrMeta = append(s.corrMeta, live.Meta[s.correlations[i].ID])
	}
	memory := s.correlator()
	for i := range s.wants {
		s.wants[i] = memory.Wants(s.engine.Rule(i).Key())
	}
	for range s.correlations { // one may stand on others
		if !s.blindCorrelations(memory) {
			break
		}
	}
	return nil
}

// follows sums up what decides which events correlations are told of.
func (s *ruleSet) follows(live detect.Live) string {
	if len(s.correlations) == 0 {
		return ""
	}
	var of []string
	add := func(m detect.Rule) { of = append(of, m.ID+" "+m.Text) }
	for _, m := range s.corrMeta {
		add(m)
	}
	for i, wanted := range s.wants {
		if wanted {
			add(s.meta[i])
		}
	}
	for _, f := range live.Sigma.Filters {
		add(live.Meta[f.ID])
	}
	for _, e := range live.Exceptions {
		of = append(of, e.ID)
	}
	slices.Sort(of)
	sum := sha256.Sum256([]byte(strings.Join(of, "\n")))
	return hex.EncodeToString(sum[:8])
}

// blindCorrelations notes the correlations that never hold because of what they stand
// on, and says whether there are more than before.
func (s *ruleSet) blindCorrelations(memory *sigma.Correlator) bool {
	ids, titles := map[string]string{}, map[string]string{} // by what correlations call a rule
	note := func(r *sigma.Rule) {
		for _, name := range []string{r.ID, r.Name} {
			ids[name], titles[name] = r.ID, r.Title
		}
	}
	for i := range s.correlations {
		note(&s.correlations[i].Rule)
	}
	for i := range s.engine.Len() {
		note(s.engine.Rule(i))
	}
	grown := false
	for i := range s.correlations {
		c := &s.correlations[i]
		if s.never[c.ID] != "" {
			continue
		}
		why := ""
		if !memory.Has(i) {
			why = "it is not followed: see what was refused"
		}
		for _, name := range c.Rules {
			if never := s.never[ids[name]]; never != "" {
				why = cmp.Or(why, fmt.Sprintf("it stands on %q, which cannot fire: %s", titles[name], never))
			}
		}
		if !memory.Has(i) || !c.CanHold(func(name string) bool { return s.never[ids[name]] == "" }) {
			s.never[c.ID], grown = why, true
			s.blind++
		}
	}
	return grown
}

// correlator returns an empty memory for the set's correlations.
func (s *ruleSet) correlator() *sigma.Correlator {
	rules := make([]sigma.Rule, s.engine.Len())
	for i := range rules {
		rules[i] = *s.engine.Rule(i)
	}
	c, _ := sigma.NewCorrelator(s.correlations, rules) // what cannot work was told when the set was made
	return c
}

// Explain says where a rule can match and what it needs there.
func (r *Rules) Explain(rule sigma.Rule) sigma.Explanation {
	x := sigma.Explain(rule, r.options())
	if x.Never == "" {
		x.Never = r.state.Load().never[rule.ID]
	}
	return x
}

// State describes the rules in use.
func (r *Rules) State() RulesState {
	s := r.state.Load()
	return RulesState{
		Rules: s.engine.Len(), Correlations: len(s.correlations), Refused: s.refused, Matches: r.matches.Load(), Excepted: r.excepted.Load(),
		Forgotten: r.forgotten.Load(), AsOf: s.asOf, Took: s.took,
	}
}

// Blind returns how many of the running rules can never match our events.
func (r *Rules) Blind() int { return r.state.Load().blind }

// Cover says whether a rule can match.
func (r *Rules) Cover(id string) Cover {
	why, never := r.state.Load().never[id]
	r.mu.Lock()
	defer r.mu.Unlock()
	return Cover{Fires: !never, Why: why, Matches: r.fired[id]}
}

// count notes matches for the pages.
func (r *Rules) count(fired map[string]int, excepted int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, n := range fired {
		r.fired[id] += n
		r.matches.Add(int64(n))
	}
	r.excepted.Add(int64(excepted))
}
