package telemetry

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

const (
	// maxSources bounds the health table; senders beyond it share one row.
	maxSources   = 4096
	otherSources = "(other)"
	// maxReasons bounds reasons and formats of one source.
	maxReasons = 64
	// patience is how long a sender waits for room before it is sent away.
	patience = 5 * time.Second
)

// Intake takes records in from all receivers: it makes them durable, counts what
// each sender brings, and slows down senders that are too fast for the disk.
// Safe for concurrent use.
type Intake struct {
	history Appender
	room    *semaphore.Weighted // bytes being appended
	limit   int64
	arrived chan struct{}
	now     func() time.Time
	started time.Time
	silence time.Duration

	mu      sync.Mutex
	sources map[string]*sender // by name; guarded by mu
}

// Appender makes records durable: a history, or a queue on the way to one.
type Appender interface {
	// Append is as History says; a queue gives no number.
	Append(ctx context.Context, records []Record) (Seq, error)
}

// NewIntake returns an Intake into history that holds at most inFlight bytes of
// records being appended (64 MiB when 0).
func NewIntake(history Appender, inFlight int64) *Intake {
	if inFlight <= 0 {
		inFlight = 64 << 20
	}
	return &Intake{
		history: history, room: semaphore.NewWeighted(inFlight), limit: inFlight,
		arrived: make(chan struct{}, 1), now: time.Now, started: time.Now().UTC(), sources: map[string]*sender{},
	}
}

// Expect sets how long any sender may be quiet; 0 = judged by its usual pause. Call
// it before the first record.
func (in *Intake) Expect(silence time.Duration) { in.silence = silence }

// Accept keeps records that source sent; it fills Source, and Received where it
// is zero. The role Sender is needed. When it returns nil they are durable, and
// the caller may reuse their bytes; after an error it must send all of them
// again. When the disk is too slow, Accept waits a few seconds for room and then
// gives errs.RateLimited.
func (in *Intake) Accept(ctx context.Context, source string, records []Record) error {
	for i := range records {
		records[i].Source = source
	}
	return in.Take(ctx, records)
}

// Take is Accept for records of several senders, each with its Source.
func (in *Intake) Take(ctx context.Context, records []Record) error {
	if err := ref.Need(ctx, ref.Sender); err != nil {
		return err
	}
	if len(records) == 0 {
		return nil
	}
	now := in.now().UTC()
	if err := in.keep(ctx, records, now); err != nil {
		return err
	}
	in.arrivedFrom(records, now)
	return nil
}

// Import keeps records of old files, each with a Source that Imported knows. They say
// nothing of any sender's health. The role Analyst is needed; else it is as Take.
func (in *Intake) Import(ctx context.Context, records []Record) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	if len(records) == 0 {
		return nil
	}
	return in.keep(ctx, records, in.now().UTC())
}

// keep appends records when there is room, and tells the reader.
func (in *Intake) keep(ctx context.Context, records []Record, now time.Time) error {
	bytes := int64(0)
	for i := range records {
		r := &records[i]
		if r.Received.IsZero() {
			r.Received = now
		}
		bytes += int64(len(r.Raw))
	}
	held := min(max(bytes, 1), in.limit) // a batch larger than all room gets it alone
	if err := in.wait(ctx, held); err != nil {
		return err
	}
	defer in.room.Release(held)
	if _, err := in.history.Append(ctx, records); err != nil {
		return err
	}
	select {
	case in.arrived <- struct{}{}:
	default:
	}
	return nil
}

// arrivedFrom counts kept records by their senders.
func (in *Intake) arrivedFrom(records []Record, now time.Time) {
	for len(records) > 0 {
		source, n, bytes := records[0].Source, 0, int64(0)
		for n < len(records) && records[n].Source == source {
			bytes += int64(len(records[n].Raw))
			n++
		}
		in.count(source, func(s *sender) { s.arrived(now, in.started, int64(n), bytes) })
		records = records[n:]
	}
}

func (in *Intake) wait(ctx context.Context, bytes int64) error {
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := in.room.Acquire(short, bytes); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errs.New(errs.RateLimited, "intake_full", "Events arrive faster than the disk takes them. Send again in a moment.")
	}
	return nil
}

// Arrived is signalled after records were kept. One receiver is woken; it must
// read all there is.
func (in *Intake) Arrived() <-chan struct{} { return in.arrived }

// Refuse counts n events of source that were not kept, by a short stable reason.
func (in *Intake) Refuse(source, reason string, n int) {
	in.count(source, func(s *sender) { add(&s.Refused, reason, int64(n)) })
}

// Decoded tells what reading a record gave: the format it has, the time of its
// event and when it had arrived. The reader of the history calls it once per record.
func (in *Intake) Decoded(source, format string, at, received time.Time) {
	d := Decoded{Source: source, Format: format}
	d.Count(at, received)
	in.DecodedAll(d)
}

// Decoded is what reading records of one sender and format gave.
type Decoded struct {
	Source string        `json:"source"`
	Format string        `json:"format"`
	Events int64         `json:"events"`
	Lag    time.Duration `json:"lag"` // of the last
	Ahead  int64         `json:"ahead,omitzero"`
	Skew   time.Duration `json:"skew,omitzero"`
}

// Count counts an event by its time and when it had arrived.
func (d *Decoded) Count(at, received time.Time) {
	d.Events++
	d.Lag = max(0, received.Sub(at))
	if skew := at.Sub(received); skew > Ahead {
		d.Ahead++
		d.Skew = skew
	}
}

// DecodedAll is Decoded of many records.
func (in *Intake) DecodedAll(d Decoded) {
	in.count(d.Source, func(s *sender) {
		add(&s.Formats, d.Format, d.Events)
		s.Lag = d.Lag
		if d.Ahead > 0 {
			s.Ahead += d.Ahead
			s.Skew = d.Skew
		}
	})
}

func add(m *map[string]int64, key string, n int64) {
	if *m == nil {
		*m = map[string]int64{}
	}
	if _, ok := (*m)[key]; !ok && len(*m) >= maxReasons {
		key = otherSources
	}
	(*m)[key] += n
}

func (in *Intake) count(source string, change func(*sender)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	s := in.sources[source]
	if s == nil {
		if len(in.sources) >= maxSources {
			source = otherSources
		}
		if s = in.sources[source]; s == nil {
			s = &sender{Source: Source{Name: source}}
			in.sources[source] = s
		}
	}
	change(s)
}

// Sources returns the health of every sender since the start, by name.
func (in *Intake) Sources() []Source {
	in.mu.Lock()
	defer in.mu.Unlock()
	now := in.now().UTC()
	out := make([]Source, 0, len(in.sources))
	for _, s := range in.sources {
		c := s.health(now, in.started, in.silence)
		c.Refused, c.Formats = maps.Clone(s.Refused), maps.Clone(s.Formats)
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Source) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
