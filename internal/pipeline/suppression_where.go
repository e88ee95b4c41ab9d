package pipeline

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

// trait is something an exception can say of events: where it stands in them, and
// what rules of one log source or another call it.
type trait struct {
	name  string
	paths []string
	words []string
}

// hostTraits are where events say which host of ours they are about; an exception
// never leaves it out.
func hostTraits() []string { return []string{"host", "source host", "destination host"} }

// traits lists what exceptions are made of.
func traits() []trait {
	return []trait{
		{"host", []string{"host.name"}, []string{"Computer", "ComputerName", "Hostname", "host.name", "hostname", "host"}},
		{"source host", []string{"source.ip"}, []string{"SourceIp", "src_ip", "source.ip", "c-ip", "IpAddress"}},
		{"destination host", []string{"destination.ip"}, []string{"DestinationIp", "dst_ip", "destination.ip"}},
		{"user", []string{"user.name"}, []string{"User", "SubjectUserName", "TargetUserName", "user.name", "username", "USER", "cs-username"}},
		{"program", []string{"process.executable", "process.name"}, []string{"Image", "process.executable", "process.name", "exe"}},
		{"parent", []string{"process.parent.executable", "process.parent.name"}, []string{"ParentImage", "process.parent.executable"}},
		{"command line", []string{"process.command_line"}, []string{"CommandLine", "process.command_line"}},
		{"file", []string{"file.path"}, []string{"TargetFilename", "file.path"}},
		{"destination", []string{"destination.ip"}, []string{"DestinationIp", "dst_ip", "destination.ip"}},
		{"query", []string{"dns.question.name"}, []string{"QueryName", "query", "dns.question.name"}},
	}
}

// maxTrait is the longest value an exception names.
const maxTrait = 1000

// factsOf is what an event is, by trait. Of the fields that may name a host, only the
// one counts by which the event was put down to the entity: a proxy that reports for
// others is not them.
func (s *Suppressions) factsOf(ev *event.Event, entity string) map[string]string {
	out := map[string]string{}
	host := false
	for _, t := range traits() {
		for _, p := range t.paths {
			v := ev.Fields.String(p)
			if v == "" || len(v) > maxTrait {
				continue
			}
			if slices.Contains(hostTraits(), t.name) {
				if host || entityNamed(v, s.Org.Index()).Name != entity {
					continue
				}
				host = true
			}
			out[t.name] = v
			break
		}
	}
	return out
}

// candidate is an exception that can be asked.
type candidate struct {
	where   string
	matcher *sigma.Matcher
}

func (c candidate) passes(ev *event.Event) bool { return len(c.matcher.Event(ev)) > 0 }

// narrowest is the exception that says everything the events have in common, and on
// which hosts. ok is false when it cannot be said of them, as the rule's log source
// has no word for a host.
func (s *Suppressions) narrowest(rule detect.Rule, events []*seenEvent) (c candidate, ok bool, err error) {
	where := map[string]any{}
	bound := false
	for _, t := range traits() {
		host := slices.Contains(hostTraits(), t.name)
		values := common(events, t.name)
		if len(values) == 0 || len(values) > 1 && !host {
			continue
		}
		for _, word := range t.words {
			one := map[string]any{word: plain(values)}
			if c, err = s.compile(rule, one); err == nil && all(c, events) {
				where[word] = one[word]
				bound = bound || host
				break
			}
		}
	}
	if !bound {
		return c, false, nil
	}
	c, err = s.compile(rule, where)
	return c, err == nil && all(c, events), err
}

func all(c candidate, events []*seenEvent) bool {
	return !slices.ContainsFunc(events, func(e *seenEvent) bool { return !c.passes(e.event) })
}

// common is the values of a trait, each once; nil when an event has none.
func common(events []*seenEvent, name string) []string {
	var out []string
	for _, e := range events {
		v, ok := e.facts[name]
		if !ok {
			return nil
		}
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, v) }) {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}

// plain is values as a Sigma selection takes them literally: one, or a list.
func plain(values []string) any {
	var out []string
	for _, v := range values {
		out = append(out, literal(v))
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

// literal escapes what is special in a value of Sigma.
func literal(v string) string {
	var b strings.Builder
	for i := range len(v) {
		switch c := v[i]; {
		case c == '*' || c == '?':
			b.WriteByte('\\')
		case c == '\\' && i+1 < len(v) && strings.IndexByte(`*?\`, v[i+1]) >= 0:
			b.WriteByte('\\')
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

// compile makes a candidate as the running rules would make an exception of it.
func (s *Suppressions) compile(rule detect.Rule, where map[string]any) (candidate, error) {
	selection, err := yaml.Marshal(where)
	if err != nil {
		return candidate{}, err
	}
	e := detect.Exception{ID: suppressionID(rule.ID, "candidate", ""), Rule: rule.ID, Where: string(selection)}
	r, err := e.Compile(rule)
	if err != nil {
		return candidate{}, err
	}
	engine, err := sigma.Compile(sigma.Collection{Rules: []sigma.Rule{r}}, sigma.Options{Pipelines: s.Pipelines, Placeholders: s.Org.Index().Profile.Placeholders})
	if err != nil {
		return candidate{}, err
	}
	return candidate{string(selection), engine.Matcher()}, nil
}

// seqOf is where an event stands in the history.
func seqOf(r ref.Ref) (telemetry.Seq, bool) {
	n, err := strconv.ParseUint(r.ID, 10, 64)
	return telemetry.Seq(n), err == nil && r.Kind == ref.Event
}
