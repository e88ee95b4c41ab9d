package investigate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/ref"
)

// world answers from what a test puts into it.
type world struct {
	c          investigate.Case
	known      map[string]investigate.Indicator
	named      []investigate.Indicator
	parties    []investigate.Party
	techniques []investigate.Technique
	earlier    []investigate.Earlier
	seen       map[string]int
	err        error
}

func (w world) Case(context.Context, string) (investigate.Case, error) { return w.c, w.err }

func (w world) Indicator(_ context.Context, _ indicator.Type, v string) (investigate.Indicator, bool, error) {
	i, ok := w.known[v]
	return i, ok, nil
}

func (w world) Named(context.Context, []string, int) ([]investigate.Indicator, error) {
	return w.named, nil
}

func (w world) Parties(context.Context, []string) ([]investigate.Party, []investigate.Technique, error) {
	return w.parties, w.techniques, nil
}

func (w world) Earlier(context.Context, string, []string) ([]investigate.Earlier, error) {
	return w.earlier, nil
}

func (w world) Seen(_ context.Context, _ indicator.Type, v string) (int, error) {
	return w.seen[v], nil
}

func reason(id, value string, hits int, blocked bool) investigate.Reason {
	return investigate.Reason{Indicator: id, Type: indicator.Domain, Value: value, Title: value, Hits: hits, Blocked: blocked}
}

func dossier(t *testing.T, w world) investigate.Dossier {
	t.Helper()
	s := investigate.New(w, func(id string) (string, []string, bool) {
		return "Technique " + id, []string{"execution"}, id != "T9999"
	})
	d, err := s.Dossier(ref.WithActor(t.Context(), ref.SystemActor), "x")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDossier(t *testing.T) {
	d := dossier(t, world{
		c: investigate.Case{
			ID: "x", Names: []string{"QakBot"}, Techniques: []string{"T1059"}, Entities: []string{"ws-1"},
			Reasons: []investigate.Reason{reason("1", "evil.com", 3, false), reason("2", "bad.com", 1, true), reason("1", "evil.com", 4, false)},
		},
		known:      map[string]investigate.Indicator{"evil.com": {ID: "1", Value: "evil.com", Confidence: 60}},
		named:      []investigate.Indicator{{ID: "1"}, {ID: "3", Value: "quiet.com", Confidence: 99}, {ID: "4", Value: "seen.com", Confidence: 50}},
		parties:    []investigate.Party{{Type: "malware", Name: "QakBot", AttackID: "S0650", Direct: true}, {Type: "intrusion-set", Name: "G"}},
		techniques: []investigate.Technique{{ID: "T1059", Why: "QakBot uses it"}, {ID: "T1071", Why: "QakBot uses it"}},
		earlier:    []investigate.Earlier{{Number: 7, Verdict: "true-positive", Shared: []string{"evil.com"}}},
		seen:       map[string]int{"seen.com": 5},
	})
	if len(d.Indicators) != 2 || d.Indicators[0].Hits != 7 || d.Indicators[1].Value != "bad.com" {
		t.Errorf("indicators %+v", d.Indicators)
	}
	if len(d.Techniques) != 2 || !d.Techniques[0].Observed || d.Techniques[1].Observed || d.Techniques[1].Name != "Technique T1071" {
		t.Errorf("techniques %+v", d.Techniques)
	}
	if len(d.Related) != 2 || d.Related[0].Value != "seen.com" {
		t.Errorf("what our own events hold must come first: %+v", d.Related)
	}
	if len(d.Actors) != 1 || len(d.Malware) != 1 {
		t.Errorf("actors %+v, malware %+v", d.Actors, d.Malware)
	}
	var titles []string
	for _, a := range d.Advice {
		titles = append(titles, a.Title)
		if a.Text == "" || a.Why == "" {
			t.Errorf("an advice without text or reason: %+v", a)
		}
	}
	want := []string{"Block what was reached", "Isolate ws-1", "Look at the related indicators that were seen", "Read incident 7 first"}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]investigate.Block{{Type: indicator.Domain, Value: "evil.com"}}, d.Advice[0].Block); diff != "" {
		t.Errorf("only what was reached is to be blocked, once: %s", diff)
	}
}

// What concerns us is said where a source says it; silence is not a no.
func TestRelevance(t *testing.T) {
	d := dossier(t, world{
		c: investigate.Case{ID: "x", Profile: []string{"logistics", "Poland", "SAP"}},
		parties: []investigate.Party{
			{Type: "intrusion-set", Name: "A", Text: "Attacks logistics firms in Poland."},
			{Type: "intrusion-set", Name: "B", Text: "Attacks Logisticsoft in Polandia."},
		},
	})
	if d.Actors[0].Relevant != "its description names logistics, Poland, as our profile does" || d.Actors[1].Relevant != "" {
		t.Errorf("%q, %q", d.Actors[0].Relevant, d.Actors[1].Relevant)
	}
}

func TestAdviceOnLeaks(t *testing.T) {
	since := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
	d := dossier(t, world{c: investigate.Case{
		Entities: []string{"vpn01"}, Infected: []string{"laptop-17"},
		Leaked: []investigate.Leaked{{Account: "jdoe", Since: since, Stealer: true}, {Account: "k", Since: since, Stealer: true, Changed: true}, {Account: "m", Since: since, Changed: true}},
	}})
	var got []string
	for _, a := range d.Advice {
		got = append(got, a.Title)
	}
	if diff := cmp.Diff([]string{"Reset the password of jdoe and end its sessions", "End the sessions of k", "Treat laptop-17 as infected"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAdviceNeverIsEmpty(t *testing.T) {
	if d := dossier(t, world{c: investigate.Case{ID: "x"}}); len(d.Advice) != 1 {
		t.Errorf("%+v", d.Advice)
	}
}

func TestDossierNeedsRoleAndPassesErrorsOn(t *testing.T) {
	boom := errors.New("boom")
	s := investigate.New(world{err: boom}, nil)
	if _, err := s.Dossier(t.Context(), "x"); errs.KindOf(err) != errs.Denied {
		t.Errorf("without a role: %v", err)
	}
	if _, err := s.Dossier(ref.WithActor(t.Context(), ref.SystemActor), "x"); !errors.Is(err, boom) {
		t.Errorf("%v", err)
	}
}
