package historytest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Memory is the reference: a history so simple that it is obviously right. It
// keeps nothing on disk; closing it does not forget. The zero value is empty.
type Memory struct {
	mu      sync.Mutex
	records []telemetry.Stored
	noted   telemetry.Seq
	keys    map[telemetry.Key][]telemetry.Seq // ascending, each number once
}

var _ telemetry.History = (*Memory)(nil)

// Append implements telemetry.History.
func (m *Memory) Append(_ context.Context, records []telemetry.Record) (telemetry.Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := telemetry.Seq(len(m.records)) + 1
	for _, r := range records {
		r.Received = r.Received.UTC().Truncate(time.Microsecond)
		r.Raw, r.Context = slices.Clone(r.Raw), slices.Clone(r.Context)
		m.records = append(m.records, telemetry.Stored{Seq: telemetry.Seq(len(m.records)) + 1, Record: r})
	}
	return first, nil
}

// Read implements telemetry.History.
func (m *Memory) Read(_ context.Context, from telemetry.Seq, limit int) ([]telemetry.Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from = max(from, 1)
	if from > telemetry.Seq(len(m.records)) {
		return nil, nil
	}
	rest := m.records[from-1:]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

// Note implements telemetry.History.
func (m *Memory) Note(_ context.Context, seq telemetry.Seq, keys []telemetry.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq <= m.noted {
		return nil
	}
	if m.keys == nil {
		m.keys = map[telemetry.Key][]telemetry.Seq{}
	}
	for _, k := range keys {
		if !slices.Contains(m.keys[k], seq) {
			m.keys[k] = append(m.keys[k], seq)
		}
	}
	m.noted = seq
	return nil
}

// Noted implements telemetry.History.
func (m *Memory) Noted() telemetry.Seq {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.noted
}

// Find implements telemetry.History.
func (m *Memory) Find(_ context.Context, key telemetry.Key, limit int) (telemetry.Found, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seqs := slices.Clone(m.keys[key])
	slices.Reverse(seqs)
	f := telemetry.Found{Count: len(seqs)}
	if n := min(limit, len(seqs)); n > 0 {
		f.Seqs = seqs[:n]
	}
	return f, nil
}

// Stats implements telemetry.History.
func (m *Memory) Stats(context.Context) (telemetry.Stats, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := telemetry.Stats{Engine: "memory", Records: len(m.records)}
	for i, r := range m.records {
		s.Bytes += int64(len(r.Raw) + len(r.Context))
		if i == 0 || r.Received.Before(s.Oldest) {
			s.Oldest = r.Received
		}
	}
	if len(m.records) > 0 {
		s.First, s.Last = 1, telemetry.Seq(len(m.records))
	}
	return s, nil
}

// Retain implements telemetry.History; the reference keeps everything.
func (m *Memory) Retain(context.Context, int64, time.Duration) (int, error) { return 0, nil }

// Close implements telemetry.History.
func (m *Memory) Close() error { return nil }
