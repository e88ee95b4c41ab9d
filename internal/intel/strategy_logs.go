package intel

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vedette-soc/vedette/internal/errs"
)

// analyticsPage is how many analytics are read at a time.
const analyticsPage = 1000

// Logs returns the logs that ATT&CK's strategies read to detect each technique, each
// once, by ATT&CK id; nothing when no bundle said it.
func (s *Service) Logs(ctx context.Context) (map[string][]string, error) {
	if s.actors == nil {
		return nil, nil
	}
	strategies, relations, around, err := s.actors.Surroundings(ctx, []string{"x-mitre-detection-strategy"})
	if err != nil || len(strategies) == 0 {
		return nil, err
	}
	attackID := map[string]string{}
	for _, e := range around {
		if e.AttackID != "" && !e.Revoked {
			attackID[e.ID] = e.AttackID
		}
	}
	analytics := map[string][]string{} // by strategy
	err = s.mitreObjects(ctx, "x-mitre-detection-strategy", func(id string, m mitre) { analytics[id] = m.Analytics })
	if err != nil {
		return nil, err
	}
	logs := map[string][]string{} // by analytic
	err = s.mitreObjects(ctx, "x-mitre-analytic", func(id string, m mitre) {
		for _, l := range m.LogSources[:min(len(m.LogSources), sourcesRead)] {
			if !slices.Contains(logs[id], l.Name) {
				logs[id] = append(logs[id], l.Name)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, r := range relations {
		technique := attackID[r.To.ID]
		if r.Type != "detects" || technique == "" {
			continue
		}
		for _, a := range analytics[r.From.ID] {
			for _, l := range logs[a] {
				if !slices.Contains(out[technique], l) {
					out[technique] = append(out[technique], l)
				}
			}
		}
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out, nil
}

// mitreObjects calls fn with every object of one of ATT&CK's own types.
func (s *Service) mitreObjects(ctx context.Context, kind string, fn func(id string, m mitre)) error {
	after := int64(0)
	for {
		rows, err := s.Objects(ctx, ObjectQuery{Types: []string{kind}, After: after, Limit: analyticsPage})
		if err != nil {
			return fmt.Errorf("read %s: %w", kind, err)
		}
		for _, r := range rows {
			var m mitre
			if err := json.Unmarshal(r.Raw, &m); err != nil {
				return errs.New(errs.Internal, "object_damaged", "The kept object %s cannot be read; import its bundle again.", r.ID).Because(err)
			}
			fn(r.ID, m)
		}
		if len(rows) < analyticsPage {
			return nil
		}
		after = rows[len(rows)-1].Seq
	}
}
