package content

import (
	"embed"
	"path"
)

//go:embed formats/*.yaml
var formats embed.FS

// Formats returns the descriptions of formats that ship with the product, by name
// of file. Each is read with described.Parse.
func Formats() (map[string][]byte, error) {
	files, err := formats.ReadDir("formats")
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, f := range files {
		if out[f.Name()], err = formats.ReadFile(path.Join("formats", f.Name())); err != nil {
			return nil, err
		}
	}
	return out, nil
}
