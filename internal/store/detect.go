package store

import (
	"context"
	"strings"

	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/ref"
)

type ruleStore struct{ db *sqldb.DB }

var _ detect.Store = ruleStore{}

// Rules returns the part of the store that keeps detection rules.
func (s *Store) Rules() detect.Store { return ruleStore{s.db} }

func (s ruleStore) Packs(ctx context.Context) ([]detect.Pack, error) {
	packs, err := rows[detect.Pack](ctx, s.db.Read(), "SELECT data FROM detect_pack ORDER BY name")
	if err != nil {
		return nil, err
	}
	err = s.db.Read().Query(ctx, "SELECT pack, count(*), sum(CASE WHEN enabled THEN 1 ELSE 0 END) FROM detect_rule GROUP BY pack", nil,
		func(scan sqldb.Scan) error {
			var name string
			var all, on int
			if err := scan(&name, &all, &on); err != nil {
				return err
			}
			for i := range packs {
				if packs[i].Name == name {
					packs[i].Rules, packs[i].On = all, on
				}
			}
			return nil
		})
	return packs, err
}

func (s ruleStore) Replace(ctx context.Context, p detect.Pack, rules []detect.Rule, texts map[string]string, act ref.Act) (detect.Change, error) {
	var c detect.Change
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		r := replacing{tx: tx, pack: p, old: map[string]detect.Rule{}}
		if err := r.run(ctx, rules, texts); err != nil {
			return err
		}
		c = r.change
		if act.Detail == nil {
			act.Detail = map[string]any{}
		}
		act.Detail["new"], act.Detail["changed"], act.Detail["gone"] = c.New, c.Changed, c.Gone
		if err := record(ctx, tx, act); err != nil {
			return err
		}
		return announce(ctx, tx, "rules.changed", act.Target)
	})
	return c, err
}

// replacing is one exchange of a pack's rules.
type replacing struct {
	tx     *sqldb.Tx
	pack   detect.Pack
	old    map[string]detect.Rule // of any pack
	change detect.Change

	rules, tags, versions []any // rows to write
}

func (r *replacing) run(ctx context.Context, rules []detect.Rule, texts map[string]string) error {
	err := r.tx.Query(ctx, "SELECT data FROM detect_rule", nil, func(scan sqldb.Scan) error {
		var old stored
		err := scan(sqldb.JSONColumn[stored]{V: &old})
		r.old[old.ID] = old.rule()
		return err
	})
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, n := range rules {
		if err := r.rule(ctx, n); err != nil {
			return err
		}
		keep[n.ID] = true
	}
	if err := r.drop(ctx, keep); err != nil {
		return err
	}
	return r.write(ctx, texts)
}

// rule takes one rule of the new pack over.
func (r *replacing) rule(ctx context.Context, n detect.Rule) error {
	old, known := r.old[n.ID]
	switch {
	case known && old.Pack != r.pack.Name:
		r.change.Moved++
		return nil
	case known && old.Text == n.Text && old.File == n.File && old.Line == n.Line:
		r.change.Unchanged++
		return nil
	case known:
		n.Added, n.On, n.SwitchWhy, n.SwitchBy, n.Version = old.Added, old.On, old.SwitchWhy, old.SwitchBy, old.Version
	default:
		// A rule that had gone and comes back goes on counting its versions.
		if _, err := r.tx.Row(ctx, "SELECT COALESCE(max(version), 0) FROM detect_version WHERE rule = ?", []any{n.ID}, &n.Version); err != nil {
			return err
		}
	}
	if old.Text != n.Text {
		n.Version++
		n.Changed = r.pack.Imported
		r.versions = append(r.versions, n.ID, n.Version, n.Text, sqldb.Micros(r.pack.Imported), r.pack.By)
	}
	if known {
		r.change.Changed++
	} else {
		r.change.New++
		n.Added = r.pack.Imported
	}
	r.rules = append(r.rules, ruleRow(n)...)
	for _, t := range n.Tags {
		r.tags = append(r.tags, n.ID, strings.ToLower(t))
	}
	return r.untag(ctx, n.ID, known)
}

func (r *replacing) untag(ctx context.Context, id string, known bool) error {
	if !known {
		return nil
	}
	_, err := r.tx.Exec(ctx, "DELETE FROM detect_tag WHERE rule = ?", id)
	return err
}

// drop removes what the pack has no more.
func (r *replacing) drop(ctx context.Context, keep map[string]bool) error {
	for id, old := range r.old {
		if old.Pack != r.pack.Name || keep[id] {
			continue
		}
		r.change.Gone++
		if _, err := r.tx.Exec(ctx, "DELETE FROM detect_rule WHERE id = ?", id); err != nil {
			return err
		}
		if err := r.untag(ctx, id, true); err != nil {
			return err
		}
	}
	return nil
}

func (r *replacing) write(ctx context.Context, texts map[string]string) error {
	var files []any
	for hash, text := range texts {
		files = append(files, hash, text)
	}
	for _, b := range []struct {
		head string
		cols int
		args []any
		tail string
	}{
		{"INSERT INTO detect_text (hash, text)", 2, files, "ON CONFLICT (hash) DO NOTHING"},
		{"INSERT INTO detect_rule (" + ruleColumns + ")", ruleWidth, r.rules, ruleConflict},
		{"INSERT INTO detect_tag (rule, tag)", 2, r.tags, "ON CONFLICT (rule, tag) DO NOTHING"},
		{"INSERT INTO detect_version (rule, version, hash, time, by_name)", 5, r.versions, ""},
	} {
		if _, err := r.tx.Bulk(ctx, b.head, b.cols, b.args, b.tail); err != nil {
			return err
		}
	}
	_, err := r.tx.Exec(ctx, "INSERT INTO detect_pack (name, data) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET data = excluded.data",
		r.pack.Name, sqldb.JSON[detect.Pack]{V: r.pack})
	return err
}

