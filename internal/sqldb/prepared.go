package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// maxPrepared is how many statements stay prepared on SQLite's writer.
const maxPrepared = 256

// prepared keeps the statements of bulk writes on SQLite, which would otherwise parse
// thousands of placeholders anew each time. (pgx keeps its own.) The one writing
// connection belongs to a transaction while it runs: a statement that was wanted
// there is prepared before the next one begins.
type prepared struct {
	mu     sync.Mutex
	ready  map[string]*sql.Stmt
	wanted []string
}

// prepare makes ready what transactions before this one wanted.
func (p *prepared) prepare(ctx context.Context, writer *sql.DB) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, query := range p.wanted {
		if p.ready[query] != nil || len(p.ready) >= maxPrepared {
			continue
		}
		s, err := writer.PrepareContext(ctx, query)
		if err != nil {
			return fmt.Errorf("prepare a statement: %w", err)
		}
		p.ready[query] = s
	}
	p.wanted = nil
	return nil
}

// get returns the statement when it is ready; else it will be for the next
// transaction.
func (p *prepared) get(query string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.ready[query]
	if s == nil && len(p.ready)+len(p.wanted) < maxPrepared {
		p.wanted = append(p.wanted, query)
	}
	return s
}

// often runs a statement that comes again and again.
func (q Queries) often(ctx context.Context, query string, args []any) (int64, error) {
	tx, ok := q.run.(*sql.Tx)
	if !ok || q.prepared == nil {
		return q.Exec(ctx, query, args...)
	}
	s := q.prepared.get(query)
	if s == nil {
		return q.Exec(ctx, query, args...)
	}
	res, err := tx.StmtContext(ctx, s).ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
