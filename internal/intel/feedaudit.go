package intel

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/ref"
)

// Portfolio is the audit of all sources: what each is worth. Definitions are those
// of Li et al., "Reading the Tea Leaves" (USENIX Security 2019), and of tiq-test,
// as docs/feed-audit.md gives them.
type Portfolio struct {
	From    time.Time   `json:"from"`
	To      time.Time   `json:"to"`
	Feeds   []FeedAudit `json:"feeds"`   // worth most first
	Overlap [][]float64 `json:"overlap"` // [i][j]: share of feed i's indicators that feed j has too
	Union   int         `json:"union"`   // distinct indicators
	Useful  int         `json:"useful"`  // of them met here, or claimed by two sources that do not copy each other
}

// FeedAudit is what one source is worth. Shares are between 0 and 1.
type FeedAudit struct {
	Source    string    `json:"source"`
	Settled   time.Time `json:"settled,omitzero"` // end of its first good run: what it had by then has no known age
	Volume    int       `json:"volume"`
	Adds      int       `json:"adds"` // in the window
	Removes   int       `json:"removes"`
	PerDay    float64   `json:"per_day"` // added a day
	Novelty   float64   `json:"novelty"` // mean daily adds / volume
	Churn     float64   `json:"churn"`   // mean daily removes / volume
	Exclusive int       `json:"exclusive"`
	InFeeds   []int     `json:"in_feeds"` // [k]: of its indicators, those in exactly k+1 sources

	Latency  Quantiles `json:"latency"`     // minutes behind the first source
	First    float64   `json:"first_share"` // of those in two sources or more, the share it had first
	LifeDays Quantiles `json:"life_days"`   // from added to withdrawn
	Listed   Listed    `json:"listed"`
	Accuracy Interval  `json:"accuracy"` // upper bound: share not on a warning list

	Yield
	Gain   int    `json:"gain"` // useful indicators it brings beyond those chosen before it
	Rank   int    `json:"rank"` // in which it is chosen, from 1
	Advice Advice `json:"advice"`
}

// Quantiles of N values.
type Quantiles struct {
	N      int     `json:"n"`
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
}

// Advice says what to do with a source, and why.
type Advice struct {
	Do      string   `json:"do"` // keep, watch, remove
	Reasons []string `json:"reasons"`
}

// auditWindow is the time over which flows and hits are counted.
const auditWindow = 30 * 24 * time.Hour

// audit computes the portfolio from the counts. It looks at sets of sources, never
// at indicators.
func audit(t Tally, facts map[string]FeedFacts, outcomes []Outcome, leads map[string]map[int64]int, now time.Time) Portfolio {
	p := Portfolio{From: now.Add(-auditWindow), To: now}
	at := map[string]int{}
	sets := readSets(t.Sets)
	for _, source := range allSources(sets, t.Days, facts) {
		at[source] = len(p.Feeds)
		p.Feeds = append(p.Feeds, FeedAudit{Source: source, Settled: facts[source].Settled, Listed: facts[source].Listed})
	}
	p.volumes(sets, at)
	p.flows(t.Days, now)
	p.spreads(t.Spreads)
	for i := range p.Feeds {
		f := &p.Feeds[i]
		f.Accuracy = wilson(f.Listed.Checked-f.Listed.Listed, f.Listed.Checked)
		f.LeadHours = quantiles(leads[f.Source])
	}
	p.yields(outcomes, at)
	p.cover(sets, outcomes, at)
	p.advise()
	return p
}

// sourceSet is how many indicators exactly these sources claim.
type sourceSet struct {
	sources []string
	n       int
}

func readSets(sets map[string]int) []sourceSet {
	var out []sourceSet
	for _, k := range slices.Sorted(maps.Keys(sets)) {
		if n := sets[k]; n > 0 {
			out = append(out, sourceSet{SourcesOf(k), n})
		}
	}
	return out
}

