package main

import (
	"testing"

	"github.com/vedette-soc/vedette/internal/realdata"
)

// TestDetectReadsOnlyWhatCounts: on real events and all public rules, matches,
// their reasons and complaints are the same to the byte whether detect reads every
// event or only those that a rule matches by their bytes.
func TestDetectReadsOnlyWhatCounts(t *testing.T) {
	if testing.Short() {
		t.Skip("reads real data twice")
	}
	args := []string{"-why", "-rules", realdata.Path(t, "sigma")}
	for _, events := range [][]string{{"suricata", "eve.tar.gz"}, {"panther-tests"}, {"cloudtrail-invictus"}, {"wazuh-logs"}, {"sigma-regression"}, {"otrf", "atomic", "windows", "lateral_movement"}} {
		args = append(args, realdata.Path(t, events...))
	}
	sameAsFull(t, 500, append([]string{"detect"}, args...)...)
}
