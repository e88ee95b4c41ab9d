package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mention is a place where a name of the dictionary stands.
type mention struct {
	from, to int
	first, n int // words
	refs     []nameRef
	strong   bool // what stands around speaks for the name
	cased    bool // spelled as names are
}

// mentions finds who and what is named.
func (r *reading) mentions() {
	all := r.dictionary()
	all = append(all, r.programs()...)
	established := map[string]bool{}
	kinds := map[string]map[Kind]int{}
	for i := range all {
		m := &all[i]
		text := r.text.Body[m.from:m.to]
		m.cased = cased(text)
		m.strong = !allCommon(m.refs) || shortened(text) != text || r.cue(m, nil)
		if m.strong {
			established[shortened(text)] = true
		}
		key := strings.ToLower(shortened(text))
		if kinds[key] == nil {
			kinds[key] = map[Kind]int{}
		}
		for kind, cue := range cues {
			if r.cue(m, cue) || shortened(text) != text && cue[strings.ToLower(text[len(shortened(text))+1:])] {
				kinds[key][kind]++
			}
		}
	}
	taken := map[int]bool{}
	for _, m := range all {
		text := shortened(r.text.Body[m.from:m.to])
		r.mention(m, established[text], kinds[strings.ToLower(text)])
		for i := m.from; i < m.to; i++ {
			taken[i] = true
		}
	}
	r.newcomers(taken)
}

// dictionary finds the longest name at each word.
func (r *reading) dictionary() []mention {
	names := r.engine.known.Names
	if names == nil {
		return nil
	}
	var out []mention
	for i := 0; i < len(r.words); i++ {
		h := uint64(0)
		var best mention
		for j := i; j < len(r.words) && j-i < names.longest && (j == i || r.words[j].joint); j++ {
			w := r.words[j]
			h = hashWord(h, r.text.Body[w.from:w.to])
			if refs := names.at[h]; refs != nil {
				best = mention{from: r.words[i].from, to: w.to, first: i, n: j - i + 1, refs: refs}
			}
		}
		if best.n == 0 {
			best = r.withoutEnding(i)
		}
		if best.n > 0 && r.whole(best) {
			out = append(out, best)
			i += best.n - 1
		}
	}
	return out
}

// withoutEnding finds NetwireRAT as Netwire.
func (r *reading) withoutEnding(i int) mention {
	w := r.words[i]
	text := r.text.Body[w.from:w.to]
	for _, ending := range []string{"RAT", "Ransomware", "Stealer", "Loader", "Locker", "Bot"} {
		base, ok := strings.CutSuffix(text, ending)
		if !ok || len(base) < 4 {
			continue
		}
		refs := r.engine.known.Names.at[hashWord(0, base)]
		if len(refs) > 0 && !allCommon(refs) {
			return mention{from: w.from, to: w.to, first: i, n: 1, refs: refs}
		}
	}
	return mention{}
}

// whole: a name is not part of an address, a path or a file.
func (r *reading) whole(m mention) bool {
	s := r.text.Body
	if m.from > 0 {
		switch c := s[m.from-1]; {
		case strings.IndexByte("@\\%=_#$", c) >= 0:
			return false
		case c == '/' || c == '.' || c == '-':
			if m.from > 1 && (c != '-' && isWordByte(s[m.from-2]) && c == '.' || s[m.from-2] == '/' || s[m.from-2] == '.' || s[m.from-2] == ':') {
				return false
			}
			if c == '/' && m.from > 1 && isWordByte(s[m.from-2]) && lowerBefore(s, m.from-1) {
				return false
			}
		}
	}
	if m.to+1 < len(s) {
		switch c := s[m.to]; {
		case c == '.' && isWordByte(s[m.to+1]), c == '@', c == '_', c == '\\', c == '[' && strings.HasPrefix(s[m.to:], "[.]"), c == '(' && strings.HasPrefix(s[m.to:], "()"):
			return false
		case c == '/' && s[m.to+1] >= 'a' && s[m.to+1] <= 'z' && s[m.from] >= 'a' && s[m.from] <= 'z':
			return false
		}
	}
	return true
}

// lowerBefore: in a/B the a begins in lower case, as paths do.
func lowerBefore(s string, slash int) bool {
	from := slash
	for from > 0 && isWordByte(s[from-1]) {
		from--
	}
	c, _ := utf8.DecodeRuneInString(s[from:])
	return unicode.IsLower(c) && from > 0 && s[from-1] == '/'
}

var programForm = regexp.MustCompile(`(?i)\b([a-z0-9]{2,14})\.exe\b`)

// programs finds tools by the names of their programs: net.exe.
func (r *reading) programs() []mention {
	names := r.engine.known.Names
	if names == nil {
		return nil
	}
	var out []mention
	for _, at := range programForm.FindAllStringSubmatchIndex(r.text.Body, -1) {
		var refs []nameRef
		for _, ref := range names.at[hashWord(0, r.text.Body[at[2]:at[3]])] {
			if e := names.entities[ref.entity]; e.Kind == Tool && (strings.HasPrefix(e.ID, "S") || ref.alias < 0) {
				ref.common = false
				refs = append(refs, ref)
			}
		}
		if refs != nil {
			out = append(out, mention{from: at[0], to: at[1], refs: refs, first: -1})
		}
	}
	return out
}

