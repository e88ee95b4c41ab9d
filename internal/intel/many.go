package intel

import (
	"context"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/ref"
)

// ByIDs returns those of many indicators that there are, by id, with what their
// sources said.
func (s *Service) ByIDs(ctx context.Context, ids []string) (map[string]Row, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	keys := make([]Key, 0, len(ids))
	for _, id := range ids {
		if u, err := uuid.Parse(id); err == nil {
			keys = append(keys, KeyOfID(u))
		}
	}
	rows, said, err := s.store.Load(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Row, len(rows))
	for k, row := range rows {
		for _, a := range said[k] {
			row.Sources = append(row.Sources, a.Assertion)
		}
		out[row.ID] = row
	}
	return out, nil
}
