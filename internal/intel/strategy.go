package intel

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// Strategy is how a technique is detected, as ATT&CK describes it.
type Strategy struct {
	ID        string     `json:"id"` // STIX id
	AttackID  string     `json:"attack_id,omitempty"`
	Name      string     `json:"name"`
	URL       string     `json:"url,omitempty"`
	Analytics []Analytic `json:"analytics"`
}

// Analytic is one way to look for it, on some platforms.
type Analytic struct {
	ID          string      `json:"id"`
	AttackID    string      `json:"attack_id,omitempty"`
	Description string      `json:"description,omitempty"`
	Platforms   []string    `json:"platforms,omitempty"`
	Sources     []LogSource `json:"log_sources"`
}

// LogSource is a log that an analytic reads: "WinEventLog:Sysmon", and of it
// "EventCode=1". Component is the data component it stands for.
type LogSource struct {
	Name        string `json:"name"`
	Channel     string `json:"channel,omitempty"`
	Component   string `json:"component,omitempty"` // its name
	ComponentID string `json:"component_id,omitempty"`
}

const (
	strategyPrefix = "x-mitre-detection-strategy--"
	strategiesRead = 50  // of one technique
	analyticsRead  = 300 // of one technique
	sourcesRead    = 100 // of one analytic
)

// Strategies returns how a technique, given by its STIX id, is detected; none when no
// bundle said it.
func (s *Service) Strategies(ctx context.Context, technique string) ([]Strategy, error) {
	rels, _, err := s.Neighbours(ctx, ref.Ref{Kind: ref.Entity, ID: technique}, 1000)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range rels {
		if r.Type == "detects" && r.To.ID == technique && strings.HasPrefix(r.From.ID, strategyPrefix) && !slices.Contains(ids, r.From.ID) {
			ids = append(ids, r.From.ID)
		}
	}
	var out []Strategy
	analytics := map[string][]string{}
	err = s.objects(ctx, ids, strategiesRead, func(e Entity, m mitre) {
		if !e.Revoked {
			out = append(out, Strategy{ID: e.ID, AttackID: e.AttackID, Name: e.Name, URL: e.URL})
			analytics[e.ID] = m.Analytics
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b Strategy) int { return cmp.Or(cmp.Compare(a.AttackID, b.AttackID), cmp.Compare(a.ID, b.ID)) })
	return out, s.fillStrategies(ctx, out, analytics)
}

func (s *Service) fillStrategies(ctx context.Context, strategies []Strategy, of map[string][]string) error {
	var ids []string
	for _, st := range strategies {
		ids = append(ids, of[st.ID]...)
	}
	found := map[string]Analytic{}
	var components []string
	err := s.objects(ctx, ids, analyticsRead, func(e Entity, m mitre) {
		if e.Revoked {
			return
		}
		a := Analytic{ID: e.ID, AttackID: e.AttackID, Description: e.Description, Platforms: m.Platforms, Sources: []LogSource{}}
		for _, l := range m.LogSources[:min(len(m.LogSources), sourcesRead)] {
			a.Sources = append(a.Sources, LogSource{Name: l.Name, Channel: l.Channel, ComponentID: l.Component})
			components = append(components, l.Component)
		}
		found[e.ID] = a
	})
	if err != nil {
		return err
	}
	names := map[string]string{}
	if err := s.objects(ctx, components, analyticsRead, func(e Entity, _ mitre) { names[e.ID] = e.Name }); err != nil {
		return err
	}
	for i := range strategies {
		strategies[i].Analytics = []Analytic{}
		for _, id := range of[strategies[i].ID] {
			a, ok := found[id]
			if !ok {
				continue
			}
			for j := range a.Sources {
				a.Sources[j].Component = names[a.Sources[j].ComponentID]
			}
			strategies[i].Analytics = append(strategies[i].Analytics, a)
		}
	}
	return nil
}

// mitre is what ATT&CK's own types say beyond STIX.
type mitre struct {
	Analytics  []string `json:"x_mitre_analytic_refs"`
	Platforms  []string `json:"x_mitre_platforms"`
	Source     string   `json:"x_mitre_data_source_ref"`
	LogSources []struct {
		Name      string `json:"name"`
		Channel   string `json:"channel"`
		Component string `json:"x_mitre_data_component_ref"`
	} `json:"x_mitre_log_source_references"`
}

// objects calls fn with the newest versions of what ids name, at most limit of them.
func (s *Service) objects(ctx context.Context, ids []string, limit int, fn func(Entity, mitre)) error {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	ids = ids[:min(len(ids), limit)]
	if len(ids) == 0 {
		return nil
	}
	rows, err := s.Objects(ctx, ObjectQuery{IDs: ids, Limit: limit})
	if err != nil {
		return err
	}
	for _, r := range rows {
		var o stix.Object
		var m mitre
		if err := errors.Join(json.Unmarshal(r.Raw, &o), json.Unmarshal(r.Raw, &m)); err != nil {
			return errs.New(errs.Internal, "object_damaged", "The kept object %s cannot be read; import its bundle again.", r.ID).Because(err)
		}
		o.Raw = r.Raw
		fn(entityOf(o, r.Source), m)
	}
	return nil
}
