// Package jetstream is the queue between processes that receive events and processes
// that match them: a stream of NATS JetStream.
//
// [Open] connects and makes the stream where it is absent. [Queue.Append] puts records
// in and returns when the stream has said that it has them; [Queue.TakeLots] hands them
// out, each lot to one matcher at a time, and again to another when the one says
// nothing for a while. Promises: what Append returned nil for is handed out until
// somebody says that it is done; a stream that is full refuses and loses nothing; what
// nobody can read is kept in a second stream, and counted. How much the server has on
// disk when it answers is its own setting (sync_interval).
package jetstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Config says where the queue is.
type Config struct {
	URL    string // of one or several servers, parted by commas
	Stream string
	// At most one of: a file of credentials, a user with password, a token.
	Credentials string
	User        string
	Password    errs.Secret
	Token       errs.Secret
	Secure      *tls.Config   // nil = as the URL says
	MaxBytes    int64         // of a stream that is made
	Replicas    int           // of a stream that is made
	Redeliver   time.Duration // after how long a matcher that says nothing loses its lots
	Name        string        // of this process, for the server
	Log         *slog.Logger
}

const (
	// pendingMost is how many lots may be on their way into the stream, handedMost how
	// many may be handed out and not done.
	pendingMost = 256
	handedMost  = 256
	// askWithin bounds questions to the server.
	askWithin = 5 * time.Second
	// roundPayload is what a message needs beside the bytes of one event.
	roundPayload = 64 << 10
	// duplicates is for how long the stream knows a lot that is put again.
	duplicates = 2 * time.Minute
)

// Queue is the open queue. Safe for concurrent use.
type Queue struct {
	c        Config
	conn     *nats.Conn
	js       jetstream.JetStream
	created  time.Time
	base     telemetry.LotNumber
	requests chan *request
	stop     chan struct{}
	ended    sync.WaitGroup
	counts   counts

	mu       sync.Mutex
	consumer jetstream.Consumer // guarded by mu; nil = not made
}

// counts are figures of this process since its start.
type counts struct{ put, records, retried, refused, taken, again, buried atomic.Int64 }

var (
	_ telemetry.Appender = (*Queue)(nil)
	_ telemetry.LotQueue = (*Queue)(nil)
)

// Open connects. Without a server there is nothing that could begin.
func Open(ctx context.Context, c Config) (*Queue, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	conn, err := nats.Connect(c.URL, options(c)...)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "transport_unreachable", "NATS at %s does not answer, or does not let us in: %v. Look at the keys transport.*.", where(c.URL), err)
	}
	q := &Queue{c: c, conn: conn, requests: make(chan *request), stop: make(chan struct{})}
	if err := q.prepare(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	p, err := newPacker()
	if err != nil {
		conn.Close()
		return nil, err
	}
	q.ended.Go(func() { q.gather(p) })
	return q, nil
}

// where is an address without what may be secret in it.
func where(url string) string {
	var out []string
	for _, u := range strings.Split(url, ",") {
		if i := strings.LastIndexByte(u, '@'); i >= 0 {
			u = u[i+1:]
		}
		out = append(out, strings.TrimSpace(u))
	}
	return strings.Join(out, ", ")
}

func options(c Config) []nats.Option {
	// Nothing is buffered while the connection is away: who waits had better know.
	opts := []nats.Option{nats.Name("vedette " + c.Name), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond), nats.ReconnectBufSize(-1), nats.Timeout(askWithin)}
	switch {
	case c.Credentials != "":
		opts = append(opts, nats.UserCredentials(c.Credentials))
	case c.User != "":
		opts = append(opts, nats.UserInfo(c.User, c.Password.Reveal()))
	case c.Token != "":
		opts = append(opts, nats.Token(c.Token.Reveal()))
	}
	if c.Secure != nil {
		opts = append(opts, nats.Secure(c.Secure))
	}
	return append(opts,
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				c.Log.Warn("the connection to NATS is gone", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { c.Log.Info("the connection to NATS is back") }))
}

func (q *Queue) subject() string     { return q.c.Stream + ".events" }
func (q *Queue) deadSubject() string { return q.c.Stream + ".dead" }
func (q *Queue) deadStream() string  { return q.c.Stream + "_DEAD" }

// prepare makes the streams where they are absent, and looks at what they are.
func (q *Queue) prepare(ctx context.Context) error {
	var err error
	if q.js, err = jetstream.New(q.conn, jetstream.WithPublishAsyncMaxPending(pendingMost), jetstream.WithPublishAsyncTimeout(publishWithin)); err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*askWithin)
	defer cancel()
	s, err := q.stream(ctx, jetstream.StreamConfig{
		Name: q.c.Stream, Subjects: []string{q.subject()}, Description: "Events on their way to the matchers of Vedette",
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, Storage: jetstream.FileStorage,
		MaxBytes: q.c.MaxBytes, Replicas: q.c.Replicas, Duplicates: duplicates,
	})
	if err != nil {
		return err
	}
	if c := s.CachedInfo().Config; c.Retention != jetstream.WorkQueuePolicy || c.Discard != jetstream.DiscardNew || c.Storage != jetstream.FileStorage {
		return errs.New(errs.Invalid, "transport_stream", "The stream %s of NATS must have retention work queue, discard new and storage file; remove it once it is empty, so that it is made anew, or name another in transport.stream.", q.c.Stream)
	}
	q.created = s.CachedInfo().Created
	_, err = q.stream(ctx, jetstream.StreamConfig{
		Name: q.deadStream(), Subjects: []string{q.deadSubject()}, Description: "Messages that no matcher of Vedette could take",
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, Storage: jetstream.FileStorage,
		MaxBytes: max(q.c.MaxBytes/8, 1<<20), Replicas: q.c.Replicas, Duplicates: duplicates,
	})
	return err
}

// stream returns the stream of a name, made as c says when it is absent.
func (q *Queue) stream(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := q.js.Stream(ctx, c.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = q.js.CreateStream(ctx, c)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another process was faster
			s, err = q.js.Stream(ctx, c.Name)
		}
	}
	if err != nil {
		return nil, errs.New(errs.Unavailable, "transport_stream", "The stream %s of NATS is not there and cannot be made: %v. JetStream must be on, and have room for transport.max_bytes.", c.Name, err)
	}
	return s, nil
}

// Created is when the stream was made. Another stream of the same name has another one.
func (q *Queue) Created() time.Time { return q.created }

// Begin sets where the numbers of lots begin. Call it before anybody takes.
func (q *Queue) Begin(base telemetry.LotNumber) { q.base = base }

// Base is what Begin set.
func (q *Queue) Base() telemetry.LotNumber { return q.base }

// MaxEvent is the largest event that surely goes into a message.
func (q *Queue) MaxEvent() int { return max(int(q.conn.MaxPayload())-roundPayload, 1024) }

// Close ends what Append has begun, and the connection. No other call may follow.
func (q *Queue) Close() error {
	close(q.stop)
	q.ended.Wait()
	q.conn.Close()
	return nil
}
