package sigma

import (
	"slices"
	"strings"
)

// Options say how rules are compiled.
type Options struct {
	// Pipelines name the log sources and fields of each format. Events of a
	// format that none is for match nothing, unless Unrouted.
	Pipelines []Pipeline
	// Placeholders are the values that rules with the modifier expand leave
	// open, as texts with Sigma's wildcards. A rule of which one is missing
	// never matches, and Engine.Coverage says so.
	Placeholders map[string][]string
	// LogSources has matchers note which log sources each event belongs to, also
	// those that no rule is for; see Matcher.LogSources.
	LogSources bool
	// Unrouted looks at every rule for every event, whatever its log source.
	Unrouted bool
}

// Engine is a set of compiled rules. It never changes; any number of goroutines
// may use it, each with a Matcher of its own.
type Engine struct {
	rules   []Rule
	fields  []string         // names of the event fields that any view needs
	field   map[string]int32 // index in fields
	parents map[string]bool  // proper beginnings of fields, up to a dot
	formats map[string]*formatPlan
	views   []*view
	maxAsk  int   // predicates of the largest view
	maxRule int   // rules of the largest view
	maxFind int   // clues of the largest slot
	maxSlot int   // slots of the largest view
	slots   int32 // of all views that are looked at
	closed  []string
	sources []Source // of all pipelines

	noteSources bool
}

// formatPlan is what is done with the events of one format.
type formatPlan struct {
	sources  []planSource
	when     []int32 // fields that conditions look at
	wanted   map[string]int32
	exists   map[string]int32 // of wanted, those of which some rule asks whether they are there
	keywords []string         // as in Pipeline; nil = no rule wants any
	layouts  []Layout
	verbatim []string // as in Pipeline
	joins    []planJoin
}

// planSource is a source and the view that its rules make.
type planSource struct {
	when    []condition
	view    int32 // index in Engine.views, -1 when no rule is for it
	decided bool  // which rules of the view to look at hangs on nothing but what decides the source

	source LogSource
}

type condition struct {
	field int32
	texts []text
}

// Compile makes an engine of the rules and filters of a collection; its
// correlations are followed by a Correlator, for which the engine only keeps the
// fields in reach that they want. Rules that cannot be compiled are left out and
// named in the error, which is of type Problems; the engine is usable all the
// same.
func Compile(c Collection, opt Options) (*Engine, error) { return new(Compiler).Compile(c, opt) }

func (cp *compiler) compile(c Collection) (*Engine, error) {
	opt := &cp.opt
	e := &Engine{field: map[string]int32{}, formats: map[string]*formatPlan{}, parents: map[string]bool{}}
	e.noteSources = opt.LogSources
	wants := correlatedFields(c)
	var problems Problems
	for i := range c.Rules {
		r := &c.Rules[i]
		d := cp.draft(r)
		if d.err != nil {
			problems = append(problems, problemOf(d.err, r))
			continue
		}
		e.rules = append(e.rules, *r)
		e.closed = append(e.closed, d.open)
		cp.drafts, cp.wants = append(cp.drafts, d), append(cp.wants, wants[r.Key()])
	}
	for i := range opt.Pipelines {
		e.plan(cp, &opt.Pipelines[i])
	}
	for i := range opt.Pipelines {
		p := &opt.Pipelines[i]
		for _, name := range p.Also {
			if e.formats[name] == nil {
				e.formats[name] = e.formats[p.Format]
			}
		}
	}
	if opt.Unrouted { // events that no pipeline is for, by the names they have
		e.plan(cp, &Pipeline{Fields: FieldMap{Rest: []Candidate{{"*"}}}})
	}
	for _, f := range e.formats {
		e.settle(f)
	}
	for _, name := range e.fields {
		for i := range len(name) {
			if name[i] == '.' {
				e.parents[name[:i]] = true
			}
		}
	}
	if len(problems) > 0 {
		return e, problems
	}
	return e, nil
}

// Len returns the number of rules.
func (e *Engine) Len() int { return len(e.rules) }

// Rule returns the rule of that index, as matches give it. It must not be
// changed.
func (e *Engine) Rule(i int) *Rule { return &e.rules[i] }

func (e *Engine) fieldIndex(name string) int32 {
	i, ok := e.field[name]
	if !ok {
		i = int32(len(e.fields))
		e.fields = append(e.fields, name)
		e.field[name] = i
	}
	return i
}

