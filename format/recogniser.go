package format

import (
	"fmt"
	"strings"
)

const (
	certain = 100 // the score at which no other format is asked
	sure    = 90  // of a sign of JSON objects: formats without signs are not asked
)

// Recogniser knows a list of formats, the one of documents that a search returned,
// which hold a record of another, "elasticsearch", and the three that read everything
// else: "syslog", "json" and "text". It is immutable and safe for concurrent use.
type Recogniser struct {
	formats []Format
	asked   []int // the formats that have a Recognise
	signs   *signIndex
	names   map[string]int
	hit     int // asked before all others, which would take it for what it holds
	syslog  int // indices of the formats that take what is left
	text    int
}

// NewRecogniser returns a recogniser of these formats. Order decides between
// equal scores: the first wins.
func NewRecogniser(formats ...Format) *Recogniser {
	r := &Recogniser{}
	r.formats = append(r.formats, formats...)
	r.hit = len(r.formats)
	r.formats = append(r.formats, hitFormat(), syslogFormat(), jsonFormat(), textFormat())
	for i := range r.formats {
		if r.formats[i].Recognise != nil {
			r.asked = append(r.asked, i)
		}
	}
	r.signs = newSignIndex(r.formats)
	r.text = len(r.formats) - 1
	r.syslog = r.text - 2
	r.names = make(map[string]int, len(r.formats))
	for i := len(r.formats) - 1; i >= 0; i-- {
		r.names[r.formats[i].Name] = i
	}
	return r
}

// Bases returns the formats that are laid like another, by name.
func (r *Recogniser) Bases() map[string]string {
	out := map[string]string{}
	for _, f := range r.formats {
		if f.Base != "" {
			out[f.Name] = f.Base
		}
	}
	return out
}

// Names lists the formats in order.
func (r *Recogniser) Names() []string {
	names := make([]string, len(r.formats))
	for i, f := range r.formats {
		names[i] = f.Name
	}
	return names
}

// Recognise returns the name of the format that a record, or the beginning of
// one, has. What nothing else claims is "json" when it begins like an object,
// "syslog" when it has such a header, else "text".
func (r *Recogniser) Recognise(head []byte) string {
	var c Carried
	i, _ := r.find(string(head), -1, &c)
	return r.formats[i].Name
}

// RecogniseAfter is Recognise for a record that follows one of the format last, ""
// = none: what is certainly of that format too needs no look at the others.
func (r *Recogniser) RecogniseAfter(last string, head []byte) string {
	before, ok := r.names[last]
	if !ok {
		before = -1
	}
	var c Carried
	i, _ := r.find(string(head), before, &c)
	return r.formats[i].Name
}

// part says which part of a record its format reads.
type part uint8

const (
	whole    part = iota
	bodyPart      // Carried.Body
	linePart      // Carried.Line
)

// least is the score from which a line is no mere text.
const least = 3

// find recognises a record, alone or as what syslog carries.
func (r *Recogniser) find(head string, last int, c *Carried) (int, part) {
	if head != "" && head[0] == '{' {
		return r.best(head, last), whole
	}
	var may signSet // have the record, or what it carries
	r.signs.lines.may(head, &may)
	carried, ok := Carry(head)
	if ok {
		if i, p := r.inside(&carried, &may); i != r.syslog {
			*c = carried
			return i, p
		}
	}
	i, score := r.score(head, last, &may)
	if score >= least || !ok {
		return i, whole
	}
	if carried.Stream != "" { // no syslog
		*c = carried
		return r.text, bodyPart
	}
	*c = carried
	return r.syslog, bodyPart
}

// inside recognises what a syslog message carries: by the line with the tag,
// which may be no tag at all, by the program, and by the line without the tag.
func (r *Recogniser) inside(c *Carried, may *signSet) (int, part) {
	line, lineScore := r.signs.lines.find(c.Line, may)
	named, namedScore := r.signs.program(c.Program, c.Body)
	if len(c.Body) != len(c.Line) {
		if i, score := r.signs.lines.find(c.Body, may); i >= 0 && score > namedScore && score >= lineScore {
			return i, bodyPart
		}
	}
	if line >= 0 && lineScore >= namedScore {
		return line, linePart
	}
	if named >= 0 {
		return named, bodyPart
	}
	if strings.HasPrefix(c.Body, "{") {
		if i := r.best(c.Body, -1); i != r.text {
			return i, bodyPart
		}
	}
	return r.syslog, bodyPart
}

// best recognises what begins like an object.
func (r *Recogniser) best(head string, last int) int {
	i, _ := r.score(head, last, nil)
	return i
}

// score asks the format that read the record before first, because its certain
// answer settles it. may are the signs that a line may have.
func (r *Recogniser) score(head string, last int, may *signSet) (int, int) {
	if isHit(head) {
		return r.hit, certain
	}
	if last >= 0 {
		if f := &r.formats[last]; f.Recognise != nil && f.Recognise(head) >= certain {
			return last, certain
		}
	}
	signed, n := -1, 0
	if head != "" && head[0] == '{' {
		if signed, n = r.signs.object(head); n >= sure {
			return signed, n
		}
	}
	best, score := r.text, 0
	for _, i := range r.asked {
		n := r.formats[i].Recognise(head)
		if n > score {
			best, score = i, n
		}
		if n >= certain {
			return best, score
		}
	}
	if head == "" || head[0] != '{' {
		signed, n = r.signs.lines.find(head, may)
	}
	if signed >= 0 && n > score {
		return signed, n
	}
	return best, score
}

func (r *Recogniser) index(name string) (int, error) {
	if i, ok := r.names[name]; ok {
		return i, nil
	}
	return 0, fmt.Errorf("format %q is not one of %s", name, strings.Join(r.Names(), ", "))
}
