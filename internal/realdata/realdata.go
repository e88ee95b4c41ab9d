// Package realdata lets tests read the public data that lies beside the
// repository, in ../shared/data.
//
// [Path] finds it; [Absent] is the one place that decides what a test does
// without something it needs: it is skipped on a user's machine, and fails where
// VEDETTE_CI is set, so that the gate cannot pass without having looked.
package realdata

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// Absent ends a test for want of something: data, a program, a system's feature.
func Absent(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("VEDETTE_CI") != "" {
		t.Fatalf("needed here: "+format, args...)
	}
	t.Skipf(format, args...)
}

// Path returns the path of a file or folder of the shared data.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
	path := filepath.Join(append([]string{dir, "..", "shared", "data"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		Absent(t, "the shared data: %v", err)
	}
	return path
}

// Tar calls fn for every file of a .tar.gz, in its order.
func Tar(t testing.TB, path string, fn func(name string, r io.Reader)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			t.Fatal(err)
		case head.Typeflag == tar.TypeReg:
			fn(head.Name, r)
		}
	}
}
