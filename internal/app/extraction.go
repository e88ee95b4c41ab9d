package app

import (
	"log/slog"
	"sync"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/misp"
)

// CommandExtraction returns an engine for a command: with the warning lists that
// ship with the product and those below dir, if any.
func CommandExtraction(dir string) (*extract.Engine, error) {
	lists, err := content.WarningLists()
	if err != nil {
		return nil, err
	}
	set, err := WarningLists(dir, lists, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return Extraction(set)
}

// Extraction returns an engine that reads reports with what ships with the product
// and these warning lists.
func Extraction(warnings *misp.WarningSet) (*extract.Engine, error) {
	k, err := extractionKnowledge()
	if err != nil {
		return nil, err
	}
	k.Warnings = warnings
	return extract.New(k), nil
}

var extractionKnowledge = sync.OnceValues(func() (k extract.Knowledge, err error) {
	if k.Catalogue, err = content.Attack(); err != nil {
		return k, err
	}
	if k.Names, err = extract.DecodeNames(content.ExtractNames()); err != nil {
		return k, err
	}
	k.Model, err = extract.DecodeModel(content.ExtractTechniques())
	return k, err
})
