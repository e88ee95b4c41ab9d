package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// DeadLetters is what no matcher could take: people look at it, and have it tried once
// more or drop it. Safe for concurrent use.
type DeadLetters struct {
	Lots telemetry.DeadLots // nil = there is no transport here
	// Record makes a line of the audit log durable.
	Record func(ctx context.Context, act ref.Act) error
}

// DeadLetter is one of them with what is in it.
type DeadLetter struct {
	telemetry.DeadLot
	Records []DeadRecord `json:"records"`
	Left    int          `json:"left,omitempty"` // records that are not shown, for their size
	Data    []byte       `json:"data,omitempty"` // the message, when it is no lot; its beginning
}

// DeadRecord is an event as it arrived.
type DeadRecord struct {
	Received time.Time `json:"received"`
	Source   string    `json:"source"`
	Format   string    `json:"format,omitempty"`
	Raw      string    `json:"raw,omitempty"`
	Binary   []byte    `json:"binary,omitempty"` // the same, where it is no text
}

const (
	deadMost = 1000 // letters of one list
	// deadShown bounds what is shown of one letter, before it is encoded.
	deadShown = 8 << 20
)

func (d DeadLetters) may(ctx context.Context) error {
	if err := ref.Need(ctx, ref.Admin); err != nil {
		return err
	}
	if d.Lots == nil {
		return errs.New(errs.Conflict, "transport_none", "There is no transport here that could keep anything apart. With transport.nats, ask the process that keeps, on its machine, while it runs.")
	}
	return nil
}

// List returns letters from a number on, the oldest first.
func (d DeadLetters) List(ctx context.Context, from uint64, limit int) ([]telemetry.DeadLot, error) {
	if err := d.may(ctx); err != nil {
		return nil, err
	}
	return d.Lots.Dead(ctx, from, min(max(limit, 1), deadMost))
}

// Show returns one letter.
func (d DeadLetters) Show(ctx context.Context, number uint64) (DeadLetter, error) {
	if err := d.may(ctx); err != nil {
		return DeadLetter{}, err
	}
	lot, records, data, err := d.Lots.DeadLot(ctx, number)
	if err != nil {
		return DeadLetter{}, err
	}
	out := DeadLetter{DeadLot: lot, Records: []DeadRecord{}}
	if len(records) == 0 {
		out.Data = data[:min(len(data), deadShown)]
	}
	room := deadShown
	for i, r := range records {
		if room -= len(r.Raw); room < 0 && i > 0 {
			out.Left = len(records) - i
			break
		}
		one := DeadRecord{Received: r.Received, Source: r.Source, Format: r.Format}
		if utf8.Valid(r.Raw) {
			one.Raw = string(r.Raw)
		} else {
			one.Binary = r.Raw
		}
		out.Records = append(out.Records, one)
	}
	return out, nil
}

// Retry has matchers try a letter once more, as a new lot.
func (d DeadLetters) Retry(ctx context.Context, number uint64, why string) (telemetry.DeadLot, error) {
	if err := d.may(ctx); err != nil {
		return telemetry.DeadLot{}, err
	}
	return d.act(ctx, "queue.dead.retry", number, why, d.Lots.Revive)
}

// Drop removes a letter for good. It takes a reason: its events are lost.
func (d DeadLetters) Drop(ctx context.Context, number uint64, why string) (telemetry.DeadLot, error) {
	if err := d.may(ctx); err != nil {
		return telemetry.DeadLot{}, err
	}
	if strings.TrimSpace(why) == "" {
		return telemetry.DeadLot{}, errs.New(errs.Invalid, "reason_missing", "Say why it is dropped: its events are lost for good.")
	}
	return d.act(ctx, "queue.dead.drop", number, why, d.Lots.Forget)
}

// act does what the audit log says first: a line of what then failed does less harm than
// an act without one.
func (d DeadLetters) act(ctx context.Context, verb string, number uint64, why string, do func(context.Context, uint64) error) (telemetry.DeadLot, error) {
	lot, _, _, err := d.Lots.DeadLot(ctx, number)
	if err != nil {
		return lot, err
	}
	err = d.Record(ctx, ref.Act{
		Actor: ref.ActorFrom(ctx), Verb: verb, Target: ref.Ref{Kind: ref.System, ID: "dead/" + strconv.FormatUint(number, 10)}, Reason: why, Time: time.Now(),
		Detail: map[string]any{"events": lot.Events, "bytes": lot.Bytes, "kept_apart": lot.At, "because": lot.Reason},
	})
	if err != nil {
		return lot, fmt.Errorf("write the audit log: %w", err)
	}
	return lot, do(ctx, number)
}
