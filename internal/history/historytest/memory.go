package historytest

import (
	"context"
	"maps"
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
	notes   map[telemetry.Seq]telemetry.Note
}

var (
	_ telemetry.History = (*Memory)(nil)
	_ telemetry.Past    = (*Memory)(nil)
)

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
func (m *Memory) Note(_ context.Context, seq telemetry.Seq, n telemetry.Note) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq <= m.noted {
		return nil
	}
	if m.keys == nil {
		m.keys, m.notes = map[telemetry.Key][]telemetry.Seq{}, map[telemetry.Seq]telemetry.Note{}
	}
	m.notes[seq] = n
	for _, v := range n.Values {
		k := v.Key
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

// Parts implements telemetry.Past.
func (m *Memory) Parts(context.Context) ([]telemetry.Part, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.records) == 0 {
		return nil, nil
	}
	p := telemetry.Part{First: 1, End: telemetry.Seq(len(m.records)) + 1, Records: len(m.records), Noted: m.noted}
	for _, n := range m.notes {
		if n.Time.IsZero() {
			continue
		}
		if p.From.IsZero() || n.Time.Before(p.From) {
			p.From = n.Time
		}
		if n.Time.After(p.To) {
			p.To = n.Time
		}
	}
	return []telemetry.Part{p}, nil
}

// Sift implements telemetry.Past.
func (m *Memory) Sift(_ context.Context, _ telemetry.Part, pick telemetry.Pick) (telemetry.Sifted, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := telemetry.Seq(len(m.records))
	if pick.Until > 0 {
		last = min(last, pick.Until)
	}
	s := telemetry.Sifted{Missed: int(max(last, m.noted) - m.noted)}
	asked := map[telemetry.Key]bool{} // and whether it was picked
	for seq := telemetry.Seq(1); seq <= m.noted; seq++ {
		hit := false
		for _, v := range m.notes[seq].Values {
			if v.Type == "" || pick.Type != nil && !pick.Type(v.Type) {
				continue
			}
			if _, ok := asked[v.Key]; !ok {
				asked[v.Key] = pick.Value(v.Type, v.Text)
			}
			hit = hit || asked[v.Key]
		}
		if hit && seq >= pick.From && seq <= last {
			s.Seqs = append(s.Seqs, seq)
		}
	}
	s.Values = len(asked)
	if over := len(s.Seqs) - pick.Limit; pick.Limit > 0 && over > 0 {
		s.Left, s.Seqs = over, s.Seqs[over:]
	}
	return s, nil
}

// Seen implements telemetry.Past.
func (m *Memory) Seen(_ context.Context, key telemetry.Key) (telemetry.Seen, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out telemetry.Seen
	days, sources := map[string]int{}, map[string]bool{}
	for seq := telemetry.Seq(1); seq <= m.noted; seq++ {
		n := m.notes[seq]
		at := n.Time.UTC().Truncate(time.Second)
		if !n.Time.IsZero() && (out.Since.IsZero() || at.Before(out.Since)) {
			out.Since = at
		}
		if !slices.ContainsFunc(n.Values, func(v telemetry.Value) bool { return v.Key == key }) {
			continue
		}
		if out.Count == 0 || at.Before(out.First) {
			out.First = at
		}
		if at.After(out.Last) {
			out.Last = at
		}
		out.Count++
		days[at.Format(time.DateOnly)]++
		sources[n.Source] = true
	}
	for _, d := range slices.Sorted(maps.Keys(days)) {
		out.Days = append(out.Days, telemetry.SeenDay{Day: d, Count: days[d]})
	}
	if len(sources) > 0 {
		out.Sources = slices.Sorted(maps.Keys(sources))
	}
	return out, nil
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
