package org

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// rewrite puts what p has beyond was into file, the profile that was is read from.
// Comments and order of what a person wrote stay as they are.
func rewrite(file []byte, was, p Profile) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(file, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 { // an empty profile
		doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}}
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("the profile is no mapping")
	}
	for _, part := range []func() error{
		func() error { return rewriteValue(root, "name", was.Name, p.Name) },
		func() error { return rewriteValue(root, "sectors", was.Sectors, p.Sectors) },
		func() error { return rewriteValue(root, "countries", was.Countries, p.Countries) },
		func() error { return rewriteValue(root, "domains", was.Domains, p.Domains) },
		func() error { return rewriteList(root, "networks", was.Networks, p.Networks) },
		func() error { return rewriteList(root, "assets", was.Assets, p.Assets) },
		func() error { return rewriteList(root, "technologies", was.Technologies, p.Technologies) },
		func() error { return rewriteList(root, "people", was.People, p.People) },
		func() error { return rewriteList(root, "brands", was.Brands, p.Brands) },
		func() error { return rewriteValue(root, "money", was.Money, p.Money) },
	} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}

// rewriteList brings the list under a key from was to is: elements change or are
// added, none goes.
func rewriteList[T any](root *yaml.Node, key string, was, is []T) error {
	list := member(root, key)
	for i, v := range is {
		after, err := encode(v)
		if err != nil {
			return err
		}
		if i >= len(was) {
			if list == nil || list.Kind != yaml.SequenceNode {
				list = setMember(root, key, &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"})
			}
			list.Style = 0
			list.Content = append(list.Content, withoutEmpty(after))
			continue
		}
		before, err := encode(was[i])
		if err != nil {
			return err
		}
		if list == nil || i >= len(list.Content) || list.Content[i].Kind != yaml.MappingNode {
			continue
		}
		for j := 0; j+1 < len(after.Content); j += 2 {
			name := after.Content[j].Value
			if old := member(before, name); old == nil || !equal(old, after.Content[j+1]) {
				setMember(list.Content[i], name, after.Content[j+1])
			}
		}
	}
	return nil
}

// rewriteValue brings a whole value from was to is. An equal one is not touched.
func rewriteValue(root *yaml.Node, key string, was, is any) error {
	before, err := encode(was)
	if err != nil {
		return err
	}
	after, err := encode(is)
	if err != nil || equal(before, after) {
		return err
	}
	if after.Kind == yaml.SequenceNode {
		after.Style = yaml.FlowStyle
	}
	setMember(root, key, after)
	return nil
}

func encode(v any) (*yaml.Node, error) {
	var n yaml.Node
	err := n.Encode(v)
	return &n, err
}

func member(m *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == name {
			return m.Content[i+1]
		}
	}
	return nil
}

// setMember sets a member and returns it. A comment beside the old value stays.
func setMember(m *yaml.Node, name string, v *yaml.Node) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == name {
			v.LineComment, v.HeadComment, v.FootComment = m.Content[i+1].LineComment, m.Content[i+1].HeadComment, m.Content[i+1].FootComment
			m.Content[i+1] = v
			return v
		}
	}
	m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, v)
	return v
}

func equal(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !equal(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// withoutEmpty leaves out members that say nothing.
func withoutEmpty(m *yaml.Node) *yaml.Node {
	var kept []*yaml.Node
	for i := 0; i+1 < len(m.Content); i += 2 {
		v := m.Content[i+1]
		if v.Kind == yaml.ScalarNode && (v.Value == "" || v.Value == "false" || v.Tag == "!!null") || v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
			continue
		}
		kept = append(kept, m.Content[i], v)
	}
	m.Content = kept
	return m
}
