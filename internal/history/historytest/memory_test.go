package historytest_test

import (
	"testing"

	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

func TestMemory(t *testing.T) {
	kept := map[string]*historytest.Memory{}
	historytest.Run(t, func(_ testing.TB, dir string) telemetry.History {
		if kept[dir] == nil {
			kept[dir] = new(historytest.Memory)
		}
		return kept[dir]
	})
}
