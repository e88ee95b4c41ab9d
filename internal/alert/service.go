package alert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk/triage"
)

// Service is the life of an alert. Safe for concurrent use; calls of Take wait for
// each other.
type Service struct {
	taking sync.Mutex     // held by what groups and ranks
	board  *board         // guarded by taking; nil = to be read
	learnt *triage.Learnt // guarded by taking; nil = to be fitted
	fitted time.Time      // guarded by taking
	store  Store
	tactic func(technique string) string // nil = none is known
	now    func() time.Time
}

// New returns a Service over store.
func New(store Store) *Service { return &Service{store: store, now: time.Now} }

// WithTactics gives the service what tells the tactic of a technique of ATT&CK, for
// detections that name a technique alone, and returns it.
func (s *Service) WithTactics(of func(technique string) string) *Service {
	s.tactic = of
	return s
}

// Mark says how far the consumer of events got; Take makes it durable with what
// came of them, so that a replay after a crash counts nothing twice.
type Mark struct {
	Consumer string
	Seq      uint64
	// Lots are what the detections were found in, where matchers are other processes.
	// Each is taken once: when somebody has, nothing is kept.
	Lots []uint64
}

// Taken is what Take did.
type Taken struct {
	New       int      // detections not known before
	Incidents []string // ids of the incidents that changed
}

// Take keeps detections, groups them and ranks the incidents concerned, in one
// transaction with mark (which may be nil).
func (s *Service) Take(ctx context.Context, ds []Detection, mark *Mark) (Taken, error) {
	s.stage(ds)
	var taken Taken
	err := s.write(ctx, func(g *grouping) error {
		err := g.recall(ctx)
		if err != nil {
			return fmt.Errorf("read what is usual: %w", err)
		}
		if taken, err = g.take(ctx, ds); err != nil || mark == nil {
			return err
		}
		return g.tx.Record(ctx, Change{Consumer: mark.Consumer, Seq: mark.Seq, Lots: mark.Lots})
	})
	if err != nil {
		return Taken{}, err
	}
	return taken, nil
}

// stage gives detections that name techniques and no tactic that of the first.
func (s *Service) stage(ds []Detection) {
	if s.tactic == nil {
		return
	}
	for i := range ds {
		for _, t := range ds[i].Techniques {
			ds[i].Tactic = cmp.Or(ds[i].Tactic, s.tactic(t))
		}
	}
}

func (g *grouping) take(ctx context.Context, ds []Detection) (Taken, error) {
	list, err := g.arrive(ctx, ds)
	if err != nil {
		return Taken{}, fmt.Errorf("read alerts: %w", err)
	}
	if list, err = g.tx.Insert(ctx, list); err != nil {
		return Taken{}, fmt.Errorf("keep detections: %w", err)
	}
	slices.SortStableFunc(list, func(a, b Arrival) int { return a.Time.Compare(b.Time) })
	for i := range list {
		if err := g.add(ctx, &list[i]); err != nil {
			return Taken{}, fmt.Errorf("group detection %s: %w", list[i].ID, err)
		}
	}
	taken := Taken{New: len(list)}
	if taken.Incidents, err = g.rank(ctx); err != nil {
		return Taken{}, err
	}
	if err := g.watch.save(ctx, g.tx); err != nil {
		return Taken{}, fmt.Errorf("keep what is usual: %w", err)
	}
	return taken, nil
}

// write runs fn in a transaction on the board, and makes durable what it did there.
// What is known in memory is worth something again once all of it is durable; when
// nothing was done before it failed, it still is.
func (s *Service) write(ctx context.Context, fn func(*grouping) error) error {
	s.taking.Lock()
	defer s.taking.Unlock()
	known := s.board
	s.board = nil
	var g *grouping
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if g, err = s.group(ctx, tx, known); err != nil {
			return err
		}
		if err := fn(g); err != nil {
			return err
		}
		return g.flush(ctx)
	})
	switch {
	case err == nil:
		s.board = g.board
	case g != nil && !g.did:
		s.board = g.board
		s.board.turn-- // the transaction was none
	default:
		s.learnt = nil
	}
	return err
}

// group begins to group within a transaction; the caller holds s.taking.
func (s *Service) group(ctx context.Context, tx Tx, known *board) (*grouping, error) {
	if known == nil || known.turn+1 != tx.Turn { // somebody else wrote
		s.learnt = nil
		var err error
		if known, err = readBoard(ctx, tx); err != nil {
			return nil, err
		}
	}
	learnt, err := s.fit(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("learn from verdicts: %w", err)
	}
	known.begin(tx.Turn)
	return &grouping{
		board: known, tx: tx, now: s.now().UTC(), learnt: learnt, loose: map[string]*Alert{}, counted: map[string]*Alert{}, before: map[string]*Earlier{},
		changed: map[string]*file{}, touched: map[string]bool{},
	}, nil
}

