package sigma_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/sigma"
)

// dice makes random rules and events out of few letters, so that they meet often.
type dice struct{ *rand.Rand }

func (d dice) pick(list ...string) string { return list[d.IntN(len(list))] }

var fieldNames = []string{"A", "B", "C.d", "E", "Time"}

// atoms are what texts are made of, some of it awkward.
var atoms = []string{
	"a", "b", "A", "B", "ab", "Abc", "cmd", ".exe", `\`, `\\`, " -x", "/x ", "-", "–enc", "K", "k", "ſ", "S", "é", "É", "Σ", "ς", "σ", "😀", "İ", "ß",
	"1", "12", "%", "_", " ", "powershell", `c:\windows\`, "HTTP", "aGk=", "\x00", "\"", "/", "\n",
}

func (d dice) words(n int) string {
	var b strings.Builder
	for range 1 + d.IntN(n) {
		b.WriteString(d.pick(atoms...))
	}
	return b.String()
}

// pattern is a text of a rule, with wildcards and escapes.
func (d dice) pattern() string {
	var b strings.Builder
	for range 1 + d.IntN(3) {
		switch d.IntN(7) {
		case 0:
			b.WriteString("*")
		case 1:
			b.WriteString("?")
		case 2:
			b.WriteString(d.pick(`\*`, `\?`, `\\`, `\\*`, `\`))
		default:
			b.WriteString(d.words(2))
		}
	}
	return b.String()
}

var expressions = []string{
	`a+b`, `(?i)ABC`, `^c`, `b$`, `a.b`, `[^a]k`, `\bcmd\b`, `(ab|cmd){1,2}`, `\\`, `a.*b`, `^$`, `é`, `(?i)é`, `(?i)k`, `\d{1,2}`, `^a|b$`, `.{6,}`, `(?s)a.b`,
	`x\s`, `[[:upper:]]`, `\x{1F600}`, `(?i)ſ`, `\W\w`, `(?:a|)b`, `\Ba`, `(.+)+x`,
}

func (d dice) item() (string, any) {
	field := d.pick(fieldNames...)
	many := func(f func() any) any {
		out := []any{}
		for range 1 + d.IntN(3)*d.IntN(5) {
			out = append(out, f())
		}
		if len(out) == 1 {
			return out[0]
		}
		return out
	}
	texts := func() any { return d.pattern() }
	plain := func() any { return strings.NewReplacer("*", "", "?", "").Replace(d.words(3)) }
	switch d.IntN(16) {
	case 0:
		return field, many(func() any {
			return []any{nil, "", d.IntN(14), true, d.pattern(), 1.5}[d.IntN(6)]
		})
	case 1, 2:
		return field + "|" + d.pick("contains", "startswith", "endswith"), many(texts)
	case 3:
		return field + "|" + d.pick("contains", "endswith", "startswith") + "|" + d.pick("all", "cased", "neq", "windash"), many(texts)
	case 4:
		return field + "|windash|contains", many(func() any { return " " + d.pick("-", "/", "--", "–") + d.words(2) })
	case 5:
		return field + "|" + d.pick("re", "re|i", "re|m", "re|s", "re|i|s"), many(func() any { return d.pick(expressions...) })
	case 6:
		return field + "|cidr", many(func() any {
			return d.pick("10.0.0.0/8", "10.1.2.3", "::1/128", "2001:db8::/32", "0.0.0.0/0", "192.168.1.0/24")
		})
	case 7:
		return field + "|base64offset" + d.pick("", "|contains", "|contains", "|startswith", "|endswith"), many(plain)
	case 8:
		return field + "|" + d.pick("wide", "utf16be", "utf16", "utf16le") + "|base64offset|contains", many(func() any { return d.pick("ab", "cmd", "é", "k") })
	case 9:
		return field + "|base64" + d.pick("", "|contains"), many(func() any { return d.pick("ab", "hi", "cmd", "A") })
	case 10:
		return field + "|" + d.pick("gt", "gte", "lt", "lte"), d.pick("1", "12", "1.5", "-3", "1e2")
	case 11:
		return "Time|" + d.pick("hour", "minute", "day", "week", "month", "year") + d.pick("", "|gt", "|lte"), d.pick("1", "5", "23", "2024", "12")
	case 12:
		return d.pick(field, "C") + "|exists", d.IntN(2) == 0
	case 13:
		return field + "|fieldref" + d.pick("", "|contains", "|endswith", "|startswith", "|cased"), d.pick(fieldNames...)
	case 14:
		return field + "|expand" + d.pick("", "|contains"), d.pick("%one%", "x%two%y", "%one%%two%", "50%", "a%b", `\%one%`, `\%a%two%`, `\\%one%`)
	}
	return field, many(func() any { return d.words(3) })
}

func (d dice) group() map[string]any {
	out := map[string]any{}
	for range 1 + d.IntN(3) {
		k, v := d.item()
		out[k] = v
	}
	return out
}

func (d dice) rule(id int) map[string]any {
	det := map[string]any{}
	var names []string
	for i := range 1 + d.IntN(4) {
		name := fmt.Sprintf("%s%d", d.pick("s", "f", "_h"), i)
		names = append(names, name)
		switch d.IntN(6) {
		case 0:
			det[name] = []any{d.group(), d.group()}
		case 1:
			det[name] = []any{d.words(2), d.pattern(), d.IntN(20)}
		case 2:
			det[name] = map[string]any{d.pick("|all", "|cased", "|re"): []any{d.pick("a", "b"), d.pick("cmd", "k")}}
		default:
			det[name] = d.group()
		}
	}
	det["condition"] = d.condition(names, 3)
	return map[string]any{
		"title": fmt.Sprint("rule ", id), "id": fmt.Sprint(id), "detection": det,
		"logsource": map[string]any{"product": d.pick("p", "P"), "category": d.pick("one", "two", "three")},
	}
}

func (d dice) condition(names []string, depth int) string {
	if depth == 0 || d.IntN(3) == 0 {
		switch d.IntN(6) {
		case 0:
			return d.pick("1 of them", "all of them", "any of them")
		case 1:
			return d.pick("1", "all") + " of " + names[0][:len(names[0])-1] + "*"
		}
		return names[d.IntN(len(names))]
	}
	sub := func() string { return d.condition(names, depth-1) }
	switch d.IntN(4) {
	case 0:
		return "not " + sub()
	case 1:
		return "(" + sub() + ") or " + sub()
	case 2:
		return sub() + " AND (" + sub() + ")"
	}
	return sub() + " and not " + sub()
}

// value is one of an event's values.
func (d dice) value(depth int) any {
	switch d.IntN(16) {
	case 0:
		return nil
	case 1:
		return d.IntN(16)
	case 2:
		return d.pick("1.5", "100", "-3", "007", "1e2", "12", "9007199254740993")
	case 3:
		return d.IntN(2) == 0
	case 4:
		return d.pick("10.1.2.3", "::1", "::ffff:10.1.2.3", "2001:db8::7", "192.168.1.99", "10.1.2.3.4", "fe80::1%eth0")
	case 5:
		return d.pick("2024-03-01T05:23:01Z", "2024-12-30T23:59:59.5+02:00", "not a time")
	case 6:
		b := []byte(d.pick("xab", "ab", "cmd", "hi", "xxhi!", "a\x00b\x00", "k\x00"))
		return d.pick("", "q") + base64.StdEncoding.EncodeToString(b)
	case 7:
		if depth > 0 {
			out := []any{}
			for range d.IntN(4) {
				out = append(out, d.value(depth-1))
			}
			return out
		}
	case 8:
		if depth > 0 {
			return map[string]any{"d": d.value(depth - 1), "e": d.value(depth - 1)}
		}
	case 9:
		return ""
	case 10:
		return 0.25 * float64(d.IntN(9))
	}
	return d.words(4)
}

func (d dice) event() map[string]any {
	out := map[string]any{"kind": d.pick("one", "two", "ONE", "none")}
	for _, f := range []string{"A", "B", "C", "E", "Time", "X"} {
		if d.IntN(4) > 0 {
			out[f] = d.value(2)
		}
	}
	if d.IntN(3) == 0 {
		out["A"] = out["B"]
	}
	return out
}

// testPipeline reads events of the format "json", whose members are fields below
// "json.".
const testPipeline = `
name: test
format: json
product: p
keywords: [json.*]
fields: {"*": json.*, E: [json.E, [json.A, json.X]]}
joins: [{field: joined, of: [json.A, json.B], with: "+", begins: {new: ab}}]
sources:
- {category: one, when: {json.kind: one}}
- {category: two, when: {json.kind: [two, o*]}, fields: {A: json.B, B: joined, C.d: null}}
layouts:
- {rest: json.}
`

var holes = map[string][]string{"one": {"ab", "c*d", "k"}, "two": {"1", "cmd"}}

// TestProperty holds random rules and events against the reference: decoded, as
// records, and as records with other white space and escapes.
func TestProperty(t *testing.T) {
	pipes, err := sigma.ParsePipeline("test.yaml", []byte(testPipeline))
	if err != nil {
		t.Fatal(err)
	}
	matches, refused, decoded, unread := 0, 0, 0, 0
	for seed := range uint64(60) {
		d := dice{rand.New(rand.NewPCG(seed, 7))}
		c := d.collection(t)
		opt := sigma.Options{Pipelines: pipes, Placeholders: holes}
		engine, err := sigma.Compile(c, opt)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		ref := &reference{Collection: c, pipelines: pipes, placeholders: holes}
		byEvent, byRecord := engine.Matcher(), engine.Matcher()
		reads := engine.Reads("json", "")
		stream, err := format.NewRecogniser().Stream("json")
		if err != nil {
			t.Fatal(err)
		}
		for range 250 {
			record := d.spell(d.event())
			ev, _, err := stream.Decode(record)
			if err != nil {
				t.Fatalf("%s: %v", record, err)
			}
			want := ref.match(&ev)
			got := rulesOf(byEvent.Event(&ev))
			matches += len(want)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: the event %s\nmatches %v, by the reference %v\n%s", seed, record, got, want, differing(c, got, want))
			}
			for name := range ev.Fields {
				if !reads(name) {
					delete(ev.Fields, name)
					unread++
				}
			}
			if got := rulesOf(byEvent.Event(&ev)); !slices.Equal(got, want) {
				t.Fatalf("seed %d: the event %s, of which %v is read,\nmatches %v, by the reference %v\n%s", seed, record, ev.Fields, got, want, differing(c, got, want))
			}
			raw, err := byRecord.Record("json", record)
			if err != nil {
				decoded++
				continue
			}
			for _, m := range raw {
				byRecord.Why(m)
			}
			if !slices.Equal(rulesOf(raw), want) {
				t.Fatalf("seed %d: the record %s\nmatches %v, by the reference %v\n%s", seed, record, rulesOf(raw), want, differing(c, rulesOf(raw), want))
			}
		}
	}
	t.Logf("%d matches, %d records left to decoding, %d rules refused", matches, decoded, refused)
	if matches < 5000 || decoded > 2000 || unread < 2000 {
		t.Errorf("too few matches, too many decoded, or %d fields unread: the test shows little", unread)
	}
}

// collection makes rules, and a filter for some of them.
func (d dice) collection(t *testing.T) sigma.Collection {
	t.Helper()
	var c sigma.Collection
	for i := range 40 {
		r := d.rule(i)
		if i%13 == 12 {
			r["filter"] = r["detection"]
			delete(r, "detection")
			r["filter"].(map[string]any)["rules"] = []any{"any", []any{fmt.Sprint(i - 1), fmt.Sprint(i - 2)}}[i%2]
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		one, err := sigma.Parse("random.yml", text)
		if err != nil {
			if !strings.Contains(err.Error(), "has wildcards") && !strings.Contains(err.Error(), "exclude") && !strings.Contains(err.Error(), "null says") &&
				!strings.Contains(err.Error(), "not a number") && !strings.Contains(err.Error(), "only") && !strings.Contains(err.Error(), "no search is called like \"them\"") {
				t.Fatalf("%s\n%v", text, err)
			}
			continue
		}
		c.Rules = append(c.Rules, one.Rules...)
		c.Filters = append(c.Filters, one.Filters...)
	}
	return c
}

// spell writes an event as JSON in one of several ways that mean the same.
func (d dice) spell(ev map[string]any) []byte {
	b, err := json.Marshal(ev)
	if err != nil {
		panic(err)
	}
	switch d.IntN(4) {
	case 0:
		b, _ = json.MarshalIndent(ev, " ", "\t")
	case 1:
		s := strings.ReplaceAll(string(b), "a", `\u0061`)
		for _, key := range []string{"Aa"} {
			s = strings.ReplaceAll(s, key, key)
		}
		b = []byte(strings.NewReplacer(`f\u0061lse`, "false").Replace(s))
	case 2:
		b = []byte(strings.ReplaceAll(string(b), "/", `\/`))
	}
	return b
}

func differing(c sigma.Collection, got, want []int) string {
	var b strings.Builder
	for i := range c.Rules {
		if slices.Contains(got, i) != slices.Contains(want, i) {
			text, _ := json.MarshalIndent(c.Rules[i].Detection, "", " ")
			fmt.Fprintf(&b, "rule %d %s: %s\n", i, c.Rules[i].LogSource, text)
		}
	}
	return b.String()
}

var _ event.Event
