package event

import (
	"encoding/json"
	"math"
	"strconv"
)

// Fields are the fields of an event by dotted ECS name. Values are string, bool,
// int64, float64, json.Number (a number that neither of the two holds exactly),
// []string, []any or map[string]any; or nil for what is there without a value, as
// JSON's null. Only who asks whether a field is there tells that from an absent one.
type Fields map[string]any

// String returns the field as text: a string as it is, a number or bool in its
// usual spelling, the first element of a list. It is "" when the field is absent.
func (f Fields) String(name string) string {
	s, _ := text(f[name])
	return s
}

// Strings returns the field as a list: one element for a single value, nil when
// the field is absent. Elements without a text form are left out.
func (f Fields) Strings(name string) []string {
	switch v := f[name].(type) {
	case nil:
		return nil
	case []string:
		return v
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := text(e); ok {
				out = append(out, s)
			}
		}
		return out
	default:
		if s, ok := text(v); ok {
			return []string{s}
		}
		return nil
	}
}

// Int returns the field as an integer and whether it is one: a number without a
// fraction, or a string that spells one.
func (f Fields) Int(name string) (int64, bool) {
	switch v := f[name].(type) {
	case int64:
		return v, true
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return 0, false
		}
		return int64(v), true
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}

// SetNew sets a field unless it has a value already or value is empty ("", nil,
// an empty list).
func (f Fields) SetNew(name string, value any) {
	switch v := value.(type) {
	case nil:
		return
	case string:
		if v == "" {
			return
		}
	case []string:
		if len(v) == 0 {
			return
		}
	case []any:
		if len(v) == 0 {
			return
		}
	}
	if f[name] == nil {
		f[name] = value
	}
}

func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return string(AppendFloat(nil, v)), true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return string(v), true
	case []string:
		if len(v) > 0 {
			return v[0], true
		}
	case []any:
		if len(v) > 0 {
			return text(v[0])
		}
	}
	return "", false
}

// AppendFloat appends a number as text: in digits, as logs write it, unless it is so
// large or so small that only an exponent can say it.
func AppendFloat(out []byte, f float64) []byte {
	form := byte('f')
	if a := math.Abs(f); a >= 1e21 || a < 1e-6 && a > 0 {
		form = 'e'
	}
	return strconv.AppendFloat(out, f, form, -1, 64)
}
