package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
)

// intakeBatch is how many events go in one request.
const intakeBatch = 1000

// intakeRow is what happened in one second.
type intakeRow struct {
	Second       int   `json:"second"`
	Acknowledged int64 `json:"acknowledged"`
	Matched      int64 `json:"matched"`
	Waiting      int64 `json:"waiting"` // acknowledged, not matched yet
}

// load sends events to a running server, and holds what it acknowledged against
// what it kept and matched.
type load struct {
	url     string
	token   errs.Secret
	bodies  [][]byte      // of intakeBatch events each, the last of fewer
	pace    time.Duration // between two requests; 0 = none
	took    atomic.Int64  // events acknowledged
	refused atomic.Int64  // requests that were asked to wait
	next    atomic.Int64
}

func runBenchIntake(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "bench")
	url := d.fs.String("to", "http://127.0.0.1:8444", "`URL` of the intake of a running server")
	token := d.fs.String("token", "env:VEDETTE_TOKEN", "token of a sender, as `env:NAME or file:PATH`")
	last := d.fs.Duration("for", 30*time.Second, "how long events are sent")
	rate := d.fs.Int("rate", 0, "events a second; 0 = as fast as they are acknowledged")
	senders := d.fs.Int("senders", 4, "connections side by side")
	limit := d.fs.Int64("bytes", 256<<20, "how many bytes of events are read into memory at most; they are sent over and over")
	var want paths
	d.fs.Var(&want, "want", "`NAME>=X` of the summary; exit 1 when it is not so; may be repeated")
	events, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if *senders < 1 || *last <= 0 || *rate < 0 {
		return wrong("-senders, -for and -rate are positive.")
	}
	if !strings.HasPrefix(*token, "env:") && !strings.HasPrefix(*token, "file:") {
		return wrong("-token is env:NAME or file:PATH: what is given here can be seen by everybody on this machine.")
	}
	secret, err := config.Reveal(*token)
	if err != nil {
		return err
	}
	records, size, err := linesOf(ctx, events, *limit)
	if err != nil {
		return err
	}
	if size == 0 {
		return wrong("Name files with events, one a line.")
	}
	l := newLoad(records)
	l.url, l.token = *url, secret
	if *rate > 0 {
		l.pace = time.Duration(float64(time.Second) * intakeBatch / float64(*rate))
	}
	return d.with(ctx, func(c *app.Client) error {
		rows, summary, err := l.run(ctx, c, *senders, *last)
		if err != nil {
			return err
		}
		summary["bytes_an_event"] = float64(size) / float64(len(records))
		return printBench(e.stdout, rows, summary, want)
	})
}

func newLoad(records [][]byte) *load {
	l := &load{}
	for len(records) > 0 {
		n := min(intakeBatch, len(records))
		l.bodies = append(l.bodies, append(bytes.Join(records[:n], []byte("\n")), '\n'))
		records = records[n:]
	}
	return l
}

// run sends for a while, then waits until the last event was matched.
func (l *load) run(ctx context.Context, c *app.Client, senders int, last time.Duration) ([]intakeRow, map[string]float64, error) {
	before, err := progressOf(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	sending, stop := context.WithTimeout(ctx, last)
	defer stop()
	var failed atomic.Value
	var all sync.WaitGroup
	start := time.Now()
	for range senders {
		all.Go(func() {
			if err := l.send(sending, start); err != nil {
				failed.Store(err)
				stop()
			}
		})
	}
	sent := make(chan struct{})
	go func() {
		all.Wait()
		close(sent)
	}()
	var rows []intakeRow
	var acknowledged time.Duration // how long it took until the last was acknowledged
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-sent:
			sent, acknowledged = nil, time.Since(start)
			if err, ok := failed.Load().(error); ok {
				return nil, nil, err
			}
		case <-tick.C:
		}
		now, err := progressOf(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		row := intakeRow{Second: len(rows) + 1, Acknowledged: l.took.Load(), Matched: int64(now.Matched - before.History.Last)}
		row.Waiting = int64(now.History.Last - now.Matched)
		rows = append(rows, row)
		if sent == nil && row.Waiting == 0 {
			return rows, l.summary(int64(now.History.Last-before.History.Last), acknowledged, time.Since(start)), nil
		}
	}
}

func (l *load) summary(kept int64, acknowledged, matched time.Duration) map[string]float64 {
	n := l.took.Load()
	exact := 0.0
	if kept == n {
		exact = 1
	}
	return map[string]float64{
		"acknowledged": float64(n), "kept": float64(kept), "kept_is_acknowledged": exact, "asked_to_wait": float64(l.refused.Load()),
		"acknowledged_per_second": float64(n) / acknowledged.Seconds(), "matched_per_second": float64(n) / matched.Seconds(), "seconds": matched.Seconds(),
	}
}

// send posts batch after batch until ctx is done; a request that is under way then
// is brought to its end, so that every acknowledgement counts.
func (l *load) send(ctx context.Context, start time.Time) error {
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	for {
		i := l.next.Add(1) - 1
		due := time.Until(start.Add(time.Duration(i) * l.pace))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(max(due, 0)):
		}
		wait, err := l.post(context.WithoutCancel(ctx), client, int(i)%len(l.bodies))
		if err != nil {
			return err
		}
		if wait > 0 { // what was not taken is not sent again: the next batch comes
			l.refused.Add(1)
			time.Sleep(wait)
		}
	}
}

// post sends one batch; it returns how long to wait when the server asks for it.
func (l *load) post(ctx context.Context, client *http.Client, at int) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url+"/v1/events", bytes.NewReader(l.bodies[at]))
	if err != nil {
		return 0, wrong("-to: %s.", err)
	}
	req.Header.Set("Authorization", "Bearer "+l.token.Reveal())
	res, err := client.Do(req)
	if err != nil {
		return 0, errs.New(errs.Unavailable, "intake_unreachable", "The intake does not answer: %s.", err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return 0, fmt.Errorf("read the answer of the intake: %w", err)
	}
	var told struct{ Accepted int64 } // also of a batch that was not taken whole
	bad := json.Unmarshal(answer, &told)
	l.took.Add(told.Accepted)
	switch {
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusServiceUnavailable:
		return 100 * time.Millisecond, nil
	case res.StatusCode != http.StatusOK:
		return 0, errs.New(errs.Unavailable, "intake_refused", "The intake answers %s: %.300s", res.Status, answer)
	case bad != nil:
		return 0, fmt.Errorf("read the answer of the intake: %w", bad)
	}
	return 0, nil
}

// progressed is the part of the server's health that tells how far it is.
type progressed struct {
	Matched uint64
	History struct{ Last uint64 }
}

func progressOf(ctx context.Context, c *app.Client) (h progressed, err error) {
	err = c.Call(ctx, http.MethodGet, "/health", nil, &h)
	return h, err
}
