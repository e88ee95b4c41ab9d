package described

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/event"
)

// template makes one text of several fields: "%{scheme}://%{host}%{path}". It
// makes nothing when one of them has no value.
type template struct {
	start string
	parts []templatePart
}

type templatePart struct {
	of    source
	after string
}

func (p *documentParser) template(n *yaml.Node) (*template, error) {
	text, err := scalar(n)
	if err != nil {
		return nil, err
	}
	var t template
	start, rest, more := strings.Cut(text, "%{")
	t.start = start
	for more {
		name, after, ok := strings.Cut(rest, "}")
		if !ok || len(t.parts) == maxParts {
			return nil, faultf(n, "%q: a %%{ does not end, or there are more than %d", text, maxParts)
		}
		var part templatePart
		if part.of, err = p.d.source(n, name); err != nil {
			return nil, err
		}
		part.after, rest, more = strings.Cut(after, "%{")
		t.parts = append(t.parts, part)
	}
	if len(t.parts) == 0 {
		return nil, faultf(n, "%q names no field; to set a field use set", text)
	}
	return &t, nil
}

func (t *template) fill(f event.Fields) any {
	var b strings.Builder
	b.WriteString(t.start)
	for i := range t.parts {
		s, _ := text(t.parts[i].of.get(f)).(string)
		if s == "" || s == "-" {
			return nil
		}
		b.WriteString(s)
		b.WriteString(t.parts[i].after)
	}
	return b.String()
}
