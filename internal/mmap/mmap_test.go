package mmap_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/vedette-soc/vedette/internal/mmap"
)

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, content := range []string{"", "x", "hello"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := mmap.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(f.Bytes()) != content {
			t.Errorf("%q, want %q", f.Bytes(), content)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Errorf("closed again: %v", err)
		}
	}
}

// TestReplaced: who has the old file open keeps it.
func TestReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for name, content := range map[string]string{path: "old", path + ".new": "new"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := mmap.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if string(f.Bytes()) != "old" {
		t.Errorf("%q", f.Bytes())
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "absent")} {
		if f, err := mmap.Open(path); err == nil {
			t.Errorf("%s: %d bytes", path, len(f.Bytes()))
		}
	}
}
