package stix

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding/ianaindex"
)

// value checks one value against the kind of its property.
func (v *Validator) value(path string, value any, p property) {
	if value == nil {
		v.fail(path, "null is not allowed; leave the property out instead")
		return
	}
	switch p.kind {
	case "bool":
		if _, ok := value.(bool); !ok {
			v.fail(path, "true or false is needed")
		}
	case "int", "number":
		v.number(path, value, p)
	case "hashes":
		v.hashes(path, value)
	case "dict":
		v.dict(path, value)
	case "extensions":
		v.extensions(path, value)
	case "objects":
		v.objects(path, value)
	case "part":
		v.part(path, value, schemas[p.of[0]])
	default:
		s, ok := value.(string)
		if !ok {
			v.fail(path, "a text is needed")
			return
		}
		v.text(path, s, p)
	}
}

func (v *Validator) text(path, s string, p property) {
	if p.kind != "text" && strings.TrimSpace(s) == "" {
		if p.required || p.kind != "string" || path == "name" {
			v.fail(path, "the text is empty")
		} else {
			v.warn(path, "the text is empty")
		}
		return
	}
	switch p.kind {
	case "id":
		v.identifier(path, s, nil)
	case "ref":
		v.reference(path, s, p.of)
	case "enum":
		if !slices.Contains(p.of, s) {
			v.fail(path, "%q is not one of %s", s, strings.Join(p.of, ", "))
		}
	case "pattern":
		v.pattern(path, s)
	case "version":
		if s != "2.0" && s != "2.1" {
			v.fail(path, "version %q is not 2.0 or 2.1", s)
		}
	default:
		if check, ok := spellings[p.kind]; ok && !check.ok(s) {
			v.fail(path, "%q is no %s", clip(s), check.what)
		}
	}
}

// spelling is how the text of a kind must look.
type spelling struct {
	what string
	ok   func(string) bool
}

var (
	relationName = regexp.MustCompile(`^[a-z0-9-]{1,250}$`)
	languageTag  = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
	macAddress   = regexp.MustCompile(`^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$`)
	uuidText     = regexp.MustCompile(`^[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$`)
	hashKey      = regexp.MustCompile(`^[A-Za-z0-9_-]{3,250}$`)
)

var spellings = map[string]spelling{
	"time":     {"time such as 2026-01-02T15:04:05.000Z", isTime},
	"relation": {"relationship type: small letters, digits and hyphens", relationName.MatchString},
	"language": {"language tag of RFC 5646", languageTag.MatchString},
	"mac":      {"MAC address", macAddress.MatchString},
	"ipv4":     {"IPv4 address or range", func(s string) bool { a, ok := address(s); return ok && a.Is4() }},
	"ipv6":     {"IPv6 address or range", func(s string) bool { a, ok := address(s); return ok && a.Is6() }},
	"domain":   {"domain name", func(s string) bool { return len(s) <= 253 && !strings.ContainsAny(s, " /:@\\") }},
	"email":    {"e-mail address", isEmail},
	"url":      {"URL", isURL},
	"hex":      {"hexadecimal text", func(s string) bool { _, err := hex.DecodeString(s); return err == nil }},
	"base64":   {"base64 text", func(s string) bool { _, err := base64.StdEncoding.DecodeString(s); return err == nil }},
	"charset":  {"character set of the IANA list", func(s string) bool { _, err := ianaindex.MIME.Encoding(s); return err == nil }},
}

func isTime(s string) bool {
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil && strings.HasSuffix(s, "Z")
}

func address(s string) (netip.Addr, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Addr(), true
	}
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Zone() == ""
}

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == strings.Trim(s, "<>") || err != nil && strings.Count(s, "@") == 1 && !strings.ContainsAny(s, " <>") && s[0] != '@' && s[len(s)-1] != '@'
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil { // real malicious URLs bend RFC 3986: a scheme and no space will do
		scheme, rest, ok := strings.Cut(s, "://")
		return ok && scheme != "" && rest != "" && !strings.ContainsAny(s, " \t\r\n")
	}
	return u.Scheme != ""
}

func (v *Validator) number(path string, value any, p property) {
	n, ok := value.(json.Number)
	f, err := n.Float64()
	if !ok || err != nil {
		v.fail(path, "a number is needed")
		return
	}
	if _, err := n.Int64(); p.kind == "int" && err != nil {
		v.fail(path, "a whole number is needed")
	}
	if p.bounded && (f < p.min || f > p.max) {
		v.fail(path, "%s is not between %v and %v", clip(n.String()), p.min, p.max)
	}
}

