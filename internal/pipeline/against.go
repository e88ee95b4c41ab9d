package pipeline

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/match/pattern"
	"github.com/vedette-soc/vedette/ref"
)

// Against is what the history says to indicators that are not in the knowledge
// base: nothing of it is stored.
type Against struct {
	Matches []AgainstMatch `json:"matches"` // the oldest first
	Summary AgainstSummary `json:"summary"`
}

// AgainstMatch is one indicator that an observable of a stored event touches.
type AgainstMatch struct {
	Event      AgainstEvent     `json:"event"`
	Observable event.Observable `json:"observable"`
	Indicator  Hit              `json:"indicator"`
}

// AgainstEvent is where.
type AgainstEvent struct {
	ID     string    `json:"id"`
	Source string    `json:"source"`
	Time   time.Time `json:"time"`
}

// AgainstSummary is how much was looked at.
type AgainstSummary struct {
	Indicators int `json:"indicators"`
	Refused    int `json:"refused"`
	Records    int `json:"records"`
	Values     int `json:"values"`
	Events     int `json:"events"`  // that hold something
	Matches    int `json:"matches"` // all, also those beyond the limit
	Missed     int `json:"missed"`
	Left       int `json:"left"`
}

const (
	againstMost  = 5_000_000 // indicators of one call
	againstLine  = 64 << 10
	againstLimit = 100_000
)

// Against holds indicators, one JSON object a line with type, value, names,
// sources and confidence, against the whole history.
func (r *Retro) Against(ctx context.Context, in io.Reader, limit int) (Against, error) {
	out := Against{Matches: []AgainstMatch{}}
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return out, err
	}
	mem, err := readHits(ctx, in)
	if err != nil {
		return out, err
	}
	x := mem.Compile()
	out.Summary.Indicators, out.Summary.Refused = x.Len(), mem.Refused
	var watch pattern.Watch
	stats, err := r.History.Stats(ctx)
	if err != nil || stats.Records == 0 {
		return out, err
	}
	sought := seek(x.index, x.patternTexts())
	pick := sought.pick()
	limit = min(max(limit, 1), againstLimit)
	err = r.eachPart(ctx, stats.First, stats.Last, func(ctx context.Context, p telemetry.Part) (telemetry.Sifted, error) {
		return r.both(ctx, p, stats.First, stats.Last, sought, pick())
	}, func(ctx context.Context, p telemetry.Part, s telemetry.Sifted) error {
		out.Summary.Records += max(0, p.Records-s.Missed)
		out.Summary.Missed += s.Missed
		out.Summary.Values += s.Values
		out.Summary.Left += s.Left
		for _, seq := range s.Seqs {
			if err := r.against(ctx, x, &watch, seq, limit, &out); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// metIn is an indicator met in a field of an event: it counts once, as for vedette
// match, be it a name with and without its port or several names below one.
type metIn struct {
	indicator    indicator.Type
	value, field string
}

func (r *Retro) against(ctx context.Context, x *Compiled, watch *pattern.Watch, seq telemetry.Seq, limit int, out *Against) error {
	records, err := r.History.Read(ctx, seq, 1)
	if errs.CodeOf(err) == "history_damaged" || err == nil && (len(records) == 0 || records[0].Seq != seq) {
		out.Summary.Missed++
		return nil
	}
	if err != nil {
		return err
	}
	ev, ok := r.Decoder.Decode(records[0])
	if !ok {
		return nil
	}
	out.Summary.Events++
	id := strconv.FormatUint(uint64(seq), 10)
	met := func(o event.Observable, h Hit) {
		if out.Summary.Matches++; len(out.Matches) < limit {
			out.Matches = append(out.Matches, AgainstMatch{Event: AgainstEvent{ID: id, Source: records[0].Source, Time: ev.Time}, Observable: o, Indicator: h})
		}
	}
	var hits []Hit
	var scratch []match.Hit
	told := map[metIn]bool{}
	for _, o := range ev.Observables {
		hits, scratch = x.Lookup(o.Type, o.Value, hits[:0], scratch)
		for _, h := range hits {
			if at := (metIn{h.Type, h.Value, o.Field}); !told[at] {
				told[at] = true
				met(o, h)
			}
		}
	}
	x.Patterns(watch, &ev, met)
	return nil
}

func readHits(ctx context.Context, in io.Reader) (*Memory, error) {
	mem := NewMemory()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 4096), againstLine)
	n := 0
	for lines.Scan() {
		if n++; n > againstMost {
			return nil, errs.New(errs.Invalid, "against_many", "At most %d indicators at a time.", againstMost)
		}
		var h Hit
		if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
			return nil, errs.New(errs.Invalid, "against_line", "Line %d is no indicator as JSON.", n).Because(err)
		}
		t, v, err := indicator.Identify(h.Type, h.Value)
		if err != nil {
			mem.Refused++
			continue
		}
		source := ""
		if len(h.Sources) > 0 {
			source = h.Sources[0]
		}
		claim := indicator.Claim{Type: t, Raw: v, Names: h.Names, Confidence: min(max(h.Confidence, 0), 100)}
		if _, _, _, err := mem.Merge(ctx, source, "", []indicator.Claim{claim}); err != nil {
			return nil, err
		}
	}
	if err := lines.Err(); err != nil {
		return nil, errs.New(errs.Invalid, "against_line", "Line %d cannot be read; a line has at most %d bytes.", n+1, againstLine).Because(err)
	}
	return mem, nil
}
