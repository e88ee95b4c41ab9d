package store

import (
	"context"
	"encoding/json"

	"github.com/vedette-soc/vedette/internal/exposure"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/vuln"
)

type exposureStore struct{ db *sqldb.DB }

var _ exposure.Store = exposureStore{}

// Exposures returns the part of the store that keeps vulnerabilities.
func (s *Store) Exposures() exposure.Store { return exposureStore{s.db} }

func (s exposureStore) Save(ctx context.Context, source string, list []vuln.Record) (created, changed int, err error) {
	data := map[string]string{} // of one run the last counts
	exploited := map[string]bool{}
	var ids []string
	for _, r := range list {
		b, err := json.Marshal(r)
		if err != nil {
			return 0, 0, err
		}
		if _, twice := data[r.CVE]; !twice {
			ids = append(ids, r.CVE)
		}
		data[r.CVE], exploited[r.CVE] = string(b), r.KEV != nil
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		created, changed = 0, 0
		was := map[string]string{}
		err := pick(ctx, tx, "SELECT cve, source, data FROM exposure_vulnerability WHERE cve", ids, "", func(scan sqldb.Scan) error {
			var cve, by, said string
			err := scan(&cve, &by, &said)
			if by == source {
				was[cve] = said
			}
			return err
		})
		if err != nil {
			return err
		}
		var args []any
		for _, id := range ids {
			said, known := was[id]
			switch {
			case !known:
				created++
			case said != data[id]:
				changed++
			default:
				continue
			}
			args = append(args, id, source, data[id], exploited[id])
		}
		_, err = tx.Bulk(ctx, "INSERT INTO exposure_vulnerability (cve, source, data, exploited)", 4, args, "ON CONFLICT (cve, source) DO UPDATE SET data = excluded.data, exploited = excluded.exploited")
		if err != nil || len(args) == 0 {
			return err
		}
		return announce(ctx, tx, "exposure.changed", ref.Ref{Kind: ref.System, ID: "vulnerabilities"})
	})
	return created, changed, err
}

func (s exposureStore) Said(ctx context.Context, cves []string) (map[string][]vuln.Record, error) {
	out := map[string][]vuln.Record{}
	err := pick(ctx, &sqldb.Tx{Queries: s.db.Read()}, "SELECT cve, data FROM exposure_vulnerability WHERE cve", cves, " ORDER BY cve, source", func(scan sqldb.Scan) error {
		var cve string
		var r vuln.Record
		err := scan(&cve, sqldb.JSONColumn[vuln.Record]{V: &r})
		out[cve] = append(out[cve], r)
		return err
	})
	return out, err
}

// maxExploited is many times what the catalogues of exploited vulnerabilities hold.
const maxExploited = 50_000

func (s exposureStore) Exploited(ctx context.Context) ([]string, error) {
	var out []string
	err := s.db.Read().Query(ctx, "SELECT DISTINCT cve FROM exposure_vulnerability WHERE exploited ORDER BY cve LIMIT ?", []any{maxExploited}, func(scan sqldb.Scan) error {
		var id string
		err := scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}
