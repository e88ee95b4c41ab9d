package format

import "strings"

func (x *signIndex) compile(format int, s *Sign) objectSign {
	o := objectSign{format: format, score: s.Score}
	for _, k := range s.Keys {
		o.needs = append(o.needs, x.key(k))
	}
	for _, v := range s.Values {
		n := x.node(v.Key)
		key := x.next()
		n.tests = append(n.tests, signTest{key, v.Texts})
		o.needs = append(o.needs, key)
	}
	for _, group := range s.Any {
		var keys []int
		for _, k := range group {
			keys = append(keys, x.key(k))
		}
		o.any = append(o.any, keys)
	}
	for _, k := range s.Never {
		o.never = append(o.never, x.key(k))
	}
	return o
}

func (x *signIndex) next() int {
	x.keys++
	return x.keys - 1
}

func (x *signIndex) key(name string) int {
	n := x.node(name)
	if n.key < 0 {
		n.key = x.next()
	}
	return n.key
}

// node returns the node of a dotted name, which also stands for one member that is called so.
func (x *signIndex) node(name string) *signNode {
	if n := x.root.children[name]; n != nil {
		return n
	}
	n := x.root
	for part := range strings.SplitSeq(name, ".") {
		c := n.children[part]
		if c == nil {
			c = &signNode{key: -1}
			if n.children == nil {
				n.children = map[string]*signNode{}
			}
			n.children[part] = c
		}
		n = c
	}
	x.root.children[name] = n
	return n
}
