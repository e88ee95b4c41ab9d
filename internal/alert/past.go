package alert

import "context"

// Past reads incidents as they compare with others. Reads see committed data only.
type Past interface {
	// Revisions returns, of the newest incidents that were not merged, at most limit, a
	// text by id that changes when what they compare by does.
	Revisions(ctx context.Context, limit int) (map[string]string, error)
	// Compared returns those incidents that there are, with their alerts by incident.
	Compared(ctx context.Context, ids []string) ([]*Incident, map[string][]*Alert, error)
}
