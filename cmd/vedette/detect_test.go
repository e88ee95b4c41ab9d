package main

import (
	"bytes"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	run := func(flags ...string) (stdout, stderr []byte) {
		var out, complaints bytes.Buffer
		cmd := exec.Command("vedette", append(append([]string{"detect"}, flags...), args...)...)
		cmd.Stdout, cmd.Stderr = &out, &complaints
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, &complaints)
		}
		return out.Bytes(), complaints.Bytes()
	}
	full, complaints := run("-full")
	some, same := run()
	if !bytes.Equal(full, some) {
		t.Errorf("%d bytes of matches when every event is read, %d when some are", len(full), len(some))
	}
	if d := cmp.Diff(string(complaints), string(same)); d != "" {
		t.Errorf("-every event +some:\n%s", d)
	}
	if n := bytes.Count(full, []byte("\n")); n < 500 {
		t.Errorf("only %d matches: the test has lost its bite", n)
	}
}
