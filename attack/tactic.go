package attack

import (
	"strings"
	"unicode/utf8"
)

// Domain is one of ATT&CK's matrices.
type Domain string

// The domains.
const (
	Enterprise Domain = "enterprise"
	Mobile     Domain = "mobile"
	ICS        Domain = "ics"
)

// Domains lists the domains.
var Domains = []Domain{Enterprise, Mobile, ICS}

// TacticInfo is one column of a matrix.
type TacticInfo struct {
	ID    ID
	Short string // as in kill_chain_phases: "command-and-control"
	Name  string
}

// Tactics returns the tactics of a domain in the order of its matrix; nil for an
// unknown domain. The list must not be changed.
func Tactics(d Domain) []TacticInfo { return tactics[d] }

// The matrices of ATT&CK 18.
var tactics = map[Domain][]TacticInfo{
	Enterprise: {
		{"TA0043", "reconnaissance", "Reconnaissance"},
		{"TA0042", "resource-development", "Resource Development"},
		{"TA0001", "initial-access", "Initial Access"},
		{"TA0002", "execution", "Execution"},
		{"TA0003", "persistence", "Persistence"},
		{"TA0004", "privilege-escalation", "Privilege Escalation"},
		{"TA0005", "defense-evasion", "Defense Evasion"},
		{"TA0006", "credential-access", "Credential Access"},
		{"TA0007", "discovery", "Discovery"},
		{"TA0008", "lateral-movement", "Lateral Movement"},
		{"TA0009", "collection", "Collection"},
		{"TA0011", "command-and-control", "Command and Control"},
		{"TA0010", "exfiltration", "Exfiltration"},
		{"TA0040", "impact", "Impact"},
	},
	Mobile: {
		{"TA0027", "initial-access", "Initial Access"},
		{"TA0041", "execution", "Execution"},
		{"TA0028", "persistence", "Persistence"},
		{"TA0029", "privilege-escalation", "Privilege Escalation"},
		{"TA0030", "defense-evasion", "Defense Evasion"},
		{"TA0031", "credential-access", "Credential Access"},
		{"TA0032", "discovery", "Discovery"},
		{"TA0033", "lateral-movement", "Lateral Movement"},
		{"TA0035", "collection", "Collection"},
		{"TA0037", "command-and-control", "Command and Control"},
		{"TA0036", "exfiltration", "Exfiltration"},
		{"TA0034", "impact", "Impact"},
	},
	ICS: {
		{"TA0108", "initial-access", "Initial Access"},
		{"TA0104", "execution", "Execution"},
		{"TA0110", "persistence", "Persistence"},
		{"TA0111", "privilege-escalation", "Privilege Escalation"},
		{"TA0103", "evasion", "Evasion"},
		{"TA0102", "discovery", "Discovery"},
		{"TA0109", "lateral-movement", "Lateral Movement"},
		{"TA0100", "collection", "Collection"},
		{"TA0101", "command-and-control", "Command and Control"},
		{"TA0107", "inhibit-response-function", "Inhibit Response Function"},
		{"TA0106", "impair-process-control", "Impair Process Control"},
		{"TA0105", "impact", "Impact"},
	},
}

// FindTactic returns a tactic of a domain by its ID, short name or name; only letters
// are compared, in either case, and "&" is "and".
func FindTactic(d Domain, s string) (TacticInfo, bool) {
	s = strings.ReplaceAll(strings.TrimSpace(s), "&", "and")
	for _, t := range tactics[d] {
		if sameLetters(t.Short, s) || strings.EqualFold(string(t.ID), s) {
			return t, true
		}
	}
	return TacticInfo{}, false
}

// sameLetters tells whether the letters of s are those of short.
func sameLetters(short, s string) bool {
	i := 0
	for _, c := range []byte(short) {
		if c == '-' {
			continue
		}
		for i < len(s) && !letter(s[i]) {
			i++
		}
		if i == len(s) || s[i]|0x20 != c {
			return false
		}
		i++
	}
	return !strings.ContainsFunc(s[i:], func(r rune) bool { return r >= utf8.RuneSelf || letter(byte(r)) })
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
