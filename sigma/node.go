package sigma

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

type nodeKind uint8

const (
	scalar nodeKind = iota
	list
	mapping
)

func (k nodeKind) String() string { return [...]string{"single value", "list", "mapping"}[k] }

// node is a YAML node without aliases, merges and duplicate keys: a tree whose
// size is known to be bounded.
type node struct {
	kind  nodeKind
	tag   string // of a scalar: "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp"
	text  string
	line  int
	items []*node
	pairs []pair
}

type pair struct {
	key   string
	line  int
	value *node
}

// tree copies a YAML node, following aliases. Every copy counts, so that a
// document that multiplies itself through aliases ends at the limit.
func (p *parser) tree(n *yaml.Node, depth int) (*node, error) {
	if p.nodes++; p.nodes > maxNodes {
		return nil, faultf(n.Line, "more than %d YAML nodes, aliases counted each time: split the file or write out less", maxNodes)
	}
	if depth > maxDepth {
		return nil, faultf(n.Line, "nested deeper than %d", maxDepth)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return nil, nil
		}
		return p.tree(n.Content[0], depth)
	case yaml.AliasNode:
		return p.tree(n.Alias, depth+1)
	case yaml.SequenceNode:
		out := &node{kind: list, line: n.Line}
		for _, c := range n.Content {
			item, err := p.tree(c, depth+1)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, item)
		}
		return out, nil
	case yaml.MappingNode:
		return p.mapping(n, depth)
	case yaml.ScalarNode:
		return &node{tag: n.ShortTag(), text: n.Value, line: n.Line}, nil
	}
	return nil, nil
}

func (p *parser) mapping(n *yaml.Node, depth int) (*node, error) {
	out := &node{kind: mapping, line: n.Line}
	seen := map[string]bool{}
	var inherited []*node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := p.tree(n.Content[i], depth+1)
		if err != nil {
			return nil, err
		}
		value, err := p.tree(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if key == nil || key.kind != scalar {
			return nil, faultf(n.Content[i].Line, "a key must be a single value")
		}
		if key.tag == "!!merge" {
			inherited = append(inherited, value)
			continue
		}
		if seen[key.text] {
			return nil, faultf(key.line, "the key %q stands here twice; the first would be lost: join the two", key.text)
		}
		seen[key.text] = true
		if out.pairs = append(out.pairs, pair{key.text, key.line, value}); len(out.pairs) > maxKeys {
			return nil, faultf(key.line, "more than %d keys in one mapping", maxKeys)
		}
	}
	for _, from := range inherited {
		for _, m := range append([]*node{from}, from.items...) {
			for _, q := range m.pairs {
				if !seen[q.key] {
					seen[q.key] = true
					out.pairs = append(out.pairs, q)
				}
			}
		}
	}
	return out, nil
}

// get returns the value of a key, nil when there is none.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// take returns the value of a key and removes it.
func (n *node) take(key string) *node {
	for i, p := range n.pairs {
		if p.key == key {
			n.pairs = append(append([]pair{}, n.pairs[:i]...), n.pairs[i+1:]...)
			return p.value
		}
	}
	return nil
}

// scalar returns the text of a key's single value, "" when there is none.
func (n *node) scalar(key string) string {
	if v := n.get(key); v != nil && v.kind == scalar && v.tag != "!!null" {
		return v.text
	}
	return ""
}

// strings returns the texts of a key's list; a single value is a list of one.
func (n *node) strings(key string) []string {
	v := n.get(key)
	if v == nil {
		return nil
	}
	if v.kind == scalar {
		if v.tag == "!!null" || v.text == "" {
			return nil
		}
		return []string{v.text}
	}
	var out []string
	for _, item := range v.items {
		if item != nil && item.kind == scalar && item.tag != "!!null" {
			out = append(out, item.text)
		}
	}
	return out
}

// merge returns over laid upon under: mappings are joined, anything else in over
// wins.
func merge(under, over *node) *node {
	if under == nil || under.kind != mapping || over == nil || over.kind != mapping {
		return over
	}
	out := &node{kind: mapping, line: over.line}
	for _, p := range under.pairs {
		if v := over.get(p.key); v != nil {
			p.value = merge(p.value, v)
		}
		out.pairs = append(out.pairs, p)
	}
	for _, p := range over.pairs {
		if under.get(p.key) == nil {
			out.pairs = append(out.pairs, p)
		}
	}
	return out
}

// plain returns the node as encoding/json would decode it, whole numbers as int64.
func (n *node) plain() any {
	if n == nil {
		return nil
	}
	switch n.kind {
	case list:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = item.plain()
		}
		return out
	case mapping:
		out := make(map[string]any, len(n.pairs))
		for _, p := range n.pairs {
			out[p.key] = p.value.plain()
		}
		return out
	}
	switch n.tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.text, "true")
	case "!!int":
		if i, err := strconv.ParseInt(n.text, 0, 64); err == nil {
			return i
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.text, 64); err == nil {
			return f
		}
	}
	return n.text
}
