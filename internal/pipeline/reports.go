package pipeline

import (
	"bytes"
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/report"
	"github.com/vedette-soc/vedette/stix"
)

// Shelf brings what is accepted of reports into the knowledge base, and says which
// of their techniques our rules would see.
type Shelf struct {
	Collect   *collect.Service
	Knowledge Knowledge
	Detect    *detect.Service
	Rules     *Rules
}

var (
	_ report.Publisher = Shelf{}
	_ report.Eyes      = Shelf{}
)

// Publish implements report.Publisher. It goes the way of every import, so that
// own assets are refused and the matcher learns of it at once.
func (s Shelf) Publish(ctx context.Context, r report.Report, accepted []report.Finding) (report.Published, error) {
	var out report.Published
	run := uuid.Must(uuid.NewV7()).String()
	if len(accepted) > 0 {
		var bundle bytes.Buffer
		left, err := stix.WriteReport(&bundle, stixReport(r, accepted))
		if err != nil {
			return out, err
		}
		done, err := s.Collect.Import(ctx, collect.Order{Source: r.SourceID(), Name: "report-" + r.ID + ".json", Reader: &bundle, Kind: "stix"})
		if err != nil {
			return out, err
		}
		run = done.ID
		out.Stored, out.Merged, out.Dropped = done.Report.Stored, done.Report.Merged, done.Report.Dropped
		if left > 0 {
			if out.Dropped == nil {
				out.Dropped = map[string]int{}
			}
			out.Dropped["type"] += left
		}
	}
	var err error
	if out.Withdrawn, err = s.Knowledge.Withdraw(ctx, r.SourceID(), run); err != nil {
		return out, err
	}
	return out, s.Knowledge.Done(ctx, r.SourceID(), run)
}

func stixReport(r report.Report, accepted []report.Finding) stix.Report {
	out := stix.Report{Key: r.Hash, Name: r.Name, Published: r.Added}
	for _, f := range accepted {
		switch {
		case f.Kind == extract.Observable:
			out.Indicators = append(out.Indicators, stix.ReportIndicator{Type: indicator.Type(f.Type), Value: f.Value, Description: r.Name + ": " + f.Sentence, Confidence: f.Confidence})
		case f.Kind == extract.Country && f.ID == "":
		default:
			out.Entities = append(out.Entities, stix.ReportEntity{Type: f.Type, Name: f.Value, ExternalID: f.ID, Confidence: f.Confidence})
		}
	}
	return out
}

// rulesOfTechnique bounds the rules that are named for a technique.
const rulesOfTechnique = 20

// See implements report.Eyes. A rule for a technique counts for its sub-techniques.
func (s Shelf) See(ctx context.Context, techniques []string) (map[string]report.Sight, error) {
	out := map[string]report.Sight{}
	for _, id := range techniques {
		var sight report.Sight
		tags := []string{id}
		if parent := attack.ID(id).Parent(); string(parent) != id {
			tags = append(tags, string(parent))
		}
		for _, tag := range tags {
			rules, _, err := s.Detect.Rules(ctx, detect.Query{Tag: "attack." + strings.ToLower(tag), Limit: 200})
			if err != nil {
				return nil, err
			}
			for _, rule := range rules {
				if !rule.On {
					sight.Off++
				} else if c := s.Rules.Cover(rule.ID); len(sight.Rules) < rulesOfTechnique {
					sight.Rules = append(sight.Rules, report.RuleSight{ID: rule.ID, Title: rule.Title, Fires: c.Fires, Why: c.Why})
				}
			}
		}
		out[id] = sight
	}
	return out, nil
}
