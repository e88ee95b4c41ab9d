package attack

import (
	"fmt"
	"strings"
)

// ID is an identifier of ATT&CK in its canonical spelling: "T1059.001",
// "TA0002", "G0016", "S0154", "C0001", "M1031".
type ID string

// Kind is what an ID names.
type Kind string

// The kinds.
const (
	Technique  Kind = "technique" // sub-techniques too
	Tactic     Kind = "tactic"
	Group      Kind = "group"
	Software   Kind = "software"
	Campaign   Kind = "campaign"
	Mitigation Kind = "mitigation"
)

// kinds are the letters before the digits, the longest first.
var kinds = []struct {
	prefix, path string
	kind         Kind
}{
	{"TA", "tactics", Tactic},
	{"T", "techniques", Technique},
	{"G", "groups", Group},
	{"S", "software", Software},
	{"C", "campaigns", Campaign},
	{"M", "mitigations", Mitigation},
}

// ParseID reads an ID, in any case and with blanks around it. It checks the form,
// not whether ATT&CK has assigned it.
func ParseID(s string) (ID, error) {
	id := ID(strings.ToUpper(strings.TrimSpace(s)))
	if id.Kind() == "" {
		return "", fmt.Errorf("%.40q is no ATT&CK id such as T1059.001, TA0002, G0016, S0154, C0001 or M1031", s)
	}
	return id, nil
}

// Kind returns what the ID names, "" when it has not the form of one.
func (id ID) Kind() Kind {
	for _, k := range kinds {
		rest, ok := strings.CutPrefix(string(id), k.prefix)
		if !ok {
			continue
		}
		number, sub, dotted := strings.Cut(rest, ".")
		if !digits(number, 4) || dotted && (k.kind != Technique || !digits(sub, 3)) {
			return ""
		}
		return k.kind
	}
	return ""
}

func digits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

// Parent returns the technique of a sub-technique, and the ID itself of anything
// else.
func (id ID) Parent() ID {
	parent, _, _ := strings.Cut(string(id), ".")
	return ID(parent)
}

// URL returns the address of the ID's page, "" when it has not the form of one.
func (id ID) URL() string {
	kind := id.Kind()
	for _, k := range kinds {
		if k.kind == kind {
			return "https://attack.mitre.org/" + k.path + "/" + strings.ReplaceAll(string(id), ".", "/")
		}
	}
	return ""
}
