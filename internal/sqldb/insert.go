package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// insertParameters is how many parameters the prepared statement of an Insert has:
// enough to make the call itself cheap.
const insertParameters = 1000

// Insert adds n rows that are not there yet, the fastest way the engine has; one that
// is there is an error, after which only a rollback is possible. row appends the
// values of row i to what it is given.
func (tx *Tx) Insert(ctx context.Context, table string, columns []string, n int, row func(i int, to []any) []any) error {
	if n == 0 {
		return nil
	}
	if tx.engine == Postgres {
		return tx.copyIn(ctx, table, columns, n, row)
	}
	head := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES "
	step := min(insertParameters/len(columns), n)
	stmt, err := tx.tx.PrepareContext(ctx, head+Rows(step, len(columns)))
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }()
	args := make([]any, 0, step*len(columns))
	i := 0
	for ; i+step <= n; i += step {
		args = args[:0]
		for j := range step {
			args = row(i+j, args)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	if i == n {
		return nil
	}
	args = args[:0]
	for j := i; j < n; j++ {
		args = row(j, args)
	}
	_, err = tx.Exec(ctx, head+Rows(n-i, len(columns)), args...)
	return err
}

// copyIn is Insert on PostgreSQL.
func (tx *Tx) copyIn(ctx context.Context, table string, columns []string, n int, row func(i int, to []any) []any) error {
	return tx.conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("copy into %s: the connection is a %T", table, driver)
		}
		args := make([]any, 0, len(columns))
		_, err := c.Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) {
			args = row(i, args[:0])
			return args, nil
		}))
		return err
	})
}

// OneOf returns a condition that holds where column is one of numbers, and its
// argument: one, however many there are.
func (q Queries) OneOf(column string, numbers []int64) (cond string, arg any) {
	if q.engine == Postgres {
		return column + " = ANY(?)", numbers
	}
	list, _ := json.Marshal(numbers) // numbers always marshal
	return column + " IN (SELECT value FROM json_each(?))", string(list)
}

// Locking returns the end of a query whose rows stay as they were read until tx ends,
// locked in the order of column, so that two writers never wait for each other. SQLite
// has one writer at a time.
func (tx *Tx) Locking(column string) string {
	if tx.engine == Postgres {
		return " ORDER BY " + column + " FOR UPDATE"
	}
	return ""
}

// Sharing returns the end of a query whose row nobody may change until tx ends, while
// others may read it in the same way. SQLite has one writer at a time.
func (tx *Tx) Sharing() string {
	if tx.engine == Postgres {
		return " FOR SHARE"
	}
	return ""
}
