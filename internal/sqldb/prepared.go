package sqldb

import (
	"context"
	"database/sql"
	"slices"
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

// prepare makes ready what transactions before this one wanted. It holds no lock
// while it waits for the connection, which a transaction may have that asks for a
// statement. What cannot be prepared fails where it is run, not here.
func (p *prepared) prepare(ctx context.Context, writer *sql.DB) {
	p.mu.Lock()
	wanted := p.wanted
	p.wanted = nil
	p.mu.Unlock()
	for _, query := range wanted {
		s, err := writer.PrepareContext(ctx, query)
		if err != nil {
			continue
		}
		p.mu.Lock()
		if p.ready[query] == nil && len(p.ready) < maxPrepared {
			p.ready[query], s = s, nil
		}
		p.mu.Unlock()
		if s != nil {
			_ = s.Close() // another was faster
		}
	}
}

// forget closes every statement. The caller has the writing connection, so that none is
// in use.
func (p *prepared) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.ready {
		_ = s.Close()
	}
	clear(p.ready)
}

// get returns the statement when it is ready; else it will be for the next
// transaction.
func (p *prepared) get(query string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.ready[query]
	if s == nil && len(p.ready)+len(p.wanted) < maxPrepared && !slices.Contains(p.wanted, query) {
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
