package pipeline

import (
	"fmt"
	"strings"
)

// Reach says whether the logs by which ATT&CK detects a technique come to us.
type Reach string

// The reaches, best first.
const (
	AllLogs  Reach = "all"     // each that we know comes
	SomeLogs Reach = "some"    // one or more of them
	NoLogs   Reach = "none"    // we know at least one of them, and none comes
	OddLogs  Reach = "unknown" // none that we know
	Unnamed  Reach = "unnamed" // ATT&CK names no log, or its bundle was not imported
)

var reachOrder = []Reach{AllLogs, SomeLogs, NoLogs, OddLogs, Unnamed}

// LogReach is the logs by which ATT&CK detects a technique, by what comes to us.
type LogReach struct {
	Received []string `json:"received,omitempty"`
	Silent   []string `json:"silent,omitempty"`  // we would know their events; none came
	Unknown  []string `json:"unknown,omitempty"` // no format of ours is known to be these
}

// reaches sorts the logs of each technique.
func (c *Coverage) reaches(logs map[string][]string) map[string]LogReach {
	out := make(map[string]LogReach, len(logs))
	receipt := map[string]Receipt{}
	for technique, names := range logs {
		var r LogReach
		for _, n := range names {
			is, ok := receipt[n]
			if !ok {
				is = c.Receives(n)
				receipt[n] = is
			}
			switch is {
			case Received:
				r.Received = append(r.Received, n)
			case Silent:
				r.Silent = append(r.Silent, n)
			default:
				r.Unknown = append(r.Unknown, n)
			}
		}
		out[technique] = r
	}
	return out
}

// Is says it in a word.
func (r LogReach) Is() Reach {
	switch {
	case len(r.Received) > 0 && len(r.Silent) == 0:
		return AllLogs
	case len(r.Received) > 0:
		return SomeLogs
	case len(r.Silent) > 0:
		return NoLogs
	case len(r.Unknown) > 0:
		return OddLogs
	}
	return Unnamed
}

// Text says it in a sentence.
func (r LogReach) Text() string {
	var parts []string
	for _, p := range []struct {
		what string
		logs []string
	}{{"we receive", r.Received}, {"we do not receive", r.Silent}, {"not known as any format here:", r.Unknown}} {
		if n := len(p.logs); n > 6 {
			parts = append(parts, fmt.Sprintf("%s %s and %d more", p.what, strings.Join(p.logs[:6], ", "), n-6))
		} else if n > 0 {
			parts = append(parts, p.what+" "+strings.Join(p.logs, ", "))
		}
	}
	if len(parts) == 0 {
		return "ATT&CK names no log for it, or its bundle was not imported"
	}
	return "of the logs that ATT&CK reads for it " + strings.Join(parts, "; ")
}
