package format

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
)

// Search finds observables in a line of unknown form and passes each with its
// canonical value to emit.
type Search func(line []byte, emit func(t indicator.Type, value string))

// Observables returns the observables in an event, canonical, each (type,
// value, field) once, in the order of the field table:
//
//   - ECS fields whose type is known (source.ip is an address);
//   - the listening side as host and port (server, else destination);
//   - free text of ECS fields that carry commands, scripts and messages;
//   - every string of a record of unknown format.
//
// What is not a valid value of its field's type is no observable. search reads
// the text; when nil, a plain search for whole words does.
func Observables(ev *event.Event, search Search) []event.Observable {
	c := collector{fields: ev.Fields, search: search}
	for i := range typedFields {
		f := &typedFields[i]
		if v, ok := ev.Fields[f.name]; ok {
			c.typed(f, v)
		}
	}
	c.hostPort("server")
	c.hostPort("destination")
	switch ev.Format {
	case "json":
		c.once = len(c.out) > 0
		c.unknown()
	case "suricata", "zeek", "windows", "ecs":
		c.listed()
	default:
		// The message is the whole record, and JSON is kept whole as well: what
		// the fields above have given already is not found once more.
		c.once = true
		c.listed()
		c.unknown()
	}
	return c.out
}

// listed searches the fields that carry texts.
func (c *collector) listed() {
	for _, name := range textFields {
		if v, ok := c.fields[name]; ok && !(name == "message" && Rendered(c.fields)) {
			c.texts(name, v)
		}
	}
}

// Rendered says that the message of an event repeats fields which are there by
// themselves, so that nothing is looked for in it.
func Rendered(f event.Fields) bool {
	switch f.String("winlog.provider_name") {
	case "Microsoft-Windows-Sysmon", "Microsoft-Windows-Security-Auditing":
		return true
	}
	return false
}

type collector struct {
	fields event.Fields
	search Search
	out    []event.Observable
	once   bool // a value that is there already is not taken again
}

// typedField says what the values of an ECS field can be: the first type that
// accepts a value wins.
type typedField struct {
	name  string
	types []indicator.Type
}

func (c *collector) typed(f *typedField, v any) {
	switch v := v.(type) {
	case string:
		c.value(f.name, f.types, v)
	case []string:
		for _, s := range v {
			c.value(f.name, f.types, s)
		}
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				c.value(f.name, f.types, s)
			}
		}
	}
}

func (c *collector) value(field string, types []indicator.Type, raw string) {
	if raw == "" || raw == "-" {
		return
	}
	for _, t := range types {
		if v, err := indicator.Canonical(t, raw); err == nil {
			c.add(t, v, field)
			c.inside(t, raw, field)
			return
		}
	}
}

// inside finds what a URL or the name of a file carries, as it is written: what only
// a canonical spelling makes of it no search over records would find.
func (c *collector) inside(t indicator.Type, value, field string) {
	if t != indicator.URL && t != indicator.FileName {
		return
	}
	emit := func(t indicator.Type, value string) { c.add(t, value, field) }
	indicator.HashesInside(value, emit)
	if t == indicator.URL {
		indicator.URLsInside(value, emit)
	}
}

// maxLinear is how many observables are searched one by one for repeats.
const maxLinear = 64

func (c *collector) add(t indicator.Type, value, field string) {
	o := event.Observable{Type: t, Value: value, Field: field}
	if c.once && slices.ContainsFunc(c.out[max(0, len(c.out)-maxLinear):], func(p event.Observable) bool { return p.Type == t && p.Value == value }) {
		return
	}
	if slices.Contains(c.out[max(0, len(c.out)-maxLinear):], o) {
		return
	}
	if c.out == nil {
		c.out = make([]event.Observable, 0, 8) // most events have a few
	}
	c.out = append(c.out, o)
}

// hostPort pairs the address and the name of one side with its port.
func (c *collector) hostPort(side string) {
	port, ok := c.fields.Int(side + ".port")
	if !ok || port <= 0 || port > 65535 {
		return
	}
	p := strconv.FormatInt(port, 10)
	if host := c.fields.String(side + ".ip"); host != "" {
		c.value(side+".ip", addressPorts, joinPort(host, p))
	}
	if name := c.fields.String(side + ".domain"); name != "" {
		c.value(side+".domain", domainPort, name+":"+p)
	}
}

var (
	addressPorts = []indicator.Type{indicator.IPv4Port, indicator.IPv6Port}
	domainPort   = []indicator.Type{indicator.DomainPort}
)

// unknownPrefix is what the names of fields begin with that no table describes.
const unknownPrefix = "json."

// unknown tries every string of a record that no table describes.
func (c *collector) unknown() {
	names := make([]string, 0, len(c.fields))
	for name := range c.fields {
		if strings.HasPrefix(name, unknownPrefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		c.texts(name, c.fields[name])
	}
}

// texts searches a value and everything nested in it.
func (c *collector) texts(field string, v any) {
	switch v := v.(type) {
	case string:
		emit := func(t indicator.Type, value string) { c.add(t, value, field) }
		if c.search != nil {
			c.search([]byte(v), emit)
		} else {
			scanText(v, emit)
		}
	case []string:
		for _, s := range v {
			c.texts(field, s)
		}
	case []any:
		for _, e := range v {
			c.texts(field, e)
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			c.texts(field+"."+k, v[k])
		}
	}
}

// joinPort writes host and port as one, IPv6 in brackets.
func joinPort(host, port string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]:" + port
	}
	return host + ":" + port
}

// TypesOf returns what the values of an ECS field can be: the first type that
// accepts a value is that of its observable. Nil for a field that gives none.
func TypesOf(field string) []indicator.Type {
	for i := range typedFields {
		if typedFields[i].name == field {
			return slices.Clone(typedFields[i].types)
		}
	}
	return nil
}
