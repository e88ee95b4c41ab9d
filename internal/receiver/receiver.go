// Package receiver holds what every receiver needs: [Door] lets HTTP senders in
// by their tokens and opens their bodies, [Batch] passes records on in batches
// that are durable before more is read, [Keep] waits with a sender that cannot
// be told to come back.
//
// Promises: nothing is acknowledged before it is durable; what a sender can make
// us hold is bounded; what is not kept is counted with a reason.
package receiver

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// Limits of one batch.
const (
	BatchRecords = 2000
	BatchBytes   = 2 << 20
)

// Reasons for which a record is refused, as counted.
const (
	TooLong  = "too-long"
	Encoding = "encoding"    // bytes that no text has: UTF-16, or something binary
	Half     = "half-frame"  // the sender stopped in the middle
	BadFrame = "bad-frame"   // what came is not the protocol
	BadJSON  = "bad-json"    // a document that is no JSON object
	Stranger = "not-allowed" // an address that may not send
)

// Legible says whether a record can be text of an encoding that is read here:
// ASCII, UTF-8 or an older one of single bytes. NUL is in none of them.
func Legible(raw []byte) bool { return bytes.IndexByte(raw, 0) < 0 }

// Batch collects records and passes them on, each batch durable before the next
// is collected. Not safe for concurrent use.
type Batch struct {
	Intake  *telemetry.Intake
	Source  string
	records []telemetry.Record
	bytes   int
	kept    int
}

// Add takes a record in and passes the batch on when it is full.
func (b *Batch) Add(ctx context.Context, r telemetry.Record) error {
	b.records = append(b.records, r)
	if b.bytes += len(r.Raw); b.bytes >= BatchBytes || len(b.records) >= BatchRecords {
		return b.Flush(ctx)
	}
	return nil
}

// Flush makes durable what was added. After an error nothing of it is kept.
func (b *Batch) Flush(ctx context.Context) error {
	n := len(b.records)
	err := b.Intake.Accept(ctx, b.Source, b.records)
	clear(b.records)
	b.records, b.bytes = b.records[:0], 0
	if err == nil {
		b.kept += n
	}
	return err
}

// Kept is how many records are durable.
func (b *Batch) Kept() int { return b.kept }

// Pending is how many records wait to be passed on.
func (b *Batch) Pending() int { return len(b.records) }

// pause is how long Keep waits when the history takes nothing.
const pause = time.Second

// Keep makes records durable for a sender that is slowed down by not being read
// from. While the history has no room it tries again; it ends with ctx, or with an
// error that will not go away. What is in hand when ctx ends gets one try.
func Keep(ctx context.Context, in *telemetry.Intake, records []telemetry.Record, log *slog.Logger) error {
	for {
		err := in.Take(context.WithoutCancel(ctx), records)
		switch errs.KindOf(err) {
		case errs.RateLimited, errs.Unavailable:
		default:
			return err
		}
		log.WarnContext(ctx, "the history takes nothing now", "records", len(records), "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// KeepAlive is Keep that calls alive now and then while it waits, so that the other
// side does not take us for dead.
func KeepAlive(ctx context.Context, in *telemetry.Intake, records []telemetry.Record, log *slog.Logger, every time.Duration, alive func()) error {
	kept := make(chan error, 1)
	go func() { kept <- Keep(ctx, in, records, log) }()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case err := <-kept:
			return err
		case <-tick.C:
			alive()
		}
	}
}

// Split cuts a message of a broker, which may hold several events as lines or JSON,
// and calls keep for each, which may keep its bytes as long as message lives; what is refused is counted for source.
func Split(in *telemetry.Intake, rec *format.Recogniser, source string, message []byte, maxEvent int, keep func(raw []byte, format string)) {
	if one(rec, message, maxEvent) {
		keep(message, "")
		return
	}
	s := format.NewSplitter(bytes.NewReader(message), source, rec, maxEvent)
	for {
		raw, err := s.Next()
		if bad, ok := errors.AsType[*format.RecordError](err); ok {
			in.Refuse(source, bad.Reason, 1)
			continue
		}
		if err != nil { // the end: there is nothing else that reading bytes can give
			return
		}
		if !Legible(raw) {
			in.Refuse(source, Encoding, 1)
			continue
		}
		keep(raw, s.Format())
	}
}

// one says whether a message surely is one record, as most are: then nothing has to
// be cut.
func one(rec *format.Recogniser, message []byte, maxEvent int) bool {
	if len(message) == 0 || maxEvent > 0 && len(message) > maxEvent || !Legible(message) || bytes.IndexByte(message, '\n') >= 0 || rec.Contained(message) != "" {
		return false
	}
	switch message[0] {
	case '[', ' ', '\t', '\r', 0xEF, 0xFE, 0xFF: // an array, or a mark of the encoding
		return false
	case '{':
		return !format.Enveloped(message) && Object(message)
	case '<': // events in XML follow each other on one line; else it is syslog's priority
		return len(message) > 1 && message[1] >= '0' && message[1] <= '9'
	}
	return true
}
