package attack_test

import (
	"testing"

	"github.com/vedette-soc/vedette/attack"
)

func TestParseID(t *testing.T) {
	tests := []struct {
		in   string
		id   attack.ID
		kind attack.Kind
		url  string
	}{
		{"T1059.001", "T1059.001", attack.Technique, "https://attack.mitre.org/techniques/T1059/001"},
		{" t1059 ", "T1059", attack.Technique, "https://attack.mitre.org/techniques/T1059"},
		{"TA0002", "TA0002", attack.Tactic, "https://attack.mitre.org/tactics/TA0002"},
		{"g0016", "G0016", attack.Group, "https://attack.mitre.org/groups/G0016"},
		{"S0154", "S0154", attack.Software, "https://attack.mitre.org/software/S0154"},
		{"C0001", "C0001", attack.Campaign, "https://attack.mitre.org/campaigns/C0001"},
		{"M1031", "M1031", attack.Mitigation, "https://attack.mitre.org/mitigations/M1031"},
	}
	for _, tt := range tests {
		id, err := attack.ParseID(tt.in)
		if err != nil || id != tt.id || id.Kind() != tt.kind || id.URL() != tt.url {
			t.Errorf("%q: %q %q %q %v", tt.in, id, id.Kind(), id.URL(), err)
		}
	}
	for _, bad := range []string{"", "T", "T105", "T10590", "T1059.", "T1059.01", "G0016.001", "TA0002.001", "X0001", "T１059", "AT1059"} {
		if id, err := attack.ParseID(bad); err == nil {
			t.Errorf("%q became %q", bad, id)
		}
	}
	if p := attack.ID("T1059.001").Parent(); p != "T1059" {
		t.Errorf("parent %q", p)
	}
}

func TestFindTactic(t *testing.T) {
	for _, s := range []string{"command-and-control", "Command and Control", "COMMAND_AND_CONTROL", "ta0011", "CommandAndControl", "Command & Control"} {
		if got, ok := attack.FindTactic(attack.Enterprise, s); !ok || got.ID != "TA0011" {
			t.Errorf("%q: %v %v", s, got, ok)
		}
	}
	if got, ok := attack.FindTactic(attack.ICS, "impair-process-control"); !ok || got.ID != "TA0106" {
		t.Errorf("%v %v", got, ok)
	}
	for _, s := range []string{"impair-process-control", "", "-", "impacts", "impac", "impact é", "TA0106"} {
		if got, ok := attack.FindTactic(attack.Enterprise, s); ok {
			t.Errorf("%q is taken for %v", s, got)
		}
	}
}

func FuzzParseID(f *testing.F) {
	for _, s := range []string{"T1059.001", "TA0002", "g0016", "T1059.", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := attack.ParseID(s)
		if err != nil {
			return
		}
		if again, err := attack.ParseID(string(id)); err != nil || again != id || id.URL() == "" || id.Parent().Kind() != id.Kind() {
			t.Errorf("%q: %q, again %q %v", s, id, again, err)
		}
	})
}
