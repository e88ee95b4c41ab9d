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

// Insert adds rows that are not there yet, the fastest way the engine has; one that
// is there is an error, after which only a rollback is possible. args holds the
// rows one after the other.
func (tx *Tx) Insert(ctx context.Context, table string, columns []string, args []any) error {
	if len(args) == 0 {
		return nil
	}
	cols := len(columns)
	if tx.engine == Postgres {
		return tx.copyIn(ctx, table, columns, args)
	}
	head := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES "
	if step := insertParameters / cols * cols; len(args) >= step {
		stmt, err := tx.tx.PrepareContext(ctx, head+Rows(step/cols, cols))
		if err != nil {
			return err
		}
		defer func() { _ = stmt.Close() }()
		for ; len(args) >= step; args = args[step:] {
			if _, err := stmt.ExecContext(ctx, args[:step]...); err != nil {
				return err
			}
		}
	}
	if len(args) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, head+Rows(len(args)/cols, cols), args...)
	return err
}

// copyIn is Insert on PostgreSQL.
func (tx *Tx) copyIn(ctx context.Context, table string, columns []string, args []any) error {
	cols := len(columns)
	return tx.conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("copy into %s: the connection is a %T", table, driver)
		}
		_, err := c.Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(len(args)/cols, func(i int) ([]any, error) {
			return args[i*cols : (i+1)*cols], nil
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
