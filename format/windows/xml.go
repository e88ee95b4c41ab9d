package windows

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// maxElements bounds how deep elements of an event may stand in each other.
const maxElements = 16

// xmlHead bounds how far into a record an event's System may begin: after the
// declaration and Event's attributes.
const xmlHead = 1024

// isXML says that a record is an event as Windows renders it, `<Event …><System>…`.
func isXML(head string) bool {
	rest := afterDeclaration(head)
	if !strings.HasPrefix(rest, "<Event") || len(rest) < 8 || !strings.ContainsRune(" >\t\r\n", rune(rest[6])) {
		return false
	}
	return strings.Contains(rest[:min(len(rest), xmlHead)], "<System")
}

// afterDeclaration steps over what may stand before an event: a byte order mark
// and `<?xml …?>`.
func afterDeclaration(s string) string {
	s = strings.TrimLeft(strings.TrimPrefix(s, "\ufeff"), " \t\r\n")
	if !strings.HasPrefix(s, "<?xml") {
		return s
	}
	end := strings.Index(s[:min(len(s), xmlHead)], "?>")
	if end < 0 {
		return s
	}
	return strings.TrimLeft(s[end+2:], " \t\r\n")
}

// element is an open element of an event.
type element struct {
	tag    xml.Name
	name   string // as fromXML takes it
	text   []byte
	parent bool   // of other elements
	marked bool   // by attributes
	data   bool   // one of EventData's Data
	called string // what such a Data is called
}

// xmlReader reads one event in XML into the members that EVTX converted to JSON
// would have.
type xmlReader struct {
	fields event.Fields
	open   []*element
	params []any       // Data without a name, in order
	named  [][2]string // Data with one, which may be anything
	ended  bool
}

func badXML(text string, values ...any) error { return format.Faultf("bad-xml", text, values...) }

// decodeXML reads a record for which isXML holds.
func (d *decoder) decodeXML(record string) (event.Fields, error) {
	r := &xmlReader{fields: event.Fields{}}
	tokens := xml.NewDecoder(strings.NewReader(legible(afterDeclaration(record))))
	for {
		t, err := tokens.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, badXML("the event is not XML: %v", err)
		}
		if err := r.token(t); err != nil {
			return nil, err
		}
	}
	if !r.ended {
		return nil, badXML("the event does not end")
	}
	if len(r.params) > 0 {
		r.fields["EventData.Data"] = r.params
	}
	d.fromXML(r.fields)
	for _, m := range r.named {
		if len(m[0]) <= format.MaxName {
			add(r.fields, data+m[0], m[1])
		}
	}
	for _, name := range numbers {
		if s, ok := r.fields[name].(string); ok {
			if n, err := strconv.ParseInt(s, 10, 64); err == nil {
				r.fields[name] = n
			}
		}
	}
	return r.fields, nil
}

// numbers are the fields of the header that converters to JSON write as numbers.
var numbers = [...]string{
	"winlog.event_id", "winlog.qualifiers", "winlog.record_id", "winlog.level_id", "winlog.opcode_id", "winlog.task_id",
	"winlog.version", "winlog.process.pid", "winlog.process.thread.id",
}

var errTooMany = badXML("the event has more than %d fields", format.MaxFields)

func (r *xmlReader) full() bool {
	return len(r.fields)+len(r.params)+len(r.named) > format.MaxFields
}

func (r *xmlReader) token(t xml.Token) error {
	if r.full() {
		return errTooMany
	}
	switch t := t.(type) {
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		return r.end(t)
	case xml.CharData:
		if len(r.open) > 0 {
			e := r.open[len(r.open)-1]
			e.text = append(e.text, t...)
		} else if strings.TrimSpace(string(t)) != "" {
			return badXML("there is text beside the event")
		}
	case xml.Directive:
		return badXML("an event has no document type")
	}
	return nil
}

func (r *xmlReader) start(t xml.StartElement) error {
	if r.ended {
		return badXML("there is more than one event in the record")
	}
	if len(r.open) == maxElements {
		return badXML("elements stand more than %d deep", maxElements)
	}
	e := &element{tag: t.Name}
	if n := len(r.open); n > 0 {
		r.open[n-1].parent = true
		e.name = under(r.open[n-1].name, t.Name.Local)
	}
	r.open = append(r.open, e)
	e.data = len(r.open) == 3 && e.name == "EventData.Data"
	if e.data {
		e.called = nameOf(t.Attr)
	}
	for _, a := range t.Attr {
		if r.full() {
			return errTooMany
		}
		name := a.Name.Local
		if a.Name.Space != "" {
			name = a.Name.Space + ":" + name
		}
		switch {
		case e.data && name == "Name":
		case e.data && e.called != "":
			r.named = append(r.named, [2]string{e.called + "." + name, a.Value})
		default:
			name = under(e.name, "@"+name)
			if len(name) > format.MaxName {
				return badXML("a name has more than %d bytes", format.MaxName)
			}
			e.marked = true
			add(r.fields, name, a.Value)
		}
	}
	if len(e.name) > format.MaxName {
		return badXML("a name has more than %d bytes", format.MaxName)
	}
	return nil
}

// nameOf returns the attribute Name; a longer one than fields may have is none.
func nameOf(attributes []xml.Attr) string {
	for _, a := range attributes {
		if a.Name.Local == "Name" && a.Name.Space == "" && len(a.Value) <= format.MaxName {
			return a.Value
		}
	}
	return ""
}

func (r *xmlReader) end(t xml.EndElement) error {
	n := len(r.open) - 1
	if n < 0 || r.open[n].tag != t.Name {
		return badXML("</%.64s> ends what is not open", t.Name.Local)
	}
	e := r.open[n]
	r.open, r.ended = r.open[:n], n == 0
	text := string(e.text)
	if e.parent && strings.TrimSpace(text) == "" {
		text = "" // between its elements
	}
	switch {
	case e.data && e.called != "":
		if text != "" {
			r.named = append(r.named, [2]string{e.called, text})
		}
	case e.data && text == "":
		r.params = append(r.params, nil)
	case e.data:
		r.params = append(r.params, text)
	case text == "":
	case e.parent || e.marked:
		add(r.fields, under(e.name, "#text"), text)
	default:
		add(r.fields, e.name, text)
	}
	return nil
}

func under(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// add sets a field; what has one already becomes a list.
func add(f event.Fields, name, value string) {
	switch v := f[name].(type) {
	case nil:
		f[name] = value
	case string:
		f[name] = []string{v, value}
	case []string:
		f[name] = append(v, value)
	}
}

// legible replaces what XML must not hold and Windows writes all the same, control
// characters in a command line for example: one of them would hide the event.
func legible(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if strings.ContainsFunc(s, illegal) {
		s = strings.Map(func(r rune) rune {
			if illegal(r) {
				return utf8.RuneError
			}
			return r
		}, s)
	}
	if !strings.Contains(s, "&#") {
		return s
	}
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "&#")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		number, after, ended := strings.Cut(rest[:min(len(rest), 12)], ";")
		base := 10
		if strings.HasPrefix(number, "x") {
			number, base = number[1:], 16
		}
		n, err := strconv.ParseUint(number, base, 32)
		if !ended || err != nil || n <= utf8.MaxRune && !illegal(rune(n)) {
			out.WriteString("&#")
			s = rest
			continue
		}
		out.WriteRune(utf8.RuneError)
		s = rest[len(rest[:min(len(rest), 12)])-len(after):]
	}
}

// illegal is what XML 1.0 does not count among its characters.
func illegal(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0xd800 && r < 0xe000 || r == 0xfffe || r == 0xffff
}
