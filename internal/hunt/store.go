package hunt

import (
	"context"
	"time"

	"github.com/vedette-soc/vedette/ref"
)

// JobStore keeps jobs. Each method is one transaction, durable on return; all may
// be called concurrently.
type JobStore interface {
	// Place returns what Begin kept last, nothing at first.
	Place(ctx context.Context) ([]byte, error)
	// Begin keeps new jobs and the place up to which everything is in a job.
	Begin(ctx context.Context, jobs []Job, place []byte) error
	// SaveJob keeps a job as it is now; act, when given, is its line in the audit log.
	SaveJob(ctx context.Context, j Job, act *ref.Act) error
	// Jobs returns the newest jobs; open ones only when unfinished is set.
	Jobs(ctx context.Context, unfinished bool, limit int) ([]Job, error)
	// Job returns one; an errs.NotFound when there is none.
	Job(ctx context.Context, id string) (Job, error)
}

// Past does what jobs ask for.
type Past interface {
	// Ready blocks until Due may be asked, or ctx is done.
	Ready(ctx context.Context) error
	// Due returns the jobs for what has come into effect since a place, and the
	// new place; the same place when nothing has.
	Due(ctx context.Context, place []byte) (jobs []Job, now []byte, err error)
	// All returns a job for every live indicator, and those that it takes besides.
	All(ctx context.Context) ([]Job, error)
	// Look does a job from j.Next on. It calls tell with how far it is, often
	// enough; what tell got is where a restart goes on.
	Look(ctx context.Context, j Job, tell func(Job) error) (Job, error)
}

// HuntStore keeps hunts and lists; as JobStore.
type HuntStore interface {
	Hunts(ctx context.Context) ([]Saved, error) // by name
	// Hunt returns one; an errs.NotFound when there is none.
	Hunt(ctx context.Context, id string) (Saved, error)
	SaveHunt(ctx context.Context, h Saved, act *ref.Act) error
	DeleteHunt(ctx context.Context, id string, act ref.Act) error
	Lists(ctx context.Context) ([]string, error) // names
	// List returns one; an errs.NotFound when there is none.
	List(ctx context.Context, name string) (List, error)
	SaveList(ctx context.Context, l List, act ref.Act) error
}

// Searcher puts questions to the history.
type Searcher interface {
	// Search answers a question. It calls tell, which may be nil, with what there is
	// so far, and ends early when ctx does.
	Search(ctx context.Context, a Ask, tell func(Answer)) (Answer, error)
	// Present looks at the newest events, not older than since, and returns how many
	// those were and how many of them have each of the fields.
	Present(ctx context.Context, fields []string, since time.Time) (n int, have map[string]int, err error)
}
