package intel

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// batch is how many claims are merged in one transaction: the fewer, the more often
// each page of the indexes by key is written.
const batch = 50_000

// Service is the knowledge base. Safe for concurrent use; merges take turns.
type Service struct {
	store     Store
	knowledge KnowledgeStore
	ledger    Ledger
	actors    ActorStore
	now       func() time.Time
	merging   sync.Mutex           // Load and Save of a merge belong together
	settled   map[string]time.Time // guarded by merging; nil = to be read
	trust     trust                // guarded by merging
	repeated  map[string]repetition
}

// New returns a Service.
func New(store Store, knowledge KnowledgeStore, ledger Ledger) *Service {
	return &Service{store: store, knowledge: knowledge, ledger: ledger, now: time.Now, repeated: map[string]repetition{}}
}

// WithClock lets the service live by another clock, for replays.
func (s *Service) WithClock(now func() time.Time) *Service {
	s.now = now
	return s
}

// Merge brings canonical claims (Type set, Raw canonical) of one source in. What
// is new counts as stored, what joins a value known before or named twice in this
// call counts as merged. What a run says only a part of compared with the run before
// is in effect when the run is over: see Withdraw and Settle.
func (s *Service) Merge(ctx context.Context, source, run string, claims []indicator.Claim) (stored, merged int, dropped map[string]int, err error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return 0, 0, nil, err
	}
	s.merging.Lock()
	defer s.merging.Unlock()
	if err := s.readSettled(ctx); err != nil {
		return 0, 0, nil, err
	}
	return s.mergeAll(ctx, source, RunKeyOf(run), claims)
}

// Withdraw tells that source no longer claims what run did not repeat, run being the
// last one merged here. Each batch is one transaction; after a failure it can be
// called again, until Settle.
func (s *Service) Withdraw(ctx context.Context, source, run string) (int, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return 0, err
	}
	s.merging.Lock()
	defer s.merging.Unlock()
	if err := s.readSettled(ctx); err != nil {
		return 0, err
	}
	said := s.repeated[source]
	if said.run != RunKeyOf(run) {
		said = repetition{}
	} else if err := s.writeHeld(ctx, source); err != nil {
		return 0, err
	}
	total, after := 0, int64(math.MinInt64)
	for {
		stale, err := s.store.Stale(ctx, source, RunKeyOf(run), after, batch)
		if err != nil || len(stale) == 0 {
			return total, err
		}
		after = stale[len(stale)-1].Seq
		var keys []Key
		for _, st := range stale {
			if !said.has(st.Seq) {
				keys = append(keys, st.Key)
			}
		}
		slices.Sort(keys)
		if err := s.withdrawBatch(ctx, source, keys); err != nil {
			return total, err
		}
		total += len(keys)
	}
}

func (s *Service) withdrawBatch(ctx context.Context, source string, keys []Key) error {
	if len(keys) == 0 {
		return nil
	}
	rows, said, err := s.store.Load(ctx, keys)
	if err != nil {
		return err
	}
	now := s.now().UTC()
	b := Batch{Tally: newTally()}
	for _, k := range keys {
		before := claiming(said[k])
		for i := range said[k] {
			if a := &said[k][i]; a.Source == source {
				was := *a
				a.Withdrawn, a.Since, a.Was = true, now, &was
				b.Assertions = append(b.Assertions, *a)
				b.Tally.withdrawn(said[k], before, *a, s.settledAt, now)
			}
		}
		if old, ok := rows[k]; ok {
			row := s.trust.combine(old, said[k])
			row.date(old, now)
			b.Rows = append(b.Rows, row)
		}
	}
	return s.store.Save(ctx, b)
}

// Announce tells the house that indicators changed, so that the live index is
// renewed.
func (s *Service) Announce(ctx context.Context) error {
	return s.store.Save(ctx, Batch{Announce: true})
}

// Settle tells that a run of source was good: what it adds from now on, it adds now.
func (s *Service) Settle(ctx context.Context, source string) error {
	s.merging.Lock()
	defer s.merging.Unlock()
	if err := s.writeHeld(ctx, source); err != nil {
		return err
	}
	delete(s.repeated, source)
	s.settled = nil // what the sources have in common changed, too
	if err := s.readSettled(ctx); err != nil || !s.settled[source].IsZero() {
		return err
	}
	now := s.now().UTC()
	if err := s.ledger.Settle(ctx, source, now); err != nil {
		return err
	}
	s.settled[source] = now
	return nil
}

// WithReliability tells how reliable each source is, by the letters A to F of the
// Admiralty code; "" = not said.
func (s *Service) WithReliability(of func(source string) string) *Service {
	s.trust.reliability = of
	return s
}

// Reckon says how the confidence in an indicator and its expiry come about, as
// they would be written now.
func (s *Service) Reckon(ctx context.Context, id string) (Reckoning, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Reckoning{}, err
	}
	row, err := s.ByID(ctx, id)
	if err != nil {
		return Reckoning{}, err
	}
	_, said, err := s.store.Load(ctx, []Key{row.Key})
	if err != nil {
		return Reckoning{}, err
	}
	s.merging.Lock()
	defer s.merging.Unlock()
	if err := s.readSettled(ctx); err != nil {
		return Reckoning{}, err
	}
	return s.trust.reckon(row.Type, said[row.Key], row.Sighting, true), nil
}

