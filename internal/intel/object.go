package intel

import (
	"context"
	"encoding/json"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// ObjectRow is one version of a STIX object as one source published it. Raw is
// what came, unchanged.
type ObjectRow struct {
	Seq      int64 // order of arrival
	ID       string
	Type     string
	Source   string
	Modified time.Time // zero for objects without versions
	Added    time.Time
	TLP      indicator.TLP
	Raw      json.RawMessage
}

// ObjectQuery selects kept objects. Zero fields do not restrict.
type ObjectQuery struct {
	IDs, Types []string
	Source     string
	AddedAfter time.Time
	// AsOf leaves out what came later: what was known then.
	AsOf time.Time
	// Versions is "last" (default: the newest version of each object, whoever
	// published it), "first", "all", or a time as of RFC 3339.
	Versions string
	MaxTLP   indicator.TLP // the most restrictive label to be returned; unknown = no limit
	After    int64         // Seq of the last object of the page before
	Limit    int           // default 1,000
}

// objectRows are the objects to be kept.
func objectRows(source string, objects []stix.Object) []ObjectRow {
	var out []ObjectRow
	for _, o := range objects {
		if o.ID == "" {
			continue
		}
		r := ObjectRow{ID: o.ID, Type: o.Type, Source: source, Modified: o.Modified, Raw: o.Raw}
		if r.Raw == nil {
			r.Raw, _ = json.Marshal(o)
		}
		if r.Modified.IsZero() && o.Type == "marking-definition" {
			r.Modified = o.Created
		}
		for _, m := range o.ObjectMarkingRefs {
			r.TLP = max(r.TLP, stix.TLPOf(m))
		}
		out = append(out, r)
	}
	return out
}

// Objects returns kept objects in the order of their arrival.
func (s *Service) Objects(ctx context.Context, q ObjectQuery) ([]ObjectRow, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = 1000
	}
	return s.knowledge.Objects(ctx, q)
}

// EntityAsOf returns an entity as it was known at a time: as the newest version
// says that had arrived by then.
func (s *Service) EntityAsOf(ctx context.Context, id string, at time.Time) (Entity, error) {
	rows, err := s.Objects(ctx, ObjectQuery{IDs: []string{id}, AsOf: at, Limit: 1})
	if err != nil {
		return Entity{}, err
	}
	if len(rows) == 0 {
		return Entity{}, unknownThen(id, at)
	}
	var o stix.Object
	if err := json.Unmarshal(rows[0].Raw, &o); err != nil {
		return Entity{}, err
	}
	o.Raw = rows[0].Raw
	return entityOf(o, rows[0].Source), nil
}

func unknownThen(id string, at time.Time) error {
	return errs.New(errs.NotFound, "entity_unknown_then", "Nothing was known under %q at %s.", id, at.UTC().Format(time.RFC3339))
}

// BadVersion says that a version is neither a word nor a time.
func BadVersion(v string) error {
	return errs.New(errs.Invalid, "version_unknown", "%q is not first, last, all or a time such as 2026-01-02T15:04:05.000Z.", v)
}
