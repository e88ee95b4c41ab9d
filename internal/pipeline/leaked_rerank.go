package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// leakMark is with which leaks alerts were ranked last.
type leakMark struct {
	mu  sync.Mutex
	was *leakIndex // nil = not known
}

// Leaks acts on what is known now of leaked accounts: every alert about one of them that
// is judged otherwise with it. What is not known any more counts too.
func (r *Rerank) Leaks(ctx context.Context) error {
	if r.Leaked == nil || r.Leaked.Alerts == nil {
		return nil
	}
	r.leaks.mu.Lock()
	defer r.leaks.mu.Unlock()
	now := r.Leaked.current()
	if now == r.leaks.was {
		return nil
	}
	if r.leaks.was == nil && !now.some() { // most houses: nothing was ever known, and nothing is to be looked at
		if seq, err := r.Marks.Checkpoint(ctx, rankedWithLeaks); err != nil || seq == 0 {
			r.leaks.was = now
			return err
		}
	}
	f, err := r.leakFacts(ctx, now)
	if err != nil {
		return err
	}
	if err := r.renew(ctx, f); err != nil {
		return err
	}
	if was := r.leaks.was; was == nil || now.some() != was.some() {
		if err := r.Marks.SaveCheckpoint(ctx, rankedWithLeaks, map[bool]telemetry.Seq{true: 1}[now.some()]); err != nil {
			return err
		}
	}
	r.leaks.was = now
	return nil
}

// some tells whether anything is known.
func (i *leakIndex) some() bool { return len(i.edition.Records) > 0 }

// leakFacts are the alerts that are judged otherwise with what is known now.
func (r *Rerank) leakFacts(ctx context.Context, now *leakIndex) (alert.Facts, error) {
	f := alert.Facts{Leaks: map[string]alert.Alert{}}
	ask, hosts := now.names(r.leaks.was)
	list, err := r.Leaked.Alerts.About(ctx, ask, hosts)
	if err != nil {
		return f, fmt.Errorf("list alerts about leaked accounts: %w", err)
	}
	for _, c := range list {
		is := c.Alert
		is.Detection.Leak, is.Detection.Infection = nil, nil
		now.refill(&is.Detection, c.Accounts)
		if c.Alert.Detection.LeakDiffers(&is.Detection) {
			f.Leaks[is.Fingerprint] = is
		}
	}
	return f, nil
}

// rankedWithLeaks is the name under which it is kept that alerts may tell of leaks, also
// of some that are forgotten since.
const rankedWithLeaks = "ranked with leaks"

// names are the accounts and hosts of which something else may be known than was; nil
// accounts are all.
func (i *leakIndex) names(was *leakIndex) (accounts, hosts []string) {
	if was == nil {
		return nil, slices.Sorted(maps.Keys(i.hosts))
	}
	return i.differing(was, i.accounts, was.accounts), i.differing(was, i.hosts, was.hosts)
}

// differing are the names of which something else is told than was, in order.
func (i *leakIndex) differing(was *leakIndex, now, before map[string][]*leak.Record) []string {
	out := []string{}
	for name, list := range now {
		if !slices.EqualFunc(list, before[name], func(a, b *leak.Record) bool { return i.leak(a) == was.leak(b) }) {
			out = append(out, name)
		}
	}
	for name := range before {
		if now[name] == nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// refill is fill for an alert, which may be about several accounts.
func (i *leakIndex) refill(d *alert.Detection, accounts []string) {
	first := d.Account
	i.fill(d)
	for _, name := range accounts {
		if l := i.worst(i.accounts[name], d); l.Weight(d.Time) > d.Leak.Weight(d.Time) {
			d.Leak, d.Account = l, alert.Account{Name: name, Used: true}
		}
	}
	if d.Leak == nil {
		d.Account = first
	}
}
