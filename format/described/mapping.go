package described

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/event"
)

// block is a part of a description that says what the fields of ECS are, for
// records that have the conditions.
type block struct {
	conditions []condition
	rules      []rule
	set        []setting
}

// rule fills one field of ECS from the first source that has such a value.
type rule struct {
	to      string
	from    []source
	convert converter
	values  map[string]any // what a text means; nil = itself
	whole   *template      // in place of from
	other   any            // what all other texts mean; nil = nothing, "=" = themselves
}

type setting struct {
	to    string
	value any
}

// condition holds when one of the texts is a value's, or with not when none is.
type condition struct {
	of    source
	texts []string
	not   bool
}

const maxBlocks = 512

func (p *documentParser) mapping() error {
	if n := p.nodes["when"]; n != nil {
		for _, item := range items(n) {
			b, err := p.block(item, "if", "unless", "set", "fields")
			if err != nil {
				return err
			}
			p.d.blocks = append(p.d.blocks, b)
		}
	}
	var last block
	if err := p.fields(&last, p.nodes["fields"]); err != nil {
		return err
	}
	if err := p.settings(&last, p.nodes["set"]); err != nil {
		return err
	}
	p.d.blocks = append(p.d.blocks, last)
	if len(p.d.blocks) > maxBlocks {
		return faultf(p.nodes["when"], "more than %d blocks", maxBlocks)
	}
	n := p.nodes["unpack"]
	if n == nil {
		return nil
	}
	list, err := texts(n)
	for _, name := range list {
		p.d.unpack = append(p.d.unpack, p.d.prefix+name)
	}
	return err
}

// block reads a mapping with the keys allowed.
func (p *documentParser) block(n *yaml.Node, allowed ...string) (block, error) {
	var b block
	list, err := members(n, allowed...)
	if err != nil {
		return b, err
	}
	for _, m := range list {
		switch m[0].Value {
		case "if", "unless":
			err = p.conditions(&b, m[1], m[0].Value == "unless")
		case "set":
			err = p.settings(&b, m[1])
		case "fields":
			err = p.fields(&b, m[1])
		}
		if err != nil {
			return b, err
		}
	}
	return b, nil
}

func (p *documentParser) conditions(b *block, n *yaml.Node, not bool) error {
	list, err := members(n)
	if err != nil {
		return err
	}
	for _, m := range list {
		c := condition{not: not}
		if c.of, err = p.d.source(m[0], m[0].Value); err != nil {
			return err
		}
		if c.texts, err = texts(m[1]); err != nil {
			return err
		}
		b.conditions = append(b.conditions, c)
	}
	return nil
}

func (p *documentParser) settings(b *block, n *yaml.Node) error {
	if n == nil {
		return nil
	}
	list, err := members(n)
	if err != nil {
		return err
	}
	for _, m := range list {
		v, err := constant(m[1])
		if err != nil {
			return err
		}
		if err := target(m[0]); err != nil {
			return err
		}
		if s, ok := v.(string); ok && listed(m[0].Value) {
			v = []string{s}
		}
		b.set = append(b.set, setting{m[0].Value, v})
	}
	return nil
}

func listed(name string) bool { return name == "event.category" || name == "event.type" }

// target refuses names that no description may fill.
func target(n *yaml.Node) error {
	name := n.Value
	if name == "" || len(name) > 128 || name == "@timestamp" || name == "vedette" || strings.HasPrefix(name, "vedette.") || strings.ContainsAny(name, " []") {
		return faultf(n, "%q cannot be filled; the time is said by time, the rest are names of ECS", name)
	}
	return nil
}

func (p *documentParser) fields(b *block, n *yaml.Node) error {
	if n == nil {
		return nil
	}
	list, err := members(n)
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := target(m[0]); err != nil {
			return err
		}
		r := rule{to: m[0].Value, convert: byField(m[0].Value)}
		from := m[1]
		if from.Kind == yaml.MappingNode {
			if from, err = p.special(&r, from); err != nil {
				return err
			}
		}
		if r.whole != nil {
			b.rules = append(b.rules, r)
			continue
		}
		names, err := texts(from)
		if err != nil {
			return err
		}
		for _, name := range names {
			s, err := p.d.source(from, name)
			if err != nil {
				return err
			}
			r.from = append(r.from, s)
		}
		b.rules = append(b.rules, r)
	}
	return nil
}

// apply fills what the record's fields say, unless it is filled.
func (b *block) apply(f event.Fields) {
	for i := range b.conditions {
		if !b.conditions[i].holds(f) {
			return
		}
	}
	for i := range b.rules {
		b.rules[i].apply(f)
	}
	for i := range b.set {
		f.SetNew(b.set[i].to, b.set[i].value)
	}
}

func (c *condition) holds(f event.Fields) bool {
	found := false
	switch v := c.of.get(f).(type) {
	case nil:
		found = matches("", c.texts)
	case string:
		found = matches(v, c.texts)
	case []string:
		for _, s := range v {
			found = found || matches(s, c.texts)
		}
	default:
		s, ok := text(v).(string)
		found = matches(s, c.texts) || !ok && slices.Contains(c.texts, "*")
	}
	return found != c.not
}

// matches says whether text is one of the patterns: whole, or with '*' at the
// beginning, the end or both. "" is the absence of a value, "*" any value.
func matches(text string, patterns []string) bool {
	for _, p := range patterns {
		if p == "*" {
			if text != "" {
				return true
			}
			continue
		}
		head, open := strings.CutSuffix(p, "*")
		tail, free := strings.CutPrefix(head, "*")
		switch {
		case open && free && strings.Contains(text, tail), open && !free && strings.HasPrefix(text, head),
			!open && free && strings.HasSuffix(text, tail), text == p:
			return true
		}
	}
	return false
}
