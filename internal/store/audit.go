package store

import (
	"context"
	"encoding/json"

	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type auditStore struct{ db *sqldb.DB }

var _ audit.Store = auditStore{}

// Audit returns the audit log.
func (s *Store) Audit() audit.Store { return auditStore{s.db} }

const auditColumns = "seq, time, actor, name, verb, target, reason, detail, prev, hash"

func scanEntry(scan sqldb.Scan) (audit.Entry, error) {
	var e audit.Entry
	var detail string
	err := scan(&e.Seq, sqldb.TimeColumn{T: &e.Time}, &e.Actor, &e.Name, &e.Verb, &e.Target, &e.Reason, &detail, &e.Prev, &e.Hash)
	e.Detail = json.RawMessage(detail)
	return e, err
}

func (s auditStore) Entries(ctx context.Context, after int64, fn func(audit.Entry) error) error {
	return s.db.Read().Query(ctx, "SELECT "+auditColumns+" FROM audit_log WHERE seq > ? ORDER BY seq", []any{after},
		func(scan sqldb.Scan) error {
			e, err := scanEntry(scan)
			if err != nil {
				return err
			}
			return fn(e)
		})
}

func (s auditStore) Latest(ctx context.Context, target ref.Ref, limit int) ([]audit.Entry, error) {
	var w sqldb.Where
	if target != (ref.Ref{}) {
		w.And("target = ?", target.String())
	}
	var entries []audit.Entry
	err := s.db.Read().Query(ctx, "SELECT "+auditColumns+" FROM audit_log"+w.SQL()+" ORDER BY seq DESC LIMIT ?", w.Args(limit),
		func(scan sqldb.Scan) error {
			e, err := scanEntry(scan)
			entries = append(entries, e)
			return err
		})
	return entries, err
}
