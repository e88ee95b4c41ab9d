package app

import (
	"fmt"
	"io"
	"log/slog"
	"path"

	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/misp"
)

// maxWarningList is the largest warning list read, in bytes.
const maxWarningList = 256 << 20

// WarningLists reads the MISP warning lists below dir (each a list.json) beside
// those given. Entries that cannot be used are logged with their reason.
func WarningLists(dir string, with []misp.WarningList, log *slog.Logger) (*misp.WarningSet, error) {
	lists := with
	if dir != "" {
		err := fetch.Walk(dir, fetch.Limits{Links: true}, func(name string, r io.Reader) error {
			if path.Ext(name) != ".json" {
				return nil
			}
			b, err := io.ReadAll(io.LimitReader(r, maxWarningList))
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			l, err := misp.DecodeWarningList(b)
			if err != nil {
				log.Warn("not a warning list", "file", name, "error", err)
				return nil
			}
			lists = append(lists, l)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	set, refused := misp.Compile(lists)
	for _, r := range refused {
		log.Debug("warning list entry refused", "refusal", fmt.Sprint(r))
	}
	log.Debug("warning lists compiled", "lists", set.Lists(), "entries", set.Entries(), "refused", len(refused))
	return set, nil
}
