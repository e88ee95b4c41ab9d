package extract

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestSentence bounds a sentence; a longer one is a table or data and is cut.
const longestSentence = 1200

// Range is a piece of the body.
type Range struct{ From, To int }

// Sentences cuts a text into sentences, rows of tables and items of lists. A line
// that ends in the middle of a sentence is continued by the next.
func Sentences(s string) []Range {
	var out []Range
	add := func(from, to int) {
		for from < to && isSpace(s[from]) {
			from++
		}
		for from < to && isSpace(s[to-1]) {
			to--
		}
		if from < to {
			out = append(out, Range{from, to})
		}
	}
	start := 0
	for i := 0; i < len(s); i++ {
		end := false
		switch c := s[i]; c {
		case '\n':
			end = !continues(s, start, i)
		case '.', '!', '?':
			end = endsSentence(s, i)
		}
		if i-start >= longestSentence && isSpace(s[i]) || i-start >= 2*longestSentence && utf8.RuneStart(s[i]) {
			add(start, i)
			start = i
		}
		if end {
			add(start, i+1)
			start = i + 1
		}
	}
	add(start, len(s))
	return out
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v'
}

// continues says whether the line that ends at i goes on below: it is long, ends
// without punctuation, and what follows begins in lower case.
func continues(s string, start, i int) bool {
	from := strings.LastIndexByte(s[:i], '\n') + 1
	line := strings.TrimRight(s[from:i], " \r\t")
	if len(line) < 45 || i-start > longestSentence || strings.HasPrefix(strings.TrimLeft(line, " "), "|") {
		return false
	}
	switch line[len(line)-1] {
	case '.', '!', '?', ':', ';', '|':
		return false
	}
	next := s[i+1:]
	if next == "" || next[0] == '\n' || next[0] == '\r' {
		return false
	}
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(next, " \t"))
	return unicode.IsLower(r) || r == '(' || unicode.IsUpper(r) && len(line) >= 60 && !strings.HasPrefix(next, " ")
}

// abbreviations are words whose dot ends no sentence.
var abbreviations = map[string]bool{
	"e.g": true, "i.e": true, "etc": true, "vs": true, "mr": true, "mrs": true, "dr": true, "fig": true, "inc": true,
	"ltd": true, "co": true, "corp": true, "no": true, "st": true, "u.s": true, "cf": true, "al": true, "approx": true,
}

// endsSentence: a blank and then something that begins a sentence.
func endsSentence(s string, i int) bool {
	j := i + 1
	for j < len(s) && strings.IndexByte(`"')]`, s[j]) >= 0 {
		j++
	}
	if j >= len(s) || !isSpace(s[j]) {
		return j >= len(s)
	}
	for j < len(s) && (s[j] == ' ' || s[j] == '\t') {
		j++
	}
	if j >= len(s) || s[j] == '\n' {
		return true
	}
	if r, _ := utf8.DecodeRuneInString(s[j:]); unicode.IsLower(r) {
		return false
	}
	if s[i] != '.' {
		return true
	}
	from := i
	for from > 0 && !isSpace(s[from-1]) && i-from < 12 {
		from--
	}
	word := strings.ToLower(strings.TrimLeft(s[from:i], `("'[`))
	return !abbreviations[word] && len(word) > 1
}

// sentenceAt returns the sentence that a place lies in.
func sentenceAt(all []Range, at int) Range {
	i := sort.Search(len(all), func(i int) bool { return all[i].To > at })
	if i < len(all) && all[i].From <= at {
		return all[i]
	}
	return Range{at, at}
}
