package indicator

import "strings"

// FoldName is a name of an actor, malware or campaign in the one spelling it is
// compared in: "APT-29" and "apt 29" are the same.
func FoldName(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" \t-_.", r) }), " ")
}
