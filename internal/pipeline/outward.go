package pipeline

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Outward lets the history leave as tables, a part at a time.
type Outward struct {
	History PastHistory
	Decoder *Decoder
	Tables  telemetry.Tables
}

// Stretch is a part of the history that leaves as one table.
type Stretch struct {
	File    string    `json:"file"`  // what it is to be called
	First   uint64    `json:"first"` // number of its first record
	Last    uint64    `json:"last"`
	Records int       `json:"records"`
	From    time.Time `json:"from,omitzero"` // of its events, by their own time; zero while that is not known
	To      time.Time `json:"to,omitzero"`
	Whole   bool      `json:"whole"` // nothing is added to it any more
}

// Left says what of a stretch is in a table.
type Left struct {
	Records int `json:"records"` // rows
	Silent  int `json:"silent"`  // records that carry no event, such as headers; not in the table
	Missed  int `json:"missed"`  // damaged, or removed by retention meanwhile
}

// Stretches lists what may leave and may hold events of a time (zero = no limit),
// oldest first. The role Analyst is needed.
func (o *Outward) Stretches(ctx context.Context, since, until time.Time) ([]Stretch, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return nil, err
	}
	parts, err := o.History.Parts(ctx)
	if err != nil {
		return nil, err
	}
	var out []Stretch
	for i, p := range parts {
		if p.Noted >= p.End-1 && (!since.IsZero() && p.To.Add(time.Second).Before(since) || !until.IsZero() && p.From.After(until)) {
			continue
		}
		s := Stretch{File: fileOf(p), First: uint64(p.First), Last: uint64(p.End - 1), Records: p.Records, Whole: i < len(parts)-1}
		if p.Noted >= p.End-1 {
			s.From, s.To = p.From, p.To
		}
		out = append(out, s)
	}
	return out, nil
}

// Write writes the records from one number to another as a table to w. The role
// Analyst is needed.
func (o *Outward) Write(ctx context.Context, first, last uint64, w io.Writer) (Left, error) {
	var left Left
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return left, err
	}
	parts, err := o.History.Parts(ctx)
	if err != nil {
		return left, err
	}
	at := slices.IndexFunc(parts, func(p telemetry.Part) bool {
		return uint64(p.First) == first && last >= first && last < uint64(p.End)
	})
	if at < 0 {
		return left, errs.New(errs.NotFound, "history_gone", "There is no part of the history from record %d to %d; it may have been removed meanwhile.", first, last)
	}
	t := o.Tables(w)
	from, end := telemetry.Seq(first), telemetry.Seq(last)+1
	for from < end {
		records, err := o.History.Read(ctx, from, min(readBatch, int(end-from)))
		if errs.CodeOf(err) == "history_damaged" {
			left.Missed++
			from++
			continue
		}
		if err != nil {
			return left, err
		}
		records = slices.DeleteFunc(slices.Clone(records), func(r telemetry.Stored) bool { return r.Seq >= end })
		if len(records) == 0 {
			left.Missed += telemetry.Missing(o.History, from, end)
			break
		}
		left.Missed += telemetry.Missing(o.History, from, records[0].Seq)
		from = records[len(records)-1].Seq + 1
		rows := o.rows(records)
		left.Records += len(rows)
		left.Silent += len(records) - len(rows)
		if err := t.Add(rows); err != nil {
			return left, err
		}
	}
	return left, t.Close()
}

// rows decodes records side by side.
func (o *Outward) rows(records []telemetry.Stored) []telemetry.Row {
	rows, ok := make([]telemetry.Row, len(records)), make([]bool, len(records))
	hands := min(runtime.GOMAXPROCS(0), 1+len(records)/portion)
	var all sync.WaitGroup
	for h := range hands {
		all.Go(func() {
			for i := h; i < len(records); i += hands {
				var ev event.Event
				if ev, ok[i] = o.Decoder.Decode(records[i]); ok[i] {
					rows[i] = rowOf(&records[i], &ev)
				}
			}
		})
	}
	all.Wait()
	out := rows[:0]
	for i := range rows {
		if ok[i] {
			out = append(out, rows[i])
		}
	}
	return out
}

func rowOf(r *telemetry.Stored, ev *event.Event) telemetry.Row {
	f := ev.Fields
	row := telemetry.Row{
		Seq: r.Seq, Received: r.Received, Time: ev.Time, Source: r.Source, Format: ev.Format, Raw: r.Raw,
		Dataset: f.String("event.dataset"), Category: slices.Clone(f.Strings("event.category")), Action: f.String("event.action"),
		SourceIP: f.String("source.ip"), DestinationIP: f.String("destination.ip"), Host: f.String("host.name"), User: f.String("user.name"),
	}
	for _, o := range ev.Observables {
		switch {
		case o.Type == indicator.IPv4 || o.Type == indicator.IPv6:
			row.IPs = append(row.IPs, o.Value)
		case o.Type == indicator.Domain:
			row.Domains = append(row.Domains, o.Value)
		case o.Type == indicator.URL:
			row.URLs = append(row.URLs, o.Value)
		case strings.HasPrefix(string(o.Type), "file:") && o.Type != indicator.FileName:
			row.Hashes = append(row.Hashes, o.Value)
		}
	}
	for _, list := range []*[]string{&row.IPs, &row.Domains, &row.URLs, &row.Hashes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return row
}

// fileOf is the name of the file of a part.
func fileOf(p telemetry.Part) string {
	return fmt.Sprintf("events-%012d-%012d.parquet", p.First, p.End-1)
}
