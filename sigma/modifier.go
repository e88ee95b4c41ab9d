package sigma

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// Modifier changes how an item compares: the words behind a field's name, parted
// by '|'.
type Modifier string

// The modifiers of the specification.
const (
	Contains     Modifier = "contains"
	StartsWith   Modifier = "startswith"
	EndsWith     Modifier = "endswith"
	All          Modifier = "all"
	Regexp       Modifier = "re"
	IgnoreCase   Modifier = "i" // of a regular expression, as the next two
	MultiLine    Modifier = "m"
	DotAll       Modifier = "s"
	CIDR         Modifier = "cidr"
	WinDash      Modifier = "windash"
	Base64       Modifier = "base64"
	Base64Offset Modifier = "base64offset"
	UTF16LE      Modifier = "utf16le"
	UTF16BE      Modifier = "utf16be"
	UTF16        Modifier = "utf16" // with a byte order mark
	Wide         Modifier = "wide"  // utf16le by another name
	Expand       Modifier = "expand"
	FieldRef     Modifier = "fieldref"
	Exists       Modifier = "exists"
	Greater      Modifier = "gt"
	GreaterEqual Modifier = "gte"
	Less         Modifier = "lt"
	LessEqual    Modifier = "lte"
	Cased        Modifier = "cased"
	NotEqual     Modifier = "neq"
	Minute       Modifier = "minute"
	Hour         Modifier = "hour"
	Day          Modifier = "day"
	Week         Modifier = "week"
	Month        Modifier = "month"
	Year         Modifier = "year"
)

var (
	places   = []Modifier{Contains, StartsWith, EndsWith}
	flags    = []Modifier{IgnoreCase, MultiLine, DotAll}
	wides    = []Modifier{UTF16LE, UTF16BE, UTF16, Wide}
	codings  = []Modifier{Base64, Base64Offset}
	orders   = []Modifier{Greater, GreaterEqual, Less, LessEqual}
	calendar = []Modifier{Minute, Hour, Day, Week, Month, Year}
	// sorts are the modifiers that say what kind of comparison it is; there can
	// be one.
	sorts = append([]Modifier{Regexp, CIDR, FieldRef, Exists}, orders...)
	known = slices.Concat(places, flags, wides, codings, calendar, sorts, []Modifier{All, WinDash, Expand, Cased, NotEqual})
)

// spelled are the flags of re in the longer spelling that rules for pySigma may have.
var spelled = map[Modifier]Modifier{"ignorecase": IgnoreCase, "multiline": MultiLine, "dotall": DotAll}

// parseKey cuts "Field|modifier|modifier".
func parseKey(key string) (string, []Modifier, error) {
	field, rest, ok := strings.Cut(key, "|")
	if !ok {
		return field, nil, nil
	}
	var out []Modifier
	for word := range strings.SplitSeq(rest, "|") {
		m := Modifier(strings.ToLower(strings.TrimSpace(word)))
		if short, ok := spelled[m]; ok {
			m = short
		}
		if !slices.Contains(known, m) {
			return "", nil, fmt.Errorf("%q: there is no modifier %q%s", key, word, meant(m))
		}
		if slices.Contains(out, m) {
			return "", nil, fmt.Errorf("%q: the modifier %q stands twice", key, word)
		}
		out = append(out, m)
	}
	return field, out, nil
}

// meant names the modifiers that begin like a word that is none.
func meant(word Modifier) string {
	var like []string
	for _, m := range known {
		if len(m) > 2 && len(word) > 2 && m[:3] == word[:3] {
			like = append(like, string(m))
		}
	}
	if len(like) == 0 {
		return ""
	}
	return ", but " + strings.Join(like, ", ")
}

// one returns the only modifier of a family that the item has, "" for none.
func (it *Item) one(family []Modifier) (Modifier, error) {
	var found Modifier
	for _, m := range it.Modifiers {
		if !slices.Contains(family, m) {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("%s and %s exclude each other", found, m)
		}
		found = m
	}
	return found, nil
}

// check holds the modifiers against each other and against the values.
func (it *Item) check() error {
	place, err := it.one(places)
	if err != nil {
		return err
	}
	sort, err := it.one(sorts)
	if err != nil {
		return err
	}
	for _, family := range [][]Modifier{wides, codings, calendar} {
		if _, err := it.one(family); err != nil {
			return err
		}
	}
	if err := it.checkOrder(); err != nil {
		return err
	}
	if sort != "" && sort != FieldRef && place != "" {
		return fmt.Errorf("%s compares in its own way: leave %s out", sort, place)
	}
	if err := it.checkCompany(sort, place); err != nil {
		return err
	}
	if it.Field == "" {
		for _, m := range it.Modifiers {
			if !slices.Contains([]Modifier{All, Contains, Cased, Regexp, IgnoreCase, MultiLine, DotAll, WinDash, Expand, Base64, Base64Offset, Wide, UTF16, UTF16BE, UTF16LE}, m) {
				return fmt.Errorf("%s needs a field", m)
			}
		}
	}
	for _, v := range it.Values {
		if err := it.checkValue(v, sort); err != nil {
			return err
		}
	}
	return nil
}

