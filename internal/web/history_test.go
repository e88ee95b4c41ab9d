package web_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// memory is a history that forgets when the test ends.
type memory struct {
	mu      sync.Mutex
	records []telemetry.Stored
	keys    map[telemetry.Key][]telemetry.Seq
	noted   telemetry.Seq
}

var _ telemetry.History = (*memory)(nil)

func (m *memory) Append(_ context.Context, records []telemetry.Record) (telemetry.Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := telemetry.Seq(len(m.records) + 1)
	for i, r := range records {
		m.records = append(m.records, telemetry.Stored{Seq: first + telemetry.Seq(i), Record: r})
	}
	return first, nil
}

func (m *memory) Read(_ context.Context, from telemetry.Seq, limit int) ([]telemetry.Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := min(max(int(from), 1)-1, len(m.records))
	return slices.Clone(m.records[at:min(at+limit, len(m.records))]), nil
}

func (m *memory) Note(_ context.Context, seq telemetry.Seq, keys []telemetry.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		m.keys[k] = append(m.keys[k], seq)
	}
	m.noted = seq
	return nil
}

func (m *memory) Noted() telemetry.Seq {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.noted
}

func (m *memory) Find(_ context.Context, key telemetry.Key, limit int) (telemetry.Found, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Clone(m.keys[key])
	slices.Reverse(all)
	return telemetry.Found{Seqs: all[:min(len(all), limit)], Count: len(all)}, nil
}

func (m *memory) Stats(context.Context) (telemetry.Stats, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := telemetry.Stats{Engine: "memory", Records: len(m.records)}
	if len(m.records) > 0 {
		s.First, s.Last, s.Oldest = 1, telemetry.Seq(len(m.records)), m.records[0].Received
		for _, r := range m.records {
			s.Bytes += int64(len(r.Raw))
		}
	}
	return s, nil
}

func (m *memory) Retain(context.Context, int64, time.Duration) (int, error) { return 0, nil }

func (m *memory) Close() error { return nil }
