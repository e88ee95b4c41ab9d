package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/internal/realdata"
)

// TestCatalogueIsCurrent makes the catalogue again and compares it with the one
// that is embedded.
func TestCatalogueIsCurrent(t *testing.T) {
	data := realdata.Path(t, "attack")
	out := filepath.Join(t.TempDir(), "catalogue.json.gz")
	var bundles []string
	for _, d := range attack.Domains {
		bundles = append(bundles, filepath.Join(data, string(d)+"-attack-18.1.json.gz"))
	}
	if err := run("18.1", out, bundles); err != nil {
		t.Fatal(err)
	}
	made, kept := decode(t, out), decode(t, filepath.Join("..", "..", "content", "attack", "catalogue.json.gz"))
	if diff := cmp.Diff(slices.Collect(made.Entities()), slices.Collect(kept.Entities())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(slices.Collect(made.Relations()), slices.Collect(kept.Relations())); diff != "" {
		t.Error(diff)
	}
}

func decode(t *testing.T, file string) *attack.Catalogue {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 200<<10 {
		t.Errorf("%s has %d bytes", file, len(b))
	}
	c, err := attack.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
