package clickhouse

import (
	"cmp"
	"context"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

const (
	// tracesAsked is how many traces go into a question itself.
	tracesAsked = 2000
	// spansAsked is how many stretches of one type are asked about one by one.
	spansAsked = 16
	// askedFor is how long traces on the server are used.
	askedFor = 12 * time.Hour
)

// reaches remembers which traces are on the server. Safe for concurrent use.
type reaches struct {
	mu    sync.Mutex
	reach *match.Reach
	id    uint64
	since time.Time
}

// values calls fn with the distinct values of a stretch that are in reach.
func (h *History) values(ctx context.Context, stretch uint64, pick telemetry.Pick, fn func(indicator.Type, string, telemetry.Key)) error {
	types := h.wanted(pick.Type)
	if len(types) == 0 {
		return nil
	}
	about := params{"stretch": number(stretch), "types": names(types)}
	if pick.Reach == nil {
		return h.words(ctx, question{sql: `SELECT toString(type), text, key FROM words
WHERE stretch = {stretch:UInt64} AND type IN {types:Array(String)} GROUP BY type, text, key FORMAT RowBinary`, params: about}, fn)
	}
	for _, span := range merged(pick.Reach.Always(), types) {
		if err := h.words(ctx, question{
			sql: `SELECT toString(type), text, key FROM words
WHERE stretch = {stretch:UInt64} AND type = {type:String} AND place >= unhex({from:String}) AND ({to:String} = '' OR place < unhex({to:String}))
GROUP BY type, text, key FORMAT RowBinary`,
			params: params{"stretch": number(stretch), "type": string(span.Type), "from": hex.EncodeToString([]byte(span.From)), "to": hex.EncodeToString([]byte(span.To))},
		}, fn); err != nil {
			return err
		}
	}
	traces := pick.Reach.Traces()
	if len(traces) == 0 {
		return nil
	}
	source := "{traces:Array(UInt64)}"
	if len(traces) <= tracesAsked {
		about["traces"] = numbers(traces)
	} else {
		id, err := h.upload(ctx, pick.Reach)
		if err != nil {
			return err
		}
		source, about["asked"] = "(SELECT trace FROM asked WHERE id = {asked:UInt64})", number(id)
	}
	return h.words(ctx, question{sql: `SELECT toString(type), text, key FROM words
WHERE stretch = {stretch:UInt64} AND type IN {types:Array(String)} AND toUInt32(key) IN (
	SELECT key FROM traces WHERE stretch = {stretch:UInt64} AND trace IN ` + source + `)
GROUP BY type, text, key FORMAT RowBinary`, params: about}, fn)
}

func (h *History) words(ctx context.Context, q question, fn func(indicator.Type, string, telemetry.Key)) error {
	rows, err := h.client.rows(ctx, q)
	if err != nil {
		return err
	}
	for rows.more() {
		t, text, key := rows.string(), rows.string(), telemetry.Key(rows.uint64())
		if rows.err == nil {
			fn(indicator.Type(t), text, key)
		}
	}
	return rows.close()
}

// wanted returns the types that are there and asked about.
func (h *History) wanted(want func(indicator.Type) bool) []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var out []string
	for t := range h.types {
		if want == nil || want(indicator.Type(t)) {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}

// names are words as a parameter Array(String).
func names(list []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, s := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\'')
		for _, c := range []byte(s) {
			if c == '\'' || c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		}
		b.WriteByte('\'')
	}
	b.WriteByte(']')
	return b.String()
}

// merged returns the spans of some types; of one that has many, one span over all.
func merged(spans []match.Span, types []string) []match.Span {
	byType := map[indicator.Type][]match.Span{}
	for _, s := range spans {
		if slices.Contains(types, string(s.Type)) {
			byType[s.Type] = append(byType[s.Type], s)
		}
	}
	var out []match.Span
	for _, list := range byType {
		if len(list) > spansAsked {
			whole := list[0]
			for _, s := range list[1:] {
				whole.From = min(whole.From, s.From)
				if whole.To != "" && (s.To == "" || s.To > whole.To) {
					whole.To = s.To
				}
			}
			list = []match.Span{whole}
		}
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b match.Span) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.From, b.From))
	})
	return out
}

// upload puts the traces of a reach on the server, once for all stretches.
func (h *History) upload(ctx context.Context, r *match.Reach) (uint64, error) {
	a := &h.reaches
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reach == r && time.Since(a.since) < askedFor {
		return a.id, nil
	}
	id := rand.Uint64()
	var b []byte
	for _, t := range r.Traces() {
		b = appendUint64(appendUint64(b, id), t)
	}
	if err := h.client.exec(ctx, insert("asked", b, "id", "trace")); err != nil {
		return 0, err
	}
	a.reach, a.id, a.since = r, id, time.Now()
	return id, nil
}
