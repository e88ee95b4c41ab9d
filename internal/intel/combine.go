package intel

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// usual is the confidence of a claim that states none.
const usual = 50

// join unites two claims of one source about the same value.
func join(a, b indicator.Claim) indicator.Claim {
	a.Names = union(a.Names, b.Names)
	a.Tags = union(a.Tags, b.Tags)
	a.Confidence = max(cmp.Or(a.Confidence, usual), cmp.Or(b.Confidence, usual))
	a.TLP = max(a.TLP, b.TLP)
	a.KillChain = cmp.Or(a.KillChain, b.KillChain)
	a.Layer = cmp.Or(a.Layer, b.Layer)
	a.Comment, a.Reference, a.ExternalID = cmp.Or(a.Comment, b.Comment), cmp.Or(a.Reference, b.Reference), cmp.Or(a.ExternalID, b.ExternalID)
	if b.LastSeen.After(a.LastSeen) {
		a.LastSeen = b.LastSeen
	}
	if b.ValidUntil.After(a.ValidUntil) {
		a.ValidUntil = b.ValidUntil
	}
	return a
}

// stated is what c says of k.
func stated(k Key, source string, run RunKey, c indicator.Claim, now time.Time) AssertionRow {
	mine := AssertionRow{Key: k, Tags: c.Tags, TLP: c.TLP, Layer: c.Layer, KillChain: c.KillChain, ValidFrom: c.ValidFrom, Until: c.ValidUntil, Run: run}
	mine.Source, mine.FirstAdded, mine.LastSeen, mine.Since = source, now, now, now
	if !c.LastSeen.IsZero() { // the source's own clock counts, but never the future
		mine.LastSeen = earlier(c.LastSeen, now)
	}
	mine.Confidence = cmp.Or(c.Confidence, usual)
	mine.Names, mine.Comment, mine.Reference, mine.ExternalID = c.Names, c.Comment, c.Reference, c.ExternalID
	return mine
}

// assert puts what c says into the assertions about k.
func assert(said []AssertionRow, k Key, source string, run RunKey, c indicator.Claim, now time.Time) (all []AssertionRow, mine AssertionRow) {
	mine = stated(k, source, run, c, now)
	for i, a := range said {
		if a.Source == source {
			mine.FirstAdded = a.FirstAdded
			if a.Run == run { // one run may name a value in several batches
				mine = both(a, mine)
			}
			said[i] = mine
			return said, mine
		}
	}
	mine.Fresh = true
	return append(said, mine), mine
}

// find returns what a source says.
func find(said []AssertionRow, source string) (AssertionRow, bool) {
	for _, a := range said {
		if a.Source == source {
			return a, true
		}
	}
	return AssertionRow{}, false
}

// replace puts what a source says in the place of what it said.
func replace(said []AssertionRow, by AssertionRow) {
	for i := range said {
		if said[i].Source == by.Source {
			said[i] = by
		}
	}
}

// repeats reports whether b says nothing that a did not, apart from a confirmation
// less than a day younger.
func repeats(a, b AssertionRow) bool {
	return a.Mark == b.Mark && b.LastSeen.Sub(a.LastSeen).Abs() < 24*time.Hour && !a.Withdrawn
}

// sameWords reports whether two claims say the same; when they were confirmed does
// not count.
func sameWords(a, b AssertionRow) bool {
	return a.Confidence == b.Confidence && a.TLP == b.TLP && a.Layer == b.Layer && a.KillChain == b.KillChain && a.Comment == b.Comment && a.Reference == b.Reference &&
		a.ExternalID == b.ExternalID && slices.Equal(a.Names, b.Names) && slices.Equal(a.Tags, b.Tags) && a.ValidFrom.Equal(b.ValidFrom) && a.Until.Equal(b.Until) &&
		a.Withdrawn == b.Withdrawn
}

// both unites what one run of a source says of a value in two places.
func both(a, b AssertionRow) AssertionRow {
	b.Names, b.Tags = union(a.Names, b.Names), union(a.Tags, b.Tags)
	b.Confidence, b.TLP = max(a.Confidence, b.Confidence), max(a.TLP, b.TLP)
	b.KillChain, b.Layer = cmp.Or(a.KillChain, b.KillChain), cmp.Or(a.Layer, b.Layer)
	b.Comment, b.Reference, b.ExternalID = cmp.Or(a.Comment, b.Comment), cmp.Or(a.Reference, b.Reference), cmp.Or(a.ExternalID, b.ExternalID)
	b.LastSeen, b.Until = latest(a.LastSeen, b.LastSeen), latest(a.Until, b.Until)
	b.ValidFrom = cmp.Or(a.ValidFrom, b.ValidFrom)
	return b
}

// combine derives the indicator from what all sources say and what was met here;
// see [trust.reckon] for confidence and expiry. The TLP is the most restrictive.
// An analyst's pin keeps confidence, expiry and revocation as they are.
func (t trust) combine(row Row, said []AssertionRow) Row {
	claimed := false
	names, tags := row.Names[:0:0], row.Tags[:0:0]
	var first, last, from time.Time
	row.TLP, row.KillChain, row.Layer = indicator.TLPUnknown, "", ""
	slices.SortStableFunc(said, func(a, b AssertionRow) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Source, b.Source))
	})
	for _, a := range said {
		first = earliest(first, a.FirstAdded)
		names, tags = union(names, a.Names), union(tags, a.Tags)
		row.TLP = max(row.TLP, a.TLP)
		row.KillChain = cmp.Or(row.KillChain, a.KillChain)
		row.Layer = cmp.Or(row.Layer, a.Layer)
		from = earliest(from, a.ValidFrom)
		last = latest(last, a.LastSeen)
		claimed = claimed || !a.Withdrawn
	}
	row.Names, row.Tags = names, tags
	row.Layer = cmp.Or(row.Layer, indicator.DefaultLayer(row.Type))
	row.FirstSeen, row.LastSeen, row.ValidFrom = first, last, from
	row.Claimed = claimed
	if row.PinnedBy == "" && claimed {
		r := t.reckon(row.Type, said, row.Sighting, false)
		row.Confidence, row.ValidUntil = r.Confidence, r.Until
	}
	return row
}

// same reports whether nothing that is stored differs, apart from a confirmation
// less than a day younger: it would rewrite every row on every poll.
func same(a, b Row) bool {
	return a.Confidence == b.Confidence && a.TLP == b.TLP && a.KillChain == b.KillChain && a.Layer == b.Layer && a.Claimed == b.Claimed &&
		a.Revoked == b.Revoked && slices.Equal(a.Names, b.Names) && slices.Equal(a.Tags, b.Tags) &&
		b.LastSeen.Sub(a.LastSeen).Abs() < 24*time.Hour && b.ValidUntil.Sub(a.ValidUntil).Abs() < 24*time.Hour && a.ValidFrom.Equal(b.ValidFrom)
}

// union returns a with the elements of b that it lacks, compared without case.
func union(a, b []string) []string {
	out := a
	for _, v := range b {
		if v = strings.TrimSpace(v); v != "" && !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, v) }) {
			out = append(out[:len(out):len(out)], v)
		}
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// earliest and latest ignore zero times.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
