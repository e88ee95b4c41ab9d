package store

import (
	"encoding/json"
	"slices"

	"github.com/vedette-soc/vedette/internal/intel"
)

// lister writes lists of words, remembering the last of each kind: a feed names the
// same thing for thousands of indicators.
type lister struct {
	named, tagged, foldedOf []string
	namedText, taggedText   any
	foldedNames             []string
	noted                   said
	notedText               string
}

func (l *lister) names(words []string) any { return again(words, &l.named, &l.namedText) }

func (l *lister) tags(words []string) any { return again(words, &l.tagged, &l.taggedText) }

func again(words []string, last *[]string, text *any) any {
	if *text == nil || !slices.Equal(words, *last) {
		*last, *text = words, list(words)
	}
	return *text
}

// folded returns names as they are compared.
func (l *lister) folded(names []string) []string {
	if len(names) == 0 || !slices.Equal(names, l.foldedOf) {
		l.foldedOf, l.foldedNames = names, nil
		for _, n := range names {
			if n = intel.FoldName(n); !slices.Contains(l.foldedNames, n) {
				l.foldedNames = append(l.foldedNames, n)
			}
		}
	}
	return l.foldedNames
}

// note writes what has no column of its own.
func (l *lister) note(n said) string {
	if n == (said{}) {
		return ""
	}
	if n != l.noted {
		b, _ := json.Marshal(n) // text and numbers always marshal
		l.noted, l.notedText = n, string(b)
	}
	return l.notedText
}
