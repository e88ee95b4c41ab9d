package hunt

import (
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match"
)

// node is a condition on one event.
type node interface {
	holds(ev *event.Event) bool
	// cover returns a test of values such that an event for which the condition
	// holds has an observable that passes; nil when there is none.
	cover() *cover
	// literal is a text in lower-case ASCII that the raw record of every event for
	// which the condition holds contains, "" when there is none.
	literal() string
	// observes says that the observables of the event are looked at.
	observes() bool
}

type both []node

func (n both) holds(ev *event.Event) bool {
	for _, c := range n {
		if !c.holds(ev) {
			return false
		}
	}
	return true
}

func (n both) literal() string {
	best := ""
	for _, c := range n {
		if l := c.literal(); len(l) > len(best) {
			best = l
		}
	}
	return best
}

func (n both) observes() bool { return anyObserves(n) }

func anyObserves(all []node) bool {
	for _, c := range all {
		if c.observes() {
			return true
		}
	}
	return false
}

type either []node

func (n either) holds(ev *event.Event) bool {
	for _, c := range n {
		if c.holds(ev) {
			return true
		}
	}
	return false
}

func (n either) literal() string { return "" }
func (n either) observes() bool  { return anyObserves(n) }

type not struct{ node }

func (n not) holds(ev *event.Event) bool { return !n.node.holds(ev) }
func (n not) cover() *cover              { return nil }
func (n not) literal() string            { return "" }

// text is a text in the raw record, whatever its case; * stands for anything.
type text struct {
	glob
	source string
}

func rawText(s string) node { return text{newGlob("*" + s + "*"), s} }

func (n text) holds(ev *event.Event) bool { return n.match(string(ev.Raw)) }
func (n text) cover() *cover              { return nil }
func (n text) observes() bool             { return false }

