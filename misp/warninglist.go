// Package misp is the vocabulary of MISP formats. So far: warning lists, what is
// known to be harmless or at least common, and what not to believe a feed about.
//
// [DecodeWarningList] reads one list.json, [Compile] makes a [WarningSet] of
// many, [WarningSet.Match] says which lists know a value. A set never changes and
// is safe for concurrent use; a question costs as many steps as a name has labels
// or an address has bits, however long the lists are.
package misp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// The kinds of list (field "type" of a warning list).
const (
	ListCIDR      = "cidr"
	ListHostname  = "hostname"
	ListString    = "string"
	ListSubstring = "substring"
	ListRegex     = "regex"
)

// WarningList is a list as MISP publishes it (list.json of misp-warninglists).
type WarningList struct {
	Name               string      `json:"name"`
	Description        string      `json:"description"`
	Version            json.Number `json:"version"`
	Type               string      `json:"type"`
	MatchingAttributes []string    `json:"matching_attributes"` // MISP attribute types; none = every type
	List               []string    `json:"list"`
}

// DecodeWarningList reads a list.json. It returns an error when the input is no
// warning list; single entries are judged by Compile.
func DecodeWarningList(b []byte) (WarningList, error) {
	var l WarningList
	if err := json.Unmarshal(b, &l); err != nil {
		return WarningList{}, fmt.Errorf("read MISP warning list: %w", err)
	}
	if l.Name == "" || l.Type == "" || len(l.List) == 0 {
		return WarningList{}, errors.New(`read MISP warning list: "name", "type" and "list" must not be empty`)
	}
	return l, nil
}

// Action is what a hit on a list means for an indicator.
type Action string

// The actions, mildest first.
const (
	Tag       Action = "tag"       // worth knowing, says nothing against the indicator
	Downgrade Action = "downgrade" // common or shared: believe the indicator less
	Suppress  Action = "suppress"  // cannot mean an attack: not matched, not exported
)

// actions are the lists whose action is not Downgrade, by a part of their name.
//
// Suppress: what has no owner to accuse (special-purpose addresses and names,
// public suffixes) and what every machine touches (public resolvers, certificate
// revocation, hashes of empty and other well-known files).
// Tag: lists of what is often abused, or of what a victim rather than an attacker
// talks to; a hit on a sinkhole is an infection.
// The rest (top sites, clouds, content networks, crawlers, scanners, shorteners)
// is Downgrade: an attacker may well be there, but so is everybody else.
var actions = []struct {
	part   string
	action Action
}{
	{"rfc 1918", Suppress},
	{"rfc 3849", Suppress},
	{"rfc 5735", Suppress},
	{"rfc 5771", Suppress},
	{"rfc 6598", Suppress},
	{"rfc 6761", Suppress},
	{"link local", Suppress},
	{"public dns resolvers", Suppress},
	{"tlds as known", Suppress},
	{"crl and ocsp", Suppress},
	{"empty files", Suppress},
	{"eicar", Suppress},
	{"common false-positives", Suppress},
	{"are false positives", Suppress},
	{"fingerprint of", Suppress},
	{"sinkhole", Tag},
	{"blockpage", Tag},
	{"parking domains", Tag},
	{"dynamic dns", Tag},
	{"disposable", Tag},
	{"living off trusted sites", Tag},
	{"ipfs gateways", Tag},
	{"common vpn providers", Tag},
}

// DefaultAction returns what a hit on the list means unless an operator decides
// otherwise.
func (l WarningList) DefaultAction() Action {
	name := strings.ToLower(l.Name)
	for _, a := range actions {
		if strings.Contains(name, a.part) {
			return a.action
		}
	}
	return Downgrade
}
