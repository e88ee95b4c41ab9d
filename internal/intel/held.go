package intel

import (
	"context"
	"slices"
)

// heldMost bounds how many claims of a run are held.
const heldMost = 100_000

// hold keeps a claim that says a part of what the source said before: the run may say
// the rest in another place, and then nothing has changed. It returns false when
// there is no room.
func (s *Service) hold(source string, run RunKey, seq int64, a AssertionRow) bool {
	r := s.repeatedBy(source, run)
	if _, ok := r.held[seq]; !ok && len(r.held) >= heldMost {
		return false
	}
	r.held[seq] = a
	return true
}

// held returns what of a claim is held.
func (m *merge) held(seq int64) (AssertionRow, bool) {
	r := m.s.repeated[m.source]
	if r.run != m.run {
		return AssertionRow{}, false
	}
	a, ok := r.held[seq]
	return a, ok
}

func (m *merge) release(seq int64) { delete(m.s.repeated[m.source].held, seq) }

// isPart reports whether b says a part of what a says, and nothing else.
func (m *merge) isPart(old Row, a, b AssertionRow) bool {
	all := both(a, b)
	return !a.Withdrawn && a.Mark == m.s.trust.mark(old.Type, old.Value, all) && repeats(a, AssertionRow{Assertion: all.Assertion, Mark: a.Mark})
}

// writeHeld writes what a run said a part of and never said the rest.
func (s *Service) writeHeld(ctx context.Context, source string) error {
	r := s.repeated[source]
	if len(r.held) == 0 {
		return nil
	}
	byKey := make(map[Key]AssertionRow, len(r.held))
	keys := make([]Key, 0, len(r.held))
	for _, a := range r.held {
		byKey[a.Key] = a
		keys = append(keys, a.Key)
	}
	slices.Sort(keys)
	for chunk := range slices.Chunk(keys, batch) {
		rows, said, err := s.store.Load(ctx, chunk)
		if err != nil {
			return err
		}
		m := &merge{s: s, source: source, run: r.run, now: s.now().UTC()}
		for _, k := range chunk {
			had, ok := find(said[k], source)
			if !ok {
				continue
			}
			mine := byKey[k]
			m.change(had, &mine)
			replace(said[k], mine)
			m.combine(rows[k], said[k])
		}
		if err := s.store.Save(ctx, m.batch); err != nil {
			return err
		}
	}
	clear(r.held)
	return nil
}
