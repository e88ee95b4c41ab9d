package app

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/format/described"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
)

// maxFormatFile is the largest file of descriptions read.
const maxFormatFile = 1 << 20

// shippedFormats are the compiled descriptions that ship with the product.
var shippedFormats = sync.OnceValues(func() ([]*described.Description, error) {
	files, err := content.Formats()
	if err != nil {
		return nil, err
	}
	return compileFormats(files)
})

// describedIn compiles the descriptions below dir: files that end in .yaml or .yml.
func describedIn(dir string) ([]*described.Description, error) {
	if dir == "" {
		return nil, nil
	}
	files := map[string][]byte{}
	err := fetch.Walk(dir, fetch.Limits{Links: true}, func(name string, r io.Reader) error {
		if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" {
			return nil
		}
		b, err := io.ReadAll(io.LimitReader(r, maxFormatFile+1))
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		files[name] = b
		return nil
	})
	if err != nil {
		return nil, err
	}
	return compileFormats(files)
}

func compileFormats(files map[string][]byte) ([]*described.Description, error) {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []*described.Description
	for _, name := range names {
		ds, err := described.Parse(name, files[name])
		var bad *described.Problem
		if errors.As(err, &bad) {
			return nil, errs.New(errs.Invalid, "format_invalid", "%s:%d: %s. docs/new-format.md describes how a format is described.", bad.File, bad.Line, strings.TrimSuffix(bad.Text, "."))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, ds...)
	}
	return out, nil
}
