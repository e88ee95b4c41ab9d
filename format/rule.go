package format

import (
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// Rule copies a vendor's field to its ECS name, unless that has a value. A rule
// is one line of a mapping table.
type Rule struct {
	From, To string
	Convert  func(any) any // nil copies; a nil result sets nothing
}

// Apply applies rules in order: of several rules to one name, the first whose
// source has a value wins.
func Apply(fields event.Fields, rules []Rule) {
	for i := range rules {
		r := &rules[i]
		v := fields[r.From]
		if v == nil {
			continue
		}
		if r.Convert != nil {
			v = r.Convert(v)
		}
		fields.SetNew(r.To, v)
	}
}

// Prefixed returns rules with from put before every From.
func Prefixed(from string, rules []Rule) []Rule {
	out := make([]Rule, len(rules))
	for i, r := range rules {
		r.From = from + r.From
		out[i] = r
	}
	return out
}

// Lower converts text to lower case.
func Lower(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToLower(s)
	}
	return nil
}

// Text converts a number to text; ECS has identifiers as keywords.
func Text(v any) any {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case []string, []any:
		return v
	}
	return nil
}

// Number converts text to an integer; hexadecimal when it begins with 0x.
func Number(v any) any {
	switch v := v.(type) {
	case int64:
		return v
	case string:
		if n, err := strconv.ParseInt(v, 0, 64); err == nil && (len(v) < 2 || v[0] != '0' || v[1] == 'x' || v[1] == 'X') {
			return n
		}
	}
	return nil
}

// List makes a list of one value, as ECS has fields that are always lists.
func List(v any) any {
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
		return []string{v}
	case []string:
		return v
	}
	return nil
}

// Stamp converts a time in any spelling that TimeOf reads to RFC 3339 in UTC.
func Stamp(v any) any {
	if t, ok := TimeOf(v); ok {
		return t.Format("2006-01-02T15:04:05.999999999Z")
	}
	return nil
}

// Base returns the last element of a path, of Windows or Unix.
func Base(v any) any {
	s, ok := v.(string)
	if !ok {
		return nil
	}
	return s[strings.LastIndexAny(s, `/\`)+1:]
}

// Fingerprint converts a certificate hash written in pairs with colons to plain
// lower-case hex.
func Fingerprint(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToLower(strings.ReplaceAll(s, ":", ""))
	}
	return nil
}

// Collect gathers the strings under key in a list of objects, each once:
// Collect([{"name":"a"},{"name":"b"}], "name") is ["a","b"].
func Collect(list any, key string) []string {
	objects, _ := list.([]any)
	var out []string
	for _, o := range objects {
		m, _ := o.(map[string]any)
		if s, ok := m[key].(string); ok && s != "" && !contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// Undoubled makes one of each two backslashes where a program escaped a text that was
// escaped again; a text with one that is alone was not.
func Undoubled(v any) any {
	s, ok := v.(string)
	if !ok || strings.Contains(strings.ReplaceAll(s, `\\`, ""), `\`) {
		return v
	}
	return strings.ReplaceAll(s, `\\`, `\`)
}
