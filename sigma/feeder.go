package sigma

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// Event returns the rules that a decoded event matches, in the order of the
// rules. What it returns holds until the matcher's next event; ev must not be
// changed before, if Why is to be asked.
func (m *Matcher) Event(ev *event.Event) []Match {
	m.begin()
	f := m.engine.planOf(ev.Format)
	if f == nil || f.idle() {
		return nil
	}
	m.view.words = true
	for name, v := range ev.Fields {
		m.feedField(f, name, v)
	}
	m.route(f)
	return m.finish()
}

// planOf finds what is done with a format: nothing unless a pipeline is for it,
// or every event is looked at.
func (e *Engine) planOf(format string) *formatPlan {
	if f := e.formats[format]; f != nil {
		return f
	}
	return e.formats[""]
}

// idle says that no rule is for a format's events, and nobody asks what they are.
func (f *formatPlan) idle() bool { return len(f.sources) == 0 }

// wants says what a field is needed for.
func (f *formatPlan) wants(name string) (field int32, word bool) {
	field, ok := f.wanted[name]
	if !ok {
		field = -1
	}
	return field, f.wantsWord(name)
}

// above returns the fields, of those of which rules ask whether they are there, that are
// so as objects when a field below them is.
func (f *formatPlan) above(name string) (out []int32) {
	if len(f.exists) == 0 {
		return nil
	}
	for i := range len(name) {
		if name[i] == '.' {
			if field, ok := f.exists[name[:i]]; ok {
				out = append(out, field)
			}
		}
	}
	return out
}

func (f *formatPlan) wantsWord(name string) bool {
	for _, k := range f.keywords {
		if k == name || k[len(k)-1] == '*' && strings.HasPrefix(name, k[:len(k)-1]) {
			return true
		}
	}
	return false
}

// feeder holds names that had to be made.
type feeder struct {
	names map[string]string // of members of objects in lists
	depth int
}

func (m *Matcher) feedField(f *formatPlan, name string, v any) {
	field, word := f.wants(name)
	if field >= 0 || word {
		m.feedValue(field, word, v)
	}
	for _, above := range f.above(name) {
		m.null(above)
	}
	switch v := v.(type) {
	case map[string]any:
		m.feedMembers(f, name, v)
	case []any:
		for _, e := range v {
			if o, ok := e.(map[string]any); ok {
				m.feedMembers(f, name, o)
			}
		}
	}
}

// feedMembers gives the members of an object that stands in a list to the fields
// of their dotted names: a.b of {"a":[{"b":1},{"b":2}]} has two values.
func (m *Matcher) feedMembers(f *formatPlan, name string, o map[string]any) {
	if len(f.keywords) == 0 && !m.engine.parents[name] || m.feed.depth > maxDepth {
		return
	}
	m.feed.depth++
	defer func() { m.feed.depth-- }()
	for k, v := range o {
		m.feedField(f, m.feed.join(name, k), v)
	}
}

// maxMemory bounds the names that a feeder or lane remembers.
const maxMemory = 8192

func (f *feeder) join(name, key string) string {
	full := name + "." + key
	if s, ok := f.names[full]; ok {
		return s
	}
	if f.names == nil {
		f.names = map[string]string{}
	}
	if len(f.names) < maxMemory {
		f.names[full] = full
	}
	return full
}

func (m *Matcher) feedValue(field int32, word bool, v any) {
	n := len(m.arena)
	switch v := v.(type) {
	case nil:
		m.null(field)
		return
	case string:
		m.arena = append(m.arena, v...)
	case bool:
		m.arena = strconv.AppendBool(m.arena, v)
	case int64:
		m.arena = strconv.AppendInt(m.arena, v, 10)
	case float64:
		m.arena = event.AppendFloat(m.arena, v)
	case json.Number:
		m.arena = append(m.arena, v...)
	case []string:
		for _, s := range v {
			n := len(m.arena)
			m.arena = append(m.arena, s...)
			m.add(field, word, plainText, m.arena[n:len(m.arena):len(m.arena)])
		}
		if len(v) == 0 {
			m.null(field)
		}
		return
	case []any:
		for _, e := range v {
			if _, nested := e.([]any); nested {
				m.add(field, false, noText, nil)
			} else if _, nested := e.([]string); nested {
				m.add(field, false, noText, nil)
			} else {
				m.feedValue(field, word, e)
			}
		}
		return
	default:
		m.add(field, false, noText, nil)
		return
	}
	m.add(field, word, plainText, m.arena[n:len(m.arena):len(m.arena)])
}

