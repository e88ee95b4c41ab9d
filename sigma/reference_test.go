package sigma_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/sigma"
)

// The reference evaluates rules in the plainest way: for every rule it walks the
// condition and compares each value with each text. It shares nothing with the
// engine but what Parse returns.

// datum is one value of a field.
type datum struct {
	text string
	ok   bool // it has a text
	low  string
}

// record is the fields of an event; one without a value is there with none.
type record map[string][]datum

// flatten reads an event as the engine's documentation says: lists are several
// values, the members of objects in lists are fields of their own.
func flatten(f event.Fields) record {
	out := record{}
	for name, v := range f {
		out.put(name, v)
	}
	return out
}

func (r record) put(name string, v any) {
	switch v := v.(type) {
	case nil:
		r.there(name)
	case string:
		r.text(name, v)
	case bool:
		r.text(name, fmt.Sprint(v))
	case int64:
		r.text(name, fmt.Sprint(v))
	case float64:
		r.text(name, plainNumber(v))
	case json.Number:
		r.text(name, string(v))
	case []string:
		r.there(name)
		for _, s := range v {
			r.text(name, s)
		}
	case []any:
		for _, e := range v {
			switch e.(type) {
			case []any, []string:
				r[name] = append(r[name], datum{})
			default:
				r.put(name, e)
			}
		}
	case map[string]any:
		r[name] = append(r[name], datum{})
		for k, e := range v {
			r.put(name+"."+k, e)
		}
	}
}

func (r record) there(name string) {
	if _, ok := r[name]; !ok {
		r[name] = nil
	}
}

// plainNumber writes a number in digits unless it is very large or very small.
func plainNumber(f float64) string {
	if s := strconv.FormatFloat(f, 'f', -1, 64); f == 0 || math.Abs(f) >= 1e-6 && math.Abs(f) < 1e21 {
		return s
	}
	return strconv.FormatFloat(f, 'e', -1, 64)
}

func (r record) text(name, s string) {
	s = strings.ToValidUTF8(s, "\ufffd")
	r[name] = append(r[name], datum{s, true, lowest(s)})
}

// lowest maps every letter to the last of those that differ in case only.
func lowest(s string) string {
	return strings.Map(func(r rune) rune {
		most := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			most = max(most, f)
		}
		return most
	}, s)
}

// reference evaluates the rules of a collection against events of pipelines.
type reference struct {
	sigma.Collection
	pipelines    []sigma.Pipeline
	placeholders map[string][]string
}

// match returns the indexes of the rules that an event matches.
func (ref *reference) match(ev *event.Event) []int {
	rec := flatten(ev.Fields)
	var lenses []*lens
	for i := range ref.pipelines {
		p := &ref.pipelines[i]
		for j := range p.Sources {
			if s := &p.Sources[j]; p.Format == ev.Format && met(s, rec) {
				lenses = append(lenses, &lens{ref: ref, pipe: p, source: s, fields: &s.Fields, rec: rec})
			}
		}
	}
	var out []int
	for i := range ref.Rules {
		r := &ref.Rules[i]
		if slices.ContainsFunc(lenses, func(l *lens) bool {
			return r.LogSource.Covers(l.source.LogSource) && l.detection(&r.Detection) && l.filters(r)
		}) {
			out = append(out, i)
		}
	}
	return out
}

