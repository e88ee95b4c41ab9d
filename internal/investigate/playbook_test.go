package investigate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/internal/investigate"
)

// advised are the titles of what is advised in a case.
func advised(t *testing.T, c investigate.Case) ([]string, []investigate.Advice) {
	t.Helper()
	c.ID = "x"
	d := dossier(t, world{c: c})
	var titles []string
	for _, a := range d.Advice {
		titles = append(titles, a.Title)
		if strings.Contains(a.Title+a.Text, "{") {
			t.Errorf("not filled in: %+v", a)
		}
	}
	return titles, d.Advice
}

// TestPlays: what was done decides what is advised, the most urgent first, each thing once.
func TestPlays(t *testing.T) {
	first := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	titles, list := advised(t, investigate.Case{First: first, Entities: []string{"ws-1", "ws-2"}, Acts: []investigate.Act{
		{Tactic: "execution", Techniques: []string{"T1059.001"}, Title: "Odd shell", Host: "ws-1", Strong: true},
		{Tactic: "credential-access", Techniques: []string{"t1003.001"}, Title: "LSASS read", Host: "ws-1", Strong: true},
		{Tactic: "credential-access", Title: "SAM copied", Host: "ws-2", Strong: true},
		{Tactic: "reconnaissance", Title: "Scan", Host: "ws-3", Strong: true},
	}})
	want := []string{"Isolate ws-1, ws-2", "Treat the accounts used on ws-1, ws-2 as stolen", "See what ran and what started it"}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Fatal(diff)
	}
	if !strings.Contains(list[1].Text, "2026-03-02 10:00 UTC") || list[1].URL != "https://attack.mitre.org/techniques/T1003/001" || !strings.Contains(list[1].Why, `"LSASS read" (credential access)`) {
		t.Errorf("%+v", list[1])
	}
	for name, c := range map[string]struct {
		acts []investigate.Act
		want []string
	}{
		"a sub-technique with a play of its own": {[]investigate.Act{{Tactic: "credential-access", Techniques: []string{"T1003.006"}, Title: "DCSync", Host: "dc", Strong: true}}, []string{"Isolate dc", "Treat the passwords of the whole domain as known"}},
		"how it may have begun":                  {[]investigate.Act{{Tactic: "privilege-escalation", Techniques: []string{"T1566.002"}, Title: "Session of a role", Host: "h"}}, []string{"See which rights were won"}},
		"how it began":                           {[]investigate.Act{{Tactic: "initial-access", Techniques: []string{"T1566.002"}, Title: "Link opened", Host: "h"}}, []string{"Take the message out of every mailbox"}},
		"not sure enough to isolate":             {[]investigate.Act{{Tactic: "lateral-movement", Title: "Odd sign-in", Host: "ws-1"}}, []string{"Look at the other end"}},
		"an account alone":                       {[]investigate.Act{{Tactic: "credential-access", Techniques: []string{"T1539"}, Title: "Cookie used elsewhere", Account: "mia", Strong: true}}, []string{"End every session of mia"}},
		"nothing that calls for it":              {[]investigate.Act{{Tactic: "discovery", Title: "whoami", Host: "ws-1", Strong: true}}, []string{"Confirm, then judge"}},
		"bounded": {[]investigate.Act{
			{Tactic: "impact", Title: "a", Host: "h"},
			{Tactic: "exfiltration", Title: "b", Host: "h"},
			{Tactic: "persistence", Title: "c", Host: "h"},
			{Tactic: "command-and-control", Title: "d", Host: "h"},
			{Tactic: "execution", Title: "e", Host: "h"},
		}, []string{"Limit the damage", "Find out what left", "Cut the connection", "Find what starts by itself"}},
	} {
		if got, _ := advised(t, investigate.Case{First: first, Entities: []string{"h"}, Acts: c.acts}); !cmp.Equal(c.want, got) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestEveryTacticHasAPlay, but those that only look around.
func TestEveryTacticHasAPlay(t *testing.T) {
	for _, tactic := range attack.Tactics(attack.Enterprise) {
		got, _ := advised(t, investigate.Case{Entities: []string{"h"}, Acts: []investigate.Act{{Tactic: tactic.Short, Title: "x", Host: "h"}}})
		looks := tactic.Short == "reconnaissance" || tactic.Short == "resource-development" || tactic.Short == "discovery"
		if none := got[0] == "Confirm, then judge"; none != looks || len(got) != 1 {
			t.Errorf("%s: %q", tactic.Short, got)
		}
	}
}
