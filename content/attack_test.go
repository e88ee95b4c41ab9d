package content_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/content"
)

func TestAttack(t *testing.T) {
	c, err := content.Attack()
	if err != nil {
		t.Fatal(err)
	}
	if entities, relations := c.Len(); c.Version() != "18.1" || entities < 2000 || relations < 20000 {
		t.Errorf("version %s, %d entities, %d relations", c.Version(), entities, relations)
	}
	if e, _ := c.Entity("G0016"); e.Name != "APT29" || !slices.Contains(e.Aliases, "Cozy Bear") || e.STIX != "intrusion-set--899ce53f-13a0-479b-a0e4-67d46e241542" {
		t.Errorf("G0016 is %+v", e)
	}
	if e, _ := c.Entity("S0154"); e.Name != "Cobalt Strike" || e.Type != "malware" || e.URL() != "https://attack.mitre.org/software/S0154" {
		t.Errorf("S0154 is %+v", e)
	}
	if e, _ := c.Current("T1086"); e.AttackID != "T1059.001" || e.Name != "PowerShell" {
		t.Errorf("T1086 is now %+v", e)
	}
	if !slices.ContainsFunc(c.Mitigations("T1059.001"), func(e attack.Entity) bool { return e.AttackID == "M1042" }) {
		t.Error("M1042 does not mitigate T1059.001")
	}
}

// TestAttackTactics holds the techniques against the tables of tactics: every
// tactic has some, and no technique names a tactic that is not there.
func TestAttackTactics(t *testing.T) {
	c, err := content.Attack()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range attack.Domains {
		for _, tactic := range attack.Tactics(d) {
			if len(c.Techniques(d, tactic.Short)) == 0 {
				t.Errorf("%s: no technique of %s", d, tactic.Short)
			}
		}
	}
	for e := range c.Entities() {
		if len(e.Domains) == 0 {
			t.Errorf("%s is in no domain", e.AttackID)
		}
		if e.Deprecated || e.Revoked {
			continue
		}
		for _, short := range e.Tactics {
			if !slices.ContainsFunc(e.Domains, func(d attack.Domain) bool { _, ok := attack.FindTactic(d, short); return ok }) {
				t.Errorf("%s: tactic %q is in none of its domains", e.AttackID, short)
			}
		}
	}
}

func TestAttackNotice(t *testing.T) {
	if !strings.Contains(content.AttackLicence(), content.AttackNotice) {
		t.Error("the licence lacks the notice")
	}
}

// TestTacticOf: a technique is of the first tactic of the matrix that it is used for.
func TestTacticOf(t *testing.T) {
	cat, err := content.Attack()
	if err != nil {
		t.Fatal(err)
	}
	for technique, want := range map[string]string{
		"T1003.001": "credential-access", "t1053.005": "execution", "T1078": "initial-access", "T1059.999": "execution", "T0836": "impair-process-control", "T9999": "", "mimikatz": "",
	} {
		if got := cat.TacticOf(technique); got != want {
			t.Errorf("%s: %q, want %q", technique, got, want)
		}
	}
}
