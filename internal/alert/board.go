package alert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Bounds of what the board keeps.
const (
	maxKept   = 50_000  // alerts of incidents that were read
	maxTracks = 100_000 // reasons
)

// board is what grouping knows of what is stored, so that it need not ask for each
// alert: all open incidents as cards, those that were met lately whole. It is in step
// with the store as of one transaction, and worth nothing after one that failed, or
// after one that was not its own.
type board struct {
	*cards
	watch  *watch // nil = to be read
	turn   int64
	number int // the highest given to an incident
	cuts   map[[2]string][]Cut
	tracks map[string]Record
	files  map[string]*file
	alerts map[string]*Alert // by fingerprint, those of files
}

// file is an incident with its alerts.
type file struct {
	Incident
	alerts []*Alert
	names  []string // under which it is stored
	used   int64    // the last turn it was needed in
}

func readBoard(ctx context.Context, tx Tx) (*board, error) {
	list, number, err := tx.Cards(ctx)
	if err != nil {
		return nil, fmt.Errorf("read open incidents: %w", err)
	}
	cuts, err := tx.Cuts(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what was taken apart: %w", err)
	}
	b := &board{
		cards: newCards(list), number: number, cuts: map[[2]string][]Cut{},
		tracks: map[string]Record{}, files: map[string]*file{}, alerts: map[string]*Alert{},
	}
	for _, c := range cuts {
		b.cuts[[2]string{c.How, c.Value}] = append(b.cuts[[2]string{c.How, c.Value}], c)
	}
	return b, nil
}

// begin makes room before turn: what was not needed for longest goes.
func (b *board) begin(turn int64) {
	b.turn = turn
	if len(b.tracks) > maxTracks {
		clear(b.tracks)
	}
	if len(b.alerts) <= maxKept {
		return
	}
	list := make([]*file, 0, len(b.files))
	for _, f := range b.files {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *file) int { return cmp.Or(cmp.Compare(a.used, b.used), cmp.Compare(a.ID, b.ID)) })
	for _, f := range list {
		if len(b.alerts) <= maxKept*3/4 {
			return
		}
		b.forget(f)
	}
}

func (b *board) forget(f *file) {
	delete(b.files, f.ID)
	for _, a := range f.alerts {
		delete(b.alerts, a.Fingerprint)
	}
}

// fetch brings incidents into files; of those that there are not, there will be none.
func (b *board) fetch(ctx context.Context, tx Tx, ids []string) error {
	var missing []string
	for _, id := range ids {
		if f := b.files[id]; f != nil {
			f.used = b.turn
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	list, alerts, err := tx.Contents(ctx, missing)
	if err != nil {
		return fmt.Errorf("read incidents: %w", err)
	}
	for _, in := range list {
		f := &file{Incident: *in, alerts: alerts[in.ID], names: foldAll(in.Names), used: b.turn}
		b.files[f.ID] = f
		for _, a := range f.alerts {
			b.alerts[a.Fingerprint] = a
		}
	}
	return nil
}

// card makes the card of an incident what the incident is now.
func (b *board) card(f *file) {
	if f.State != Open || f.Merged != "" {
		b.drop(f.ID)
		return
	}
	c := b.open[f.ID]
	if c == nil {
		c = &Card{ID: f.ID, Number: f.Number, First: f.First, Last: f.Last}
		b.put(c)
		for _, a := range f.alerts {
			b.hold(c, a)
		}
	}
	b.called(c, f.Names)
	b.setRare(c, f.Rare)
}

// covers is the time an open incident covers, with t.
func (c *Card) covers(t time.Time) { c.First, c.Last = earlier(c.First, t), later(c.Last, t) }
