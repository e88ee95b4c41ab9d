package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/extract"
)

const (
	leastFiles   = 3 // files of ordinary prose a word must be in
	leastReports = 7 // reports a word must be in
)

// ordinaryWords returns the hashes of the words that prose has in lower case.
func ordinaryWords(prose, reports string) ([]uint32, error) {
	count := map[string]int{}
	err := filepath.WalkDir(prose, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.Contains(path, "testdata") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil // files that are no Go on purpose
		}
		seen := map[string]bool{}
		for _, c := range f.Comments {
			each(c.Text(), seen)
		}
		for w := range seen {
			count[w]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	in, err := reportWords(reports)
	if err != nil {
		return nil, err
	}
	var out []uint32
	for w, n := range count {
		if n >= leastFiles {
			out = append(out, extract.WordHash(w))
		}
	}
	for w, n := range in {
		if n >= leastReports {
			out = append(out, extract.WordHash(w))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func each(text string, seen map[string]bool) {
	for _, word := range strings.Fields(text) {
		word = strings.Trim(word, `.,;:()"'?!`)
		if len(word) >= 2 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == "" {
			seen[word] = true
		}
	}
}

func reportWords(path string) (map[string]int, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var d struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		each(d.Text, seen)
		for w := range seen {
			count[w]++
		}
	}
	return count, lines.Err()
}
