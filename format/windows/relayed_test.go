package windows_test

import (
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/event"
)

// TestRelayed reads events that came by syslog, flattened or with their control
// characters written out.
func TestRelayed(t *testing.T) {
	for _, tt := range []struct {
		name, record string
		want         map[string]string
	}{
		{
			"Eventlog-to-Syslog", `<14>Mar  2 10:00:00 pc7 Security-Auditing: 4624: AUDIT_SUCCESS An account was successfully logged on. Subject: Security ID: S-1-5-18 Account Name: PC7$ Account Domain: WORKGROUP Logon ID: 0x3e7 Logon Type: 10 New Logon: Security ID: S-1-5-21-1 Account Name: mia Account Domain: ACME Logon ID: 0x8b32b5 Process Information: Process ID: 0x820 Process Name: C:\Program Files\a b.exe Network Information: Workstation Name: PC9 Source Network Address: 203.0.113.4 Source Port: 51000 Detailed Authentication Information: Logon Process: User32`,
			map[string]string{"event.action": "logged-in", "event.outcome": "success", "host.name": "pc7", "user.name": "mia", "user.domain": "ACME", "source.ip": "203.0.113.4", "winlog.event_data.LogonType": "10", "winlog.event_data.SubjectUserName": "PC7$", "winlog.event_data.ProcessName": `C:\Program Files\a b.exe`},
		},
		{
			"EventReporter", `<133>Mar  2 10:00:00 dc1 EvntSLog: [AUF] Mon Mar 02 10:00:00 2026: N\A/Security/DC1.acme.example/Microsoft-Windows-Security-Auditing (4625) - An account failed to log on.  Subject:  Account Name: -  Account For Which Logon Failed:  Account Name: mia  Account Domain: ACME  Failure Information:  Status: 0xc000006d  Network Information:  Source Network Address: 203.0.113.4`,
			map[string]string{"event.action": "logon-failed", "event.outcome": "failure", "host.name": "DC1.acme.example", "user.name": "mia", "source.ip": "203.0.113.4", "winlog.channel": "Security"},
		},
		{
			"EventReporter, a channel with a slash", `[INF] Mon Mar 02 10:00:00 2026: ACME\mia/Microsoft-Windows-Sysmon/Operational/pc7/Microsoft-Windows-Sysmon (22) - Dns query:  QueryName: bad.example  Image: C:\x.exe`,
			map[string]string{"event.action": "dns-query", "host.name": "pc7", "dns.question.name": "bad.example", "process.executable": `C:\x.exe`},
		},
		{
			"Snare through rsyslog", "<14>Mar  2 10:00:00 dc1 MSWinEventLog#0111#011Security#01142#011Mon Mar 02 10:00:00 2026#0114625#011Microsoft-Windows-Security-Auditing#011N/A#011N/A#011Failure Audit#011DC1#011Logon#011#011An account failed to log on.#015#012#015#012Subject:#015#012#011Account Name:#011#011-#015#012#015#012Account For Which Logon Failed:#015#012#011Account Name:#011#011mia#015#012#011Account Domain:#011#011ACME#015#012#015#012Network Information:#015#012#011Source Network Address:#011203.0.113.4#01199",
			map[string]string{"event.action": "logon-failed", "user.name": "mia", "user.domain": "ACME", "source.ip": "203.0.113.4", "host.name": "DC1"},
		},
		{
			"XML through rsyslog", `<14>Mar  2 10:00:00 pc7 sysmon: <Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>#012  <System>#012    <Provider Name='Microsoft-Windows-Sysmon'/>#012    <EventID>1</EventID><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>pc7</Computer>#012  </System>#012  <EventData>#012    <Data Name='Image'>C:\x.exe</Data><Data Name='CommandLine'>x.exe#011-k#011bad.example</Data>#012</EventData></Event>`,
			map[string]string{"event.action": "process-created", "process.command_line": "x.exe\t-k\tbad.example", "host.name": "pc7"},
		},
		{
			"XML with a colour", `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>pc7</Computer></System><EventData><Data Name='CommandLine'>paint #012345</Data></EventData></Event>`,
			map[string]string{"process.command_line": "paint #012345"},
		},
	} {
		each(t, strings.NewReader(tt.record), "f", func(ev *event.Event) {
			if ev.Format != "windows" {
				t.Errorf("%s: read as %s", tt.name, ev.Format)
			}
			for field, want := range tt.want {
				if got := ev.Fields.String(field); got != want {
					t.Errorf("%s: %s is %q, want %q", tt.name, field, got, want)
				}
			}
		})
	}
}

// TestRelayedStay: lines that only resemble such events are none.
func TestRelayedStay(t *testing.T) {
	for _, record := range []string{"4624: AUDIT_NONE x", "x4624: AUDIT_SUCCESS x", "462400: AUDIT_SUCCESS x", "[INF] started (4) - ok", "[ERR] Mon Mar 02 10:00:00 2026: worker (12) - failed", "[INF] ) - "} {
		each(t, strings.NewReader(record), "f", func(ev *event.Event) {
			if ev.Format == "windows" {
				t.Errorf("%s: read as %s", record, ev.Format)
			}
		})
	}
}

// TestRelayedHostile: labels and control characters without end are read once.
func TestRelayedHostile(t *testing.T) {
	for _, unit := range []string{"Account Name: ", "a: ", ": ", "Subject: x", "#011", "#015#012Account Name:", "a b c d e f:"} {
		for _, head := range []string{"4624: AUDIT_SUCCESS ", "[AUF] Mon Mar 02 10:00:00 2026: N\\A/Security/DC1/P (4625) - ", "MSWinEventLog#0111#011Security#01142#011x#0114625#011P#011N/A#011N/A#011Failure Audit#011DC1#011Logon#011#011"} {
			events := 0
			each(t, strings.NewReader(head+strings.Repeat(unit, 900_000/len(unit))), "f", func(*event.Event) { events++ })
			if events != 1 {
				t.Errorf("%.20s %s: %d events", head, unit, events)
			}
		}
	}
}
