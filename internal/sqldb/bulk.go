package sqldb

import (
	"context"
	"strings"
)

// MaxParameters is the number of parameters one statement may carry on both
// engines (SQLite 32,766; PostgreSQL 65,535), kept well below either because
// larger statements are slower to prepare.
const MaxParameters = 8000

// Bulk runs one statement per chunk of rows: head + " VALUES (?,?..),.. " + tail.
// args holds the rows one after the other, cols values each. It returns the
// number of rows changed.
func (q Queries) Bulk(ctx context.Context, head string, cols int, args []any, tail string) (int64, error) {
	var changed int64
	for len(args) > 0 {
		n := portion(len(args)/cols, cols)
		chunk := args[:n*cols]
		args = args[len(chunk):]
		done, err := q.often(ctx, head+" VALUES "+Rows(n, cols)+" "+tail, chunk)
		if err != nil {
			return changed, err
		}
		changed += done
	}
	return changed, nil
}

// portion is how many of n rows go into one statement: a power of two, so that few
// statements stand for any number of rows and stay prepared.
func portion(n, cols int) int {
	most := min(n, 256, MaxParameters/cols)
	p := 1
	for 2*p <= most {
		p *= 2
	}
	return p
}

// Rows returns n groups of cols placeholders: "(?,?),(?,?)".
func Rows(n, cols int) string {
	row := "(" + List(cols) + ")"
	return strings.Repeat(row+",", n-1) + row
}

// List returns n placeholders: "?,?,?".
func List(n int) string { return strings.Repeat("?,", n-1) + "?" }

// Where gathers the conditions of a query. The zero value holds none.
type Where struct {
	conds []string
	args  []any
}

// And adds a condition written with ? placeholders.
func (w *Where) And(cond string, args ...any) {
	w.conds = append(w.conds, "("+cond+")")
	w.args = append(w.args, args...)
}

// SQL returns " WHERE ..." or "" when there is no condition.
func (w *Where) SQL() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}

// Args returns the conditions' arguments followed by more.
func (w *Where) Args(more ...any) []any { return append(w.args[:len(w.args):len(w.args)], more...) }

// Like escapes s for use in "LIKE ? ESCAPE '\'" and adds % on the asked sides.
func Like(before bool, s string, after bool) string {
	s = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
	if before {
		s = "%" + s
	}
	if after {
		s += "%"
	}
	return s
}
