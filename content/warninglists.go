package content

import (
	"embed"
	"fmt"
	"path"

	"github.com/vedette-soc/vedette/misp"
)

//go:embed warninglists/*.json
var warningLists embed.FS

// WarningLists returns the built-in warning lists: addresses and names that nobody
// owns, what every machine talks to, and platforms that strangers share. They are
// short; MISP's own lists, when loaded, go far beyond.
//
// The benchmarking range 198.18.0.0/15 (RFC 2544) and the names example and test
// (RFC 6761) are on none of them: nobody can be harmed by them, so that exercises
// and the demonstration put their attackers there.
func WarningLists() ([]misp.WarningList, error) {
	files, err := warningLists.ReadDir("warninglists")
	if err != nil {
		return nil, err
	}
	var lists []misp.WarningList
	for _, f := range files {
		b, err := warningLists.ReadFile(path.Join("warninglists", f.Name()))
		if err != nil {
			return nil, err
		}
		l, err := misp.DecodeWarningList(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		lists = append(lists, l)
	}
	return lists, nil
}