func (n text) literal() string {
	best := ""
	for _, p := range n.parts {
		if len(p) > len(best) && ascii(p) {
			best = p
		}
	}
	return best
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// bare is a value without a field: an observable when it is unmistakably one, else
// a text.
func bare(s string) node {
	if t, v, err := indicator.Detect(s); err == nil && unmistakable(t) {
		n := &anyOf{field: "any"}
		n.fill([]string{v})
		return n
	}
	return rawText(s)
}

func unmistakable(t indicator.Type) bool {
	switch t {
	case indicator.FileName, indicator.RegistryKey, indicator.UserAccount, indicator.Mutex, indicator.UserAgent, indicator.Pattern:
		return false
	}
	return true
}

// equal is FIELD:VALUE.
func equal(field, value string, quoted bool) node {
	switch strings.ToLower(field) {
	case "raw", "text":
		return rawText(value)
	}
	if value == "*" && !quoted && !strings.EqualFold(field, "any") {
		return present(field)
	}
	n := &anyOf{field: field}
	n.fill([]string{value})
	return n
}

// present holds when the event has the field.
type present string

func (n present) holds(ev *event.Event) bool {
	return n == "@timestamp" || len(ev.Fields.Strings(string(n))) > 0
}
func (n present) cover() *cover   { return nil }
func (n present) literal() string { return "" }
func (n present) observes() bool  { return false }

// anyOf holds when a field, or any observable, has one of some values.
type anyOf struct {
	field  string // "any" = every observable
	list   string // where the values come from
	at     int
	exact  map[string]bool // folded
	globs  []glob
	nets   []netip.Prefix
	addrs  map[netip.Addr]bool
	index  *match.Index // any: what the values touch
	values []string     // as they were written, made whole again
}

func (n *anyOf) fill(values []string) {
	n.values = nil
	for _, v := range values {
		n.values = append(n.values, indicator.Refang(v))
	}
	n.exact, n.globs, n.nets, n.addrs = map[string]bool{}, nil, nil, map[netip.Addr]bool{}
	var b match.Builder
	for i, v := range values {
		switch {
		case strings.Contains(v, "*"):
			n.globs = append(n.globs, newGlob(v))
			continue
		case n.any():
			if t, c, err := indicator.Detect(v); err == nil {
				_ = b.Add(t, c, uint64(i)+1) // one that would touch everything is compared as a text
				n.exact[fold(c)] = true
			}
		}
		n.exact[fold(v)] = true
		plain := indicator.Refang(v)
		n.exact[fold(plain)] = true
		if p, err := netip.ParsePrefix(plain); err == nil {
			n.nets = append(n.nets, p.Masked())
		}
		if a, err := netip.ParseAddr(plain); err == nil {
			n.addrs[a.Unmap()] = true
		}
	}
	if n.any() {
		n.index = b.Build()
	}
}

func (n *anyOf) any() bool { return strings.EqualFold(n.field, "any") }

func (n *anyOf) observes() bool  { return n.any() }
func (n *anyOf) literal() string { return "" }

func (n *anyOf) holds(ev *event.Event) bool {
	if n.any() {
		var hits [8]match.Hit
		for _, o := range ev.Observables {
			if n.touches(o.Type, o.Value, hits[:0]) {
				return true
			}
		}
		return false
	}
	return anyValue(ev, n.field, n.has)
}

// touches says whether an observable is, or lies below or in, one of the values.
func (n *anyOf) touches(t indicator.Type, value string, hits []match.Hit) bool {
	return len(n.index.Lookup(t, value, hits)) > 0 || n.is(value) || (t == indicator.IPv4 || t == indicator.IPv6) && n.holdsAddress(value)
}

// has says whether a field's value is one of the values.
func (n *anyOf) has(v string) bool { return n.is(v) || n.holdsAddress(v) }

// is compares texts.
func (n *anyOf) is(v string) bool {
	if n.exact[fold(v)] {
		return true
	}
	for i := range n.globs {
		if n.globs[i].match(v) {
			return true
		}
	}
	return false
}

// holdsAddress says whether a value is an address, however it is spelled, that is or
// lies in one of the values.
func (n *anyOf) holdsAddress(v string) bool {
	if len(n.nets) == 0 && len(n.addrs) == 0 {
		return false
	}
	a, err := netip.ParseAddr(v)
	if err != nil {
		return false
	}
	a = a.Unmap().WithZone("")
	if n.addrs[a] {
		return true
	}
	for _, p := range n.nets {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// canonical spells a value as the observable of a field of these types.
func canonical(types []indicator.Type, v string) (indicator.Type, string, bool) {
	for _, t := range types {
		if c, err := indicator.Canonical(t, v); err == nil {
			return t, c, true
		}
	}
	return "", "", false
}

// isNet says whether a value is a network of more than one address.
func isNet(v string) bool {
	p, err := netip.ParsePrefix(v)
	return err == nil && !p.IsSingleIP()
}

// bound is FIELD >= VALUE and the like: of numbers, times or addresses.
type bound struct {
	field  string
	op     string
	number float64
	time   time.Time
	addr   netip.Addr
}

func newBound(field, op, value string) (bound, error) {
	b := bound{field: field, op: op}
	if n, err := strconv.ParseFloat(value, 64); err == nil {
		b.number = n
		if field == "@timestamp" {
			return b, errors.New("a time is written 2026-03-01 or 2026-03-01T12:00:00Z")
		}
		return b, nil
	}
	if t, ok := parseTime(value); ok {
		b.time = t
		return b, nil
	}
	if a, err := netip.ParseAddr(value); err == nil {
		b.addr = a.Unmap()
		return b, nil
	}
	return b, errors.New("only numbers, times such as 2026-03-01T12:00:00Z and addresses have an order")
}

func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func (n bound) cover() *cover   { return nil }
func (n bound) literal() string { return "" }
func (n bound) observes() bool  { return false }

func (n bound) holds(ev *event.Event) bool {
	if n.field == "@timestamp" {
		return n.in(ev.Time.Compare(n.time))
	}
	return anyValue(ev, n.field, func(v string) bool {
		switch {
		case !n.time.IsZero():
			t, ok := parseTime(v)
			return ok && n.in(t.Compare(n.time))
		case n.addr.IsValid():
			a, err := netip.ParseAddr(v)
			return err == nil && a.Unmap().BitLen() == n.addr.BitLen() && n.in(a.Unmap().Compare(n.addr))
		}
		f, err := strconv.ParseFloat(v, 64)
		switch {
		case err != nil || f != f:
			return false
		case f < n.number:
			return n.in(-1)
		case f > n.number:
			return n.in(1)
		}
		return n.in(0)
	})
}

func (n bound) in(c int) bool {
	switch n.op {
	case ">":
		return c > 0
	case "<":
		return c < 0
	case ">=":
		return c >= 0
	}
	return c <= 0
}

// anyValue says whether fn holds for any value of a field.
func anyValue(ev *event.Event, field string, fn func(string) bool) bool {
	switch v := ev.Fields[field].(type) {
	case nil:
		return field == "@timestamp" && fn(ev.Time.UTC().Format(time.RFC3339Nano))
	case string:
		return fn(v)
	case int64:
		return fn(strconv.FormatInt(v, 10))
	case bool:
		return fn(strconv.FormatBool(v))
	case float64:
		return fn(strconv.FormatFloat(v, 'g', -1, 64))
	case json.Number:
		return fn(string(v))
	}
	for _, s := range ev.Fields.Strings(field) {
		if fn(s) {
			return true
		}
	}
	return false
}

// Matches says whether an event is an answer. Its observables must be there when
// Observes says so.
func (q *Query) Matches(ev *event.Event) bool { return q.where == nil || q.where.holds(ev) }

// Observes says whether the observables of an event are looked at.
func (q *Query) Observes() bool { return q.where != nil && q.where.observes() }

// Fields returns the fields that every answer has, as far as the question says.
func (q *Query) Fields() []string {
	var out []string
	var walk func(n node)
	walk = func(n node) {
		switch n := n.(type) {
		case both:
			for _, c := range n {
				walk(c)
			}
		case *anyOf:
			if !n.any() {
				out = append(out, n.field)
			}
		case present:
			out = append(out, string(n))
		case bound:
			if n.field != "@timestamp" {
				out = append(out, n.field)
			}
		}
	}
	walk(q.where)
	slices.Sort(out)
	return slices.Compact(out)
}

// Literal is a text that the raw record of every answer contains once ASCII
// letters are made small; "" when there is none.
func (q *Query) Literal() string {
	if q.where == nil {
		return ""
	}
	return q.where.literal()
}