func allCommon(refs []nameRef) bool {
	return !slices.ContainsFunc(refs, func(r nameRef) bool { return !r.common })
}

// shortened is a name without a word that says what it is: "Play ransomware".
func shortened(s string) string {
	if i := strings.LastIndexByte(s, ' '); i > 0 && generic[strings.ToLower(s[i+1:])] {
		return s[:i]
	}
	return s
}

// cased: every word of a name begins with a capital or digit.
func cased(s string) bool {
	for _, w := range words(shortened(s)) {
		if c, _ := utf8.DecodeRuneInString(s[w.from:]); unicode.IsLower(c) {
			return false
		}
	}
	return true
}

// cues are words beside a name that say what it is.
var cues = map[Kind]map[string]bool{
	Actor:    set(`group groups gang actor actors apt operators operator affiliates affiliate team threat-actor hackers hackerscrew collective cluster adversary nexus member members attackers spies cyberespionage`),
	Malware:  set(`ransomware malware trojan backdoor rat stealer infostealer loader downloader dropper botnet bot worm wiper implant spyware rootkit variant variants sample samples family payload payloads infection infections banker keylogger miner ransom virus adware bootkit stager shellcode beacon beacons c2`),
	Tool:     set(`tool tools utility framework scanner webshell exploit-kit toolkit kit script software`),
	Campaign: set(`campaign campaigns operation`),
}

// introducing are words before a name.
var introducing = set(`dubbed called named aka codenamed ransomware malware trojan backdoor stealer loader rat botnet`)

// cue says whether one of the words stands beside the name; nil asks for any.
func (r *reading) cue(m *mention, of map[string]bool) bool {
	if m.first < 0 {
		return of == nil
	}
	s := r.text.Body
	hit := func(i, beside int) bool {
		if i < 0 || i >= len(r.words) {
			return false
		}
		gap := ""
		if i < beside {
			gap = s[r.words[i].to:r.words[beside].from]
		} else {
			gap = s[r.words[beside].to:r.words[i].from]
		}
		if len(gap) > 4 || strings.ContainsAny(gap, ".;\n|") {
			return false
		}
		w := strings.ToLower(s[r.words[i].from:r.words[i].to])
		if of != nil {
			return of[w]
		}
		if i < beside {
			return introducing[w]
		}
		for _, c := range cues {
			if c[w] {
				return true
			}
		}
		return false
	}
	last := m.first + m.n - 1
	return hit(last+1, last) || hit(m.first-1, m.first) || last+1 < len(r.words) && s[r.words[last+1].from:r.words[last+1].to] == "s" && hit(last+2, last+1)
}

var sectorCue = regexp.MustCompile(`(?i)\b(sectors?|industr(y|ies)|verticals?|compan(y|ies)|organi[sz]ations?|entities|firms|institutions?|agencies|target(s|ed|ing)?|victims?|providers?|contractors|operators)\b`)

// mention turns a place into an item.
func (r *reading) mention(m mention, established bool, kinds map[Kind]int) {
	names := r.engine.known.Names
	if z := sectionAt(r.sections, m.from).zone; z == About && allCommon(m.refs) {
		return
	}
	kind, refs, decided := r.resolve(m, kinds)
	text := r.text.Body[m.from:m.to]
	e := names.entities[refs[0].entity]
	it := r.item(kind, stixType(kind), e.Name, m.from, m.to)
	it.Confidence = 95
	switch {
	case kind == Sector:
		if !sectorCue.MatchString(it.Sentence) {
			return
		}
		it.Confidence = 70
	case kind == Country:
		if !m.cased || len(text) == 2 && text != "US" && text != "UK" {
			return
		}
	case allCommon(m.refs):
		if m.n == 1 && notNames[strings.ToLower(text)] {
			return
		}
		if !m.cased || m.n == 1 && len(text) <= 3 && !slices.ContainsFunc(refs, func(x nameRef) bool { return r.spelled(x) == text }) {
			return
		}
		if !m.strong && !established && m.n == 1 {
			it.Confidence, it.Suppressed = 20, CommonWord
			if r.startsSentence(m.from) || !slices.ContainsFunc(refs, func(x nameRef) bool { return names.entities[x.entity].ID != "" }) {
				return // a word as good as any
			}
		} else if !m.strong {
			it.Confidence = 75
		}
	}
	if len(refs) == 1 && (decided || len(m.refs) == 1) {
		it.ID = e.ID
		it.Detail = r.others(m.refs, refs[0])
	} else {
		for _, x := range m.refs {
			o := names.entities[x.entity]
			it.Ambiguous = append(it.Ambiguous, strings.TrimSpace(string(o.Kind)+" "+o.Name+" "+o.ID))
		}
		slices.Sort(it.Ambiguous)
		it.Value = text
		it.Confidence = min(it.Confidence, 70)
	}
	r.items = append(r.items, it)
}

func (r *reading) startsSentence(at int) bool {
	return sentenceAt(r.sentences, at).From == at
}
