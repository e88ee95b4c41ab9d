package misp

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/gaissmai/bart"
	"golang.org/x/net/publicsuffix"

	"github.com/vedette-soc/vedette/indicator"
)

// Refusal is an entry, or a whole list when Entry is empty, that is not used.
type Refusal struct {
	List   string
	Entry  string
	Reason string // a Reason constant of this package or of package indicator
}

// The reasons beside those of package indicator.
const (
	ReasonNoType   = "no-type"   // the list is about nothing that is an indicator type here
	ReasonListType = "list-type" // unknown kind of list
	ReasonTooShort = "too-short" // a part of a word that would hit everything
	ReasonNotHost  = "not-a-host"
	ReasonRegexp   = "bad-regexp"
)

const (
	minSubstring = 4
	maxRegexp    = 1000
)

// WarningSet is a compiled set of warning lists.
type WarningSet struct {
	lists   []compiledList
	refs    []ref            // chains, see ref.next
	names   map[string]int32 // host name -> first ref
	exact   map[string]int32 // any other value -> first ref
	nets    bart.Table[int32]
	regexps []compiledRegexp
	entries int
}

type compiledList struct {
	name   string
	types  typeSet
	action Action
}

// ref is one list's claim to a key; next is the position of the following one
// plus 1, 0 at the end.
type ref struct {
	list  int32
	next  int32
	exact bool // the name itself, not what is below it
}

type compiledRegexp struct {
	list   int32
	source string
	re     *regexp.Regexp
}

// Compile makes a set of lists. What cannot be used is returned with the reason;
// the rest is used.
//
// Entries that are hosts are matched as hosts, whatever the list's kind says: a
// name covers what is below it, on label boundaries. So "example.com" in a list
// of strings knows www.example.com, and "go.com" in a list of substrings no
// longer knows mango.com. A public suffix covers only itself, except that a
// hostname list, or an entry that begins with a dot, may name a suffix of the
// private section ("github.io"). Regular expressions may be written as in
// JavaScript (/…/gi).
func Compile(lists []WarningList) (*WarningSet, []Refusal) {
	s := &WarningSet{names: map[string]int32{}, exact: map[string]int32{}}
	var refused []Refusal
	for _, l := range lists {
		types := l.types()
		reason := ""
		switch {
		case types == 0:
			reason = ReasonNoType
		case !knownListType(l.Type):
			reason = ReasonListType
		}
		if reason != "" {
			refused = append(refused, Refusal{List: l.Name, Reason: reason})
			continue
		}
		s.lists = append(s.lists, compiledList{l.Name, types, l.DefaultAction()})
		for _, entry := range l.List {
			if reason := s.add(l, types, entry); reason != "" {
				refused = append(refused, Refusal{l.Name, entry, reason})
				continue
			}
			s.entries++
		}
	}
	return s, refused
}

// Lists returns how many lists are in use, Entries how many entries.
func (s *WarningSet) Lists() int { return len(s.lists) }

// Entries returns how many entries are in use.
func (s *WarningSet) Entries() int { return s.entries }

func knownListType(t string) bool {
	switch t {
	case ListCIDR, ListHostname, ListString, ListSubstring, ListRegex:
		return true
	}
	return false
}

// add returns the reason why an entry is refused, "" when it is in.
func (s *WarningSet) add(l WarningList, types typeSet, entry string) string {
	switch {
	case l.Type == ListRegex:
		return s.addRegexp(entry)
	case l.Type == ListCIDR:
		return s.addNet(entry)
	case types&addresses != 0 && s.addNet(entry) == "":
		return ""
	case types&hosts != 0:
		return s.addHost(l, entry)
	case l.Type == ListSubstring:
		return ReasonNotHost
	}
	value := strings.ToLower(strings.TrimSpace(entry))
	if _, v, err := indicator.Detect(entry); err == nil {
		value = v
	}
	if value == "" {
		return indicator.ReasonEmpty
	}
	s.link(s.exact, value, false)
	return ""
}

func (s *WarningSet) addNet(entry string) string {
	_, v, err := indicator.Identify(indicator.IPv4, entry)
	if err != nil {
		return indicator.Reason(err)
	}
	p := prefixOf(v)
	if p.Bits() == 0 {
		return indicator.ReasonTooWide
	}
	next, _ := s.nets.Get(p)
	s.nets.Insert(p, s.chain(next, false))
	return ""
}

func (s *WarningSet) addHost(l WarningList, entry string) string {
	if strings.ContainsAny(entry, "/@") {
		_, v, err := indicator.Detect(entry)
		if err != nil {
			return indicator.Reason(err)
		}
		s.link(s.exact, v, false)
		return ""
	}
	name, err := indicator.Canonical(indicator.Domain, entry)
	single := err == nil && !strings.Contains(name, ".")
	switch {
	case l.Type == ListSubstring && len(strings.TrimSpace(entry)) < minSubstring:
		return ReasonTooShort
	case err != nil:
		return indicator.Reason(err)
	case l.Type == ListSubstring && single:
		return ReasonNotHost
	}
	s.link(s.names, name, coversItself(l, entry, name))
	return ""
}

// coversItself says whether a name stands for itself only.
func coversItself(l WarningList, entry, name string) bool {
	if strings.Contains(strings.ToLower(l.Name), "tlds as known") {
		return true
	}
	suffix, icann := publicsuffix.PublicSuffix(name)
	if suffix != name {
		return false
	}
	if l.Type == ListHostname || strings.HasPrefix(entry, ".") {
		return icann
	}
	return true
}

// addRegexp reads "/…/flags" or a bare expression.
func (s *WarningSet) addRegexp(entry string) string {
	source := entry
	if end := strings.LastIndexByte(entry, '/'); end > 0 && entry[0] == '/' {
		flags := ""
		for _, f := range entry[end+1:] {
			switch f {
			case 'i', 'm', 's':
				flags += string(f)
			case 'g', 'u': // find all, Unicode: both as they are here
			default:
				return ReasonRegexp
			}
		}
		source = entry[1:end]
		if flags != "" {
			source = "(?" + flags + ")" + source
		}
	}
	if len(source) > maxRegexp {
		return indicator.ReasonTooLong
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return ReasonRegexp
	}
	s.regexps = append(s.regexps, compiledRegexp{int32(len(s.lists) - 1), entry, re})
	return ""
}

func (s *WarningSet) link(m map[string]int32, key string, exact bool) {
	m[key] = s.chain(m[key], exact)
}

// chain puts a ref of the list at hand before next and returns its place.
func (s *WarningSet) chain(next int32, exact bool) int32 {
	s.refs = append(s.refs, ref{int32(len(s.lists) - 1), next, exact})
	return int32(len(s.refs))
}

// prefixOf reads a canonical address or network.
func prefixOf(value string) netip.Prefix {
	if p, err := netip.ParsePrefix(value); err == nil {
		return p
	}
	a, err := netip.ParseAddr(value)
	if err != nil {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(a, a.BitLen())
}
