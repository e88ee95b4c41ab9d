package pipeline_test

import (
	"slices"
	"testing"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/sigma"
)

// TestNamedLogsAreOurs: each log source of Sigma that a log of ATT&CK is said to be is
// one that some pipeline gives to events; else it would be called silent for ever.
func TestNamedLogsAreOurs(t *testing.T) {
	files, err := content.Pipelines()
	if err != nil {
		t.Fatal(err)
	}
	var ours []sigma.LogSource
	for name, text := range files {
		ps, err := sigma.ParsePipeline(name, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ps {
			for _, s := range p.Sources {
				ours = append(ours, s.LogSource)
			}
		}
	}
	for name, wanted := range pipeline.NamedLogs() {
		for _, want := range wanted {
			if !slices.ContainsFunc(ours, want.Covers) {
				t.Errorf("%s: no pipeline makes events of %s", name, want)
			}
		}
	}
}
