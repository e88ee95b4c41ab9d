package app

import (
	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/landscape"
)

// targetReader reads whom actors target, with the countries of the dictionary of
// names.
func targetReader() (*landscape.Reader, error) {
	known, err := shippedKnowledge()
	if err != nil {
		return nil, err
	}
	var countries []landscape.Place
	for e := range known.Names.Of(extract.Country) {
		countries = append(countries, landscape.Place{Code: e.ID, Name: e.Name, Names: e.Aliases})
	}
	return landscape.NewReader(countries), nil
}

func (s *System) buildLandscape() error {
	reader, err := targetReader()
	if err != nil {
		return err
	}
	s.landscape = &pipeline.Landscape{
		Intel: s.intel, Org: s.org, Alerts: s.alerts, Reports: s.reports, Watching: pipeline.Watching{Detect: s.detect, Rules: s.rules}, Reader: reader,
	}
	return nil
}
