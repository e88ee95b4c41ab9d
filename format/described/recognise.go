package described

import (
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/format"
)

var signKeys = []string{"keys", "any", "never", "values", "program", "starts", "first", "contains", "pattern", "score"}

// recognition reads the signs. A format without any is only read where it is
// declared.
func (p *documentParser) recognition() error {
	n := p.nodes["recognise"]
	if n == nil {
		return nil
	}
	for _, item := range items(n) {
		s, err := p.sign(item)
		if err != nil {
			return err
		}
		p.d.signs = append(p.d.signs, s)
	}
	return nil
}

func (p *documentParser) sign(n *yaml.Node) (format.Sign, error) {
	s := format.Sign{Score: 85}
	list, err := members(n, signKeys...)
	if err != nil {
		return s, err
	}
	for _, m := range list {
		if err := p.signPart(&s, m[0].Value, m[1]); err != nil {
			return s, err
		}
	}
	object := len(s.Keys)+len(s.Any)+len(s.Values) > 0
	line := len(s.Programs)+len(s.Starts)+len(s.Contains) > 0 || s.Match != nil
	switch {
	case !object && !line:
		return s, faultf(n, "recognise: nothing by which a record could be told; give keys, starts, program, contains or pattern")
	case object && line:
		return s, faultf(n, "recognise: keys, any and values are for JSON, the others for lines; make them two items of a list")
	case object && len(s.Keys)+len(s.Values) == 0:
		return s, faultf(n, "recognise: any needs keys or values beside it")
	}
	return s, nil
}

func (p *documentParser) signPart(s *format.Sign, key string, n *yaml.Node) error {
	var err error
	switch key {
	case "keys":
		s.Keys, err = texts(n)
	case "never":
		s.Never, err = texts(n)
	case "program":
		s.Programs, err = texts(n)
	case "starts":
		s.Starts, err = texts(n)
	case "first":
		s.First, err = scalar(n)
	case "contains":
		s.Contains, err = texts(n)
	case "any":
		if n.Kind == yaml.SequenceNode && len(n.Content) > 0 && n.Content[0].Kind == yaml.SequenceNode {
			for _, group := range n.Content {
				list, err := texts(group)
				if err != nil {
					return err
				}
				s.Any = append(s.Any, list)
			}
			return nil
		}
		var list []string
		list, err = texts(n)
		s.Any = [][]string{list}
	case "values":
		list, err := members(n)
		if err != nil {
			return err
		}
		for _, m := range list {
			v, err := texts(m[1])
			if err != nil {
				return err
			}
			s.Values = append(s.Values, format.Value{Key: m[0].Value, Texts: v})
		}
	case "pattern":
		text, err := scalar(n)
		if err != nil {
			return err
		}
		re, err := expression(n, text)
		if err != nil {
			return err
		}
		s.Match = re.MatchString
	case "score":
		text, _ := scalar(n)
		if s.Score, err = strconv.Atoi(text); err != nil || s.Score < 3 || s.Score > 99 {
			return faultf(n, "score: %q is no number from 3 to 99", text)
		}
	}
	return err
}

// maxExpression bounds the text of a regular expression.
const maxExpression = 4096

func expression(n *yaml.Node, text string) (*regexp.Regexp, error) {
	if len(text) > maxExpression {
		return nil, faultf(n, "an expression longer than %d bytes", maxExpression)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, faultf(n, "%v; expressions are those of RE2, without look-around and back references", err)
	}
	return re, nil
}
