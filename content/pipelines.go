package content

import (
	"embed"
	"path"
)

//go:embed pipelines/*.yaml
var pipelines embed.FS

// Pipelines returns the built-in Sigma pipelines, by name of file: for which log
// sources each format has events, and what Sigma's fields are called there. Each
// is read with sigma.ParsePipeline.
func Pipelines() (map[string][]byte, error) {
	files, err := pipelines.ReadDir("pipelines")
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, f := range files {
		if out[f.Name()], err = pipelines.ReadFile(path.Join("pipelines", f.Name())); err != nil {
			return nil, err
		}
	}
	return out, nil
}
