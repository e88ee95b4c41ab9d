package pipeline

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match/pattern"
	"github.com/vedette-soc/vedette/stix"
)

// inText returns the patterns that an event may satisfy though it holds no value that
// they name: those are sought in the text of the events that are kept.
func inText(texts map[intel.Key]string) map[intel.Key]string {
	out := map[intel.Key]string{}
	for k, text := range texts {
		if p, err := stix.ParsePattern(text); err == nil && !everyComparison(p.Root, byValue) {
			out[k] = text
		}
	}
	return out
}

// inFields says that one of the patterns compares the text of a field that is no value:
// some formats join or decode it, so that it need not stand in the record.
func inFields(texts map[intel.Key]string) bool {
	verbatim := func(c stix.Comparison) bool {
		return valued(c.Path) || !slices.ContainsFunc(c.Values, func(v stix.Value) bool { return v.Kind == stix.String })
	}
	for _, text := range texts {
		if p, err := stix.ParsePattern(text); err == nil && !everyComparison(p.Root, verbatim) {
			return true
		}
	}
	return false
}

// everyComparison says that fn holds of all comparisons of a pattern.
func everyComparison(o stix.Observation, fn func(stix.Comparison) bool) bool {
	var every func(stix.Expr) bool
	every = func(x stix.Expr) bool {
		switch x := x.(type) {
		case stix.Logic:
			return !slices.ContainsFunc(x.Terms, func(t stix.Expr) bool { return !every(t) })
		case stix.Comparison:
			return fn(x)
		}
		return false
	}
	switch o := o.(type) {
	case stix.Observed:
		return every(o.Expr)
	case stix.Qualified:
		return everyComparison(o.Of, fn)
	case stix.Combined:
		return !slices.ContainsFunc(o.Terms, func(t stix.Observation) bool { return !everyComparison(t, fn) })
	}
	return false
}

// byValue says that whatever satisfies a comparison holds a value, noted as such, with one
// of its texts in it.
func byValue(c stix.Comparison) bool { return !c.Negated && valued(c.Path) && telling(c) }

// valued says that what a path leads to is noted as a value, of every event.
func valued(p stix.Path) bool {
	if len(p.Steps) == 0 {
		return false
	}
	switch p.Object {
	case "ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "mac-addr":
		return len(p.Steps) == 1 && p.Steps[0].Name == "value"
	case "network-traffic":
		return len(p.Steps) == 2 && (p.Steps[0].Name == "src_ref" || p.Steps[0].Name == "dst_ref") && p.Steps[1].Name == "value"
	case "file", "x509-certificate":
		return p.Steps[0].Name == "hashes"
	}
	return false
}

// leastNamed is how long a text must be for values to be searched for it.
const leastNamed = 3

// telling says that a comparison names texts that values can be searched for.
func telling(c stix.Comparison) bool {
	for _, v := range c.Values {
		longest := len(v.Text)
		switch c.Op {
		case stix.Equal, stix.In:
		case stix.Like:
			longest = 0
			for _, run := range strings.FieldsFunc(v.Text, func(r rune) bool { return r == '%' || r == '_' }) {
				longest = max(longest, len(run))
			}
		default:
			return false
		}
		if v.Kind != stix.String || longest < leastNamed {
			return false
		}
	}
	return len(c.Values) > 0
}

// both looks in a part for what is sought, by values and in text.
func (r *Retro) both(ctx context.Context, p telemetry.Part, from, until telemetry.Seq, x sought, pick telemetry.Pick) (telemetry.Sifted, error) {
	s, err := r.siftPart(ctx, p, from, until, pick)
	if err != nil || x.text.Len() == 0 {
		return s, err
	}
	text, err := r.textPart(ctx, p, from, until, x.text)
	s.Seqs = append(s.Seqs, text.Seqs...)
	slices.Sort(s.Seqs)
	s.Seqs = slices.Compact(s.Seqs)
	s.Left, s.Missed = s.Left+text.Left, max(s.Missed, text.Missed)
	return s, err
}

// inText looks for patterns in the text of records. What they remember of several events
// is kept with the job.
func (l *retroLook) inText(ctx context.Context, from, until telemetry.Seq, set *pattern.Set) error {
	l.text = set
	if l.job.Memory != "" {
		if err := l.watch.Restore([]byte(l.job.Memory)); err != nil {
			l.Log.WarnContext(ctx, "the patterns over several events of a look back begin anew", "job", l.job.ID, "error", err)
		}
	}
	err := l.eachPart(ctx, from, until, func(ctx context.Context, p telemetry.Part) (telemetry.Sifted, error) {
		return l.textPart(ctx, p, from, until, set)
	}, l.part)
	if err == nil {
		l.job.Memory = ""
	}
	return err
}

// textPart returns the records of a part of which a pattern of a set says something.
func (r *Retro) textPart(ctx context.Context, p telemetry.Part, from, until telemetry.Seq, set *pattern.Set) (s telemetry.Sifted, err error) {
	look := textLook{set: set, decoder: r.Decoder}
	from, until = max(from, p.First), min(until, p.End-1)
	for from <= until {
		if err := r.give(ctx); err != nil {
			return s, err
		}
		records, err := r.History.Read(ctx, from, readBatch)
		if errs.CodeOf(err) == "history_damaged" {
			s.Missed++
			from++
			continue
		}
		if err != nil {
			return s, err
		}
		next := until + 1
		if len(records) > 0 {
			next = min(records[0].Seq, until+1)
		}
		s.Missed += telemetry.Missing(r.History, from, next)
		for i := range records {
			if records[i].Seq > until {
				break
			}
			if look.at(&records[i]) {
				s.Seqs = append(s.Seqs, records[i].Seq)
			}
			next = records[i].Seq + 1
		}
		from = next
	}
	if over := len(s.Seqs) - retroPart; over > 0 {
		s.Left, s.Seqs = over, s.Seqs[over:]
	}
	return s, nil
}

// textLook holds records against patterns, most of them before they are read. It
// belongs to one goroutine.
type textLook struct {
	set     *pattern.Set
	decoder *Decoder
	sights  []pattern.Sight
}

// at says that a pattern says something of a record.
func (l *textLook) at(r *telemetry.Stored) bool {
	if !l.may(r) {
		return false
	}
	ev, ok := l.decoder.Decode(*r)
	if !ok {
		return false
	}
	l.sights = l.set.Look(&ev, l.sights[:0])
	return len(l.sights) > 0
}

// verbatim is the formats of which every field has a text as it stands in the record.
var verbatim = [...]string{"ecs", "json", "suricata", "windows", "zeek"}

// may says that the text of a pattern may be in a record. It is told from the record
// only where an event has its text as it stands there: not where it carries another.
func (l *textLook) may(r *telemetry.Stored) bool {
	raw := r.Raw
	if len(raw) == 0 || raw[0] != '{' || bytes.IndexByte(raw, '&') >= 0 {
		return true
	}
	name, ok := l.decoder.rec.Whole(raw, r.Format)
	return !ok || !slices.Contains(verbatim[:], name) || l.set.May(raw)
}
