package evtx_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format/evtxtest"
)

// TestShapes: one event as EVTX, and as three kinds of shippers send it, is one
// event in ECS.
func TestShapes(t *testing.T) {
	const sysmon = "Microsoft-Windows-Sysmon/Operational"
	const own = `"UtcTime":"2026-03-02 09:00:00.000","ProcessId":"4460","Image":"C:\\Windows\\a.exe","CommandLine":"a.exe /c","User":"LAB\\kim"`
	var w evtxtest.Writer
	w.Add(evtxtest.Process(7, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), `C:\Windows\a.exe`, "a.exe /c"))
	shapes := map[string]io.Reader{
		"evtx":   bytes.NewReader(w.Bytes()),
		"nested": strings.NewReader(`{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon"}},"EventID":1,"Level":4,"Channel":"` + sysmon + `","Computer":"ws5"},"EventData":{` + own + `}}}`),
		"flat":   strings.NewReader(`{"SourceName":"Microsoft-Windows-Sysmon","EventID":1,"Level":"4","Channel":"` + sysmon + `","Hostname":"ws5",` + own + `}`),
		"beat":   strings.NewReader(`{"@timestamp":"2026-03-02T09:00:00.000Z","log":{"level":"information"},"winlog":{"provider_name":"Microsoft-Windows-Sysmon","event_id":1,"channel":"` + sysmon + `","computer_name":"ws5","event_data":{` + own + `}}}`),
	}
	want := event.Fields{
		"event.kind": "event", "event.module": "windows", "event.dataset": "windows.sysmon_operational", "event.code": "1",
		"event.provider": "Microsoft-Windows-Sysmon", "event.action": "process-created", "event.category": []string{"process"}, "event.type": []string{"start"},
		"host.name": "ws5", "log.level": "information", "user.name": "kim", "user.domain": "LAB",
		"process.executable": `C:\Windows\a.exe`, "process.name": "a.exe", "process.pid": int64(4460), "process.command_line": "a.exe /c",
	}
	for name, in := range shapes {
		events, bad := read(t, in, name)
		if len(events) != 1 || len(bad) > 0 {
			t.Fatalf("%s: %d events, %v", name, len(events), bad)
		}
		got := event.Fields{}
		for field, v := range events[0].Fields {
			if !strings.HasPrefix(field, "winlog.") {
				got[field] = v
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
		if at := events[0].Time.Format(time.RFC3339Nano); at != "2026-03-02T09:00:00Z" {
			t.Errorf("%s: at %s", name, at)
		}
	}
}
