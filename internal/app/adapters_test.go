package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryAdapterIsListed compares the adapter directories with what this
// package imports: an adapter that nobody lists is dead code.
func TestEveryAdapterIsListed(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(b)
	}
	for _, family := range []string{"internal/source", "internal/receiver", "internal/responder", "internal/history", "format"} {
		dirs, err := os.ReadDir(filepath.Join("..", "..", filepath.FromSlash(family)))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dirs {
			if !d.IsDir() || strings.HasSuffix(d.Name(), "test") || d.Name() == "testdata" {
				continue
			}
			if !strings.Contains(source.String(), `vedette/`+family+`/`+d.Name()+`"`) {
				t.Errorf("%s/%s is not listed in internal/app", family, d.Name())
			}
		}
	}
}
