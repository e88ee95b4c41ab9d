package bench_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/extract/bench"
	"github.com/vedette-soc/vedette/extract/document"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/misp"
)

func settings(t *testing.T) bench.Settings {
	t.Helper()
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	catalogue, err := content.Attack()
	check(err)
	names, err := extract.DecodeNames(content.ExtractNames())
	check(err)
	model, err := extract.DecodeModel(content.ExtractTechniques())
	check(err)
	lists, err := content.WarningLists()
	check(err)
	warnings, _ := misp.Compile(lists)
	return bench.Settings{
		Engine: extract.New(extract.Knowledge{Catalogue: catalogue, Names: names, Model: model, Warnings: warnings}),
		Model:  model, Techniques: extract.NewTechniques(catalogue), Read: document.Read,
	}
}

// TestGoals holds the engine to what it is meant to reach on published labels. The
// reports whose techniques are counted are those the model was not trained on.
func TestGoals(t *testing.T) {
	var files []bench.File
	for _, dir := range []string{"txt2stix", "feeds-eset", "reports-annoctr", "reports-tram"} {
		files = append(files, corpus(t, realdata.Path(t, dir))...)
	}
	rep, err := bench.Run(settings(t), files)
	if err != nil {
		t.Fatal(err)
	}
	for name, least := range map[string]float64{
		"observable_recall": 0.98, "observable_precision": 0.92, "actor_recall": 0.88, "malware_recall": 0.88, "actor_precision": 0.85, "malware_precision": 0.85,
		"technique_f1": 0.62, "technique_documents": 15,
	} {
		if got := rep.Summary[name]; got < least {
			t.Errorf("%s is %.3f, want at least %.3f", name, got, least)
		}
	}
	if rep.Summary["technique_f1"] <= rep.Summary["technique_by_name_f1"] {
		t.Errorf("the model is no better than names alone: %.3f, %.3f", rep.Summary["technique_f1"], rep.Summary["technique_by_name_f1"])
	}
}

func corpus(t *testing.T, dir string) []bench.File {
	t.Helper()
	var out []bench.File
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		if err == nil && strings.HasSuffix(p, ".gz") {
			var z *gzip.Reader
			if z, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
				data, err = io.ReadAll(z)
			}
		}
		out = append(out, bench.File{Name: p, Data: data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRun(t *testing.T) {
	rep, err := bench.Run(settings(t), []bench.File{
		{Name: "x/camp/README.adoc", Data: []byte("= IoCs\n\n`2FD4E1C67A2D28FCED849EE1BB76E7391B93EB12` and `9fd4e1c67a2d28fced849ee1bb76e7391b93eb12`\n")},
		{Name: "x/camp/samples.sha1", Data: []byte("2fd4e1c67a2d28fced849ee1bb76e7391b93eb12\n3fd4e1c67a2d28fced849ee1bb76e7391b93eb12\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	// One hash is labelled and said, one is said only, one labelled only.
	if s := rep.Summary; s["observable_recall"] != 1 || s["observable_precision"] != 0.5 {
		t.Errorf("%v", s)
	}
	if _, err := bench.Run(settings(t), nil); err == nil {
		t.Error("nothing was measured without an error")
	}
}