// Witness tells what a verdict on an incident says of the indicators it met:
// "confirmed", "refuted", or "" when it says nothing (any more). at is when they
// were met last. A later call about the same incident replaces an earlier one.
func (s *Service) Witness(ctx context.Context, incident string, ids []string, kind string, at time.Time) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	var keys []Key
	for _, id := range ids {
		if u, err := uuid.Parse(id); err == nil {
			keys = append(keys, KeyOfID(u))
		}
	}
	s.merging.Lock()
	defer s.merging.Unlock()
	touched, err := s.ledger.Witness(ctx, incident, keys, kind, at)
	if err != nil || len(touched) == 0 {
		return err
	}
	if err := s.readSettled(ctx); err != nil {
		return err
	}
	rows, said, err := s.store.Load(ctx, touched)
	if err != nil {
		return err
	}
	var b Batch
	for _, k := range touched {
		old, ok := rows[k]
		if !ok {
			continue
		}
		row := s.trust.combine(old, said[k])
		if row.Confidence == old.Confidence && row.ValidUntil.Equal(old.ValidUntil) {
			continue
		}
		row.date(old, s.now().UTC())
		b.Rows = append(b.Rows, row)
		b.Announce = b.Announce || row.Turned
	}
	if len(b.Rows) == 0 {
		return nil
	}
	return s.store.Save(ctx, b)
}

// readSettled reads, once, when the first good run of each source ended and how
// much the sources have in common.
func (s *Service) readSettled(ctx context.Context) error {
	if s.settled != nil {
		return nil
	}
	t, facts, err := s.ledger.Tallies(ctx, s.now())
	if err != nil {
		return err
	}
	s.settled, s.trust.kinship = map[string]time.Time{}, kinshipOf(t.Sets)
	for source, f := range facts {
		s.settled[source] = f.Settled
	}
	return nil
}

func (s *Service) settledAt(source string) time.Time { return s.settled[source] }

// Lookup returns what is known of a value; an errs.NotFound when nothing is.
func (s *Service) Lookup(ctx context.Context, t indicator.Type, value string) (Row, error) {
	return s.byKey(ctx, KeyOf(t, value), string(t)+" "+value)
}

// Added returns indicators that meet q in the order in which they came, and the
// cursor of the next page.
func (s *Service) Added(ctx context.Context, q Query) ([]Row, string, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, "", err
	}
	q.Arrival, q.Limit = true, min(cmp.Or(q.Limit, 100), 1000)
	return s.store.Search(ctx, q)
}

// ByObject returns an indicator by the id under which it leaves as STIX.
func (s *Service) ByObject(ctx context.Context, id string) (Row, error) {
	return s.ByID(ctx, strings.TrimPrefix(id, "indicator--"))
}

// ByID returns an indicator by its id.
func (s *Service) ByID(ctx context.Context, id string) (Row, error) {
	u, err := uuid.Parse(id)
	if err != nil {
		return Row{}, errs.New(errs.NotFound, "indicator_unknown", "There is no indicator %q.", id)
	}
	return s.byKey(ctx, KeyOfID(u), id)
}

// ByKey returns an indicator by its storage key.
func (s *Service) ByKey(ctx context.Context, k Key) (Row, error) {
	return s.byKey(ctx, k, fmt.Sprintf("key %d", k))
}

func (s *Service) byKey(ctx context.Context, k Key, what string) (Row, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Row{}, err
	}
	rows, said, err := s.store.Load(ctx, []Key{k})
	if err != nil {
		return Row{}, err
	}
	row, ok := rows[k]
	if !ok {
		return Row{}, errs.New(errs.NotFound, "indicator_unknown", "Nothing is known of %s.", what)
	}
	for _, a := range said[k] {
		row.Sources = append(row.Sources, a.Assertion)
	}
	slices.SortFunc(row.Sources, func(a, b indicator.Assertion) int {
		return cmp.Or(a.FirstAdded.Compare(b.FirstAdded), cmp.Compare(a.Source, b.Source))
	})
	return row, nil
}

// Search returns indicators that meet q and the cursor of the next page. A text
// that is itself an indicator is looked up first.
func (s *Service) Search(ctx context.Context, q Query) ([]Row, string, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, "", err
	}
	q.Limit = min(cmp.Or(q.Limit, 100), 1000)
	q.Text = strings.TrimSpace(q.Text)
	if q.Cursor == "" && q.Text != "" {
		if t, v, err := indicator.Detect(q.Text); err == nil {
			if row, err := s.Lookup(ctx, t, v); err == nil {
				return []Row{row}, "", nil
			}
			q.Text = v
		}
	}
	return s.store.Search(ctx, q)
}

// Live streams the indicators the matcher must know.
func (s *Service) Live(ctx context.Context, fn func(k Key, t indicator.Type, value string) error) error {
	return s.store.Live(ctx, s.now().UTC(), fn)
}

// Counts returns how much is known.
func (s *Service) Counts(ctx context.Context) (Counts, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Counts{}, err
	}
	return s.store.Counts(ctx, s.now().UTC())
}

// Pin fixes an indicator by an analyst's decision: confidence (0-100), expiry and
// revocation. It wins over what sources say.
func (s *Service) Pin(ctx context.Context, id string, confidence int, until time.Time, revoked bool, why string) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	if confidence < 0 || confidence > 100 || strings.TrimSpace(why) == "" {
		return errs.New(errs.Invalid, "pin_invalid", "A pin needs a confidence from 0 to 100 and a reason.")
	}
	s.merging.Lock()
	defer s.merging.Unlock()
	row, err := s.ByID(ctx, id)
	if err != nil {
		return err
	}
	actor := ref.ActorFrom(ctx)
	was := row
	row.Confidence, row.ValidUntil, row.Revoked, row.PinnedBy = confidence, until, revoked, actor.Name
	row.date(was, s.now().UTC())
	return s.store.Pin(ctx, row, ref.Act{
		Actor: actor, Verb: "intel.pin", Target: ref.Ref{Kind: ref.Indicator, ID: id}, Reason: why, Time: s.now(),
		Detail: map[string]any{"value": row.Value, "confidence": confidence, "until": until, "revoked": revoked},
	})
}
