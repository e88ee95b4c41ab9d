package content

import (
	"embed"
	"path"
	"strings"
)

//go:embed rules/*.yml
var rules embed.FS

// Rules returns the detection rules that ship with the product, Sigma, by name of
// file; the tests beside them (NAME.test.yml) are left out.
func Rules() (map[string][]byte, error) {
	files, err := rules.ReadDir("rules")
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".test.yml") {
			continue
		}
		if out[f.Name()], err = rules.ReadFile(path.Join("rules", f.Name())); err != nil {
			return nil, err
		}
	}
	return out, nil
}