func met(s *sigma.Source, rec record) bool {
	for _, w := range s.When {
		ok := false
		for _, d := range rec[w.Field] {
			for _, v := range w.Values {
				ok = ok || d.ok && wild(v, sigma.Modifier("")).MatchString(d.text)
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// lens looks at a record through a pipeline.
type lens struct {
	ref    *reference
	pipe   *sigma.Pipeline
	source *sigma.Source
	fields *sigma.FieldMap
	rec    record
}

func (l *lens) filters(r *sigma.Rule) bool {
	for i := range l.ref.Filters {
		f := &l.ref.Filters[i]
		named := f.Rules == nil || slices.Contains(f.Rules, r.ID) || slices.Contains(f.Rules, r.Name)
		if named && f.LogSource.Covers(r.LogSource) && !l.detection(&f.Detection) {
			return false
		}
	}
	return true
}

func (l *lens) detection(d *sigma.Detection) bool {
	if l.open(d) {
		return false
	}
	for _, c := range d.Conditions {
		if l.expr(c, d) {
			return true
		}
	}
	return false
}

var holeName = regexp.MustCompile(`^%([A-Za-z0-9_.-]+)%`)

// hole finds the first placeholder of a text, with percent signs that are escaped
// before it written out.
func hole(text string) (before, name, after string) {
	for i := 0; i < len(text); i++ {
		switch m := holeName.FindStringSubmatch(text[i:]); {
		case strings.HasPrefix(text[i:], `\\`):
			i++
		case strings.HasPrefix(text[i:], `\%`):
			text = text[:i] + text[i+1:]
		case m != nil:
			return text[:i], m[1], text[i+len(m[0]):]
		}
	}
	return text, "", ""
}

func (l *lens) open(d *sigma.Detection) bool {
	for _, s := range d.Searches {
		for _, g := range s.Any {
			for _, it := range g {
				for _, v := range it.Values {
					for _, name, rest := hole(v.Text); it.Has(sigma.Expand) && name != ""; _, name, rest = hole(rest) {
						if len(l.ref.placeholders[name]) == 0 {
							return true
						}
					}
				}
			}
		}
	}
	return false
}

func (l *lens) expr(e *sigma.Expr, d *sigma.Detection) bool {
	switch e.Op {
	case sigma.And:
		return !slices.ContainsFunc(e.Args, func(a *sigma.Expr) bool { return !l.expr(a, d) })
	case sigma.Or:
		return slices.ContainsFunc(e.Args, func(a *sigma.Expr) bool { return l.expr(a, d) })
	case sigma.Not:
		return !l.expr(e.Args[0], d)
	}
	named, held := 0, 0
	pattern := "^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(e.Name)) + "$"
	if strings.EqualFold(e.Name, "them") {
		pattern = "^.*$"
	}
	re := compiled(pattern)
	for i := range d.Searches {
		s := &d.Searches[i]
		if e.Op == sigma.Name && s.Name == e.Name || e.Op == sigma.Of && re.MatchString(s.Name) && (s.Name[0] != '_' || e.Name[0] == '_') {
			named++
			if l.search(s) {
				held++
			}
		}
	}
	want := e.Count
	if e.Op == sigma.Name {
		want = 1
	} else if want == sigma.AllOf {
		want = named
	}
	return held >= want
}

func (l *lens) search(s *sigma.Search) bool {
	for _, g := range s.Any {
		all := true
		for i := range g {
			all = all && l.item(&g[i])
		}
		if all {
			return true
		}
	}
	return false
}

// values returns what the event has for a Sigma field.
func (l *lens) values(field string) []datum {
	for _, c := range l.fields.Lookup(field) {
		var out []datum
		for _, name := range c {
			out = append(out, l.raw(name)...)
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// there says whether the event has a Sigma field, with a value or without.
func (l *lens) there(field string) bool {
	for _, c := range l.fields.Lookup(field) {
		for _, name := range c {
			if _, ok := l.rec[name]; ok || len(l.raw(name)) > 0 {
				return true
			}
			for below := range l.rec { // an object
				if strings.HasPrefix(below, name+".") {
					return true
				}
			}
		}
	}
	return false
}

func (l *lens) raw(name string) []datum {
	for _, j := range l.pipe.Joins {
		if j.Field == name {
			return l.joined(&j)
		}
	}
	return l.rec[name]
}

func (l *lens) joined(j *sigma.Join) []datum {
	var parts []string
	for i, name := range j.Of {
		d := l.rec[name]
		if len(d) == 0 || !d[0].ok || d[0].text == "" || d[0].text == "-" {
			if i == 0 {
				return nil
			}
			continue
		}
		text := d[0].text
		if i == 0 {
			for _, b := range j.Begins {
				if len(text) >= len(b.From) && strings.EqualFold(text[:len(b.From)], b.From) {
					text = b.To + text[len(b.From):]
					break
				}
			}
		}
		parts = append(parts, text)
	}
	r := record{}
	r.text("", strings.Join(parts, j.With))
	return r[""]
}

func (l *lens) words() []datum {
	var out []datum
	for name, values := range l.rec {
		for _, k := range append(slices.Clone(l.pipe.Keywords), "*")[:max(1, len(l.pipe.Keywords))] {
			if k == name || strings.HasSuffix(k, "*") && strings.HasPrefix(name, strings.TrimSuffix(k, "*")) {
				out = append(out, values...)
				break
			}
		}
	}
	return slices.DeleteFunc(out, func(d datum) bool { return !d.ok })
}

func (l *lens) item(it *sigma.Item) bool {
	var data []datum
	if it.Field == "" {
		data = l.words()
	} else {
		data = l.values(it.Field)
	}
	held := 0
	for _, v := range it.Values {
		if l.value(it, v, data) {
			held++
		}
	}
	result := held > 0
	if it.Has(sigma.All) {
		result = held == len(it.Values)
	}
	return result != it.Has(sigma.NotEqual)
}

func (l *lens) value(it *sigma.Item, v sigma.Value, data []datum) bool {
	switch {
	case v.Kind == sigma.Null:
		return len(data) == 0
	case it.Has(sigma.Exists):
		return l.there(it.Field) == (v.Text == "true")
	}
	for _, d := range data {
		if d.ok && l.compare(it, v, d) {
			return true
		}
	}
	return false
}

func (l *lens) compare(it *sigma.Item, v sigma.Value, d datum) bool {
	if it.Has(sigma.FieldRef) {
		for _, other := range l.values(v.Text) {
			a, b := d.low, other.low
			if it.Has(sigma.Cased) {
				a, b = d.text, other.text
			}
			if other.ok && placed(it, a, b) {
				return true
			}
		}
		return false
	}
	for _, m := range []sigma.Modifier{sigma.Greater, sigma.GreaterEqual, sigma.Less, sigma.LessEqual} {
		if it.Has(m) {
			return ordered(it, d.text, v.Text, m)
		}
	}
	for _, m := range []sigma.Modifier{sigma.Minute, sigma.Hour, sigma.Day, sigma.Week, sigma.Month, sigma.Year} {
		if it.Has(m) {
			return ordered(it, d.text, v.Text, "")
		}
	}
	for _, text := range l.filled(it, v.Text) {
		if l.text(it, text, d) {
			return true
		}
	}
	return false
}

func placed(it *sigma.Item, a, b string) bool {
	switch {
	case it.Has(sigma.Contains):
		return strings.Contains(a, b)
	case it.Has(sigma.StartsWith):
		return strings.HasPrefix(a, b)
	case it.Has(sigma.EndsWith):
		return strings.HasSuffix(a, b)
	}
	return a == b
}

func (l *lens) filled(it *sigma.Item, text string) []string {
	if !it.Has(sigma.Expand) {
		return []string{text}
	}
	before, name, after := hole(text)
	if name == "" {
		return []string{before}
	}
	var out []string
	for _, v := range l.ref.placeholders[name] {
		for _, rest := range l.filled(it, after) {
			out = append(out, before+v+rest)
		}
	}
	return out
}

var decimalForm = regexp.MustCompile(`^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$`)

func ordered(it *sigma.Item, value, want string, op sigma.Modifier) bool {
	for _, m := range []sigma.Modifier{sigma.Minute, sigma.Hour, sigma.Day, sigma.Week, sigma.Month, sigma.Year} {
		if it.Has(m) {
			t, err := time.Parse(time.RFC3339Nano, value)
			if err != nil {
				return false
			}
			t = t.UTC()
			_, week := t.ISOWeek()
			value = fmt.Sprint(map[sigma.Modifier]int{
				sigma.Minute: t.Minute(), sigma.Hour: t.Hour(), sigma.Day: t.Day(), sigma.Week: week, sigma.Month: int(t.Month()), sigma.Year: t.Year(),
			}[m])
		}
	}
	a, b := new(big.Rat), new(big.Rat)
	if !decimalForm.MatchString(value) || len(value) > 64 {
		return false
	}
	if _, ok := a.SetString(value); !ok {
		return false
	}
	b.SetString(want)
	c := a.Cmp(b)
	return op == sigma.Greater && c > 0 || op == sigma.GreaterEqual && c >= 0 || op == sigma.Less && c < 0 || op == sigma.LessEqual && c <= 0 || op == "" && c == 0
}

func (l *lens) text(it *sigma.Item, text string, d datum) bool {
	switch {
	case it.Has(sigma.CIDR):
		a, err := netip.ParseAddr(d.text)
		if err != nil {
			return false
		}
		a = a.WithZone("")
		if !strings.Contains(text, "/") {
			b, err := netip.ParseAddr(text)
			return err == nil && b.Unmap() == a.Unmap()
		}
		n, err := netip.ParsePrefix(text)
		return err == nil && n.Contains(a.Unmap())
	case it.Has(sigma.Regexp):
		flags := ""
		for _, m := range []sigma.Modifier{sigma.IgnoreCase, sigma.MultiLine, sigma.DotAll} {
			if it.Has(m) {
				flags += string(m)
			}
		}
		if flags != "" {
			text = "(?" + flags + ")" + text
		}
		return compiled(text).MatchString(d.text)
	}
	place := sigma.Modifier("")
	for _, m := range []sigma.Modifier{sigma.Contains, sigma.StartsWith, sigma.EndsWith} {
		if it.Has(m) {
			place = m
		}
	}
	if it.Field == "" {
		place = sigma.Contains
	}
	for _, coded := range encodings(it, text) {
		if l.fits(it, coded, place, d) {
			return true
		}
	}
	return false
}

// fits compares a text without wildcards directly, others as a regular
// expression.
func (l *lens) fits(it *sigma.Item, text string, place sigma.Modifier, d datum) bool {
	if !strings.ContainsAny(text, `*?\`) && !it.Has(sigma.WinDash) {
		a, b := d.low, lowest(text)
		if it.Has(sigma.Cased) {
			a, b = d.text, text
		}
		one := sigma.Item{}
		if place != "" {
			one.Modifiers = []sigma.Modifier{place}
		}
		return placed(&one, a, b)
	}
	return wild(text, append(slices.Clone(it.Modifiers), place)...).MatchString(d.text)
}

// wild makes a regular expression of a text with Sigma's wildcards.
func wild(text string, mods ...sigma.Modifier) *regexp.Regexp {
	rs := []rune(text)
	wordy := func(i int) bool {
		return i >= 0 && i < len(rs) && (rs[i] == '_' || unicode.IsLetter(rs[i]) || unicode.IsDigit(rs[i]))
	}
	var b strings.Builder
	for i := 0; i < len(rs); i++ {
		switch r := rs[i]; {
		case r == '\\' && i+1 < len(rs) && strings.ContainsRune(`\*?`, rs[i+1]):
			i++
			b.WriteString(regexp.QuoteMeta(string(rs[i])))
		case r == '*':
			b.WriteString(".*")
		case r == '?':
			b.WriteString(".")
		case strings.ContainsRune("-/–—―", r) && slices.Contains(mods, sigma.WinDash) && !wordy(i-1) && wordy(i+1):
			b.WriteString("[-/–—―]")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	head, tail := "^", "$"
	for _, m := range mods {
		if m == sigma.Contains || m == sigma.EndsWith {
			head = "^.*"
		}
		if m == sigma.Contains || m == sigma.StartsWith {
			tail = ".*$"
		}
	}
	flags := "(?is)"
	if slices.Contains(mods, sigma.Cased) {
		flags = "(?s)"
	}
	return compiled(flags + head + b.String() + tail)
}

// encodings writes a text wide and in base64, as the modifiers say. The three
// pieces of base64offset are found by encoding the text among other texts and
// keeping what stays the same.
func encodings(it *sigma.Item, text string) []string {
	wide := it.Has(sigma.Wide) || it.Has(sigma.UTF16LE) || it.Has(sigma.UTF16BE) || it.Has(sigma.UTF16)
	if !wide && !it.Has(sigma.Base64) && !it.Has(sigma.Base64Offset) {
		return []string{text}
	}
	text = regexp.MustCompile(`\\([\\*?])`).ReplaceAllString(text, "$1")
	b := []byte(text)
	if wide {
		b = nil
		if it.Has(sigma.UTF16) {
			b = append(b, 0xff, 0xfe)
		}
		for _, r := range text { // the tests use the first plane only
			pair := []byte{byte(r), byte(r >> 8)}
			if it.Has(sigma.UTF16BE) {
				pair[0], pair[1] = pair[1], pair[0]
			}
			b = append(b, pair...)
		}
	}
	switch {
	case it.Has(sigma.Base64):
		return []string{base64.StdEncoding.EncodeToString(b)}
	case it.Has(sigma.Base64Offset):
		var out []string
		for shift := range 3 {
			if s := stable(b, shift); s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	escape := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)
	return []string{escape.Replace(string(b))}
}

func stable(b []byte, shift int) string {
	one := base64.StdEncoding.EncodeToString(slices.Concat(make([]byte, shift), b, []byte{0, 0, 0}))
	two := base64.StdEncoding.EncodeToString(slices.Concat([]byte{255, 255, 255}[:shift], b, []byte{255, 255, 255}))
	bits := (shift + len(b)) * 8 / 6
	start := (shift*8 + 5) / 6
	for i := start; i < bits; i++ {
		if one[i] != two[i] {
			panic("base64 digits differ where they must not")
		}
	}
	return one[start:max(start, bits)]
}

var regexps sync.Map

func compiled(s string) *regexp.Regexp {
	if re, ok := regexps.Load(s); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(s)
	regexps.Store(s, re)
	return re
}
