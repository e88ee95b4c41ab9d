// Package parquet writes events of the history as Parquet files, which DuckDB, Spark,
// ClickHouse and pandas read: it is how the history leaves, not how it is kept.
//
// [New] returns a telemetry.Table. Columns bear ECS names; texts are valid UTF-8, raw is
// the record as it arrived, whatever its bytes; times are UTC in microseconds.
package parquet

import (
	"fmt"
	"io"
	"strings"
	"time"

	columns "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// groupRows is how many rows a row group has: what a reader skips or reads at once,
// and what is in memory while a file is written.
const groupRows = 20_000

// row is the schema.
type row struct {
	Seq           uint64    `parquet:"seq,delta"`
	Received      time.Time `parquet:"received,timestamp(microsecond)"`
	Time          time.Time `parquet:"time,timestamp(microsecond)"`
	Source        string    `parquet:"source,dict"`
	Format        string    `parquet:"format,dict"`
	Dataset       string    `parquet:"event.dataset,optional,dict"`
	Category      []string  `parquet:"event.category,list"`
	Action        string    `parquet:"event.action,optional,dict"`
	SourceIP      string    `parquet:"source.ip,optional,dict"`
	DestinationIP string    `parquet:"destination.ip,optional,dict"`
	Host          string    `parquet:"host.name,optional,dict"`
	User          string    `parquet:"user.name,optional,dict"`
	IPs           []string  `parquet:"ip,list"`
	Domains       []string  `parquet:"domain,list"`
	URLs          []string  `parquet:"url,list"`
	Hashes        []string  `parquet:"hash,list"`
	Raw           []byte    `parquet:"raw"`
}

type table struct {
	w    *columns.GenericWriter[row]
	rows []row
	in   int // of the row group
}

// New returns a table that writes a file to w.
func New(w io.Writer) telemetry.Table {
	return &table{w: columns.NewGenericWriter[row](w,
		columns.Compression(&zstd.Codec{Level: zstd.SpeedDefault}), columns.CreatedBy("vedette", "", ""), columns.PageBufferSize(1<<20))}
}

// Add implements telemetry.Table.
func (t *table) Add(rows []telemetry.Row) error {
	t.rows = t.rows[:0]
	for i := range rows {
		t.rows = append(t.rows, rowOf(&rows[i]))
	}
	for rest := t.rows; len(rest) > 0; {
		n := min(len(rest), groupRows-t.in)
		if _, err := t.w.Write(rest[:n]); err != nil {
			return fmt.Errorf("write a table: %w", err)
		}
		rest, t.in = rest[n:], t.in+n
		if t.in == groupRows {
			if err := t.w.Flush(); err != nil {
				return fmt.Errorf("write a table: %w", err)
			}
			t.in = 0
		}
	}
	return nil
}

// Close implements telemetry.Table.
func (t *table) Close() error {
	if err := t.w.Close(); err != nil {
		return fmt.Errorf("end a table: %w", err)
	}
	return nil
}

func rowOf(r *telemetry.Row) row {
	return row{
		Seq: uint64(r.Seq), Received: r.Received.UTC(), Time: r.Time.UTC(), Source: text(r.Source), Format: text(r.Format),
		Dataset: text(r.Dataset), Category: texts(r.Category), Action: text(r.Action),
		SourceIP: text(r.SourceIP), DestinationIP: text(r.DestinationIP), Host: text(r.Host), User: text(r.User),
		IPs: texts(r.IPs), Domains: texts(r.Domains), URLs: texts(r.URLs), Hashes: texts(r.Hashes), Raw: r.Raw,
	}
}

// text makes valid UTF-8 of what came from outside: a reader refuses a file that
// has anything else in a column of text.
func text(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

func texts(all []string) []string {
	for i, s := range all {
		if t := text(s); t != s {
			all[i] = t
		}
	}
	return all
}
