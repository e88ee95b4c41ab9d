package intel

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// Annals keeps what was said before it changed.
type Annals interface {
	// Past returns what is kept of a key: what it was, and what sources said of it.
	Past(ctx context.Context, k Key) ([]PastRow, []PastAssertion, error)
}

// PastRow is an indicator as it was from Since until Ended. Of the Row only Since,
// Confidence, ValidUntil, Revoked, Claimed and PinnedBy are kept.
type PastRow struct {
	Row
	Ended time.Time
}

// PastAssertion is what a source said from Since until Ended.
type PastAssertion struct {
	AssertionRow
	Ended time.Time
}

// Then is what was known of a value at a time.
type Then struct {
	At         time.Time             `json:"at"`
	ID         string                `json:"id"`
	State      string                `json:"state"` // "live", "expired", "revoked", "withdrawn", "unknown"
	Confidence *int                  `json:"confidence,omitempty"`
	ValidUntil time.Time             `json:"valid_until,omitzero"` // as the models in use reckon it
	PinnedBy   string                `json:"pinned_by,omitempty"`
	Names      []string              `json:"names,omitempty"`
	Sources    []indicator.Assertion `json:"sources,omitempty"`    // that claimed it
	Unrecorded []string              `json:"unrecorded,omitempty"` // what cannot be told, and why
}

// Then returns what was known of a value at a time. Where the history was not kept,
// it says so.
func (s *Service) Then(ctx context.Context, t indicator.Type, value string, at time.Time) (Then, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Then{}, err
	}
	if at.After(s.now()) {
		return Then{}, errs.New(errs.Invalid, "time_ahead", "%s is still to come; ask for a time that has passed.", at.UTC().Format(time.RFC3339))
	}
	k := KeyOf(t, value)
	rows, said, err := s.store.Load(ctx, []Key{k})
	if err != nil {
		return Then{}, err
	}
	out := Then{At: at.UTC(), ID: indicator.ID(t, value), State: "unknown"}
	row, ok := rows[k]
	if !ok || row.FirstSeen.After(at) {
		return out, nil
	}
	pastRows, pastSaid, err := s.store.Past(ctx, k)
	if err != nil {
		return out, err
	}
	claims := out.claims(said[k], pastSaid)
	s.merging.Lock()
	defer s.merging.Unlock()
	if err := s.readSettled(ctx); err != nil {
		return out, err
	}
	out.judge(row, pastRows, s.trust.reckon(t, claims, Sighting{}, false))
	return out, nil
}

// claims returns what each source said, and notes where that was not kept.
func (o *Then) claims(now []AssertionRow, past []PastAssertion) []AssertionRow {
	var out []AssertionRow
	for _, a := range now {
		versions := []PastAssertion{{AssertionRow: a}}
		for _, p := range past {
			if p.Source == a.Source {
				versions = append(versions, p)
			}
		}
		slices.SortFunc(versions, func(x, y PastAssertion) int { return x.Since.Compare(y.Since) })
		switch v, ok := standing(versions, o.At); {
		case ok && !v.Withdrawn:
			v.FirstAdded, v.LastSeen = a.FirstAdded, earlier(v.LastSeen, o.At)
			out = append(out, v.AssertionRow)
		case !ok && !a.FirstAdded.After(o.At):
			o.Unrecorded = append(o.Unrecorded, fmt.Sprintf("%s had it since %s; what it said was not recorded before %s", a.Source,
				a.FirstAdded.Format(time.RFC3339), versions[0].Since.Format(time.RFC3339)))
		}
	}
	slices.SortStableFunc(out, func(a, b AssertionRow) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Source, b.Source))
	})
	for _, a := range out {
		o.Names = union(o.Names, a.Names)
		o.Sources = append(o.Sources, a.Assertion)
	}
	return out
}

// standing returns the version in force at a time.
func standing(versions []PastAssertion, at time.Time) (PastAssertion, bool) {
	for _, v := range slices.Backward(versions) {
		if !v.Since.After(at) {
			return v, v.Ended.IsZero() || v.Ended.After(at)
		}
	}
	return PastAssertion{}, false
}

// judge tells what the claims amounted to.
func (o *Then) judge(now Row, past []PastRow, r Reckoning) {
	was, ok := now, !now.Since.After(o.At)
	first := now.Since
	for _, p := range past {
		if first.After(p.Since) {
			first = p.Since
		}
		if !p.Since.After(o.At) && p.Ended.After(o.At) {
			was, ok = p.Row, true
		}
	}
	o.ValidUntil = r.Until
	if ok {
		o.Confidence, o.PinnedBy = &was.Confidence, was.PinnedBy
		if was.PinnedBy != "" {
			o.ValidUntil = was.ValidUntil
		}
	} else {
		o.Unrecorded = append(o.Unrecorded, "its confidence was not recorded before "+first.Format(time.RFC3339))
	}
	switch {
	case ok && was.Revoked:
		o.State = "revoked"
	case ok && !was.Claimed || !ok && len(o.Sources) == 0 && len(o.Unrecorded) == 1:
		o.State = "withdrawn"
	case len(o.Sources) == 0 && o.PinnedBy == "":
		o.State = "unknown"
	case !o.ValidUntil.IsZero() && !o.ValidUntil.After(o.At):
		o.State = "expired"
	default:
		o.State = "live"
	}
}
