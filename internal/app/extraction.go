package app

import (
	"log/slog"
	"sync"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/misp"
)

// ReportReader reads reports, with what it knows.
type ReportReader struct {
	Engine     *extract.Engine
	Model      *extract.Model
	Techniques *extract.Techniques
}

// ExtractionKnowledge returns what a command reads reports with: all that ships
// with the product, and the warning lists below dir, if any.
func ExtractionKnowledge(dir string) (ReportReader, error) {
	lists, err := content.WarningLists()
	if err != nil {
		return ReportReader{}, err
	}
	set, err := WarningLists(dir, lists, slog.New(slog.DiscardHandler))
	if err != nil {
		return ReportReader{}, err
	}
	return reportReader(set)
}

// reportReader returns a reader with these warning lists.
func reportReader(warnings *misp.WarningSet) (ReportReader, error) {
	k, err := shippedKnowledge()
	if err != nil {
		return ReportReader{}, err
	}
	k.Warnings = warnings
	return ReportReader{extract.New(k), k.Model, extract.NewTechniques(k.Catalogue)}, nil
}

var shippedKnowledge = sync.OnceValues(func() (k extract.Knowledge, err error) {
	if k.Catalogue, err = content.Attack(); err != nil {
		return k, err
	}
	if k.Names, err = extract.DecodeNames(content.ExtractNames()); err != nil {
		return k, err
	}
	k.Model, err = extract.DecodeModel(content.ExtractTechniques())
	return k, err
})