func allSources(sets []sourceSet, days map[SourceDay]Flow, facts map[string]FeedFacts) []string {
	seen := map[string]bool{}
	for _, s := range sets {
		for _, source := range s.sources {
			seen[source] = true
		}
	}
	for d := range days {
		seen[d.Source] = true
	}
	for source := range facts {
		seen[source] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// volumes counts what each has, has alone, and shares with each other.
func (p *Portfolio) volumes(sets []sourceSet, at map[string]int) {
	both := make([][]int, len(p.Feeds))
	for i := range both {
		both[i] = make([]int, len(p.Feeds))
	}
	for _, s := range sets {
		p.Union += s.n
		for _, a := range s.sources {
			f := &p.Feeds[at[a]]
			f.Volume += s.n
			for len(f.InFeeds) < len(s.sources) {
				f.InFeeds = append(f.InFeeds, 0)
			}
			f.InFeeds[len(s.sources)-1] += s.n
			if len(s.sources) == 1 {
				f.Exclusive += s.n
			}
			for _, b := range s.sources {
				both[at[a]][at[b]] += s.n
			}
		}
	}
	for i, f := range p.Feeds {
		row := make([]float64, len(p.Feeds))
		for j := range row {
			row[j] = share(both[i][j], f.Volume)
		}
		p.Overlap = append(p.Overlap, row)
	}
}

func share(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}

// flows sums what came and went in the window; the days of a source begin when its
// first good run ended.
func (p *Portfolio) flows(days map[SourceDay]Flow, now time.Time) {
	for i := range p.Feeds {
		f := &p.Feeds[i]
		from := p.From
		if f.Settled.After(from) {
			from = f.Settled
		}
		n := 0
		for day := DayOf(from) + 1; day <= DayOf(now); day++ { // the first day holds the first run
			flow := days[SourceDay{f.Source, day}]
			f.Adds += flow.Adds
			f.Removes += flow.Removes
			n++
		}
		if n > 0 && !f.Settled.IsZero() {
			f.PerDay = float64(f.Adds) / float64(n)
			f.Novelty = f.PerDay / max(float64(f.Volume), 1)
			f.Churn = float64(f.Removes) / float64(n) / max(float64(f.Volume), 1)
		}
	}
}

func (p *Portfolio) spreads(all map[Spread]int) {
	byFeed := map[string]map[SpreadKind]map[int64]int{}
	for s, n := range all {
		if byFeed[s.Source] == nil {
			byFeed[s.Source] = map[SpreadKind]map[int64]int{LatencyMinutes: {}, AgeDays: {}}
		}
		byFeed[s.Source][s.Kind][s.Value] += n
	}
	for i := range p.Feeds {
		f := &p.Feeds[i]
		latency := byFeed[f.Source][LatencyMinutes]
		f.Latency, f.LifeDays = quantiles(latency), quantiles(byFeed[f.Source][AgeDays])
		f.First = share(latency[0], f.Latency.N)
	}
}

// quantiles of a histogram: the smallest value that half, or nine tenths, do not
// exceed.
func quantiles(h map[int64]int) Quantiles {
	var q Quantiles
	for _, n := range h {
		q.N += n
	}
	below := 0
	median, p90 := false, false
	for _, v := range slices.Sorted(maps.Keys(h)) {
		below += h[v]
		if !median && 2*below >= q.N {
			q.Median, median = float64(v), true
		}
		if !p90 && 10*below >= 9*q.N {
			q.P90, p90 = float64(v), true
		}
	}
	return q
}

// sortFeeds orders by worth: hits that were real first, then what is useful.
func (p *Portfolio) sortFeeds() {
	order := make([]int, len(p.Feeds))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := p.Feeds[a], p.Feeds[b]
		return cmp.Or(cmp.Compare(y.True, x.True), cmp.Compare(x.Rank, y.Rank), cmp.Compare(y.Volume, x.Volume), cmp.Compare(x.Source, y.Source))
	})
	feeds, overlap := make([]FeedAudit, len(order)), make([][]float64, len(order))
	for i, from := range order {
		feeds[i] = p.Feeds[from]
		overlap[i] = make([]float64, len(order))
		for j, other := range order {
			overlap[i][j] = p.Overlap[from][other]
		}
	}
	p.Feeds, p.Overlap = feeds, overlap
}

