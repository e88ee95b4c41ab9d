package store

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// Lease is who keeps: one process at a time, by a row that it has to confirm. No clocks
// are compared: who wants it watches whether the beat moves. Whoever lost it cannot
// write: each of its transactions holds the row as it was (see Store.Fence).
type Lease struct {
	Epoch  int64 // one more each time that somebody else has it
	Beat   int64 // one more each time that the holder says that it is there
	Holder string
	Since  time.Time
}

const leaseName = "keep"

// Lease returns the lease as it is.
func (q Queue) Lease(ctx context.Context) (l Lease, err error) {
	_, err = q.db.Read().Row(ctx, "SELECT l.epoch, b.beat, l.holder, l.since FROM queue_lease l JOIN queue_beat b ON b.name = l.name WHERE l.name = ?",
		[]any{leaseName}, &l.Epoch, &l.Beat, &l.Holder, sqldb.TimeColumn{T: &l.Since})
	return l, err
}

// Claim takes the lease from whoever had it when it was seen, unless somebody has
// claimed or confirmed it since. It waits for what the one before has still to write.
func (q Queue) Claim(ctx context.Context, seen Lease, holder string) (epoch int64, ok bool, err error) {
	err = q.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE queue_lease SET epoch = epoch + 1, holder = ?, since = ?
			WHERE name = ? AND epoch = ? AND EXISTS (SELECT 1 FROM queue_beat WHERE name = ? AND beat = ?)`,
			holder, sqldb.Micros(time.Now()), leaseName, seen.Epoch, leaseName, seen.Beat)
		if err != nil || n == 0 {
			return err
		}
		epoch, ok = seen.Epoch+1, true
		return nil
	})
	return epoch, ok && err == nil, err
}

// Confirm says that the holder of the lease is there, or that it no longer has it.
func (q Queue) Confirm(ctx context.Context, epoch int64) (bool, error) {
	held := false
	err := q.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE queue_beat SET beat = beat + 1 WHERE name = ? AND EXISTS (SELECT 1 FROM queue_lease WHERE name = ? AND epoch = ?)", leaseName, leaseName, epoch)
		held = n == 1
		return err
	})
	return held, err
}

// Resign gives the lease back, so that nobody has to wait.
func (q Queue) Resign(ctx context.Context, epoch int64) error {
	return q.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE queue_lease SET epoch = epoch + 1, holder = '' WHERE name = ? AND epoch = ?", leaseName, epoch)
		return err
	})
}

// Fence lets every write of this store fail once the lease of an epoch is lost. A write
// that has begun is waited for by whoever claims the lease.
func (s *Store) Fence(epoch int64) {
	s.db.Guard(func(ctx context.Context, tx *sqldb.Tx) error {
		var now int64
		if _, err := tx.Row(ctx, "SELECT epoch FROM queue_lease WHERE name = ?"+tx.Sharing(), []any{leaseName}, &now); err != nil {
			return err
		}
		if now != epoch {
			return errs.Fatal(errs.New(errs.Conflict, "lease_lost", "Another process keeps the alerts now; this one may not write any more."))
		}
		return nil
	})
}

// Process is what a process that shares the work tells of itself.
type Process struct {
	ID   string
	Role string
	At   time.Time // when it told so, by its own clock
	Data []byte
}

// TellOf keeps what a process tells of itself.
func (q Queue) TellOf(ctx context.Context, p Process) error {
	return q.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO queue_process (id, role, at, data) VALUES (?,?,?,?) ON CONFLICT (id) DO UPDATE SET at = excluded.at, data = excluded.data",
			p.ID, p.Role, sqldb.Micros(time.Now()), string(p.Data))
		return err
	})
}

// Processes returns what processes told of themselves, at most limit.
func (q Queue) Processes(ctx context.Context, limit int) (out []Process, err error) {
	err = q.db.Read().Query(ctx, "SELECT id, role, at, data FROM queue_process ORDER BY role, id LIMIT ?", []any{limit}, func(scan sqldb.Scan) error {
		var p Process
		var data string
		err := scan(&p.ID, &p.Role, sqldb.TimeColumn{T: &p.At}, &data)
		p.Data = []byte(data)
		out = append(out, p)
		return err
	})
	return out, err
}

// ForgetProcesses removes processes that were last heard before a time.
func (q Queue) ForgetProcesses(ctx context.Context, before time.Time) error {
	return q.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM queue_process WHERE at < ?", sqldb.Micros(before))
		return err
	})
}