// checkOrder says which modifiers must stand before which.
func (it *Item) checkOrder() error {
	at := func(family ...Modifier) int {
		return slices.IndexFunc(it.Modifiers, func(m Modifier) bool { return slices.Contains(family, m) })
	}
	if f, re := at(flags...), at(Regexp); f >= 0 && (re < 0 || f < re) {
		return fmt.Errorf("%s is a flag of re and stands behind it", it.Modifiers[f])
	}
	if w, c := at(wides...), at(codings...); w >= 0 && c >= 0 && c < w {
		return fmt.Errorf("%s stands before %s: the text is made wide, then encoded", it.Modifiers[w], it.Modifiers[c])
	}
	if d, e := at(WinDash), at(slices.Concat(wides, codings)...); d >= 0 && e >= 0 && e < d {
		return fmt.Errorf("windash stands before %s: the dashes are those of the text before it is encoded", it.Modifiers[e])
	}
	if c, p := at(codings...), at(places...); c >= 0 && p >= 0 && p < c {
		return fmt.Errorf("%s stands before %s: what is searched is the encoded text", it.Modifiers[c], it.Modifiers[p])
	}
	if c, d := at(calendar...), at(orders...); c >= 0 && d >= 0 && d < c {
		return fmt.Errorf("%s stands before %s", it.Modifiers[c], it.Modifiers[d])
	}
	return nil
}

// checkCompany refuses what has no meaning together.
func (it *Item) checkCompany(sort, place Modifier) error {
	text := slices.Concat(wides, codings, []Modifier{WinDash})
	if sort != "" || it.has(calendar) {
		for _, m := range it.Modifiers {
			if slices.Contains(text, m) {
				return fmt.Errorf("%s is for text and has no meaning with %s", m, either(sort, "a part of a time"))
			}
		}
	}
	if it.has(calendar) && (place != "" || sort != "" && !slices.Contains(orders, sort)) {
		return fmt.Errorf("a part of a time is compared as a number: leave %s out", either(place, string(sort)))
	}
	if it.Has(Expand) && (sort != "" && sort != CIDR && sort != Regexp) {
		return fmt.Errorf("expand has no meaning with %s", sort)
	}
	if it.Has(Cased) && sort != "" && sort != FieldRef {
		return fmt.Errorf("cased has no meaning with %s", sort)
	}
	return nil
}

func either(m Modifier, other string) string {
	if m != "" {
		return string(m)
	}
	return other
}

func (it *Item) has(family []Modifier) bool {
	return slices.ContainsFunc(it.Modifiers, func(m Modifier) bool { return slices.Contains(family, m) })
}

func (it *Item) checkValue(v Value, sort Modifier) error {
	if v.Kind == Null && len(it.Modifiers) > 0 && !slices.ContainsFunc([]Modifier{NotEqual, All}, it.Has) {
		return fmt.Errorf("null says that there is no value: nothing can be done with it")
	}
	if v.Kind == Null && it.Field == "" {
		return fmt.Errorf("null needs a field")
	}
	switch {
	case sort == Regexp && !it.Has(Expand):
		_, err := parseRegexp(v.Text, it.Modifiers)
		return err
	case sort == CIDR && !it.Has(Expand):
		_, err := parseCIDR(v.Text)
		return err
	case sort == Exists && v.Kind != Bool:
		return fmt.Errorf("exists is true or false, not %q", v.Text)
	case sort == FieldRef && (v.Kind != Text || v.Text == ""):
		return fmt.Errorf("fieldref needs the name of a field")
	case sort == FieldRef && strings.ContainsAny(v.Text, "*?"):
		return fmt.Errorf("fieldref takes the name of one field, %q has wildcards", v.Text)
	case slices.Contains(orders, sort) || it.has(calendar):
		if _, err := strconv.ParseFloat(v.Text, 64); err != nil || v.Text == "" {
			return fmt.Errorf("%q is not a number", v.Text)
		}
	case it.has(codings) || it.has(wides):
		p := parsePattern(v.Text)
		if !p.literal() {
			return fmt.Errorf("%q has wildcards, which have no meaning once encoded: escape them or search for a part", v.Text)
		}
	}
	return nil
}

// parseCIDR reads a network; a bare address is the network of it alone.
func parseCIDR(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is not a network such as 10.0.0.0/8", s)
		}
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	n, err := netip.ParsePrefix(s)
	if err != nil {
		return n, fmt.Errorf("%q is not a network such as 10.0.0.0/8", s)
	}
	if a := n.Addr(); a.Is4In6() && n.Bits() >= 96 {
		n = netip.PrefixFrom(a.Unmap(), n.Bits()-96)
	}
	return n.Masked(), nil
}

// maxRegexp bounds one regular expression.
const maxRegexp = 4096 // bytes

// parseRegexp reads a regular expression with the flags of the item. Go's syntax
// is the subset of PCRE that can be matched in linear time.
func parseRegexp(s string, mods []Modifier) (*syntax.Regexp, error) {
	if len(s) > maxRegexp {
		return nil, fmt.Errorf("a regular expression longer than %d bytes", maxRegexp)
	}
	flags := syntax.Perl
	for _, m := range mods {
		switch m {
		case IgnoreCase:
			flags |= syntax.FoldCase
		case MultiLine:
			flags &^= syntax.OneLine
		case DotAll:
			flags |= syntax.DotNL
		}
	}
	re, err := syntax.Parse(s, flags)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w%s", s, err, regexpHint(s, err))
	}
	return re, nil
}

func regexpHint(s string, err error) string {
	var e *syntax.Error
	if errors.As(err, &e) && e.Code == syntax.ErrInvalidRepeatSize {
		return " (a repeat counts to 1000 at most)"
	}
	for _, h := range []struct{ sign, what string }{
		{"(?=", "look-ahead"},
		{"(?!", "look-ahead"},
		{"(?<=", "look-behind"},
		{"(?<!", "look-behind"},
		{"(?>", "an atomic group"},
		{"*+", "a possessive quantifier"},
		{"++", "a possessive quantifier"},
		{`\1`, "a back reference"},
	} {
		if strings.Contains(s, h.sign) {
			return " (" + h.what + " cannot be matched in linear time: say it with a second search and 'and not')"
		}
	}
	return ""
}
