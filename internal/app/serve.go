package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/queue/jetstream"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Role is which part of the work a process does.
type Role string

// The roles. Those apart need a transport.
const (
	All     Role = "all"
	Receive Role = "receive" // takes events from senders and puts them into the stream
	Match   Role = "match"   // takes them from there, matches them, puts them into ClickHouse
	Keep    Role = "keep"    // keeps alerts, pages and API; one process at a time
)

// does says whether a role has a part in it.
func (r Role) does(part Role) bool { return r == All || r == part }

// ParseRole reads a role.
func ParseRole(s string) (Role, error) {
	switch r := Role(s); r {
	case All, Receive, Match, Keep:
		return r, nil
	}
	return "", errs.New(errs.Invalid, "role_unknown", "There is no role %q; it is all, receive, match or keep.", s)
}

// Started is told when a part of a process listens: which one, where, and the link that
// makes the first administrator ("" when there is one).
type Started func(part Role, l Listening, setUp string) error

// Serve runs a server until ctx is done: everything in one process, or with a transport
// the part of the work that role says.
func Serve(ctx context.Context, opt Options, role Role, started Started) error {
	if opt.Config.Transport.On() {
		return unlessStopped(ctx, serveShared(ctx, opt, role, started))
	}
	if role != All {
		return errs.New(errs.Invalid, "transport_missing", "The role %s takes a transport: set transport.nats, history.clickhouse and database (PostgreSQL); without them one process does everything.", role)
	}
	sys, err := Open(ctx, opt)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	return errors.Join(unlessStopped(ctx, sys.serve(ctx, All, started)), sys.Close())
}

// unlessStopped leaves out what only says that ctx ended: to be stopped while it still
// starts is no failure of a server.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

func (s *System) serve(ctx context.Context, part Role, started Started) error {
	return s.Run(ctx, func(l Listening) error {
		link, err := s.SetUpLink(ctx, l.Web)
		if err != nil {
			return err
		}
		return started(part, l, link)
	})
}

// share is what the parts of a process have in common.
type share struct {
	opt     Options
	role    Role
	id      string // of this process
	host    string
	since   time.Time
	store   *store.Store
	queue   *jetstream.Queue
	lock    io.Closer // of the data directory
	home    string    // name of the ClickHouse database
	started Started

	tree     *supervise.Tree
	lookout  *pipeline.Lookout
	matching *System // the parts that matching takes; nil = none
	intake   *telemetry.Intake
	told     atomic.Pointer[toldRules] // of which the rules may not know yet
	done     atomic.Int64              // what they do know
}

// serveShared runs a part of the work.
func serveShared(ctx context.Context, opt Options, role Role, started Started) (err error) {
	s := &share{opt: opt, role: role, since: time.Now().UTC(), started: started}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(ctx); err != nil {
		return err
	}
	var stages [][]supervise.Worker
	var l Listening
	if role.does(Receive) {
		workers, err := s.receiving(&l)
		if err != nil {
			return err
		}
		stages = append(stages, workers)
	}
	if role.does(Match) {
		workers, err := s.matchers(ctx)
		if err != nil {
			return err
		}
		stages = append(stages, workers)
	}
	last := []supervise.Worker{{Name: "presence", Run: s.presence}}
	if role.does(Keep) {
		last = append(last, supervise.Worker{Name: "keep", Run: s.keep})
	} else if opt.Config.Private.Listen != "" {
		p, err := s.privateListener(&l)
		if err != nil {
			return err
		}
		last = append(last, p)
	}
	s.tree = supervise.New(opt.Log, append(stages, last)...)
	for _, part := range []Role{Receive, Match} {
		if role.does(part) {
			if err := started(part, l, ""); err != nil {
				return err
			}
		}
	}
	return s.tree.Run(ctx, stopWithin)
}

