package described

import (
	"time"

	"github.com/vedette-soc/vedette/format"
)

// moment is format.Moment with layouts of a description's own, which come first.
func moment(v any, layouts []string, arrival func() time.Time) (time.Time, bool) {
	if s, ok := format.First(v).(string); ok && len(layouts) > 0 {
		if s, ok := format.MomentText(s); ok {
			at, offset, _ := format.CutZone(s)
			if t, ok := laid(at, layouts, arrival); ok {
				return t.Add(-offset), true
			}
			if t, ok := laid(s, layouts, arrival); ok {
				return t, true
			}
		}
	}
	return format.Moment(v, arrival)
}

// laid reads a time in the first layout that fits; of several, as of days and months in
// either order, one by which it is within a day of arrival comes first.
func laid(s string, layouts []string, arrival func() time.Time) (first time.Time, found bool) {
	for _, l := range layouts {
		t, err := time.Parse(l, s)
		if err != nil {
			continue
		}
		if len(layouts) == 1 || arrival == nil || arrival().Sub(t).Abs() < 24*time.Hour {
			return t.UTC(), true
		}
		if !found {
			first, found = t.UTC(), true
		}
	}
	return first, found
}
