package stix

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// test is what a comparison asks of one value, without its NOT.
type test func(value any) bool

// testOf compiles the test of a comparison.
func testOf(c Comparison) (test, error) {
	switch c.Op {
	case Equal, NotEqual:
		want := c.Op == Equal
		return func(v any) bool {
			order, ok := compare(v, c.Values[0])
			if s, text := v.(string); text && !ok && c.Values[0].Kind == Timestamp && s != "" {
				return false // neither equal nor not: it is no time at all
			}
			return (ok && order == 0) == want
		}, nil
	case In:
		return func(v any) bool {
			return slices.ContainsFunc(c.Values, func(w Value) bool { order, ok := compare(v, w); return ok && order == 0 })
		}, nil
	case Less, LessEqual, More, MoreEqual:
		return func(v any) bool {
			order, ok := compare(v, c.Values[0])
			return ok && ordered(c.Op, order)
		}, nil
	case Like, Matches:
		return textTest(c)
	case IsSubset, IsSuperset:
		return rangeTest(c)
	}
	return func(any) bool { return true }, nil
}

func ordered(op Operator, order int) bool {
	switch op {
	case Less:
		return order < 0
	case LessEqual:
		return order <= 0
	case More:
		return order > 0
	}
	return order >= 0
}

// compare orders a value against a literal; ok is false where the two cannot be
// compared, which makes them unequal.
func compare(v any, w Value) (order int, ok bool) {
	switch t := v.(type) {
	case bool:
		if w.Kind == Boolean && t == w.Bool {
			return 0, true
		}
		return 1, w.Kind == Boolean
	case json.Number:
		return compareNumber(t, w)
	case []byte:
		return compareBytes(t, w)
	case string:
		return compareText(t, w)
	}
	return 0, false
}

func compareNumber(n json.Number, w Value) (int, bool) {
	if w.Kind != Integer && w.Kind != Float {
		return 0, false
	}
	if i, err := n.Int64(); err == nil && w.Kind == Integer {
		return cmp.Compare(i, w.Int), true
	}
	f, err := n.Float64()
	return cmp.Compare(f, w.Float), err == nil
}

func compareBytes(b []byte, w Value) (int, bool) {
	switch w.Kind {
	case Hex, Binary:
		return bytes.Compare(b, w.Bytes), true
	case String:
		narrow, ok := latin(w.Text)
		return bytes.Compare(b, narrow), ok
	}
	return 0, false
}

func compareText(s string, w Value) (int, bool) {
	switch w.Kind {
	case String:
		return strings.Compare(s, w.Text), true
	case Timestamp:
		t, err := time.Parse(time.RFC3339Nano, s)
		return t.Compare(w.Time), err == nil
	case Hex, Binary:
		narrow, ok := latin(s)
		return bytes.Compare(narrow, w.Bytes), ok
	}
	return 0, false
}

// latin is a text as bytes, one for each character; ok is false when one is above 255.
func latin(s string) (b []byte, ok bool) {
	for _, r := range s {
		if r > 255 {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// textTest is LIKE (% any text, _ any character) or MATCHES (a regular
// expression that may match anywhere).
func textTest(c Comparison) (func(any) bool, error) {
	text := norm.NFC.String(c.Values[0].Text)
	source := "(?s)" + text
	if c.Op == Like {
		var b strings.Builder
		b.WriteString("(?s)^")
		for _, r := range text {
			switch r {
			case '%':
				b.WriteString(".*")
			case '_':
				b.WriteString(".")
			default:
				b.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		b.WriteString("$")
		source = b.String()
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", c.Op, text, err)
	}
	return func(v any) bool {
		switch t := v.(type) {
		case string:
			return re.MatchString(norm.NFC.String(t))
		case []byte:
			wide := make([]rune, len(t))
			for i, c := range t {
				wide[i] = rune(c)
			}
			return re.MatchString(string(wide))
		}
		return false
	}, nil
}

// rangeTest compares networks: the value within the literal, or around it.
func rangeTest(c Comparison) (func(any) bool, error) {
	literal, err := network(c.Values[0].Text)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", c.Op, c.Values[0].Text, err)
	}
	return func(v any) bool {
		s, _ := v.(string)
		value, err := network(s)
		if err != nil {
			return false
		}
		inner, outer := value, literal
		if c.Op == IsSuperset {
			inner, outer = literal, value
		}
		return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
	}, nil
}

func network(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address or range", clip(s))
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}
