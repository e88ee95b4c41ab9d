package content_test

import (
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// readFile reads a log, compressed or not.
func readFile(t *testing.T, name string) []event.Event {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	r, err := format.NewReader(in, name, recogniser(t), format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []event.Event
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ev)
	}
}

// TestWazuhDeclared: a Windows event in an alert of Wazuh is read as one of Windows, and
// where its sender is declared to be Wazuh as what Wazuh says of it.
func TestWazuhDeclared(t *testing.T) {
	record := []byte(`{"timestamp":"2026-03-02T10:00:00.000+0000","rule":{"level":3,"description":"Process","id":"61603","groups":["sysmon"]},"agent":{"id":"003","name":"ws9"},"manager":{"name":"m"},"decoder":{"name":"windows_eventchannel"},"data":{"win":{"system":{"eventID":"1","channel":"Microsoft-Windows-Sysmon/Operational"},"eventdata":{"image":"C:\\\\Windows\\\\System32\\\\net.exe","commandLine":"net use \\\\\\\\srv\\\\c$","parentImage":"C:\\Windows\\cmd.exe","user":"CORP\\\\bob"}}},"location":"EventChannel"}`)
	for declared, want := range map[string]string{"": "windows", "wazuh": "wazuh"} {
		s, err := recogniser(t).Stream(declared)
		if err != nil {
			t.Fatal(err)
		}
		ev, ok, err := s.Decode(record)
		if err != nil || !ok || ev.Format != want {
			t.Fatalf("declared %q: format %s, %v", declared, ev.Format, err)
		}
		for field, want := range map[string]string{
			"process.executable": `C:\Windows\System32\net.exe`, "process.command_line": `net use \\srv\c$`, "process.parent.executable": `C:\Windows\cmd.exe`,
			"host.name": "ws9", "event.kind": "alert", "rule.name": "Process",
		} {
			if got := ev.Fields.String(field); got != want {
				t.Errorf("declared %q: %s is %q, want %q", declared, field, got, want)
			}
		}
	}
}

// TestAuditPieces: an argument of very many pieces is put together once, not once more
// with each.
func TestAuditPieces(t *testing.T) {
	const pieces = 80_000
	ev := one(t, recogniser(t), "type=EXECVE msg=audit(1772445600.000:1): argc=2 a0=\"x\""+strings.Repeat(" a1[0]=4142", pieces))
	if args := ev.Fields.Strings("process.args"); len(args) != 2 || args[1] != strings.Repeat("AB", pieces) {
		t.Errorf("%d arguments, the last of %d bytes", len(args), len(args[len(args)-1]))
	}
}
