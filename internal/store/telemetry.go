package store

import (
	"context"

	"github.com/vedette-soc/vedette/internal/sqldb"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

type checkpoints struct{ db *sqldb.DB }

var (
	_ telemetry.CheckpointStore = checkpoints{}
	_ telemetry.MemoryStore     = checkpoints{}
)

// Memories returns the store's memory of what consumers of events remember.
func (s *Store) Memories() telemetry.MemoryStore { return checkpoints{s.db} }

// Checkpoints returns the store's memory of how far consumers of events got.
func (s *Store) Checkpoints() telemetry.CheckpointStore { return checkpoints{s.db} }

func (c checkpoints) Checkpoint(ctx context.Context, consumer string) (telemetry.Seq, error) {
	var seq int64
	_, err := c.db.Read().Row(ctx, "SELECT seq FROM checkpoint WHERE consumer = ?", []any{consumer}, &seq)
	return telemetry.Seq(seq), err
}

func (c checkpoints) SaveCheckpoint(ctx context.Context, consumer string, seq telemetry.Seq) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error { return saveCheckpoint(ctx, tx, consumer, uint64(seq)) })
}

func saveCheckpoint(ctx context.Context, tx *sqldb.Tx, consumer string, seq uint64) error {
	_, err := tx.Exec(ctx, "INSERT INTO checkpoint (consumer, seq) VALUES (?,?) ON CONFLICT (consumer) DO UPDATE SET seq = excluded.seq",
		consumer, int64(seq))
	return err
}

func (c checkpoints) Memory(ctx context.Context, consumer string) (telemetry.Seq, []byte, error) {
	var seq int64
	var state string
	ok, err := c.db.Read().Row(ctx, "SELECT seq, state FROM consumer_memory WHERE consumer = ?", []any{consumer}, &seq, &state)
	if err != nil || !ok {
		return 0, nil, err
	}
	return telemetry.Seq(seq), []byte(state), nil
}

func (c checkpoints) SaveMemory(ctx context.Context, consumer string, seq telemetry.Seq, state []byte) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO consumer_memory (consumer, seq, state) VALUES (?,?,?) ON CONFLICT (consumer) DO UPDATE SET seq = excluded.seq, state = excluded.state",
			consumer, int64(seq), string(state))
		return err
	})
}
