package landscape

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Place is a country with the names by which texts call it, and what comes from it.
type Place struct {
	Code, Name string
	Names      []string
}

// Reader finds in prose whom somebody targets.
type Reader struct {
	places map[string]string // folded name -> ISO code or region
	names  map[string]string // code or region -> name for people
	long   int
}

// NewReader returns a Reader that knows the countries given and all regions.
func NewReader(countries []Place) *Reader {
	r := &Reader{places: map[string]string{}, names: map[string]string{}}
	add := func(name, key string) {
		if f := fold(name); f != "" {
			r.places[f] = key
			r.long = max(r.long, strings.Count(f, " ")+1)
		}
	}
	for _, g := range regions {
		r.names[g.key] = g.name
		for w := range strings.SplitSeq(g.words, ",") {
			add(w, g.key)
		}
	}
	for _, c := range countries {
		code := strings.ToUpper(c.Code)
		r.names[code] = c.Name
		add(c.Name, code)
		for _, n := range c.Names {
			add(n, code)
		}
	}
	return r
}

// PlaceOf returns the code of a country or the key of a region by its name or code.
func (r *Reader) PlaceOf(name string) (string, bool) {
	name = strings.TrimSpace(name)
	if len(name) == 2 && r.names[strings.ToUpper(name)] != "" {
		return strings.ToUpper(name), true
	}
	key, ok := r.places[fold(name)]
	if !ok {
		key, ok = r.places[strings.TrimPrefix(fold(name), "the ")]
	}
	return key, ok
}

// PlaceName is a country or region for people.
func (r *Reader) PlaceName(key string) string {
	if n := r.names[key]; n != "" {
		return n
	}
	return key
}

// maxProse bounds what is read of one text.
const maxProse = 64 << 10

var (
	citation = regexp.MustCompile(`\(Citation:[^)]*\)`)
	linkText = regexp.MustCompile(`\[([^\]\n]{1,200})\]\([^)\s]{1,500}\)`)
	markup   = regexp.MustCompile(`</?[a-zA-Z][^>]{0,40}>`)
)

// Plain is a text without citations and the marks of links.
func Plain(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxProse)], "?")
	s = citation.ReplaceAllString(s, "")
	s = linkText.ReplaceAllString(s, "$1")
	s = markup.ReplaceAllString(s, "")
	return strings.Join(strings.Fields(s), " ")
}

// sentences cuts plain text after a full stop that a new sentence follows.
func sentences(s string) []string {
	var out []string
	start := 0
	for i := 0; i+2 < len(s); i++ {
		if c := s[i]; c != '.' && c != '!' && c != '?' || s[i+1] != ' ' {
			continue
		}
		next, _ := utf8.DecodeRuneInString(s[i+2:])
		word := s[strings.LastIndexByte(s[:i], ' ')+1 : i]
		if unicode.IsLower(next) || len(word) == 1 || strings.Contains(word, ".") || word == "Inc" || word == "Dr" || word == "vs" {
			continue
		}
		out = append(out, s[start:i+1])
		start = i + 2
	}
	if rest := strings.TrimSpace(s[start:]); rest != "" {
		out = append(out, rest)
	}
	return out
}

// word is a word of a sentence. hyphen: it hangs on the next by a hyphen; possessive:
// "Russia's".
type word struct {
	text, low          string
	hyphen, possessive bool
	stop               bool // a clause ends behind it: ; : ( ) and the like
}

func splitWords(s string) []word {
	s = strings.NewReplacer("’", "'", "–", "-", "—", " - ").Replace(s)
	s = strings.NewReplacer("U.S.A.", "USA", "U.S.", "US", "U.K.", "UK", "U.S", "US", "U.K", "UK").Replace(s)
	var out []word
	start := -1
	flush := func(end int, sep rune, after string) {
		if start < 0 {
			return
		}
		w := word{text: s[start:end]}
		if base, ok := strings.CutSuffix(w.text, "'s"); ok {
			w.text, w.possessive = base, true
		}
		w.text = strings.Trim(w.text, "'")
		w.low = strings.ToLower(w.text)
		w.hyphen = sep == '-' && after != "" && after[0] != ' ' && after[0] != '-'
		w.stop = sep == ';' || sep == ':' || sep == '(' || sep == ')'
		if w.text != "" {
			out = append(out, w)
		}
		start = -1
	}
	for i, c := range s {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || c == '\'' {
			if start < 0 {
				start = i
			}
			continue
		}
		flush(i, c, s[i+utf8.RuneLen(c):])
	}
	flush(len(s), ' ', "")
	return out
}