// open opens what all processes share.
func (s *share) open(ctx context.Context) (err error) {
	c := s.opt.Config
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return errs.New(errs.Invalid, "data_unusable", "The data directory %q cannot be made or used; choose another with -data or the key data.", c.Data).Because(err)
	}
	if s.lock, err = segment.Lock(filepath.Join(c.Data, historyName)); err != nil {
		return err
	}
	_, moved, err := homeOf(filepath.Join(c.Data, homeName))
	if err != nil {
		return err
	}
	if !moved && segment.Holds(filepath.Join(c.Data, historyName)) {
		return errs.New(errs.Conflict, "migration_needed", "There are events in %s that the other processes do not see. Bring them to ClickHouse first, without transport: vedette history migrate -to clickhouse.", c.Data)
	}
	if s.host, err = os.Hostname(); err != nil {
		s.host = "unknown"
	}
	s.id = fmt.Sprintf("%s/%s-%.8s", s.host, s.role, uuid.NewString())
	dsn, err := databaseOf(c)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return errs.New(errs.Invalid, "transport_database", "With a transport all processes share one database, which must be PostgreSQL: set database to postgres://….")
	}
	if s.store, err = store.Open(ctx, dsn); err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	if s.queue, err = openQueue(ctx, c.Transport, s.id, s.opt); err != nil {
		return err
	}
	if s.role == Receive {
		return nil
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	return s.begin(ctx)
}

// settle finds out the name of the ClickHouse database: the one that the first process
// proposed, which is that of its data directory where it had a database before.
func (s *share) settle(ctx context.Context) error {
	id, _, err := homeOf(filepath.Join(s.opt.Config.Data, homeName))
	if err != nil {
		return err
	}
	if id == "" {
		id = uuid.NewString()
	}
	s.home, err = s.store.Queue().House(ctx, "home", id)
	return err
}

func openQueue(ctx context.Context, c config.Transport, name string, opt Options) (*jetstream.Queue, error) {
	password, token, secure, err := natsSecrets(c.Password, c.Token, c.CA)
	if err != nil {
		return nil, err
	}
	return jetstream.Open(ctx, jetstream.Config{
		URL: c.NATS, Stream: c.Stream, Credentials: c.Credentials, User: c.User, Password: password, Token: token, Secure: secure,
		MaxBytes: c.MaxBytes, Replicas: c.Replicas, Redeliver: c.Redeliver, Name: name, Log: opt.Log.With("component", "transport"),
	})
}

// apart is how far the numbers of a stream begin behind those of the one before, of
// which a matcher may still have something in hand.
const apart = 1 << 20

// begin finds out where the numbers of the stream's lots begin.
func (s *share) begin(ctx context.Context) error {
	q := s.store.Queue()
	base, ok, err := q.KnownBase(ctx, s.queue.Created())
	if err != nil {
		return err
	}
	if !ok { // a new stream, but maybe not the first
		h, err := s.openHistory(ctx, true)
		if err != nil {
			return err
		}
		last, err := h.Highest(ctx)
		if err = errors.Join(err, h.Close()); err != nil {
			return err
		}
		done, err := s.store.Checkpoints().Checkpoint(ctx, pipeline.Consumer)
		if err != nil {
			return err
		}
		proposed := telemetry.LotNumber(0)
		if last = max(last, done); last > 0 {
			proposed = telemetry.LotOf(last) + apart
		}
		if base, err = q.Base(ctx, s.queue.Created(), proposed); err != nil {
			return err
		}
	}
	s.queue.Begin(base)
	return nil
}

// openHistory opens the database that matchers write to; blind = not to read.
func (s *share) openHistory(ctx context.Context, blind bool) (*clickhouse.History, error) {
	c := s.opt.Config.History
	password, err := config.Reveal(c.ClickHousePassword)
	if err != nil {
		return nil, err
	}
	h, err := clickhouse.Open(ctx, clickhouse.Config{URL: c.ClickHouse, Password: password, CA: c.ClickHouseCA, Home: s.home, Shared: true, Blind: blind, Log: s.opt.Log})
	if err != nil {
		return nil, fmt.Errorf("open the event history: %w", err)
	}
	return h, nil
}

func (s *share) close() error {
	var err error
	if s.matching != nil && s.matching.history != nil {
		err = s.matching.history.Close()
	}
	if s.queue != nil {
		err = errors.Join(err, s.queue.Close())
	}
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}
