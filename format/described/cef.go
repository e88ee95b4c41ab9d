package described

import (
	"strings"

	"github.com/vedette-soc/vedette/format"
)

// cefCut reads ArcSight's Common Event Format:
// CEF:Version|Vendor|Product|Version|Class|Name|Severity|key=value key=value.
type cefCut struct{}

var cefHeader = [...]string{"version", "device.vendor", "device.product", "device.version", "device.event_class_id", "name", "severity"}

func (cefCut) cut(r *decoder, record string) (bool, error) {
	_, rest, ok := strings.Cut(record, "CEF:")
	if bare := strings.TrimPrefix(record, " "); strings.HasPrefix(bare, "0|") || strings.HasPrefix(bare, "1|") {
		rest, ok = bare, true // somebody took "CEF:" for the program's name
	}
	if !ok {
		return false, format.Faultf("cef", "there is no CEF: in the record")
	}
	r.begin(record)
	for _, name := range cefHeader {
		value, after, ok := cutPipe(rest)
		if !ok && name != "severity" {
			return true, nil // what is there is kept; the message has all
		}
		r.put(name, value)
		rest = after
	}
	readExtension(rest, func(key, value string) { r.put("extensions."+key, value) })
	r.labels()
	return true, nil
}

// cutPipe cuts at the next '|' that no backslash stands before.
func cutPipe(s string) (value, rest string, ok bool) {
	escaped := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			escaped = true
		case '|':
			value = s[:i]
			if escaped {
				value = cefHeaderText.Replace(value)
			}
			return strings.TrimSpace(value), s[i+1:], true
		}
	}
	return s, "", false
}

// readExtension reads key=value pairs whose values may hold spaces: a value ends
// where the next key begins.
func readExtension(s string, put func(key, value string)) {
	keyEnd := nextKey(s, 0)
	for n := 0; keyEnd >= 0 && n < maxPairs; n++ {
		keyStart := strings.LastIndexAny(s[:keyEnd], " \t\n") + 1
		key := s[keyStart:keyEnd]
		next := nextKey(s, keyEnd+1)
		end := len(s)
		if next >= 0 {
			end = strings.LastIndexAny(s[:next], " \t\n")
		}
		put(key, cefText(bare(strings.TrimSpace(s[keyEnd+1:end]))))
		keyEnd = next
	}
}

// bare takes quotes away that stand around a whole value, as some makers write them.
func bare(s string) string {
	if n := len(s); n > 2 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] && strings.IndexByte(s[1:n-1], s[0]) < 0 {
		return s[1 : n-1]
	}
	return s
}

// nextKey returns the place of the '=' behind the next key at or after from, -1
// when there is none.
func nextKey(s string, from int) int {
	word := from // where the word at i begins
	for i := from; i < len(s); i++ {
		c := s[i]
		if c == '\\' {
			if i++; i == len(s) {
				break
			}
			c = s[i]
			if c == '=' {
				continue
			}
		}
		switch c {
		case ' ', '\t', '\n':
			word = i + 1
		case '=':
			if (word > from || from == 0) && cefKey(s[word:i]) {
				return i
			}
		}
	}
	return -1
}

func cefKey(key string) bool {
	for i := range len(key) {
		c := key[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' && c != '[' && c != ']' {
			return false
		}
	}
	return key != "" && len(key) <= maxName-len("extensions.")
}

func cefText(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	if len(s) > 3 && s[1] == ':' && s[2] == '\\' && s[3] != '\\' && s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z' {
		return strings.ReplaceAll(s, `\=`, `=`) // a path as it is, of which "\n" is no line end
	}
	return cefValueText.Replace(s)
}

// cefHeaderText and cefValueText undo the escapes of the two parts of a record.
var (
	cefHeaderText = strings.NewReplacer(`\|`, `|`, `\\`, `\`)
	cefValueText  = strings.NewReplacer(`\=`, `=`, `\\`, `\`, `\n`, "\n", `\r`, "\r", `\|`, `|`)
)

// labelled are the keys that another key names, and that one.
var labelled = func() (out []struct{ value, label string }) {
	for _, key := range [...]string{
		"cs1", "cs2", "cs3", "cs4", "cs5", "cs6", "cn1", "cn2", "cn3", "flexString1", "flexString2", "deviceCustomDate1", "deviceCustomDate2",
		"c6a1", "c6a2", "c6a3", "c6a4", "cfp1", "cfp2", "cfp3", "cfp4", "flexNumber1", "flexNumber2", "flexDate1",
	} {
		out = append(out, struct{ value, label string }{"extensions." + key, "extensions." + key + "Label"})
	}
	return out
}()

// labels puts labelled values under their names.
func (r *decoder) labels() {
	for _, key := range labelled {
		name, ok := r.got(key.label).(string)
		if !ok {
			continue
		}
		value, _ := r.got(key.value).(string)
		name = strings.Join(strings.FieldsFunc(strings.ToLower(name), func(c rune) bool {
			return (c < 'a' || c > 'z') && (c < '0' || c > '9')
		}), "_")
		if name != "" {
			r.put("labels."+name, value)
		}
	}
}

// leefCut reads IBM's Log Event Extended Format, versions 1 and 2:
// LEEF:Version|Vendor|Product|Version|EventID|[Delimiter|]key=value<tab>key=value.
type leefCut struct{}

var leefHeader = [...]string{"version", "vendor", "product", "product_version", "event_id"}

func (leefCut) cut(r *decoder, record string) (bool, error) {
	_, rest, ok := strings.Cut(record, "LEEF:")
	if strings.HasPrefix(record, "1.0|") || strings.HasPrefix(record, "2.0|") {
		rest, ok = record, true
	}
	if !ok {
		return false, format.Faultf("leef", "there is no LEEF: in the record")
	}
	r.begin(record)
	second := strings.HasPrefix(rest, "2")
	for _, name := range leefHeader {
		value, after, ok := strings.Cut(rest, "|")
		r.put(name, strings.TrimSpace(value))
		if rest = after; !ok {
			return true, nil
		}
	}
	delimiter := "\t"
	if second {
		word, after, ok := strings.Cut(rest, "|")
		if ok && len(word) <= 6 && !strings.Contains(word, "=") {
			rest = after
			if word == "" && strings.HasPrefix(rest, "|") {
				word, rest = "|", rest[1:] // the bar itself: "|||"
			}
			if d := leefDelimiter(word); d != "" {
				delimiter = d
			}
		}
	}
	if delimiter == "\t" && strings.IndexByte(rest, '\t') < 0 {
		delimiter = "#011" // as rsyslog escapes it
	}
	n := 0
	for pair := range strings.SplitSeq(rest, delimiter) {
		key, value, ok := strings.Cut(pair, "=")
		if key = strings.TrimSpace(key); ok && pairKey(key) && r.fields[r.d.prefix+key] == nil { // the first counts: what follows may be somebody's choice
			r.put(key, strings.TrimSpace(value))
		}
		if n++; n >= maxPairs {
			break
		}
	}
	return true, nil
}

// leefDelimiter reads "^", "x5E", "0x5E".
func leefDelimiter(word string) string {
	if len(word) == 1 {
		return word
	}
	hex := strings.TrimPrefix(strings.TrimPrefix(word, "0"), "x")
	if n, ok := format.Number("0x" + hex).(int64); ok && hex != word && n > 0 && n < 256 {
		return string([]byte{byte(n)})
	}
	return ""
}
