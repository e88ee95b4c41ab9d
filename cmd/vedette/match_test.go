package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/realdata"
)

// TestMatchReadsOnlyWhatCounts: on real events, output and complaints are the same
// to the byte whether match reads every event or only those whose raw record may
// touch an indicator.
func TestMatchReadsOnlyWhatCounts(t *testing.T) {
	if testing.Short() {
		t.Skip("reads real data twice")
	}
	// What stands in the data often, in part and seldom, of every type that can
	// be searched for.
	own := filepath.Join(t.TempDir(), "own.txt")
	if err := os.WriteFile(own, []byte("msn.com\nmicrosoft.com\n10.47.0.0/16\n192.168.10.0/28\nfe80::/10\n204.79.197.200\n"+
		"/index.php\n/wp-content\nwinlogon.exe\nteamviewer.com:443\nmaxcdn.bootstrapcdn.com/font-awesome\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-intel", own, "-intel", realdata.Path(t, "feeds", "ipsum.txt.gz")}
	for _, events := range [][]string{{"suricata", "eve.tar.gz"}, {"zeek-wrccdc2018"}, {"panther-tests"}, {"wazuh-logs"}, {"otrf", "atomic", "windows", "lateral_movement"}} {
		args = append(args, realdata.Path(t, events...))
	}
	sameAsFull(t, 1000, append([]string{"match"}, args...)...)
}

// sameAsFull runs a command as it is and with -full: output and complaints must be
// the same to the byte, and have at least so many lines.
func sameAsFull(t *testing.T, least int, args ...string) {
	t.Helper()
	run := func(args ...string) (stdout, stderr []byte) {
		var out, complaints bytes.Buffer
		cmd := exec.Command("vedette", args...)
		cmd.Stdout, cmd.Stderr = &out, &complaints
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, &complaints)
		}
		return out.Bytes(), complaints.Bytes()
	}
	full, complaints := run(append([]string{args[0], "-full"}, args[1:]...)...)
	some, same := run(args...)
	if !bytes.Equal(full, some) {
		t.Errorf("%d bytes of output when every event is read, %d when some are", len(full), len(some))
	}
	if d := cmp.Diff(string(complaints), string(same)); d != "" {
		t.Errorf("-every event +some:\n%s", d)
	}
	if n := bytes.Count(full, []byte("\n")); n < least {
		t.Errorf("only %d lines: the test has lost its bite", n)
	}
}