// Queue returns incidents, highest priority first.
func (s *Service) Queue(ctx context.Context, q QueueQuery) ([]Incident, string, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, "", err
	}
	q.Limit = min(cmp.Or(q.Limit, 100), 1000)
	return s.store.Queue(ctx, q)
}

// Detail is an incident with everything that belongs to it.
type Detail struct {
	Incident   Incident    `json:"incident"`
	Alerts     []Alert     `json:"alerts,omitempty"`
	Detections []Detection `json:"detections,omitempty"`
	Timeline   []Entry     `json:"timeline,omitempty"`
	Nearest    []Nearest   `json:"nearest,omitempty"` // judged incidents most like it
	// Verdicts is how many the ranking rests on; Enough of them make the likelihood a
	// Probability that holds here.
	Verdicts    int     `json:"verdicts"`
	Enough      bool    `json:"enough"`
	Probability float64 `json:"probability,omitempty"`
}

// Incident returns one incident by id.
func (s *Service) Incident(ctx context.Context, id string) (Detail, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Detail{}, err
	}
	var d Detail
	var err error
	if d.Incident, err = s.store.Incident(ctx, id); err != nil {
		return d, err
	}
	if d.Alerts, err = s.store.Alerts(ctx, id); err != nil {
		return d, err
	}
	if d.Detections, err = s.store.Detections(ctx, id, 50); err != nil {
		return d, err
	}
	if d.Timeline, err = s.store.Timeline(ctx, id, 500); err != nil {
		return d, err
	}
	return d, s.nearest(ctx, &d)
}

// Sightings returns the newest detections of a value, and how many there are.
func (s *Service) Sightings(ctx context.Context, value string, limit int) ([]Detection, int, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, 0, err
	}
	return s.store.Sightings(ctx, value, limit)
}

// Sharing returns other incidents that share one of values.
func (s *Service) Sharing(ctx context.Context, incident string, values []string, limit int) ([]Shared, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.store.Sharing(ctx, incident, values, limit)
}

// Totals counts for the header of every page.
func (s *Service) Totals(ctx context.Context) (Totals, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Totals{}, err
	}
	return s.store.Totals(ctx)
}

// Assign gives an incident an owner ("" = nobody).
func (s *Service) Assign(ctx context.Context, id, owner string) error {
	return s.change(ctx, id, "alert.assign", owner, func(i *Incident) (Entry, error) {
		i.Owner = owner
		text := "assigned to " + owner
		if owner == "" {
			text = "no longer assigned"
		}
		return Entry{Kind: "state", Text: text}, nil
	})
}

// Note adds an analyst's remark to the timeline.
func (s *Service) Note(ctx context.Context, id, text string) error {
	if text == "" || len(text) > 10_000 {
		return errs.New(errs.Invalid, "note_length", "A note has between 1 and 10,000 characters.")
	}
	return s.change(ctx, id, "alert.note", "", func(*Incident) (Entry, error) { return Entry{Kind: "note", Text: text}, nil })
}

// Observe adds a line to an incident's timeline that another capability caused,
// such as a block.
func (s *Service) Observe(ctx context.Context, id string, e Entry) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	return s.write(ctx, func(g *grouping) error {
		f, err := g.file(ctx, id)
		if err == nil {
			g.say(f, e)
		}
		return err
	})
}

// change applies fn to an incident, with its line in the timeline and the audit
// log.
func (s *Service) change(ctx context.Context, id, verb, reason string, fn func(*Incident) (Entry, error)) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	actor := ref.ActorFrom(ctx)
	return s.write(ctx, func(g *grouping) error {
		f, err := g.file(ctx, id)
		if err != nil {
			return err
		}
		now := f.Incident
		e, err := fn(&now)
		if err != nil {
			return err
		}
		e.Time, e.By = g.now, actor.Name
		f.Incident, f.Updated = now, e.Time
		g.keep(f)
		g.card(f)
		if verb == "alert.judge" || verb == "alert.reopen" {
			if err := s.learn(ctx, g, &f.Incident); err != nil {
				return err
			}
		}
		g.say(f, e)
		act := ref.Act{Actor: actor, Verb: verb, Target: ref.Ref{Kind: ref.Incident, ID: id}, Reason: reason, Time: e.Time}
		return g.tx.Record(ctx, Change{Act: &act, Topic: "alert.changed"})
	})
}

// namespace of the ids this capability derives: alerts from fingerprints.
var namespace = uuid.MustParse("6f1b9ad4-3c1e-5a7e-9c55-2f8f0f6f8a10")

// DetectionID is the id of one event against one reason.
func DetectionID(event ref.Ref, reasonKey, field string) string {
	return uuid.NewSHA1(namespace, []byte(event.String()+"\x00"+reasonKey+"\x00"+field)).String()
}
