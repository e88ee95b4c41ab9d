package app

import (
	"context"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/pipeline"
)

// Known is a set of indicators in memory, for work without a store.
type Known = pipeline.Compiled

// Hit is one indicator that an observable touches.
type Hit = pipeline.Hit

// ReadIntel reads files, directories and archives of any kind a feed may be into
// memory; kind "" = recognised. progress (may be nil) is told how many entries
// were read.
func ReadIntel(ctx context.Context, paths []string, kind string, progress func(read int)) (*Known, indicator.LossReport, error) {
	mem := pipeline.NewMemory()
	run, err := collect.Read(ctx, Parsers(), mem, collect.Order{Source: "intel", Paths: paths, Kind: kind, Progress: progress})
	if err != nil {
		return nil, run.Report, err
	}
	return mem.Compile(), run.Report, nil
}

// ReadNames reads the entities in files, directories and archives, to ask what
// names mean without a store.
func ReadNames(ctx context.Context, paths []string, kind string, progress func(read int)) (*intel.Glossary, indicator.LossReport, error) {
	names := pipeline.Names{Glossary: intel.NewGlossary()}
	run, err := collect.Read(ctx, Parsers(), names, collect.Order{Source: "intel", Paths: paths, Kind: kind, Progress: progress})
	return names.Glossary, run.Report, err
}

// Named is what a name means.
type Named = intel.Named

// NamesIn says what names mean in g.
func NamesIn(ctx context.Context, g *intel.Glossary, names []string) ([]Named, error) {
	found, err := intel.Meanings(ctx, g, names)
	return intel.NamedOf(names, found), err
}