// routes remembers where events go, by the values that decide it.
type routes struct {
	known map[string]route
	spare route
}

// route is the sources that events belong to, and the views that may have rules to look
// at for them.
type route struct {
	sources []int32
	views   []int32
}

// route runs the views of all sources that the event belongs to.
func (m *Matcher) route(f *formatPlan) {
	m.join(f)
	r := m.routes[f]
	if r == nil {
		r = &routes{known: map[string]route{}}
		m.routes[f] = r
	}
	m.key = m.routeKey(f, m.key[:0])
	way, known := r.known[string(m.key)]
	if !known {
		way = m.explore(f, r)
	}
	if m.engine.noteSources {
		for _, i := range way.sources {
			m.sources = append(m.sources, f.sources[i].source)
		}
	}
	if known {
		for _, view := range way.views {
			m.run(view)
		}
	}
}

// routeKey appends the values that decide where the event goes.
func (m *Matcher) routeKey(f *formatPlan, key []byte) []byte {
	for _, field := range f.when {
		for i := m.first[field]; i >= 0; i = m.values[i].next {
			if m.values[i].kind == noText {
				key = append(key, 1)
				continue
			}
			text := m.folded(i)
			key = append(binary.AppendUvarint(key, uint64(len(text))+2), text...)
		}
		key = append(key, 0)
	}
	return key
}

// explore runs the views for an event whose like has not been seen, and remembers those
// that must be run for the next.
func (m *Matcher) explore(f *formatPlan, r *routes) route {
	way := route{r.spare.sources[:0], r.spare.views[:0]}
	for i := range f.sources {
		s := &f.sources[i]
		if !m.belongs(s) {
			continue
		}
		way.sources = append(way.sources, int32(i))
		if s.view >= 0 && (m.run(s.view) || !s.decided) {
			way.views = append(way.views, s.view)
		}
	}
	r.spare = way
	if len(r.known) < maxMemory && len(m.key) < 1024 {
		r.known[string(m.key)] = route{slices.Clone(way.sources), slices.Clone(way.views)}
	}
	return way
}

// LogSources returns the log sources that the last event belongs to, when the
// engine was compiled with Options.LogSources. It holds until the next event.
func (m *Matcher) LogSources() []LogSource { return m.sources }

// Values returns the values of a Sigma field in the last event, as the rule that
// matched would see them. The field must be one of the rule's own or one that a
// correlation of the engine's collection wants from it.
func (m *Matcher) Values(match Match, field string) []string {
	v := m.engine.views[match.view]
	var out []string
	for i := range v.slots {
		s := &v.slots[i]
		if s.name != field || s.keyword {
			continue
		}
		for _, f := range m.fieldsOf(s) {
			for i := m.first[f]; i >= 0; i = m.values[i].next {
				if m.values[i].kind != noText {
					out = append(out, string(m.plain(i)))
				}
			}
		}
	}
	return out
}

func (m *Matcher) belongs(s *planSource) bool {
	for i := range s.when {
		if !m.meets(&s.when[i]) {
			return false
		}
	}
	return true
}

func (m *Matcher) meets(c *condition) bool {
	for i := m.first[c.field]; i >= 0; i = m.values[i].next {
		if m.values[i].kind == noText {
			continue
		}
		for j := range c.texts {
			if c.texts[j].match(m.folded(i)) {
				return true
			}
		}
	}
	return false
}
