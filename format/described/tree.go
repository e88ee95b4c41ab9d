package described

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxFile  = 1 << 20
	maxDepth = 16
	maxNodes = 200_000
)

// fault is a problem at a line.
type fault struct {
	line int
	text string
}

func (f *fault) Error() string { return f.text }

func faultf(n *yaml.Node, text string, args ...any) error {
	line := 1
	if n != nil {
		line = n.Line
	}
	return &fault{line, fmt.Sprintf(text, args...)}
}

// resolve replaces aliases by what they stand for, within bounds.
func resolve(n *yaml.Node, depth int, left *int) (*yaml.Node, error) {
	if *left--; *left < 0 {
		return nil, faultf(n, "more than %d values; write less, or split the file", maxNodes)
	}
	if depth > maxDepth {
		return nil, faultf(n, "nested deeper than %d", maxDepth)
	}
	if n.Kind == yaml.AliasNode {
		return resolve(n.Alias, depth+1, left)
	}
	out := *n
	out.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		r, err := resolve(c, depth+1, left)
		if err != nil {
			return nil, err
		}
		out.Content[i] = r
	}
	return &out, nil
}

// pairs returns the members of a mapping, all of whose keys must be allowed;
// nil allows all.
func members(n *yaml.Node, allowed ...string) ([][2]*yaml.Node, error) {
	if n.Kind != yaml.MappingNode {
		return nil, faultf(n, "a mapping of names to values is expected here")
	}
	out := make([][2]*yaml.Node, 0, len(n.Content)/2)
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if len(allowed) > 0 && !slices.Contains(allowed, key.Value) {
			return nil, faultf(key, "the key %q is not one of %s", key.Value, strings.Join(allowed, ", "))
		}
		if seen[key.Value] {
			return nil, faultf(key, "the key %q stands here twice", key.Value)
		}
		seen[key.Value] = true
		out = append(out, [2]*yaml.Node{key, n.Content[i+1]})
	}
	return out, nil
}

func scalar(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", faultf(n, "one text is expected here")
	}
	return n.Value, nil
}

// texts reads a text or a list of texts.
func texts(n *yaml.Node) ([]string, error) {
	if n.Kind != yaml.SequenceNode {
		s, err := scalar(n)
		return []string{s}, err
	}
	out := make([]string, len(n.Content))
	for i, c := range n.Content {
		s, err := scalar(c)
		if err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

// items reads a list, or one thing as a list of one.
func items(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.SequenceNode {
		return n.Content
	}
	return []*yaml.Node{n}
}

// constant reads what a field is set to: text, number, truth, or a list of texts.
func constant(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.SequenceNode:
		return texts(n)
	case yaml.ScalarNode:
		switch n.Tag {
		case "!!int":
			var v int64
			if err := n.Decode(&v); err != nil {
				return nil, faultf(n, "%q is no whole number of 64 bits", n.Value)
			}
			return v, nil
		case "!!bool":
			return n.Value == "true", nil
		case "!!null":
			return nil, faultf(n, "a value is expected here")
		}
		return n.Value, nil
	}
	return nil, faultf(n, "a text, a number or a list of texts is expected here")
}
