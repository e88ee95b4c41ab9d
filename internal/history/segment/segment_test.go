package segment_test

import (
	"testing"

	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// small makes many segments of few records.
var small = segment.Limits{Records: 100, Volume: 3}

func open(t testing.TB, dir string, limits segment.Limits) *segment.History {
	t.Helper()
	h, err := segment.Open(dir, limits, nopLog)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestConformance(t *testing.T) {
	historytest.Run(t, func(t testing.TB, dir string) telemetry.History { return open(t, dir, small) })
}
