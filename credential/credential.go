// Package credential reads what was stolen: the logs of information stealers, lists of
// combinations, answers of Have I Been Pwned, tables; and lets no password out.
//
// [Reader.Read] reads one file and hands over [Record], [Machine] and [Breach]. Of a
// password it keeps what [Sealer.Seal] makes of it: a keyed fingerprint, which says
// whether two are the same and nothing else, and the class of its length. What cannot be
// told apart from a password, such as a line that may be split in two ways, is dropped
// and counted. Lines, files and records are bounded; nothing panics.
package credential

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind is how a credential came to be known to others.
type Kind string

// The kinds, what says most first.
const (
	Stealer    Kind = "stealer" // taken from a machine by malware: current when it was taken
	FromBreach Kind = "breach"  // taken from the site
	Combo      Kind = "combo"   // in a list that was put together from others
	Spam       Kind = "spam"    // an address list, or a fabricated one
)

// Kinds are all kinds, what says most first.
func Kinds() []Kind { return []Kind{Stealer, FromBreach, Combo, Spam} }

// Word is what people call a credential's origin.
func (k Kind) Word() string {
	switch k {
	case Stealer:
		return "stealer log"
	case FromBreach:
		return "breach"
	case Combo:
		return "combination list"
	case Spam:
		return "spam list"
	}
	return "leak"
}

// ParseKind reads a kind; "" is none and no error.
func ParseKind(s string) (Kind, bool) {
	switch k := Kind(strings.ToLower(strings.TrimSpace(s))); k {
	case "", Stealer, FromBreach, Combo, Spam:
		return k, true
	case "stealer log", "stealer-log", "infostealer":
		return Stealer, true
	case "ulp", "combo list", "combo-list":
		return Combo, true
	case "spam list", "spam-list", "spamlist":
		return Spam, true
	}
	return "", false
}

// Strength orders kinds by how much they say; 0 = not told.
func (k Kind) Strength() int {
	return map[Kind]int{Stealer: 4, FromBreach: 3, Combo: 2, Spam: 1}[k]
}

// Record is a stolen credential as it may be kept.
type Record struct {
	Account     string    `json:"account,omitempty"` // lower case; "" = only its machine is known
	Site        string    `json:"site,omitempty"`    // host name, or android:PACKAGE; "" = not told
	Kind        Kind      `json:"kind"`
	Source      string    `json:"source,omitempty"` // who says it: the breach, the collection
	Family      string    `json:"family,omitempty"` // of the malware that took it
	Time        time.Time `json:"time,omitzero"`    // of the log or the breach
	Fingerprint string    `json:"fingerprint,omitempty"`
	Length      string    `json:"length,omitempty"` // class of the password's length
	Machine     Machine   `json:"machine,omitzero"`
}

// Machine is what a stealer log says of where it ran.
type Machine struct {
	Name   string    `json:"name,omitempty"`
	HWID   string    `json:"hwid,omitempty"`
	User   string    `json:"user,omitempty"`
	Family string    `json:"family,omitempty"`
	Time   time.Time `json:"time,omitzero"` // of the log
}

// Breach is what Have I Been Pwned says of one.
type Breach struct {
	Name      string    `json:"name"`
	Title     string    `json:"title,omitempty"`
	Domain    string    `json:"domain,omitempty"`
	Date      time.Time `json:"date,omitzero"`
	Passwords bool      `json:"passwords,omitempty"` // they were among what was taken
	Kind      Kind      `json:"kind"`
}

// Limits of what is kept of a text from outside.
const (
	maxAccount = 254
	maxName    = 128
)

// Account brings a login into the form in which accounts are compared: lower case,
// without the domain of a Windows account. "" = it is none.
func Account(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.LastIndexByte(s, '\\'); i >= 0 {
		s = s[i+1:]
	}
	switch s {
	case "", "-", "unknown", "none", "null", "n/a", "(null)", "no_login":
		return ""
	}
	if len(s) > maxAccount || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }) {
		return ""
	}
	return s
}

// Mail returns the parts of an account that is a mail address.
func Mail(account string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(account, '@')
	if i < 1 || i == len(account)-1 || strings.ContainsAny(account, " /:;|\t,") {
		return "", "", false
	}
	domain = account[i+1:]
	return account[:i], domain, hostName(domain)
}

// word is a text of a file as a name: short, on one line.
func word(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == utf8.RuneError }), " ")
	if len(s) > maxName {
		s = strings.ToValidUTF8(s[:maxName], "")
	}
	return s
}
