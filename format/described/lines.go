package described

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/format"
)

// linesCut tries patterns in order; the first that fits cuts the line, and what
// stands beside it in the description counts before all else.
type linesCut struct{ alternatives []alternative }

type alternative struct {
	likes []like
	re    *regexp.Regexp
	block block
}

const maxAlternatives = 512

func (p *documentParser) lines(n *yaml.Node) (linesCut, error) {
	var c linesCut
	if n == nil {
		return c, faultf(p.root, "lines is missing: the patterns of the lines")
	}
	for _, item := range items(n) {
		a, err := p.alternative(item)
		if err != nil {
			return c, err
		}
		c.alternatives = append(c.alternatives, a)
	}
	if len(c.alternatives) > maxAlternatives {
		return c, faultf(n, "more than %d patterns", maxAlternatives)
	}
	return c, nil
}

func (p *documentParser) alternative(n *yaml.Node) (alternative, error) {
	var a alternative
	if n.Kind == yaml.ScalarNode {
		return a, a.addLikes(n)
	}
	list, err := members(n, "like", "pattern", "set", "fields")
	if err != nil {
		return a, err
	}
	for _, m := range list {
		switch m[0].Value {
		case "like":
			err = a.addLikes(m[1])
		case "pattern":
			var text string
			if text, err = scalar(m[1]); err == nil {
				a.re, err = expression(m[1], text)
			}
		case "set":
			err = p.settings(&a.block, m[1])
		case "fields":
			err = p.fields(&a.block, m[1])
		}
		if err != nil {
			return a, err
		}
	}
	if a.re == nil && len(a.likes) == 0 {
		return a, faultf(n, "a line needs like or pattern")
	}
	return a, nil
}

func (a *alternative) addLikes(n *yaml.Node) error {
	for _, item := range items(n) {
		text, err := scalar(item)
		if err != nil {
			return err
		}
		l, problem := compileLike(text)
		if problem != "" {
			return faultf(item, "%s", problem)
		}
		a.likes = append(a.likes, l)
	}
	return nil
}

func (c linesCut) cut(r *decoder, record string) (bool, error) {
	r.begin(record)
	c.cutText(r, record)
	return true, nil
}

func (c *linesCut) cutText(r *decoder, text string) {
	for i := range c.alternatives {
		if a := &c.alternatives[i]; a.fits(r, text) {
			r.chosen = append(r.chosen, &a.block)
			return
		}
	}
}

func (a *alternative) fits(r *decoder, text string) bool {
	for i := range a.likes {
		if l := &a.likes[i]; strings.HasPrefix(text, l.start) && r.like(l, text) {
			return true
		}
	}
	if a.re == nil {
		return false
	}
	found := a.re.FindStringSubmatch(text)
	for i, name := range a.re.SubexpNames() {
		if found != nil && name != "" {
			r.put(name, found[i])
		}
	}
	return found != nil
}

func (r *decoder) like(l *like, text string) bool {
	var m match
	if !l.match(text, &m) {
		return false
	}
	r.captured(l, &m)
	return true
}

// captured puts the parts where they belong; "@pairs", "@colons" and "@json" are read on.
func (r *decoder) captured(l *like, m *match) {
	for i := range l.parts {
		c := &l.parts[i]
		switch value := m.values[i]; c.name {
		case "":
		case "@pairs":
			pairsCut{' ', '='}.read(value, r.put)
		case "@colons":
			pairsCut{',', ':'}.read(value, r.put)
		case "@json":
			if fields, err := format.NewScanner(r.d.scan).Object(value); err == nil {
				for k, v := range fields {
					r.fields.SetNew(k, v)
				}
			}
		default:
			r.put(c.name, value)
		}
	}
}