// identifier checks an id and, where types are given, that it is of one of them.
func (v *Validator) identifier(path, s string, types []string) {
	kind, id, ok := strings.Cut(s, "--")
	switch {
	case !ok || kind == "" || !uuidText.MatchString(id):
		v.fail(path, "%q is no identifier: TYPE--UUID is needed", clip(s))
	case len(types) > 0 && !slices.ContainsFunc(types, func(t string) bool { return isOf(kind, t) }):
		v.fail(path, "%q is not of type %s", clip(s), strings.Join(types, ", "))
	}
}

// reference checks a reference: an identifier or, within the observed-data of
// STIX 2.0, the key of another object of it.
func (v *Validator) reference(path, s string, types []string) {
	if v.keys != nil {
		if to, ok := v.keys[s].(map[string]any); ok {
			if kind, _ := to["type"].(string); len(types) > 0 && !slices.ContainsFunc(types, func(t string) bool { return isOf(kind, t) }) {
				v.fail(path, "object %q is of type %s, not %s", s, kind, strings.Join(types, ", "))
			}
			return
		}
	}
	v.identifier(path, s, types)
}

// isOf reports whether a type is the one allowed, or of the family allowed. Types
// that are not in the specification may be anything.
func isOf(kind, allowed string) bool {
	if kind == allowed {
		return true
	}
	s := schemas[kind]
	if allowed == "sco" {
		return s == nil || s.family == "sco"
	}
	return s == nil && strings.HasPrefix(kind, "x-")
}

// hashLengths are the algorithms of hash-algorithm-ov with their length in
// hexadecimal digits; 0 where it varies.
var hashLengths = map[string]int{
	"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128, "SHA3-256": 64, "SHA3-512": 128, "SSDEEP": 0, "TLSH": 0,
	// of STIX 2.0
	"MD6": 0, "RIPEMD-160": 40, "SHA-224": 56, "SHA-384": 96, "SHA3-224": 56, "SHA3-384": 96, "WHIRLPOOL": 128, "ssdeep": 0,
}

func (v *Validator) hashes(path string, value any) {
	o, ok := value.(map[string]any)
	if !ok || len(o) == 0 {
		v.fail(path, "an object of algorithms and their values is needed")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		at := join(path, name)
		length, known := hashLengths[name]
		s, isText := o[name].(string)
		_, err := hex.DecodeString(s)
		switch {
		case !isText || s == "":
			v.fail(at, "a text is needed")
		case !hashKey.MatchString(name) || !known && !strings.HasPrefix(name, "x_"):
			v.fail(at, "%q is no algorithm of hash-algorithm-ov; own ones begin with x_", clip(name))
		case length > 0 && (err != nil || len(s) != length):
			v.fail(at, "%s has %d hexadecimal digits", name, length)
		}
	}
}

func (v *Validator) dict(path string, value any) {
	o, ok := value.(map[string]any)
	if !ok {
		v.fail(path, "an object is needed")
	} else if len(o) == 0 {
		v.fail(path, "the object is empty; leave the property out instead")
	}
}

// extensions checks those of the specification; others are their owners' business.
func (v *Validator) extensions(path string, value any) {
	o, ok := value.(map[string]any)
	if !ok || len(o) == 0 {
		v.fail(path, "an object with at least one extension is needed")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		at := join(path, name)
		if s := schemas[name]; s != nil && strings.HasSuffix(name, "-ext") {
			v.part(at, o[name], s)
			continue
		}
		if strings.HasPrefix(name, "extension-definition--") {
			v.identifier(at, name, []string{"extension-definition"})
		}
		v.dict(at, o[name])
	}
}

// objects checks the objects within observed-data, as STIX 2.0 writes them.
func (v *Validator) objects(path string, value any) {
	o, ok := value.(map[string]any)
	if !ok || len(o) == 0 {
		v.fail(path, "an object with at least one observable is needed")
		return
	}
	outer := v.keys
	v.keys = o
	defer func() { v.keys = outer }()
	for _, key := range slices.Sorted(maps.Keys(o)) {
		at := path + "." + key
		inner, ok := o[key].(map[string]any)
		kind, _ := inner["type"].(string)
		if !ok || kind == "" {
			v.fail(at, "an observable with a type is needed")
			continue
		}
		if s := schemas[kind]; s != nil && s.family != "part" {
			v.part(at, inner, s)
		}
		if e, ok := inner["extensions"]; ok {
			v.extensions(at+".extensions", e)
		}
	}
}

// pattern checks a pattern of the STIX language.
func (v *Validator) pattern(path, s string) {
	var kind struct {
		PatternType string `json:"pattern_type"`
	}
	_ = json.Unmarshal(v.object.Raw, &kind)
	if kind.PatternType != "" && kind.PatternType != "stix" {
		return
	}
	if _, err := ParsePattern(s); err != nil {
		v.fail(path, "%v", err)
	}
}

// clip shortens what a message quotes.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}
