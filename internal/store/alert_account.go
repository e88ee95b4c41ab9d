package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// Concerns returns the part of the store that finds alerts by whom they are about.
func (s *Store) Concerns() alert.Concerns { return alertStore{s.db} }

// withAccounts is alerts (a), each with every account that was at work there (r), by
// whoColumns: of an account that stands for itself there is no other.
const (
	withAccounts = "alert_alert a LEFT JOIN alert_account r ON r.fingerprint = a.fingerprint AND r.here"
	whoColumns   = "a.kind, a.entity, coalesce(r.account, '')"
)

// keepAccounts keeps which accounts detections name: who was at work on their host, and
// whom they are about.
func (t alertTx) keepAccounts(ctx context.Context, list []*alert.Detection, fps []string) error {
	type row struct{ account, fingerprint string }
	type role struct{ here, about bool }
	roles := map[row]role{}
	var order []row
	note := func(k row, r role) {
		was, known := roles[k]
		if !known {
			order = append(order, k)
		}
		roles[k] = role{was.here || r.here, was.about || r.about}
	}
	for i, d := range list {
		if n := d.Entity.Account; n != "" {
			note(row{n, fps[i]}, role{here: true})
		}
		if d.AboutAccount() {
			note(row{d.Account.Name, fps[i]}, role{about: true})
		}
	}
	var args []any
	for _, k := range order {
		args = append(args, k.account, k.fingerprint, roles[k].here, roles[k].about)
	}
	_, err := t.tx.Bulk(ctx, "INSERT INTO alert_account (account, fingerprint, here, about)", 4, args,
		`ON CONFLICT (account, fingerprint) DO UPDATE SET here = alert_account.here OR excluded.here, about = alert_account.about OR excluded.about
		WHERE excluded.here AND NOT alert_account.here OR excluded.about AND NOT alert_account.about`)
	return err
}

// withoutLeaks leaves out what is known of leaks: it stands with the alert, where it is
// brought up to date and forgotten.
func withoutLeaks(list []*alert.Detection) []*alert.Detection {
	out := list
	for i, d := range list {
		if d.Leak == nil && d.Infection == nil {
			continue
		}
		if &out[0] == &list[0] {
			out = slices.Clone(list)
		}
		bare := *d
		bare.Leak, bare.Infection = nil, nil
		out[i] = &bare
	}
	return out
}

// maxConcerned is how many alerts are looked at anew at most.
const maxConcerned = 200_000

// concerned is alerts by fingerprint.
type concerned map[string]*alert.Concerned

func (by concerned) note(a alert.Alert, account string) {
	c := by[a.Fingerprint]
	if c == nil {
		if len(by) >= maxConcerned {
			return
		}
		c = &alert.Concerned{Alert: a}
		by[a.Fingerprint] = c
	}
	if account != "" {
		c.Accounts = append(c.Accounts, account)
	}
}

func (s alertStore) About(ctx context.Context, accounts, hosts []string) ([]alert.Concerned, error) {
	by := concerned{}
	const query = "SELECT r.account, a.data FROM alert_account r JOIN alert_alert a ON a.fingerprint = r.fingerprint WHERE r.about AND a.incident <> ''"
	const newest = " ORDER BY a.last DESC, r.account, a.fingerprint LIMIT 400000"
	scan := func(scan sqldb.Scan) error {
		var account string
		var a alert.Alert
		err := scan(&account, sqldb.JSONColumn[alert.Alert]{V: &a})
		by.note(a, account)
		return err
	}
	tx := &sqldb.Tx{Queries: s.db.Read()} // it only reads
	var err error
	if accounts == nil {
		err = tx.Query(ctx, query+newest, nil, scan)
	} else {
		err = pick(ctx, tx, query+" AND r.account", accounts, newest, scan)
	}
	if err != nil {
		return nil, err
	}
	err = pick(ctx, tx, "SELECT data FROM alert_alert WHERE incident <> '' AND entity", hosts, " ORDER BY last DESC, fingerprint LIMIT 200000", func(scan sqldb.Scan) error {
		var a alert.Alert
		err := scan(sqldb.JSONColumn[alert.Alert]{V: &a})
		by.note(a, "")
		return err
	})
	out := make([]alert.Concerned, 0, len(by))
	for _, c := range by {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b alert.Concerned) int {
		return cmp.Or(b.Alert.Last.Compare(a.Alert.Last), cmp.Compare(a.Alert.Fingerprint, b.Alert.Fingerprint))
	})
	return out, err
}