// Audit returns what each source is worth, from the counts as they stand.
func (s *Service) Audit(ctx context.Context) (Portfolio, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Portfolio{}, err
	}
	now := s.now().UTC()
	t, facts, err := s.ledger.Tallies(ctx, now.Add(-auditWindow))
	if err != nil {
		return Portfolio{}, err
	}
	outcomes, err := s.ledger.Outcomes(ctx, now.Add(-auditWindow))
	if err != nil {
		return Portfolio{}, err
	}
	leads, err := s.leads(ctx, outcomes, facts)
	if err != nil {
		return Portfolio{}, err
	}
	return audit(t, facts, outcomes, leads, now), nil
}

// leads returns, by source, how many hours each indicator that we met was there
// before we met it; negative when we were first.
func (s *Service) leads(ctx context.Context, outcomes []Outcome, facts map[string]FeedFacts) (map[string]map[int64]int, error) {
	met := map[Key]time.Time{} // the first time
	for _, o := range outcomes {
		id, err := uuid.Parse(o.ID)
		if err != nil {
			continue
		}
		if at, ok := met[KeyOfID(id)]; !ok || o.First.Before(at) {
			met[KeyOfID(id)] = o.First
		}
	}
	out := map[string]map[int64]int{}
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(met)), batch) {
		_, said, err := s.store.Load(ctx, chunk)
		if err != nil {
			return nil, err
		}
		for _, k := range chunk {
			for _, a := range said[k] {
				if settled := facts[a.Source].Settled; settled.IsZero() || !a.FirstAdded.After(settled) {
					continue
				}
				if out[a.Source] == nil {
					out[a.Source] = map[int64]int{}
				}
				out[a.Source][int64(met[k].Sub(a.FirstAdded)/time.Hour)]++
			}
		}
	}
	return out, nil
}

// Recheck looks at every indicator once and records what of each source stands on
// a warning list; listed names the list and the entry, "" when there is none.
func (s *Service) Recheck(ctx context.Context, listed func(t indicator.Type, value string) (list, entry string)) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	t, facts, err := s.ledger.Tallies(ctx, s.now())
	if err != nil {
		return err
	}
	found := map[string]*Listed{}
	for source := range facts {
		found[source] = &Listed{At: s.now().UTC(), ByList: map[string]int{}}
	}
	for _, set := range readSets(t.Sets) {
		for _, source := range set.sources {
			if l := found[source]; l != nil {
				l.Checked += set.n
			}
		}
	}
	err = s.store.Pages(ctx, Query{State: "all"}, func(rows []Row) error { return s.recheck(ctx, rows, listed, found) })
	if err != nil {
		return fmt.Errorf("look at all indicators: %w", err)
	}
	for source, l := range found {
		if err := s.ledger.SaveListed(ctx, source, *l); err != nil {
			return err
		}
	}
	return nil
}

// samplesOfList bounds the entries kept of each source.
const samplesOfList = 50

func (s *Service) recheck(ctx context.Context, rows []Row, listed func(t indicator.Type, value string) (list, entry string), found map[string]*Listed) error {
	hits := map[Key]ListedValue{}
	var keys []Key
	for _, r := range rows {
		if list, entry := listed(r.Type, r.Value); list != "" {
			keys = append(keys, r.Key)
			hits[r.Key] = ListedValue{string(r.Type), r.Value, list, entry}
		}
	}
	if len(keys) == 0 {
		return ctx.Err()
	}
	_, said, err := s.store.Load(ctx, keys)
	if err != nil {
		return err
	}
	for _, k := range keys {
		for _, source := range claiming(said[k]) {
			l := found[source]
			if l == nil {
				continue
			}
			l.Listed++
			l.ByList[hits[k].List]++
			if len(l.Samples) < samplesOfList {
				l.Samples = append(l.Samples, hits[k])
			}
		}
	}
	return nil
}

// Recount counts the sets of the audit anew and returns how many were wrong.
func (s *Service) Recount(ctx context.Context) (int, error) { return s.ledger.Recount(ctx) }

// Counted reports whether there are sets at all. A store from before the audit has
// none.
func (s *Service) Counted(ctx context.Context) (bool, error) {
	t, _, err := s.ledger.Tallies(ctx, s.now())
	return len(t.Sets) > 0, err
}
