package org

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// records calls fn for each record of a file: of a list, of a list that is a member
// under one of these names, or of one object after the other.
func records(file []byte, members []string, fn func(node)) error {
	dec := json.NewDecoder(bytes.NewReader(file))
	for {
		var raw json.RawMessage
		switch err := dec.Decode(&raw); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		list := raw
		if bytes.HasPrefix(raw, []byte("{")) {
			var whole map[string]json.RawMessage
			if err := json.Unmarshal(raw, &whole); err != nil {
				return err
			}
			i := slices.IndexFunc(members, func(m string) bool { return whole[m] != nil })
			if i < 0 {
				if err := one(raw, fn); err != nil {
					return err
				}
				continue
			}
			list = whole[members[i]]
		}
		if !bytes.HasPrefix(list, []byte("[")) {
			return fmt.Errorf("there is no list of resources")
		}
		in := json.NewDecoder(bytes.NewReader(list))
		if _, err := in.Token(); err != nil {
			return err
		}
		for in.More() {
			var item json.RawMessage
			if err := in.Decode(&item); err != nil {
				return err
			}
			if err := one(item, fn); err != nil {
				return err
			}
		}
	}
}

// one decodes a record; AWS writes some as a text that holds one.
func one(raw json.RawMessage, fn func(node)) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		raw = json.RawMessage(text)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	fn(node{v})
	return nil
}

// node is a piece of JSON of which nothing is sure.
type node struct{ v any }

// at follows member names, in any case.
func (n node) at(names ...string) node {
	for _, name := range names {
		if text, ok := n.v.(string); ok && strings.HasPrefix(text, "{") {
			var inner any
			if json.Unmarshal([]byte(text), &inner) != nil {
				return node{}
			}
			n = node{inner}
		}
		m, _ := n.v.(map[string]any)
		v, ok := m[name]
		if !ok {
			for k, other := range m {
				if strings.EqualFold(k, name) {
					v = other
				}
			}
		}
		n = node{v}
	}
	return n
}

func (n node) text(names ...string) string {
	s, _ := n.at(names...).v.(string)
	return strings.TrimSpace(s)
}

func (n node) is(names ...string) bool {
	b, _ := n.at(names...).v.(bool)
	return b
}

func (n node) list(names ...string) []node {
	l, _ := n.at(names...).v.([]any)
	out := make([]node, len(l))
	for i, v := range l {
		out[i] = node{v}
	}
	return out
}

// tags are names with values: an object, or a list of pairs.
func (n node) tags(names ...string) map[string]string {
	out := map[string]string{}
	at := n.at(names...)
	if m, ok := at.v.(map[string]any); ok {
		for k, v := range m {
			if s, ok := v.(string); ok {
				out[k] = s
			}
		}
	}
	for _, pair := range at.list() {
		if k := cmp.Or(pair.text("key"), pair.text("tagName")); k != "" {
			out[k] = cmp.Or(pair.text("value"), pair.text("tagValue"))
		}
	}
	return out
}
