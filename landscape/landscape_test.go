package landscape_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/landscape"
)

var (
	now    = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	reader = landscape.NewReader([]landscape.Place{
		{"DE", "Germany", []string{"German"}},
		{"UA", "Ukraine", []string{"Ukrainian"}},
		{"RU", "Russia", []string{"Russian"}},
		{"CN", "China", []string{"Chinese"}},
		{"US", "United States", []string{"US", "American"}},
		{"FR", "France", []string{"French"}},
		{"IR", "Iran", []string{"Iranian"}},
	})
	grid = landscape.Profile{Sectors: []string{"energy"}, Countries: []string{"DE"}, Technologies: []landscape.Technology{{"Microsoft", "SQL Server"}, {"Acme", "GridPilot 7"}, {"Microsoft", "Windows 11"}}}
)

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"whom it targets, not where it comes from", "Heron is a Russian threat group. It has targeted German electric utilities and the U.S. government.", []string{"DE", "electricity", "US", "government"}},
		{"attributed to", "Heron is attributed to Russia's General Staff and China-based; attacks against Ukrainian banks were seen.", []string{"UA", "banking"}},
		{"an origin behind an aim", "Heron targets hospitals, and the attacks are attributed to the Iranian Ministry of Intelligence.", []string{"health"}},
		{"victims named first", "French victims were told. The energy sector has been targeted.", []string{"FR", "energy"}},
		{"the victims' country", "The campaign hit French victims.", []string{"FR"}},
		{"whom it does not target", "Heron avoids targets in Russia.", nil},
		{"not only", "It targets not only banks but also insurers.", []string{"banking", "insurance"}},
		{"words are not capitals", "It attacked us, and it attacked IT companies.", []string{"technology"}},
		{"regions", "The group targets organizations in the Middle East and Western Europe.", []string{"middle-east", "western-europe"}},
		{"the world", "It compromised telecommunications companies worldwide.", []string{"telecom", "worldwide"}},
		{"a banking trojan targets nobody yet", "They attacked with a banking trojan.", nil},
		{"links and citations", "[Heron](https://x.example/groups/G1) targets [Germany](https://x.example).(Citation: France 2020)", []string{"DE"}},
		{"nothing", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, s := range reader.Read(tt.text) {
				got = append(got, s.Key)
				if !strings.Contains(landscape.Plain(tt.text), s.Sentence) {
					t.Errorf("%q is no sentence of the text", s.Sentence)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSectorOf(t *testing.T) {
	for words, want := range map[string]string{
		"Financial services": "finance", "Bank": "banking", "banks": "banking", "Health": "health", "Oil and gas": "oil-gas", "Government, Administration": "government",
		"energy sector": "energy", "Managed Services Provider": "service-providers", "oil-gas": "oil-gas", "Private sector": "", "": "", "nonsense": "",
	} {
		if got, ok := landscape.SectorOf(words); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", words, got, ok, want)
		}
	}
}

func claims(values ...string) []landscape.Claim {
	var out []landscape.Claim
	for _, v := range values {
		out = append(out, landscape.Claim{Value: v, Source: "test"})
	}
	return out
}

func TestAssess(t *testing.T) {
	seen := landscape.Sight{Incident: "i1", Number: 7, Name: "Otter", Last: now.Add(-time.Hour)}
	soft := landscape.Sight{Incident: "i2", Number: 8, Name: "Lever", Software: true, Users: 4, Last: now}
	refuted := seen
	refuted.Refuted = true
	for _, tt := range []struct {
		name  string
		actor landscape.Actor
		state landscape.State
		score int
		why   []string // short
		asks  int
	}{
		{"nothing is known", landscape.Actor{}, landscape.Unknown, 0, nil, 2},
		{"our sector and country", landscape.Actor{Sectors: claims("Energy"), Places: claims("Germany")}, landscape.Relevant, 55, []string{"energy", "Germany"}, 0},
		{"a part of our sector", landscape.Actor{Sectors: claims("Oil")}, landscape.Relevant, 24, []string{"oil and gas"}, 1},
		{"what our sector is a part of", landscape.Actor{Sectors: claims("critical infrastructure")}, landscape.Relevant, 15, []string{"critical infrastructure"}, 1},
		{"a region that holds our country", landscape.Actor{Places: claims("Europe")}, landscape.Relevant, 12, []string{"Europe"}, 1},
		{"the best of several counts once", landscape.Actor{Places: claims("Europe", "DE", "worldwide")}, landscape.Relevant, 25, []string{"Germany"}, 1},
		{"others", landscape.Actor{Sectors: claims("Bank"), Places: claims("Ukraine")}, landscape.Other, -12, []string{"other sectors", "other countries"}, 0},
		{"a word that names no sector leaves it open", landscape.Actor{Sectors: claims("Private sector")}, landscape.Unknown, 0, nil, 2},
		{"a sentence", landscape.Actor{Texts: []landscape.Text{{Body: "It attacks energy companies in Germany.", Source: "s"}}}, landscape.Relevant, 55, []string{"energy", "Germany"}, 0},
		{"what a tool's text says are no targets", landscape.Actor{Texts: []landscape.Text{{Body: "It attacks energy companies in Germany.", Source: "s", Of: "Lever"}}}, landscape.Unknown, 0, nil, 2},
		{"seen here", landscape.Actor{Seen: []landscape.Sight{seen, seen}}, landscape.Relevant, 50, []string{"seen here"}, 2},
		{"its tool seen here, which four use", landscape.Actor{Seen: []landscape.Sight{soft}}, landscape.Relevant, 6, []string{"Lever seen here"}, 2},
		{"seen, and judged a false alarm", landscape.Actor{Seen: []landscape.Sight{refuted}}, landscape.Unknown, 0, nil, 2},
		{"it exploits what we have", landscape.Actor{Texts: []landscape.Text{{Body: "They used CVE-2026-1111 in Acme GridPilot.", Source: "s"}}}, landscape.Relevant, 15, []string{"exploits GridPilot 7"}, 2},
		{"a vulnerability by relation", landscape.Actor{Exploits: []landscape.Claim{{Value: "CVE-2026-2222", Source: "s", Sentence: "CVE-2026-2222: SQL Server allows it"}}}, landscape.Relevant, 15, []string{"exploits SQL Server"}, 2},
		{"a product is named, and Windows is no product", landscape.Actor{Texts: []landscape.Text{{Body: "It looks for SQL Server on Windows 11.", Source: "s", Of: "Lever"}}}, landscape.Relevant, 8, []string{"SQL Server"}, 2},
		{"an analyst says no", landscape.Actor{Sectors: claims("Energy"), Judged: &landscape.Judgement{By: "kim", Why: "gone"}}, landscape.Relevant, -30, []string{"does not target us", "energy"}, 1},
		{"an analyst says yes", landscape.Actor{Judged: &landscape.Judgement{Targets: true, By: "kim", Why: "seen at a peer"}}, landscape.Relevant, 60, []string{"targets us"}, 2},
		{"a report of this year", landscape.Actor{Reports: []landscape.Report{{"r", "Heron returns", now.AddDate(0, -1, 0)}, {"q", "Old", now.AddDate(-2, 0, 0)}}}, landscape.Unknown, 6, []string{"in a report"}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := landscape.Assess(grid, []landscape.Actor{tt.actor}, reader, now)[0]
			var why []string
			for _, term := range a.Terms {
				why = append(why, term.Short)
			}
			if a.State != tt.state || a.Score != tt.score || len(a.Questions) != tt.asks {
				t.Errorf("%s, %d, %d questions; want %s, %d, %d: %+v", a.State, a.Score, len(a.Questions), tt.state, tt.score, tt.asks, a.Terms)
			}
			if diff := cmp.Diff(tt.why, why); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// random makes actors of all kinds of evidence.
func random(r *rand.Rand, n int) []landscape.Actor {
	pick := func(from ...string) []landscape.Claim {
		var out []landscape.Claim
		for _, v := range from {
			if r.IntN(3) == 0 {
				out = append(out, landscape.Claim{Value: v, Source: string(rune('a' + r.IntN(3)))})
			}
		}
		return out
	}
	var out []landscape.Actor
	for i := range n {
		a := landscape.Actor{ID: string(rune('A' + i)), Name: "actor " + string(rune('A'+i%7))}
		a.Sectors = pick("Energy", "Oil", "electricity", "critical infrastructure", "Bank", "Private sector")
		a.Places = pick("DE", "Europe", "worldwide", "Ukraine", "central-europe", "nowhere")
		for _, body := range []string{"It targets nuclear plants in France.", "They hit German energy firms.", "CVE-2026-3333 in SQL Server.", "SQL Server was searched."} {
			if r.IntN(3) == 0 {
				a.Texts = append(a.Texts, landscape.Text{Body: body, Source: string(rune('a' + r.IntN(3)))})
			}
		}
		for j := range r.IntN(5) {
			a.Seen = append(a.Seen, landscape.Sight{Incident: "i", Number: j % 3, Name: string(rune('p' + j%4)), Software: r.IntN(2) == 0, Users: 1 + r.IntN(30), Last: now.Add(-time.Duration(j) * time.Hour)})
		}
		out = append(out, a)
	}
	return out
}

func TestOrderDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		actors := random(r, 12)
		want := landscape.Assess(grid, actors, reader, now)
		for i := range actors {
			a := &actors[i]
			r.Shuffle(len(a.Sectors), func(i, j int) { a.Sectors[i], a.Sectors[j] = a.Sectors[j], a.Sectors[i] })
			r.Shuffle(len(a.Places), func(i, j int) { a.Places[i], a.Places[j] = a.Places[j], a.Places[i] })
			r.Shuffle(len(a.Texts), func(i, j int) { a.Texts[i], a.Texts[j] = a.Texts[j], a.Texts[i] })
			r.Shuffle(len(a.Seen), func(i, j int) { a.Seen[i], a.Seen[j] = a.Seen[j], a.Seen[i] })
		}
		r.Shuffle(len(actors), func(i, j int) { actors[i], actors[j] = actors[j], actors[i] })
		if diff := cmp.Diff(want, landscape.Assess(grid, actors, reader, now)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestTakingEvidenceAway: the score is the sum of the terms, and what is taken away
// takes exactly its terms with it.
func TestTakingEvidenceAway(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		a := random(r, 1)[0]
		full := landscape.Assess(grid, []landscape.Actor{a}, reader, now)[0]
		sum := 0
		for _, term := range full.Terms {
			sum += term.Weight
			if term.Text == "" || term.Source == "" || term.Short == "" || term.Weight == 0 {
				t.Fatalf("a term says nothing: %+v", term)
			}
		}
		if sum != full.Score {
			t.Fatalf("the terms make %d, the score is %d", sum, full.Score)
		}
		without := a
		without.Seen = nil
		seen := 0
		for _, term := range full.Terms {
			if term.Kind == landscape.SeenHere {
				seen += term.Weight
			}
		}
		if got := landscape.Assess(grid, []landscape.Actor{without}, reader, now)[0]; got.Score != full.Score-seen {
			t.Fatalf("without incidents the score is %d, want %d − %d", got.Score, full.Score, seen)
		}
		bare := landscape.Actor{ID: a.ID, Name: a.Name}
		if got := landscape.Assess(grid, []landscape.Actor{bare}, reader, now)[0]; got.State != landscape.Unknown || got.Score != 0 || len(got.Questions) != 2 {
			t.Fatalf("without evidence: %+v", got)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"It has targeted German banks.", "Russia's [a](b) (Citation: x) U.S. victims; hit.", "\xff\xfe targets 'Germany's", "against — US-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain := landscape.Plain(s)
		for _, said := range reader.Read(s) {
			if !strings.Contains(plain, said.Sentence) || said.Key == "" {
				t.Errorf("%q is not in %q", said.Sentence, plain)
			}
		}
	})
}
