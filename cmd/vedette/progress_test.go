package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBar(t *testing.T) {
	for _, tt := range []struct {
		n, total int
		want     string
	}{
		{5, 0, ""},
		{0, 10, "[" + strings.Repeat(".", barWidth) + "]   0 % "},
		{5, 10, "[" + strings.Repeat("#", barWidth/2) + strings.Repeat(".", barWidth/2) + "]  50 % "},
		{12, 10, "[" + strings.Repeat("#", barWidth) + "] 100 % "},
	} {
		if got := bar(tt.n, tt.total); got != tt.want {
			t.Errorf("bar(%d, %d) = %q, want %q", tt.n, tt.total, got, tt.want)
		}
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	var out strings.Builder
	p := newProgress(env{stderr: &out}, "bytes")
	p.at(1)
	p.done()
	if out.Len() > 0 {
		t.Errorf("without a terminal: %q", out.String())
	}
	p = newProgress(env{stderr: &out, tty: true}, "bytes")
	p.total = 4
	p.at(1)
	p.done()
	if !strings.Contains(out.String(), " 25 % bytes: 1 ") || !strings.HasSuffix(out.String(), "\r\x1b[K") {
		t.Errorf("on a terminal: %q", out.String())
	}
}

func TestSizeOf(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"a": 3, "b/c": 5} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := sizeOf([]string{dir}); got != 8 {
		t.Errorf("sizeOf = %d, want 8", got)
	}
	if got := sizeOf([]string{dir, "-"}); got != 0 {
		t.Errorf("with standard input = %d, want 0", got)
	}
}
