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
	taking   sync.Mutex     // held by what groups and ranks
	watching *watch         // guarded by taking; nil = to be read
	learnt   *triage.Learnt // guarded by taking; nil = to be fitted
	fitted   time.Time      // guarded by taking
	store    Store
	now      func() time.Time
}

// New returns a Service over store.
func New(store Store) *Service { return &Service{store: store, now: time.Now} }

// Mark says how far the consumer of events got; Take makes it durable with what
// came of them, so that a replay after a crash counts nothing twice.
type Mark struct {
	Consumer string
	Seq      uint64
}

// Taken is what Take did.
type Taken struct {
	New       int      // detections not known before
	Incidents []string // ids of the incidents that changed
}

// Take keeps detections, groups them and ranks the incidents concerned, in one
// transaction with mark (which may be nil).
func (s *Service) Take(ctx context.Context, ds []Detection, mark *Mark) (Taken, error) {
	s.taking.Lock()
	defer s.taking.Unlock()
	var taken Taken
	var w *watch
	err := s.store.Write(ctx, func(tx Tx) error {
		taken = Taken{}
		var err error
		if w, err = s.recall(ctx, tx); err != nil {
			return fmt.Errorf("read what is usual: %w", err)
		}
		s.watching = nil // until all of it is durable
		if taken, err = s.take(ctx, tx, w, ds); err != nil || mark == nil {
			return err
		}
		return tx.Record(ctx, Change{Consumer: mark.Consumer, Seq: mark.Seq})
	})
	if err == nil {
		s.watching = w
	}
	return taken, err
}

func (s *Service) take(ctx context.Context, tx Tx, w *watch, ds []Detection) (Taken, error) {
	g, err := s.group(ctx, tx)
	if err != nil {
		return Taken{}, err
	}
	g.watch = w
	fresh, err := tx.Insert(ctx, ds)
	if err != nil {
		return Taken{}, fmt.Errorf("keep detections: %w", err)
	}
	slices.SortStableFunc(fresh, func(a, b Detection) int { return a.Time.Compare(b.Time) })
	if err := g.load(ctx, fresh); err != nil {
		return Taken{}, fmt.Errorf("read alerts: %w", err)
	}
	for _, d := range fresh {
		if err := g.add(ctx, d); err != nil {
			return Taken{}, fmt.Errorf("group detection %s: %w", d.ID, err)
		}
	}
	taken := Taken{New: len(fresh)}
	if taken.Incidents, err = g.rank(ctx); err != nil {
		return Taken{}, err
	}
	if err := w.save(ctx, tx); err != nil {
		return Taken{}, fmt.Errorf("keep what is usual: %w", err)
	}
	return taken, nil
}

// group begins to group within a transaction; the caller holds s.taking.
func (s *Service) group(ctx context.Context, tx Tx) (*grouping, error) {
	learnt, err := s.fit(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("learn from verdicts: %w", err)
	}
	return &grouping{
		tx: tx, now: s.now().UTC(), learnt: learnt, touched: map[string]bool{}, spans: map[string]span{},
		alerts: map[string]*Alert{}, counted: map[string]bool{}, incidents: map[string]*Incident{}, tracks: map[string]map[string]Record{}, grown: map[string]int{},
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
	return s.store.Write(ctx, func(tx Tx) error { return tx.AddEntry(ctx, id, e) })
}

// change applies fn to an incident, with its line in the timeline and the audit
// log.
func (s *Service) change(ctx context.Context, id, verb, reason string, fn func(*Incident) (Entry, error)) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	actor := ref.ActorFrom(ctx)
	s.taking.Lock()
	defer s.taking.Unlock()
	return s.store.Write(ctx, func(tx Tx) error {
		i, _, err := tx.Content(ctx, id)
		if err != nil {
			return err
		}
		e, err := fn(&i)
		if err != nil {
			return err
		}
		e.Time, e.By = s.now().UTC(), actor.Name
		i.Updated = e.Time
		if err := tx.SaveIncident(ctx, &i); err != nil {
			return err
		}
		if verb == "alert.judge" || verb == "alert.reopen" {
			s.learnt = nil // also when this is undone
			defer func() { s.learnt = nil }()
			if err := s.learn(ctx, tx, &i); err != nil {
				return err
			}
		}
		if err := tx.AddEntry(ctx, id, e); err != nil {
			return err
		}
		act := ref.Act{Actor: actor, Verb: verb, Target: ref.Ref{Kind: ref.Incident, ID: id}, Reason: reason, Time: e.Time}
		return tx.Record(ctx, Change{Act: &act, Topic: "alert.changed"})
	})
}

// namespace of the ids this capability derives: alerts from fingerprints.
var namespace = uuid.MustParse("6f1b9ad4-3c1e-5a7e-9c55-2f8f0f6f8a10")

// DetectionID is the id of one event against one reason.
func DetectionID(event ref.Ref, reasonKey, field string) string {
	return uuid.NewSHA1(namespace, []byte(event.String()+"\x00"+reasonKey+"\x00"+field)).String()
}
