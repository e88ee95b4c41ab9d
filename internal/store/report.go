package store

import (
	"context"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/report"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type reportStore struct{ db *sqldb.DB }

var _ report.Store = reportStore{}

// Reports returns the part of the store that keeps reports.
func (s *Store) Reports() report.Store { return reportStore{s.db} }

func (s reportStore) Add(ctx context.Context, r report.Report, text string, findings []report.Finding, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, "INSERT INTO report_report (id, hash, added, data) VALUES (?,?,?,?) ON CONFLICT (hash) DO NOTHING",
			r.ID, r.Hash, sqldb.Micros(r.Added), sqldb.JSON[report.Report]{V: r})
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.New(errs.Conflict, "report_known", "This file was read before.")
		}
		// PostgreSQL has no text with NUL in it.
		if _, err := tx.Exec(ctx, "INSERT INTO report_text (report, text) VALUES (?,?)", r.ID, strings.ReplaceAll(text, "\x00", " ")); err != nil {
			return err
		}
		if err := putFindings(ctx, tx, r.ID, findings); err != nil {
			return err
		}
		return record(ctx, tx, act)
	})
}

func putFindings(ctx context.Context, tx *sqldb.Tx, id string, findings []report.Finding) error {
	var args []any
	for _, f := range findings {
		args = append(args, id, f.Seq, sqldb.JSON[report.Finding]{V: f})
	}
	_, err := tx.Bulk(ctx, "INSERT INTO report_finding (report, seq, data)", 3, args, "ON CONFLICT (report, seq) DO UPDATE SET data = excluded.data")
	return err
}

func (s reportStore) Save(ctx context.Context, r report.Report, changed []report.Finding, act ref.Act) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE report_report SET data = ? WHERE id = ?", sqldb.JSON[report.Report]{V: r}, r.ID); err != nil {
			return err
		}
		if err := putFindings(ctx, tx, r.ID, changed); err != nil {
			return err
		}
		return record(ctx, tx, act)
	})
}

func (s reportStore) Reports(ctx context.Context, limit int) ([]report.Report, error) {
	return rows[report.Report](ctx, s.db.Read(), "SELECT data FROM report_report ORDER BY added DESC, id LIMIT ?", limit)
}

func (s reportStore) ByHash(ctx context.Context, hash string) (report.Report, bool, error) {
	var r report.Report
	ok, err := s.db.Read().Row(ctx, "SELECT data FROM report_report WHERE hash = ?", []any{hash}, sqldb.JSONColumn[report.Report]{V: &r})
	return r, ok, err
}

func (s reportStore) Report(ctx context.Context, id string) (report.Report, string, []report.Finding, error) {
	var r report.Report
	var text string
	ok, err := s.db.Read().Row(ctx, "SELECT r.data, t.text FROM report_report r JOIN report_text t ON t.report = r.id WHERE r.id = ?", []any{id},
		sqldb.JSONColumn[report.Report]{V: &r}, &text)
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "report_unknown", "There is no report %q.", id)
	}
	if err != nil {
		return r, "", nil, err
	}
	findings, err := rows[report.Finding](ctx, s.db.Read(), "SELECT data FROM report_finding WHERE report = ? ORDER BY seq", id)
	return r, text, findings, err
}
