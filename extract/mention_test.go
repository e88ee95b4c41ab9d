package extract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/extract"
)

var named = []extract.Kind{extract.Actor, extract.Malware, extract.Tool, extract.Campaign}

func TestNames(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"alias", "The HIDDEN COBRA operators used PlugX.", []string{"intrusion-set Lazarus Group", "malware PlugX"}},
		{"spelling", "They loaded CobaltStrike and cobalt-strike.", []string{"malware Cobalt Strike", "malware Cobalt Strike"}},
		{"ending", "a NetwireRAT sample", []string{"malware NETWIRE"}},
		{"any case", "the malware revil", []string{"malware REvil"}},
		{"words that are words", "They play at home and ping the net to expand the empire.", nil},
		{"name that is a word", "The Play ransomware encrypted it. Play was fast.", []string{"malware Playcrypt", "malware Playcrypt"}},
		{"program", "then ran net.exe and ping.exe", []string{"tool Net", "tool Ping"}},
		{"not in a path", "see /home/emotet/x and emotet.example and emotet@x.example", nil},
		{"designation", "UNC9876 and TA9999 are new.", []string{"intrusion-set UNC9876", "intrusion-set TA9999"}},
		{"introduced", "We found a backdoor dubbed ZorbaxLoader. ZorbaxLoader then waits.", []string{"malware ZorbaxLoader", "malware ZorbaxLoader"}},
		{"not introduced by its kind", "The Android malware and the Windows backdoor.", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, seen(engine.Extract(extract.Text{Body: tt.in}), named...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	got := seen(engine.Extract(extract.Text{Body: "It targets the banking and healthcare sectors in Ukraine and German companies. Energy is good."}), extract.Sector, extract.Country)
	want := []string{"identity Bank", "identity Health", "location Ukraine", "location Germany"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAmbiguous: an alias of several has no id and says whose it may be.
func TestAmbiguous(t *testing.T) {
	n := 0
	for _, it := range engine.Extract(extract.Text{Body: "The group Sandworm and Axiom and Winnti and Comment Crew, also Winter Vivern, Hafnium, Gallium, Naikon and Lotus Panda."}) {
		if len(it.Ambiguous) > 0 {
			n++
			if it.ID != "" {
				t.Errorf("%s has both an id and %q", it.Value, it.Ambiguous)
			}
		}
	}
	if n == 0 {
		t.Error("no name of several was met")
	}
}

func TestTechniques(t *testing.T) {
	items := engine.Extract(extract.Text{Body: "The actor used T1059.001, T1574.002 and T9999. The malware injects shellcode into a remote process with CreateRemoteThread and WriteProcessMemory. " +
		"It dumps credentials from the memory of LSASS with Mimikatz."})
	got := map[string]extract.Item{}
	for _, it := range items {
		if it.ID == "" && it.Value != "T9999" {
			continue
		}
		if it.Kind == extract.Technique && (got[it.ID].Value == "" || it.Confidence > got[it.ID].Confidence) {
			got[it.ID] = it
		}
	}
	if it := got["T1059.001"]; it.Value != "Command and Scripting Interpreter: PowerShell" || it.Confidence != 99 {
		t.Errorf("%+v", it)
	}
	if it := got["T1574.001"]; it.Detail != "T1574.002 is T1574.001 today" {
		t.Errorf("an id that was taken back: %+v", it)
	}
	if it := got[""]; it.Suppressed != extract.UnknownID || it.Value != "T9999" {
		t.Errorf("an id that never was: %+v", it)
	}
	for _, id := range []string{"T1055", "T1003.001"} {
		if it := got[id]; it.Suppressed != "" || it.Sentence == "" || it.Confidence < 30 {
			t.Errorf("%s is not suggested: %+v", id, it)
		}
	}
}
