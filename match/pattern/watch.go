package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vedette-soc/vedette/stix"
)

// maxKept bounds the observations that a Watch remembers in all.
const maxKept = 5000

// Watch remembers what satisfied a part of a pattern, until enough has come for the
// whole. It is not safe for concurrent use; the zero value remembers nothing.
type Watch struct {
	kept    map[uint64][]stix.ObservedData // by pattern, in the order in which they came; ID is the event's
	total   int
	Dropped int // observations forgotten because there were too many
}

// Take tells of an event that satisfied a part of a pattern of the set. When the whole
// is satisfied it returns the events that satisfy it together, and they count no more.
func (w *Watch) Take(set *Set, s Sight, eventID string) (events []string, ok bool) {
	at, known := set.at[s.ID]
	if !known || s.Data == nil {
		return nil, known
	}
	p := &set.patterns[at]
	data := *s.Data
	data.ID = eventID
	had := w.kept[s.ID]
	list := slices.DeleteFunc(had, func(d stix.ObservedData) bool { return data.First.Sub(d.First).Abs() > p.life.span })
	list = append(list, data)
	if n := len(list) - p.life.most; n > 0 {
		w.Dropped += n
		list = slices.Delete(list, 0, n)
	}
	met, err := p.whole.Match(list)
	for _, i := range met {
		events = append(events, list[i].ID)
	}
	if err == nil && len(met) > 0 {
		list = slices.DeleteFunc(list, func(d stix.ObservedData) bool { return slices.Contains(events, d.ID) })
	}
	w.keep(s.ID, list, len(had))
	return events, len(events) > 0
}

// keep replaces what is remembered of a pattern. Beyond the bound the pattern of which
// the most is remembered loses its oldest.
func (w *Watch) keep(id uint64, list []stix.ObservedData, had int) {
	if w.kept == nil {
		w.kept = map[uint64][]stix.ObservedData{}
	}
	w.total += len(list) - had
	w.kept[id] = list
	if len(list) == 0 {
		delete(w.kept, id)
	}
	for w.total > maxKept {
		var most uint64
		for k, l := range w.kept {
			if len(l) > len(w.kept[most]) {
				most = k
			}
		}
		w.kept[most] = w.kept[most][1:]
		w.total, w.Dropped = w.total-1, w.Dropped+1
	}
}

// Renew forgets what patterns that are no longer in the set remembered.
func (w *Watch) Renew(set *Set) {
	for id, list := range w.kept {
		if set == nil {
			w.total -= len(list)
			delete(w.kept, id)
		} else if _, ok := set.at[id]; !ok {
			w.total -= len(list)
			delete(w.kept, id)
		}
	}
}

// State returns what is remembered, for [Watch.Restore]; nil when that is nothing.
func (w *Watch) State() ([]byte, error) {
	if len(w.kept) == 0 {
		return nil, nil
	}
	return json.Marshal(w.kept)
}

// Restore takes up what [Watch.State] returned.
func (w *Watch) Restore(state []byte) error {
	kept := map[uint64][]stix.ObservedData{}
	if len(state) > 0 {
		dec := json.NewDecoder(bytes.NewReader(state))
		dec.UseNumber()
		if err := dec.Decode(&kept); err != nil {
			return fmt.Errorf("read what patterns remember: %w", err)
		}
	}
	w.kept, w.total = kept, 0
	for _, list := range kept {
		w.total += len(list)
	}
	return nil
}
