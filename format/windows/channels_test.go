package windows_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format/windows"
)

// TestChannels: who comes from where, and what was found, in the channels of single
// services. UserData stands below its element or, as Winlogbeat has it, without.
func TestChannels(t *testing.T) {
	const ts = "Microsoft-Windows-TerminalServices-"
	for name, c := range map[string]struct {
		provider string
		id       int64
		in, want event.Fields
	}{
		"RDP session": {
			ts + "LocalSessionManager", 21,
			event.Fields{"winlog.user_data.EventXML.User": `ACME\mia`, "winlog.user_data.EventXML.Address": "203.0.113.4"},
			event.Fields{"user.name": "mia", "user.domain": "ACME", "source.ip": "203.0.113.4", "event.action": "remote-logged-in", "event.outcome": "success"},
		},
		"RDP session, Winlogbeat": {
			ts + "LocalSessionManager", 25,
			event.Fields{"winlog.user_data.User": `ACME\mia`, "winlog.user_data.Address": "LOCAL"},
			event.Fields{"user.name": "mia", "user.domain": "ACME", "event.action": "session-reconnected"},
		},
		"RDP authentication": {
			ts + "RemoteConnectionManager", 1149,
			event.Fields{"winlog.user_data.EventXML.Param1": "mia", "winlog.user_data.EventXML.Param2": "ACME", "winlog.user_data.EventXML.Param3": "fe80::1%11"},
			event.Fields{"user.name": "mia", "user.domain": "ACME", "source.ip": "fe80::1", "event.action": "remote-authentication"},
		},
		"RDP connection": {
			"Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 131,
			event.Fields{"winlog.event_data.ConnType": "TCP", "winlog.event_data.ClientIP": "[2001:db8::7]:36160"},
			event.Fields{"source.ip": "2001:db8::7", "source.port": int64(36160), "event.action": "connection-accepted"},
		},
		"RDP refused": {
			"Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 140,
			event.Fields{"winlog.event_data.IPString": "203.0.113.4"},
			event.Fields{"source.ip": "203.0.113.4", "event.action": "logon-failed", "event.outcome": "failure"},
		},
		"RDP gateway": {
			ts + "Gateway", 301,
			event.Fields{"winlog.user_data.EventInfo.Username": `ACME\mia`, "winlog.user_data.EventInfo.IpAddress": "203.0.113.4:63913", "winlog.user_data.EventInfo.Resource": "db1.acme.example"},
			event.Fields{
				"user.name": "mia", "user.domain": "ACME", "source.ip": "203.0.113.4", "source.port": int64(63913), "destination.domain": "db1.acme.example",
				"event.action": "gateway-denied", "event.outcome": "failure",
			},
		},
		"RDP client": {
			ts + "ClientActiveXCore", 1024,
			event.Fields{"winlog.event_data.Name": "Server Name", "winlog.event_data.Value": "203.0.113.4"},
			event.Fields{"destination.ip": "203.0.113.4", "event.action": "remote-connection"},
		},
		"BITS": {
			"Microsoft-Windows-Bits-Client", 59,
			event.Fields{"winlog.event_data.url": "http://evil.example/x"},
			event.Fields{"url.full": "http://evil.example/x", "event.action": "transfer-started"},
		},
		"BITS, from a file": {
			"Microsoft-Windows-Bits-Client", 59, event.Fields{"winlog.event_data.url": `C:\x.exe`}, event.Fields{"event.action": "transfer-started"},
		},
		"Defender": {
			"Microsoft-Windows-Windows Defender", 1116,
			event.Fields{
				"winlog.event_data.Threat Name": "HackTool:Win64/X", "winlog.event_data.Severity ID": "4", "winlog.event_data.Detection User": `ACME\mia`, "winlog.event_data.Action Name": "%%887",
				"winlog.event_data.Path": `containerfile:_C:\t\a.zip; file:_C:\t\a.zip->x.exe; webfile:_C:\t\a.zip|https://evil.example/a.zip|pid:1`, "winlog.event_data.Process Name": `C:\Windows\explorer.exe`,
			},
			event.Fields{
				"event.kind": "alert", "event.module": "microsoft_defender", "rule.name": "HackTool:Win64/X", "event.severity": int64(8), "user.name": "mia", "user.domain": "ACME", "file.path": `C:\t\a.zip`, "file.name": "a.zip",
				"process.executable": `C:\Windows\explorer.exe`, "process.name": "explorer.exe", "event.action": "malware-found",
			},
		},
		"Defender, attack surface": {
			"Microsoft-Windows-Windows Defender", 1121,
			event.Fields{
				"winlog.event_data.ID": "{D4F940AB-401B-4EFC-AADC-AD5F3C50688A}", "winlog.event_data.User": `ACME\mia`, "winlog.event_data.Path": `C:\t\x.exe`, "winlog.event_data.Process Name": `C:\Office\winword.exe`,
			},
			event.Fields{
				"event.kind": "alert", "event.module": "microsoft_defender", "rule.name": "Attack surface reduction", "rule.id": "{D4F940AB-401B-4EFC-AADC-AD5F3C50688A}", "user.name": "mia", "user.domain": "ACME",
				"file.path": `C:\t\x.exe`, "file.name": "x.exe", "process.executable": `C:\Office\winword.exe`, "process.name": "winword.exe", "event.action": "attack-surface-rule-blocked",
			},
		},
		"SMB": {
			"Microsoft-Windows-SMBServer", 551,
			event.Fields{"winlog.user_data.EventData.UserName": "mia", "winlog.user_data.EventData.ClientName": `\\203.0.113.4`},
			event.Fields{"user.name": "mia", "source.ip": "203.0.113.4", "event.action": "logon-failed", "event.outcome": "failure"},
		},
		"sshd": {
			"OpenSSH", 4,
			event.Fields{"winlog.event_data.process": "sshd", "winlog.event_data.payload": "Failed password for invalid user a from 198.51.100.1 port 1 ssh2 from 203.0.113.4 port 60096 ssh2"},
			event.Fields{
				"user.name": "a from 198.51.100.1 port 1 ssh2", "source.ip": "203.0.113.4", "source.port": int64(60096), "event.action": "logon-failed", "event.outcome": "failure", "process.name": "sshd",
				"event.reason": "Failed password for invalid user a from 198.51.100.1 port 1 ssh2 from 203.0.113.4 port 60096 ssh2",
			},
		},
		"SQL Server": {
			"MSSQL$SALES", 18456,
			event.Fields{"winlog.event_data.param1": "sa", "winlog.event_data.param2": " Reason: no", "winlog.event_data.param3": " [CLIENT: 203.0.113.4]"},
			event.Fields{"user.name": "sa", "source.ip": "203.0.113.4", "event.action": "logon-failed", "event.outcome": "failure"},
		},
		"AppLocker": {
			"Microsoft-Windows-AppLocker", 8004,
			event.Fields{"winlog.user_data.RuleAndFileData.FilePath": `%OSDRIVE%\T\X.EXE`, "winlog.user_data.RuleAndFileData.FileHash": strings.Repeat("AB", 32)},
			event.Fields{"file.path": `%OSDRIVE%\T\X.EXE`, "file.name": "X.EXE", "file.hash.sha256": strings.Repeat("ab", 32), "event.action": "execution-denied", "event.outcome": "failure"},
		},
		"firewall": {
			"Microsoft-Windows-Windows Firewall With Advanced Security", 2004,
			event.Fields{"winlog.event_data.RuleName": "r", "winlog.event_data.ModifyingApplication": `C:\x.exe`},
			event.Fields{"rule.name": "r", "process.executable": `C:\x.exe`, "process.name": "x.exe", "event.action": "firewall-changed"},
		},
		"task": {
			"Microsoft-Windows-TaskScheduler", 106,
			event.Fields{"winlog.event_data.TaskName": `\t`, "winlog.event_data.UserContext": `ACME\mia`},
			event.Fields{"user.name": "mia", "user.domain": "ACME", "event.action": "scheduled-task-created"},
		},
		"RADIUS": {
			"Microsoft-Windows-Security-Auditing", 6273,
			event.Fields{"winlog.event_data.SubjectUserName": "mia", "winlog.event_data.CallingStationID": "203.0.113.4", "winlog.event_data.NASIPv4Address": "10.0.0.1", "winlog.keywords": []string{"Audit Failure"}},
			event.Fields{"user.name": "mia", "source.ip": "203.0.113.4", "observer.ip": "10.0.0.1", "event.action": "network-access-denied", "event.outcome": "failure"},
		},
	} {
		in := maps.Clone(c.in)
		in["winlog.provider_name"], in["winlog.event_id"] = c.provider, c.id
		got := windows.Event(in).Fields
		for field, v := range got {
			if strings.HasPrefix(field, "winlog.") || strings.HasPrefix(field, "event.") && c.want[field] == nil && (field != "event.outcome" || v == "") {
				delete(got, field)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}
