package store

import (
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"sync"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

type alertTx struct{ tx *sqldb.Tx }

func (s alertStore) Write(ctx context.Context, fn func(alert.Tx) error) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		t := alertTx{tx}
		a := alert.Tx{Reading: t, Writing: t, Remembering: t, Cutting: t, Teachable: t}
		// The update makes who writes wait for each other, and tells them apart.
		if _, err := tx.Row(ctx, "UPDATE alert_turn SET turn = turn + 1 RETURNING turn", nil, &a.Turn); err != nil {
			return err
		}
		return fn(a)
	})
}

// some is how many values one query is asked for.
const some = 500

// pick runs a query for values, some at a time: "... IN (" + list + ")".
func pick(ctx context.Context, tx *sqldb.Tx, query string, values []string, tail string, scan func(sqldb.Scan) error) error {
	for part := range slices.Chunk(values, some) {
		args := make([]any, len(part))
		for i, v := range part {
			args[i] = v
		}
		if err := tx.Query(ctx, query+" IN ("+sqldb.List(len(part))+")"+tail, args, scan); err != nil {
			return err
		}
	}
	return nil
}

// texts is the JSON of each of list, made by all cores: it is most of the work of
// writing what is kept whole.
func texts[T any](list []T) ([]string, error) {
	out := make([]string, len(list))
	var failed error
	var once sync.Once
	var all sync.WaitGroup
	parts := max(1, min(runtime.GOMAXPROCS(0), len(list)/64))
	for p := range parts {
		work := func() {
			for i := p * len(list) / parts; i < (p+1)*len(list)/parts; i++ {
				b, err := json.Marshal(list[i])
				if err != nil {
					once.Do(func() { failed = err })
					return
				}
				out[i] = string(b)
			}
		}
		if p == parts-1 {
			work()
		} else {
			all.Go(work)
		}
	}
	all.Wait()
	return out, failed
}

func (t alertTx) Record(ctx context.Context, c alert.Change) error {
	if c.Act != nil {
		if err := record(ctx, t.tx, *c.Act); err != nil {
			return err
		}
		if c.Topic != "" {
			if err := announce(ctx, t.tx, c.Topic, c.Act.Target); err != nil {
				return err
			}
		}
	}
	if c.Consumer == "" {
		return nil
	}
	if err := takeLots(ctx, t.tx, c.Lots); err != nil {
		return err
	}
	return saveCheckpoint(ctx, t.tx, c.Consumer, c.Seq)
}
