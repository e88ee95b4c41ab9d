package described

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// decoder reads the records of one stream as a description says.
type decoder struct {
	d      *Description
	scan   *format.Scanner // of JSON records
	inner  map[string]*format.Scanner
	header string   // of a table, as it arrived
	names  []string // its columns, with the prefix
	commas bool     // part its columns, not spaces

	known  []ownName        // names of the record's own fields, as met
	keys   map[string]int32 // the same by name: the place in known
	next   int              // the place in known of the name that is likely to come next
	width  int              // fields that the last records had
	fields event.Fields     // of the record being read
	chosen []*block         // what the lines say that fitted

	of    *format.Brief
	brief *decoder // for of; nil = it cannot leave anything out
}

func (d *Description) decoder() *decoder {
	r := &decoder{d: d}
	if _, ok := d.cut.(jsonCut); ok {
		r.scan = format.NewScanner(d.scan)
		if d.wants != nil {
			r.scan = format.NewBriefScanner(d.scan, d.wants)
		}
	}
	return r
}

func (r *decoder) resume(context string) error {
	return r.d.cut.(headed).head(r, context)
}

// Context returns the header of a table.
func (r *decoder) Context() []byte {
	if r.header == "" {
		return nil
	}
	return []byte(r.header)
}

func (r *decoder) Decode(record string) (event.Event, bool, error) {
	return r.DecodeCarried(record, &format.Carried{Priority: -1})
}

func (r *decoder) DecodeCarried(record string, c *format.Carried) (event.Event, bool, error) {
	if !utf8.ValidString(record) {
		record = strings.ToValidUTF8(record, "\ufffd")
	}
	r.fields, r.chosen = nil, r.chosen[:0]
	ok, err := r.d.cut.cut(r, record)
	if err != nil || !ok {
		r.fields = nil
		return event.Event{}, false, err
	}
	f := r.fields
	r.fields = nil
	f.SetNew("log.syslog.appname", c.Program)
	f.SetNew("log.syslog.hostname", c.Host)
	f.SetNew("log.syslog.msgid", c.MsgID)
	f.SetNew("log.syslog.structured_data", c.Data)
	r.deeper(f)
	for _, b := range r.chosen {
		b.apply(f)
	}
	for i := range r.d.blocks {
		r.d.blocks[i].apply(f)
	}
	f.SetNew("event.kind", "event")
	f.SetNew("event.module", r.d.Name)
	f.SetNew("url.domain", format.URLHost(f.String("url.full")))
	r.width = min(max(len(f), r.width-r.width/8), maxWidth)
	ev := event.Event{Fields: f}
	ev.Time = r.d.time(f, c.Arrival)
	return ev, true, nil
}

// deeper reads what is packed inside of fields.
func (r *decoder) deeper(f event.Fields) {
	for _, name := range r.d.unpack {
		s, ok := f[name].(string)
		if !ok || len(s) < 2 || s[0] != '{' {
			continue
		}
		scan := r.inner[name]
		if scan == nil {
			scan = format.NewScanner(name)
			if r.inner == nil {
				r.inner = map[string]*format.Scanner{}
			}
			r.inner[name] = scan
		}
		if more, err := scan.Object(s); err == nil {
			for k, v := range more {
				f.SetNew(k, v)
			}
		}
	}
	for i := range r.d.split {
		s := &r.d.split[i]
		if text, ok := s.of.get(f).(string); ok {
			r.fields = f
			s.lines.cutText(r, text)
			r.fields = nil
		}
	}
}

// put sets one of the record's own fields.
func (r *decoder) put(name, value string) {
	if value == "" || len(name) > maxName || len(r.fields) >= format.MaxFields {
		return
	}
	if key := r.key(name); key != "" {
		r.fields[key] = value
	}
}

// ownName is the name of one of the record's own fields, and that with the prefix, "" of
// a field that is not kept.
type ownName struct{ name, key string }

// key returns the name with the prefix, "" of a field that is not kept. Records of one
// stream have their fields in the same order mostly: the name after the last one is tried
// first.
func (r *decoder) key(name string) string {
	if r.next < len(r.known) && r.known[r.next].name == name {
		r.next++
		return r.known[r.next-1].key
	}
	if at, ok := r.keys[name]; ok {
		r.next = int(at) + 1
		return r.known[at].key
	}
	own := ownName{strings.Clone(name), r.d.prefix + name}
	if r.d.wants != nil && !r.d.wants(own.key) {
		own.key = ""
	}
	if r.keys == nil {
		r.keys = map[string]int32{}
	}
	if len(r.known) < maxKeys {
		r.keys[own.name] = int32(len(r.known))
		r.known = append(r.known, own)
		r.next = len(r.known)
	}
	return own.key
}

// got returns one of the record's own fields that put has set.
func (r *decoder) got(name string) any {
	at, ok := r.keys[name]
	if ok {
		return r.fields[r.known[at].key]
	}
	if len(r.known) < maxKeys { // it was never put
		return nil
	}
	return r.fields[r.d.prefix+name]
}

const (
	maxWidth = 256 // fields for which room is made before they are there
	maxName  = 128
	maxKeys  = 4096 // names remembered by one decoder
)

// timeRule is one way to find the time: a field, or several joined by spaces.
type timeRule struct{ parts []source }

func (d *Description) time(f event.Fields, arrival func() time.Time) time.Time {
	for i := range d.times {
		r := &d.times[i]
		v := r.parts[0].get(f)
		if len(r.parts) > 1 {
			v = r.joined(f)
		}
		if t, ok := moment(v, d.layout, arrival); ok {
			return t
		}
	}
	return time.Time{}
}

func (r *timeRule) joined(f event.Fields) any {
	var b strings.Builder
	for i := range r.parts {
		s, _ := text(r.parts[i].get(f)).(string)
		if s == "" && i < 2 {
			return nil
		}
		if s != "" && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return b.String()
}
