package web

import (
	"regexp"
	"strings"
)

// prosePart is a piece of a description: plain text, or what stands for a command.
type prosePart struct {
	Text string
	Code bool
}

var (
	citation = regexp.MustCompile(`\s?\(Citation: [^()]*(?:\([^()]*\)[^()]*)*\)`)
	mdLink   = regexp.MustCompile(`\[([^\[\]]*)\]\(https?://[^\s()]*(?:\([^\s()]*\)[^\s()]*)*\)`)
	codeSpan = regexp.MustCompile("(?s)<code>(.*?)</code>|`([^`\n]+)`")
)

// prose takes a description of ATT&CK or a galaxy apart, at most n characters of it:
// links become their words (the page links to what it knows itself), citations go, and
// commands are marked. Nothing of it becomes HTML.
func prose(n int, text string) []prosePart {
	text = citation.ReplaceAllString(text, "")
	text = mdLink.ReplaceAllString(text, "$1")
	text = short(n, strings.TrimSpace(text))
	var out []prosePart
	at := 0
	for _, m := range codeSpan.FindAllStringSubmatchIndex(text, -1) {
		if m[0] > at {
			out = append(out, prosePart{Text: text[at:m[0]]})
		}
		from, to := m[2], m[3]
		if from < 0 {
			from, to = m[4], m[5]
		}
		out = append(out, prosePart{Text: text[from:to], Code: true})
		at = m[1]
	}
	if at < len(text) {
		out = append(out, prosePart{Text: text[at:]})
	}
	return out
}
