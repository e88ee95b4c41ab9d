package app_test

import (
	"net/url"
	"os"
	"testing"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/landscape"
)

// threats imports files of the real vocabularies into a system whose profile is
// given and returns its landscape by name.
func threats(t *testing.T, profile string, files ...[]string) (list []pipeline.Threat, at map[string]int) {
	t.Helper()
	h := open(t, func(*app.System) error { return nil })
	for _, f := range files {
		path := realdata.Path(t, f...)
		in, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var report any
		if err := h.Call(t.Context(), "POST", "/indicators/import?"+url.Values{"name": {f[len(f)-1]}, "source": {f[0]}}.Encode(), in, &report); err != nil {
			t.Fatal(err)
		}
		_ = in.Close()
	}
	if profile != "" {
		file := t.TempDir() + "/profile.yaml"
		if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		var out any
		if err := h.Call(t.Context(), "PUT", "/profile", in, &out); err != nil {
			t.Fatal(err)
		}
	}
	page := ask[struct{ Items []pipeline.Threat }](t, h, "GET", "/landscape?limit=5000", nil)
	at = map[string]int{}
	for i, a := range page.Items {
		at[a.Name] = i
		sum := 0
		for _, term := range a.Terms {
			sum += term.Weight
		}
		if sum != a.Score {
			t.Errorf("%s: the terms make %d, the score is %d", a.Name, sum, a.Score)
		}
	}
	return page.Items, at
}

// TestLandscapeOfTheRealVocabularies: an energy company in Germany. Those whom ATT&CK
// and the galaxies tell to attack energy or Germany stand above those who are told to
// attack others, and of whom nothing is told is unknown.
func TestLandscapeOfTheRealVocabularies(t *testing.T) {
	if testing.Short() {
		t.Skip("imports all of ATT&CK and a galaxy, by one call after the other")
	}
	list, at := threats(t, "name: Grid\nsectors: [energy]\ncountries: [DE]\n",
		[]string{"attack", "enterprise-attack-18.1.json.gz"}, []string{"misp-galaxy", "clusters", threatActors(t)})
	if len(list) < 900 {
		t.Fatalf("%d actors", len(list))
	}
	for _, above := range []string{"Sandworm Team", "Dragonfly", "APT28", "Turla", "Berserk Bear"} {
		i, ok := at[above]
		if !ok {
			continue // known under the name of the vocabulary that comes first
		}
		for _, below := range []string{"SideCopy", "GCMAN", "Gamaredon Group", "FIN6", "TA577"} {
			if j, ok := at[below]; !ok || i >= j {
				t.Errorf("%s is at %d, %s at %d, known %v", above, i, below, j, ok)
			}
		}
	}
	states := map[string]landscape.State{"TA577": landscape.Unknown, "Evilnum": landscape.Other, "SideCopy": landscape.Other, "Sandworm Team": landscape.Relevant, "Dragonfly": landscape.Relevant}
	n := map[landscape.State]int{}
	for _, a := range list {
		n[a.State]++
		if want, ok := states[a.Name]; ok && a.State != want {
			t.Errorf("%s is %s, want %s: %+v", a.Name, a.State, want, a.Terms)
		}
		if a.State == landscape.Unknown && (len(a.Questions) == 0 || a.Score > 6) {
			t.Errorf("%s is unknown, with %d points and %d questions", a.Name, a.Score, len(a.Questions))
		}
	}
	t.Logf("%v", n)
}

// threatActors is the cluster of actors, packed or not.
func threatActors(t *testing.T) string {
	t.Helper()
	dir := realdata.Path(t, "misp-galaxy", "clusters")
	for _, name := range []string{"threat-actor.json.gz", "threat-actor.json"} {
		if _, err := os.Stat(dir + "/" + name); err == nil {
			return name
		}
	}
	t.Fatal("the galaxy has no actors")
	return ""
}

// TestLandscapeOfflineNeedsNoImport: the catalogue that ships says whom groups
// target; without a profile nobody is matched with anything.
func TestLandscapeOfflineNeedsNoImport(t *testing.T) {
	list, at := threats(t, "name: Freight\nsectors: [logistics]\ncountries: [NL]\n")
	i, ok := at["APT41"]
	if !ok || list[i].State != landscape.Relevant || list[i].Gaps == 0 || len(list[i].Techniques) < 50 {
		t.Errorf("APT41: %+v", list[i])
	}
	list, _ = threats(t, "")
	for _, a := range list {
		if a.Score != 0 || len(a.Questions) != 2 {
			t.Fatalf("without a profile: %+v", a)
		}
	}
}
