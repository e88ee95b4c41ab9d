package intel

import (
	"context"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// merge is one batch of claims of one run on its way into the store.
type merge struct {
	s       *Service
	source  string
	run     RunKey
	now     time.Time
	claims  map[Key]indicator.Claim
	batch   Batch
	again   []int64 // Seq of what was said before, word for word
	stored  int
	merged  int
	dropped map[string]int
}

// saving is a batch that is being written.
type saving struct {
	m    *merge
	keys []Key // sorted
	err  chan error
}

// mergeAll merges batch after batch. While one is written the next is made ready,
// but for what both of them name: that waits for the one before.
func (s *Service) mergeAll(ctx context.Context, source string, run RunKey, claims []indicator.Claim) (stored, merged int, dropped map[string]int, err error) {
	dropped = map[string]int{}
	var before *saving
	for chunk := range slices.Chunk(claims, batch) {
		m := &merge{s: s, source: source, run: run, now: s.now().UTC(), claims: make(map[Key]indicator.Claim, len(chunk)), dropped: dropped}
		m.batch.Tally = newTally()
		keys := m.gather(chunk)
		apart, common := before.split(keys)
		err = m.take(ctx, apart)
		if saved := before.wait(&stored, &merged); err == nil {
			err = saved
		}
		before = nil
		if err == nil {
			err = m.take(ctx, common)
		}
		if err != nil {
			return stored, merged, dropped, err
		}
		before = m.save(ctx, keys)
	}
	err = before.wait(&stored, &merged)
	return stored, merged, dropped, err
}

// save begins to write a batch.
func (m *merge) save(ctx context.Context, keys []Key) *saving {
	sv := &saving{m, keys, make(chan error, 1)}
	go func() { sv.err <- m.s.store.Save(ctx, m.batch) }()
	return sv
}

// wait ends the writing of a batch and counts it.
func (sv *saving) wait(stored, merged *int) error {
	if sv == nil {
		return nil
	}
	err := <-sv.err
	*stored, *merged = *stored+sv.m.stored, *merged+sv.m.merged
	if err == nil {
		sv.m.s.repeat(sv.m.source, sv.m.run, sv.m.again)
	}
	return err
}

// split parts sorted keys by whether the batch being written names them, too.
func (sv *saving) split(keys []Key) (apart, common []Key) {
	if sv == nil {
		return keys, nil
	}
	apart = make([]Key, 0, len(keys))
	i := 0
	for _, k := range keys {
		for i < len(sv.keys) && sv.keys[i] < k {
			i++
		}
		if i < len(sv.keys) && sv.keys[i] == k {
			common = append(common, k)
		} else {
			apart = append(apart, k)
		}
	}
	return apart, common
}

// take works out what some of the claims change.
func (m *merge) take(ctx context.Context, keys []Key) error {
	if len(keys) == 0 {
		return nil
	}
	standing, err := m.s.store.Standing(ctx, m.source, m.run, keys)
	if err != nil {
		return err
	}
	rows, said, err := m.s.store.Load(ctx, m.sift(keys, standing))
	if err != nil {
		return err
	}
	for _, k := range keys {
		c, open := m.claims[k]
		if !open {
			continue
		}
		old, ok := rows[k]
		if ok && (old.Type != c.Type || old.Value != c.Raw) {
			m.dropped["key-collision"]++
			continue
		}
		if ok {
			m.merged++
		} else {
			m.stored++
			old = Row{Key: k, Fresh: true}
			old.Type, old.Value = c.Type, c.Raw
		}
		m.put(old, said[k], c)
	}
	return nil
}

// gather joins what is named twice and returns the keys in their order, in which
// the trees of the store are written once, from left to right.
func (m *merge) gather(claims []indicator.Claim) []Key {
	keys := make([]Key, 0, len(claims))
	for _, c := range claims {
		k := KeyOf(c.Type, c.Raw)
		if first, again := m.claims[k]; again {
			c = join(first, c)
			m.merged++
		} else {
			keys = append(keys, k)
		}
		m.claims[k] = c
	}
	slices.Sort(keys)
	return keys
}

// sift takes out what the source alone says, again and in the same words, and returns
// those of the rest of which anything is known.
func (m *merge) sift(keys []Key, standing map[Key]Standing) []Key {
	var known []Key
	for _, k := range keys {
		st, ok := standing[k]
		if !ok {
			continue
		}
		if st.Mine && !st.Others && !st.ThisRun && m.repeats(k, st) {
			m.merged++
			m.again = append(m.again, st.Seq)
			delete(m.claims, k)
			continue
		}
		known = append(known, k)
	}
	return known
}

func (m *merge) repeats(k Key, st Standing) bool {
	c := m.claims[k]
	a := stated(k, m.source, m.run, c, m.now)
	return st.Mark == m.s.trust.mark(c.Type, c.Raw, a) && a.LastSeen.Sub(st.LastSeen).Abs() < 24*time.Hour
}

// put adds to the batch what changes when c joins what is said of old.
func (m *merge) put(old Row, said []AssertionRow, c indicator.Claim) {
	before := claiming(said)
	had, known := find(said, m.source)
	all, mine := assert(said, old.Key, m.source, m.run, c, m.now)
	mine.Mark = m.s.trust.mark(c.Type, c.Raw, mine)
	switch {
	case !slices.Contains(before, m.source):
		m.batch.Tally.added(all, before, m.source, m.s.settledAt, m.now)
		if known {
			m.change(had, &mine)
		} else {
			m.batch.Assertions = append(m.batch.Assertions, mine)
		}
	case had.Run != m.run && m.saysAgain(old, had, &mine):
		mine = had // what is not written does not count
	default:
		m.change(had, &mine)
	}
	replace(all, mine)
	m.combine(old, all)
}

// saysAgain reports whether mine, with what the run said of old before, is what the
// source said before the run, or a part of it that may still become whole. Else it
// completes mine by what the run said before.
func (m *merge) saysAgain(old Row, had AssertionRow, mine *AssertionRow) bool {
	if r := m.s.repeated[m.source]; r.run == m.run && r.has(had.Seq) {
		*mine = both(had, *mine)
	} else if held, ok := m.held(had.Seq); ok {
		*mine = both(held, *mine)
	}
	mine.Mark = m.s.trust.mark(old.Type, old.Value, *mine)
	if repeats(had, *mine) {
		m.release(had.Seq)
		m.again = append(m.again, had.Seq)
		return true
	}
	if m.isPart(old, had, *mine) && m.s.hold(m.source, m.run, had.Seq, *mine) {
		return true
	}
	m.release(had.Seq)
	return false
}

// change writes mine in the place of what the source said before, which is kept as
// what was, unless it was of this run.
func (m *merge) change(had AssertionRow, mine *AssertionRow) {
	mine.Since = m.now
	if had.Run == m.run || sameWords(had, *mine) {
		mine.Since = had.Since
	} else {
		mine.Was = &had
	}
	m.batch.Assertions = append(m.batch.Assertions, *mine)
}

func (m *merge) combine(old Row, said []AssertionRow) {
	if row := m.s.trust.combine(old, said); old.Fresh || !same(old, row) {
		row.date(old, m.now)
		m.batch.Rows = append(m.batch.Rows, row)
	}
}

// date notes what becomes different by r taking the place of old.
func (r *Row) date(old Row, now time.Time) {
	r.Turned = old.Fresh || old.Live(now) != r.Live(now)
	if old.Fresh {
		r.Since = now
	} else if r.Confidence != old.Confidence || r.Revoked != old.Revoked || r.Claimed != old.Claimed || r.PinnedBy != old.PinnedBy {
		r.Since, r.Was = now, &old
	}
}