// plan compiles a pipeline: one view for each source that rules are for.
func (e *Engine) plan(cp *compiler, p *Pipeline) {
	f := e.formats[p.Format]
	if f == nil {
		f = &formatPlan{wanted: map[string]int32{}}
		e.formats[p.Format] = f
	}
	e.sources = append(e.sources, p.Sources...)
	f.layouts = append(f.layouts, p.Layouts...)
	f.verbatim = append(f.verbatim, p.Verbatim...)
	sources := p.Sources
	if cp.opt.Unrouted {
		sources = append([]Source{{Fields: p.Fields}}, sources...)
	}
	var shared []*Source // hold for every event and read it in the same way
	for i := range sources {
		s := &sources[i]
		rules := e.rulesFor(cp, s, shared)
		if len(s.When) == 0 {
			shared = append(shared, s)
		}
		if len(rules) == 0 && !e.noteSources {
			continue
		}
		ps := planSource{view: -1, source: s.LogSource, when: e.conditions(f, s)}
		if len(rules) > 0 {
			v := e.compileView(cp, s, rules)
			ps.view = int32(len(e.views))
			e.views = append(e.views, v)
			if v.keywords {
				f.addKeywords(p.Keywords)
			}
		}
		f.sources = append(f.sources, ps)
	}
	for _, ps := range f.sources {
		if ps.view >= 0 {
			e.want(f, e.views[ps.view])
		}
	}
	for _, i := range f.when {
		f.wanted[e.fields[i]] = i
	}
	for i := range f.sources {
		s := &f.sources[i]
		s.decided = s.view >= 0 && e.views[s.view].decidedBy(f.when)
	}
	e.planJoins(f, p.Joins)
}

// settle has records decoded when a rule asks for what their bytes do not tell.
func (e *Engine) settle(f *formatPlan) {
	told := func(name string) bool {
		return slices.ContainsFunc(f.verbatim, func(begin string) bool { return strings.HasPrefix(name, begin) })
	}
	all := !slices.ContainsFunc(f.keywords, func(name string) bool { return !told(name) })
	for name, field := range f.wanted {
		joined := slices.ContainsFunc(f.joins, func(j planJoin) bool { return j.field == field })
		all = all && (joined || told(name))
	}
	if !all {
		f.layouts = nil
	}
}

// conditions compiles what makes an event belong to a source.
func (e *Engine) conditions(f *formatPlan, s *Source) []condition {
	var out []condition
	for _, w := range s.When {
		c := condition{field: e.fieldIndex(w.Field)}
		for _, v := range w.Values {
			pat := parsePattern(v)
			pat.fold()
			if t, err := compileText(pat); err == nil {
				c.texts = append(c.texts, t)
			}
		}
		out = append(out, c)
		if !slices.Contains(f.when, c.field) {
			f.when = append(f.when, c.field)
		}
	}
	return out
}

// want notes the fields that a view reads.
func (e *Engine) want(f *formatPlan, v *view) {
	for _, s := range v.slots {
		for _, c := range s.candidates {
			for _, i := range c {
				f.wanted[e.fields[i]] = i
			}
		}
	}
	for i := range v.asks {
		if v.asks[i].sort != askExists {
			continue
		}
		for _, c := range v.slots[v.asks[i].slot].candidates {
			for _, field := range c {
				if f.exists == nil {
					f.exists = map[string]int32{}
				}
				f.exists[e.fields[field]] = field
			}
		}
	}
}

// planJoins adds the joins whose fields some rule wants.
func (e *Engine) planJoins(f *formatPlan, joins []Join) {
	for _, j := range joins {
		field, ok := f.wanted[j.Field]
		if !ok {
			continue
		}
		delete(f.wanted, j.Field) // no event has it by itself
		pj := planJoin{field: field, with: j.With, begins: j.Begins}
		for _, name := range j.Of {
			i := e.fieldIndex(name)
			pj.of = append(pj.of, i)
			f.wanted[name] = i
		}
		f.joins = append(f.joins, pj)
	}
}

func (f *formatPlan) addKeywords(names []string) {
	if len(names) == 0 {
		names = []string{"*"}
	}
	for _, n := range names {
		if !slices.Contains(f.keywords, n) {
			f.keywords = append(f.keywords, n)
		}
	}
}

// rulesFor lists the rules for a source that no source in shared is for already.
func (e *Engine) rulesFor(cp *compiler, s *Source, shared []*Source) []int32 {
	unrouted := cp.opt.Unrouted
	var out []int32
	for i := range e.rules {
		source := e.rules[i].LogSource
		want := e.closed[i] == "" && (unrouted || source.Covers(s.LogSource))
		for _, other := range shared {
			if want && (unrouted || source.Covers(other.LogSource)) {
				want = !sameFor(cp.detections(&e.rules[i]), &s.Fields, &other.Fields)
			}
		}
		if want {
			out = append(out, int32(i))
		}
	}
	return out
}

// sameFor says whether detections find their fields in the same places through
// either map.
func sameFor(ds []*Detection, a, b *FieldMap) bool {
	for _, d := range ds {
		for _, f := range d.fields() {
			if f != "" && !slices.EqualFunc(a.Lookup(f), b.Lookup(f), func(c, d Candidate) bool { return slices.Equal(c, d) }) {
				return false
			}
		}
	}
	return true
}
