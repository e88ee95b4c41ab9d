package clickhouse

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
)

// version is that of the tables.
const version = "1"

// schema makes the tables. %[1]d is the size of a stretch, %[2]d how many inserts are
// recognised when they come again: neither takes a parameter.
//
// events      the records
// postings    which records hold a value, by its key; mark 1 and 2 are the oldest and
//
//	newest event of a batch of notes, 3 a batch without a time: the highest
//	number of a mark is how far notes reach, and comes in one block with them
//
// seen        when, how often and by whom a value was seen, by day; fed from postings
// words       the values, by type and match.Place
// traces      the values by match.Traces: the low half of the key is enough, for whoever
//
//	asks looks at the values again
//
// asked       traces that a look back wants, for a while
// about       the size of a stretch, the version, the home
const schema = `
CREATE TABLE IF NOT EXISTS about (name String, value String, at DateTime64(6) DEFAULT now64(6))
ENGINE = ReplacingMergeTree(at) ORDER BY name;

CREATE TABLE IF NOT EXISTS events (
	seq UInt64 CODEC(Delta, ZSTD(1)), received DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)), source LowCardinality(String), format LowCardinality(String),
	context String CODEC(ZSTD(3)), raw String CODEC(ZSTD(3)))
ENGINE = MergeTree PARTITION BY intDiv(seq - 1, %[1]d) ORDER BY seq
SETTINGS non_replicated_deduplication_window = %[2]d, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024;

CREATE TABLE IF NOT EXISTS postings (
	mark UInt8, key UInt64 CODEC(ZSTD(1)), seq UInt64 CODEC(Delta, ZSTD(1)), at Int64 CODEC(Delta, ZSTD(1)), source LowCardinality(String))
ENGINE = MergeTree PARTITION BY intDiv(seq - 1, %[1]d) ORDER BY (mark, key, seq)
SETTINGS non_replicated_deduplication_window = %[2]d, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 2048;

CREATE TABLE IF NOT EXISTS seen (
	stretch Int64, key UInt64 CODEC(ZSTD(1)), day Int32 CODEC(ZSTD(1)), source LowCardinality(String),
	events SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)), first SimpleAggregateFunction(min, Int64) CODEC(ZSTD(1)), last SimpleAggregateFunction(max, Int64) CODEC(ZSTD(1)))
ENGINE = AggregatingMergeTree PARTITION BY stretch ORDER BY (key, day, source)
SETTINGS non_replicated_deduplication_window = %[2]d, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 2048, allow_dimensions_outside_sorting_key = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS seen_feed TO seen AS
SELECT intDiv(seq - 1, %[1]d) AS stretch, key, toInt32(floor(at / 86400)) AS day, source, count() AS events, min(at) AS first, max(at) AS last
FROM postings WHERE mark = 0 GROUP BY stretch, key, day, source;

CREATE TABLE IF NOT EXISTS words (
	stretch UInt64, type LowCardinality(String), place String CODEC(ZSTD(1)), text String CODEC(ZSTD(1)), key UInt64 CODEC(ZSTD(1)))
ENGINE = ReplacingMergeTree PARTITION BY stretch ORDER BY (type, place, key) PRIMARY KEY (type, place)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 2048;

CREATE TABLE IF NOT EXISTS traces (stretch UInt64, trace UInt64 CODEC(Delta, ZSTD(1)), key UInt32 CODEC(ZSTD(1)))
ENGINE = ReplacingMergeTree PARTITION BY stretch ORDER BY (trace, key)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 2048;

CREATE TABLE IF NOT EXISTS asked (id UInt64, trace UInt64, at DateTime DEFAULT now())
ENGINE = MergeTree PARTITION BY toDate(at) ORDER BY (id, trace) TTL at + INTERVAL 1 DAY SETTINGS ttl_only_drop_parts = 1;
`

// prepare makes what is absent, and makes sure that the database is ours.
func (h *History) prepare(ctx context.Context, home string) error {
	if err := h.client.database(ctx); err != nil {
		return err
	}
	about := strings.SplitN(schema, ";", 2)[0]
	if err := h.client.exec(ctx, question{sql: about}); err != nil {
		return err
	}
	known, err := h.about(ctx)
	if err != nil {
		return err
	}
	if v := known["version"]; v != "" && v != version {
		return errs.New(errs.Invalid, "history_newer", "The ClickHouse database %s was made by a newer version; use that version.", h.client.where())
	}
	if s, err := strconv.ParseUint(known["stretch"], 10, 64); err == nil && s > 0 {
		h.size = s
	}
	if err := h.settle(ctx, known, home); err != nil {
		return err
	}
	window := ownWindow
	if h.shared {
		window = sharedWindow
	}
	for _, statement := range strings.Split(fmt.Sprintf(schema, h.size, window), ";") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if err := h.client.exec(ctx, question{sql: statement}); err != nil {
			return fmt.Errorf("make the tables of the history: %w", err)
		}
	}
	return nil
}

// settle writes down what holds for the whole database.
func (h *History) settle(ctx context.Context, known map[string]string, home string) error {
	if theirs := known["home"]; home != "" && theirs != "" && theirs != home {
		return errs.New(errs.Conflict, "history_of_another",
			"The ClickHouse database %s belongs to another data directory. Name another database in history.clickhouse; or, when that directory is gone for good, run there: INSERT INTO about (name, value) VALUES ('home', '').", h.client.where())
	}
	for name, value := range map[string]string{"version": version, "stretch": number(h.size), "home": home} {
		if value == "" || known[name] == value {
			continue
		}
		if err := h.Remember(ctx, name, value); err != nil {
			return err
		}
	}
	return nil
}

// about reads what is written down of the whole database.
func (h *History) about(ctx context.Context) (map[string]string, error) {
	rows, err := h.client.rows(ctx, question{sql: `SELECT name, value FROM about FINAL FORMAT RowBinary`})
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for rows.more() {
		name := rows.string()
		known[name] = rows.string()
	}
	return known, rows.close()
}

// Remember writes a fact of the whole database down.
func (h *History) Remember(ctx context.Context, name, value string) error {
	var b []byte
	b = appendString(appendString(b, name), value)
	return h.client.exec(ctx, insert("about", b, "name", "value"))
}

// Remembered returns what Remember wrote last, "" when nothing.
func (h *History) Remembered(ctx context.Context, name string) (string, error) {
	known, err := h.about(ctx)
	return known[name], err
}