const (
	ruleColumns  = "id, pack, title, level, product, enabled, hash, search, data"
	ruleWidth    = 9
	ruleConflict = `ON CONFLICT (id) DO UPDATE SET pack = excluded.pack, title = excluded.title, level = excluded.level, product = excluded.product,
		enabled = excluded.enabled, hash = excluded.hash, search = excluded.search, data = excluded.data`
)

func ruleRow(r detect.Rule) []any {
	return []any{
		r.ID, r.Pack, r.Title, r.Level, strings.ToLower(r.Source.Product), r.On, r.Text,
		strings.ToLower(r.Title + "\n" + r.ID + "\n" + r.File),
		sqldb.JSON[stored]{V: stored{Rule: r, Hash: r.Text}},
	}
}

// stored is a rule as kept: with the hash of its file, which is no part of what
// is shown.
type stored struct {
	detect.Rule
	Hash string `json:"hash"`
}

func (s stored) rule() detect.Rule {
	s.Text = s.Hash
	return s.Rule
}

func (s ruleStore) Rules(ctx context.Context, q detect.Query) ([]detect.Rule, int, error) {
	var w sqldb.Where
	if q.ID != "" {
		w.And("id = ?", q.ID)
	}
	if q.Text != "" {
		w.And(`search LIKE ? ESCAPE '\'`, sqldb.Like(true, strings.ToLower(q.Text), true))
	}
	if q.Pack != "" {
		w.And("pack = ?", q.Pack)
	}
	if q.Level != "" {
		w.And("level = ?", q.Level)
	}
	if q.Product != "" {
		w.And("product = ?", strings.ToLower(q.Product))
	}
	if q.Tag != "" {
		w.And("id IN (SELECT rule FROM detect_tag WHERE tag = ?)", strings.ToLower(q.Tag))
	}
	switch q.State {
	case "on":
		w.And("enabled")
	case "off":
		w.And("NOT enabled")
	}
	var n int
	if _, err := s.db.Read().Row(ctx, "SELECT count(*) FROM detect_rule"+w.SQL(), w.Args(), &n); err != nil {
		return nil, 0, err
	}
	query, args := "SELECT data FROM detect_rule"+w.SQL()+" ORDER BY title, id", w.Args()
	if q.Limit > 0 {
		query, args = query+" LIMIT ? OFFSET ?", w.Args(q.Limit, q.Offset)
	}
	all, err := rows[stored](ctx, s.db.Read(), query, args...)
	out := make([]detect.Rule, len(all))
	for i, r := range all {
		out[i] = r.rule()
	}
	return out, n, err
}

func (s ruleStore) Texts(ctx context.Context, hashes []string) (map[string]string, error) {
	out := make(map[string]string, len(hashes))
	for len(hashes) > 0 {
		n := min(len(hashes), sqldb.MaxParameters)
		args := make([]any, n)
		for i, h := range hashes[:n] {
			args[i] = h
		}
		hashes = hashes[n:]
		err := s.db.Read().Query(ctx, "SELECT hash, text FROM detect_text WHERE hash IN ("+sqldb.List(n)+")", args, func(scan sqldb.Scan) error {
			var h, t string
			err := scan(&h, &t)
			out[h] = t
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s ruleStore) Versions(ctx context.Context, rule string) ([]detect.Version, error) {
	var out []detect.Version
	err := s.db.Read().Query(ctx, `SELECT v.version, t.text, v.time, v.by_name FROM detect_version v JOIN detect_text t ON t.hash = v.hash
		WHERE v.rule = ? ORDER BY v.version DESC`, []any{rule}, func(scan sqldb.Scan) error {
		var v detect.Version
		err := scan(&v.Number, &v.Text, sqldb.TimeColumn{T: &v.Time}, &v.By)
		out = append(out, v)
		return err
	})
	return out, err
}

func (s ruleStore) Switch(ctx context.Context, ids []string, on bool, act ref.Act) (int, error) {
	changed := 0
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, id := range ids {
			var r stored
			ok, err := tx.Row(ctx, "SELECT data FROM detect_rule WHERE id = ?", []any{id}, sqldb.JSONColumn[stored]{V: &r})
			if err != nil {
				return err
			}
			if !ok {
				return errs.New(errs.NotFound, "rule_unknown", "There is no rule %q.", id)
			}
			if r.On == on {
				continue
			}
			changed++
			r.On, r.SwitchWhy, r.SwitchBy = on, act.Reason, act.Actor.Name
			if _, err := tx.Exec(ctx, "UPDATE detect_rule SET enabled = ?, data = ? WHERE id = ?", on, sqldb.JSON[stored]{V: r}, id); err != nil {
				return err
			}
			one := act
			one.Target = ref.Ref{Kind: ref.Rule, ID: id}
			if err := record(ctx, tx, one); err != nil {
				return err
			}
		}
		if changed == 0 {
			return nil
		}
		return announce(ctx, tx, "rules.changed", act.Target)
	})
	return changed, err
}
