package windows_test

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

const told = `Process Create:\r\nRuleName: -\r\nUtcTime: 2025-06-01 17:46:40.000\r\nImage: C:\\W\\whoami.exe\r\nCommandLine: whoami /priv\r\nUser: CORP\\bob\r\nParentImage: C:\\W\\cmd.exe`

// TestCarriers reads one event in every shape in which programs carry it.
func TestCarriers(t *testing.T) {
	want := map[string]any{
		"winlog.channel": "Microsoft-Windows-Sysmon/Operational", "winlog.event_id": int64(1), "winlog.provider_name": "Microsoft-Windows-Sysmon",
		"winlog.event_data.Image": `C:\W\whoami.exe`, "winlog.event_data.CommandLine": "whoami /priv", "winlog.event_data.User": `CORP\bob`, "winlog.event_data.ParentImage": `C:\W\cmd.exe`,
		"host.name": "ws17", "process.executable": `C:\W\whoami.exe`, "process.parent.name": "cmd.exe", "user.name": "bob",
	}
	inXML := `<Data Name='RuleName'>-</Data><Data Name='Image'>C:\\W\\whoami.exe</Data><Data Name='CommandLine'>whoami /priv</Data><Data Name='User'>CORP\\bob</Data><Data Name='ParentImage'>C:\\W\\cmd.exe</Data>`
	members := `{"Image":"C:\\W\\whoami.exe","CommandLine":"whoami /priv","User":"CORP\\bob","ParentImage":"C:\\W\\cmd.exe"}`
	text, err := json.Marshal(`{"EventData":` + members + `}`)
	if err != nil {
		t.Fatal(err)
	}
	listed := `{\"EventData\":{\"Data\":[{\"@Name\":\"Image\",\"#text\":\"C:\\\\W\\\\whoami.exe\"},{\"@Name\":\"CommandLine\",\"#text\":\"whoami /priv\"},{\"@Name\":\"User\",\"#text\":\"CORP\\\\bob\"},{\"@Name\":\"ParentImage\",\"#text\":\"C:\\\\W\\\\cmd.exe\"}]}}`
	values := `"-","2025-06-01 17:46:40.000","{0}",77,"C:\\W\\whoami.exe","1","Who","P","C","whoami.exe","whoami /priv","C:\\","CORP\\bob","{0}","0x3e7",1,"High","MD5=0","{0}",5,"C:\\W\\cmd.exe","cmd","CORP\\eve"`
	for name, record := range map[string]string{
		"Velociraptor, parse_evtx": `{"System":{"Provider":{"Name":"Microsoft-Windows-Sysmon"},"EventID":{"Value":1},"TimeCreated":{"SystemTime":1748800000.123},"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws17"},"EventData":` + members + `,"Message":"x"}`,
		"Velociraptor, artefact":   `{"EventTime":"2025-06-01T17:46:40Z","Computer":"ws17","Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","EventID":1,"EventRecordID":4,"UserSID":"S-1-5-18","EventData":` + members + `,"UserData":null,"Message":""}`,
		"Get-WinEvent":             `{"Id":1,"Version":5,"Level":4,"RecordId":4012,"ProviderName":"Microsoft-Windows-Sysmon","LogName":"Microsoft-Windows-Sysmon/Operational","MachineName":"ws17","UserId":{"Value":"S-1-5-18"},"TimeCreated":"\/Date(1748800000000)\/","LevelDisplayName":"Information","Properties":[{"Value":"-"}],"Message":"` + told + `"}`,
		"Get-WinEvent, values":     `{"Id":1,"RecordId":4012,"ProviderName":"Microsoft-Windows-Sysmon","LogName":"Microsoft-Windows-Sysmon/Operational","MachineName":"ws17","TimeCreated":"2025-06-01T17:46:40+02:00","Properties":[{"Value":` + strings.ReplaceAll(values, ",", `},{"Value":`) + `}],"Message":"Prozess erstellt"}`,
		"Fluent Bit":               `{"ProviderName":"Microsoft-Windows-Sysmon","EventID":1,"Level":4,"Keywords":"0x8000000000000000","TimeCreated":"2025-06-01 17:46:40 +0000","EventRecordID":4,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws17","UserID":"S-1-5-18","Message":"` + told + `","StringInserts":["-"]}`,
		"Fluent Bit, values":       `{"ProviderName":"Microsoft-Windows-Sysmon","EventID":1,"TimeCreated":"2025-06-01 17:46:40 +0000","Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws17","Message":"","StringInserts":[` + values + `]}`,
		"EvtxECmd":                 `{"PayloadData1":"x","Computer":"ws17","Payload":"` + listed + `","Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","EventId":1,"EventRecordId":"4","Level":"Info","TimeCreated":"2025-06-01T17:46:40.0000000+00:00"}`,
		"Azure Monitor":            `{"Source":"Microsoft-Windows-Sysmon","EventLog":"Microsoft-Windows-Sysmon/Operational","TimeGenerated":"2025-06-01T17:46:40Z","Computer":"ws17","EventLevel":4,"EventLevelName":"Information","EventData":"<DataItem type=\"System.XmlData\"><EventData xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">` + inXML + `</EventData></DataItem>","EventID":1,"RenderedDescription":"x"}`,
		"OpenTelemetry":            `{"channel":"Microsoft-Windows-Sysmon/Operational","computer":"ws17","event_id":{"id":1,"qualifiers":0},"event_data":{"data":[{"Image":"C:\\W\\whoami.exe"},{"CommandLine":"whoami /priv"},{"User":"CORP\\bob"},{"ParentImage":"C:\\W\\cmd.exe"}]},"keywords":["0x8000000000000000"],"level":"Information","provider":{"name":"Microsoft-Windows-Sysmon"},"record_id":4,"system_time":"2025-06-01T17:46:40.0000000Z","message":"x"}`,
		"OpenTelemetry, members":   `{"channel":"Microsoft-Windows-Sysmon/Operational","computer":"ws17","event_id":{"id":1,"qualifiers":0},"event_data":` + members + `,"provider":{"name":"Microsoft-Windows-Sysmon"},"system_time":"2025-06-01T17:46:40.0000000Z"}`,
		"Promtail":                 `{"source":"Microsoft-Windows-Sysmon","channel":"Microsoft-Windows-Sysmon/Operational","computer":"ws17","event_id":1,"level":4,"levelText":"Information","timeCreated":"2025-06-01T17:46:40.000000000Z","eventRecordID":4,"execution":{"processId":2344,"threadId":3216},"event_data":"` + inXML + `","message":"x"}`,
		"osquery":                  `{"name":"windows_events","hostIdentifier":"ws17","unixTime":1748800000,"columns":{"computer_name":"ws17","data":` + string(text) + `,"datetime":"2025-06-01T17:46:40.000Z","eventid":"1","level":"4","provider_name":"Microsoft-Windows-Sysmon","source":"Microsoft-Windows-Sysmon/Operational"},"action":"added"}`,
		"HarfangLab":               `{"log_type":"eventlog","type":"wineventlog","log_name":"Microsoft-Windows-Sysmon/Operational","source_name":"Microsoft-Windows-Sysmon","provider_guid":"{5770385F-C22A-43E0-BF4C-06F5698FFBD9}","event_id":1,"record_number":4,"process_id":2344,"thread_id":3216,"level":"Information","computer_name":"ws17","event_date":"2025-06-01T17:46:40.000Z","event_data":` + members + `,"user_data":{},"@timestamp":"2025-06-01T17:46:45Z","agent":{"hostname":"ws17","agentid":"a1"}}`,
		"Azure's diagnostics":      `{"time":"2025-06-01T17:46:45.0Z","category":"WindowsEventLogsTable","level":"Informational","properties":{"ProviderName":"Microsoft-Windows-Sysmon","EventId":1,"Pid":2344,"Channel":"Microsoft-Windows-Sysmon/Operational","Description":"x","RawXml":"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID><TimeCreated SystemTime='2025-06-01T17:46:40.000000000Z'/><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>ws17</Computer></System><EventData>` + inXML + `</EventData></Event>"}}`,
		"Winlogbeat 6":             `{"@timestamp":"2025-06-01T17:46:40.000Z","type":"wineventlog","log_name":"Microsoft-Windows-Sysmon/Operational","source_name":"Microsoft-Windows-Sysmon","provider_guid":"{5770385F-C22A-43E0-BF4C-06F5698FFBD9}","event_id":1,"record_number":"4","process_id":2344,"thread_id":3216,"version":5,"level":"Information","opcode":"Info","task":"Process Create (rule: ProcessCreate)","computer_name":"ws17","user":{"identifier":"S-1-5-18","name":"SYSTEM","domain":"NT AUTHORITY","type":"User"},"event_data":` + members + `,"message":"x","beat":{"name":"ws17","version":"6.7.0"}}`,
		"Event Viewer's table":     `{"Level":"Information","Date and Time":"2025-06-01 17:46:40","Source":"Microsoft-Windows-Sysmon","Event ID":"1","Task Category":"Process Create","Computer":"ws17","message":"` + told + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			list, faults := events(t, record+"\n")
			if len(list) != 1 || len(faults) > 0 {
				t.Fatalf("%d events, faults %v", len(list), faults)
			}
			checkCarried(t, &list[0], want)
		})
	}
	flattened := strings.NewReplacer(`\r\n`, "  ", `\\`, `\`).Replace(told)
	const columns = "MSWinEventLog\t1\tMicrosoft-Windows-Sysmon/Operational\t4016\tSun Jun 01 17:46:40 2025\t1\tMicrosoft-Windows-Sysmon\tSYSTEM\tUser\tInformation\tws17\tProcess Create (rule: ProcessCreate)\t\t"
	for name, record := range map[string]string{
		"Snare":          "<14>Jun  1 17:46:40 10.0.0.1 " + columns + flattened,
		"Snare, counted": "<14>1 2025-06-01T17:46:40Z ws17 Snare - - - " + columns + flattened + "\t12345",
		"Snare, alone":   columns + flattened,
		"Snare, relayed": "2025-06-01T17:46:40+00:00 ws17 " + strings.ReplaceAll(columns+flattened, "\t", "#011"),
		"OSSEC":          "2025 Jun 01 17:46:40 WinEvtLog: Microsoft-Windows-Sysmon/Operational: INFORMATION(1): Microsoft-Windows-Sysmon: SYSTEM: NT AUTHORITY: ws17: " + flattened,
		"OSSEC, syslog":  "<132>Jun  1 17:46:40 manager WinEvtLog: Microsoft-Windows-Sysmon/Operational: INFORMATION(1): Microsoft-Windows-Sysmon: (no user): no domain: ws17: " + flattened,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := recogniser().Stream("")
			if err != nil {
				t.Fatal(err)
			}
			s.Arrival = time.Date(2025, 6, 2, 0, 0, 0, 0, time.UTC)
			ev, ok, err := s.Decode([]byte(record))
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			checkCarried(t, &ev, want)
		})
	}
	t.Run("Splunk", func(t *testing.T) {
		message := strings.ReplaceAll(strings.ReplaceAll(told, `\r\n`, "\r\n"), `\\`, `\`)
		record := "06/01/2025 05:46:40 PM\r\nLogName=Microsoft-Windows-Sysmon/Operational\r\nEventCode=1\r\nComputerName=ws17\r\nSourceName=Microsoft-Windows-Sysmon\r\nType=Information\r\nRecordNumber=4\r\nTaskCategory=Process Create\r\nOpCode=Info\r\nMessage=" + message
		s, err := recogniser().Stream("")
		if err != nil {
			t.Fatal(err)
		}
		ev, ok, err := s.Decode([]byte(record))
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		checkCarried(t, &ev, want)
	})
}

// TestWazuh: what Wazuh's agents make of an event is that event, and the alert that
// Wazuh made of it.
func TestWazuh(t *testing.T) {
	const (
		around = `"timestamp":"2025-06-01T17:46:41.000+0000","agent":{"id":"003","name":"ws17","ip":"10.0.0.17"},"manager":{"name":"m"},"id":"1748.1","decoder":{"name":"windows_eventchannel"},"location":"EventChannel","data":{"win":{"system":{"providerName":"Microsoft-Windows-Sysmon","eventID":"13","version":"2","level":"4","task":"13","opcode":"0","keywords":"0x8000000000000000","systemTime":"2025-06-01T17:46:40.1234567Z","eventRecordID":"4","processID":"2500","threadID":"3248","channel":"Microsoft-Windows-Sysmon/Operational","computer":"ws17.corp.example","severityValue":"INFORMATION","message":"\"Registry value set:\r\nRuleName: -\""}`
		set    = `,"eventdata":{"eventType":"SetValue","utcTime":"2025-06-01 17:46:40.123","image":"C:\\\\Windows\\\\regedit.exe","targetObject":"HKU\\\\S-1-5-21\\\\Run\\\\x","details":"C:\\Users\\x.exe","user":"CORP\\\\bob"}`
		rule   = `"rule":{"level":6,"description":"Value added to registry key has Base64-like pattern","id":"92302","mitre":{"id":["T1547.001"],"tactic":["Persistence"],"technique":["Registry Run Keys"]},"groups":["sysmon"]},`
	)
	event := map[string]any{
		"winlog.channel": "Microsoft-Windows-Sysmon/Operational", "winlog.event_id": int64(13), "winlog.provider_name": "Microsoft-Windows-Sysmon",
		"winlog.event_data.TargetObject": `HKU\S-1-5-21\Run\x`, "winlog.event_data.Details": `C:\Users\x.exe`, "winlog.event_data.Image": `C:\Windows\regedit.exe`,
		"process.executable": `C:\Windows\regedit.exe`, "user.name": "bob", "host.name": "ws17", "winlog.computer_name": "ws17.corp.example",
	}
	alarm := map[string]any{"event.kind": "alert", "event.module": "wazuh", "rule.id": int64(92302), "rule.name": "Value added to registry key has Base64-like pattern", "event.severity": int64(6), "threat.technique.id": []string{"T1547.001"}, "observer.vendor": "Wazuh", "event.id": "1748.1"}
	maps.Copy(alarm, event)
	event["event.kind"] = "event"
	for name, c := range map[string]struct {
		record string
		want   map[string]any
	}{
		"alert":   {`{` + rule + around + set + `}}}`, alarm},
		"archive": {`{` + around + set + `}}}`, event},
		"message": {
			`{` + strings.NewReplacer("Microsoft-Windows-Sysmon/Operational", "Security", "Microsoft-Windows-Sysmon", "Microsoft-Windows-Security-Auditing", `"13"`, `"4625"`, `RuleName: -`, `\r\nSubject:\r\n\tAccount Name:\t\tbob\r\n\r\nAccount For Which Logon Failed:\r\n\tAccount Name:\t\teve`).Replace(around) + `}}}`,
			map[string]any{"winlog.event_id": int64(4625), "winlog.event_data.TargetUserName": "eve", "host.name": "ws17"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			list, faults := events(t, c.record)
			if len(list) != 1 || len(faults) > 0 {
				t.Fatalf("%d events, faults %v", len(list), faults)
			}
			checkCarried(t, &list[0], c.want)
			if list[0].Time.Format(time.RFC3339) != "2025-06-01T17:46:40Z" {
				t.Errorf("time %v", list[0].Time)
			}
		})
	}
}

// TestSecurityEvent: rows of the table in Azure Monitor may leave out the channel.
func TestSecurityEvent(t *testing.T) {
	for name, header := range map[string]string{
		"Whole": `"EventSourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security",`, "Columns": "", "Provider": `"SourceName":"Microsoft-Windows-Security-Auditing",`,
	} {
		t.Run(name, func(t *testing.T) {
			list, faults := events(t, `{`+header+`"TimeGenerated":"2025-06-01T17:46:40Z","EventID":"4688","Computer":"ws17","Account":"CORP\\bob","NewProcessName":"C:\\W\\whoami.exe","CommandLine":"whoami /priv","ParentProcessName":"C:\\W\\cmd.exe"}`)
			if len(list) != 1 || len(faults) > 0 {
				t.Fatalf("%d events, faults %v", len(list), faults)
			}
			checkCarried(t, &list[0], map[string]any{
				"winlog.channel": "Security", "winlog.event_id": int64(4688), "winlog.provider_name": "Microsoft-Windows-Security-Auditing",
				"process.executable": `C:\W\whoami.exe`, "winlog.event_data.CommandLine": "whoami /priv", "process.parent.name": "cmd.exe", "host.name": "ws17",
			})
		})
	}
}

func checkCarried(t *testing.T, ev *event.Event, want map[string]any) {
	t.Helper()
	if ev.Format != "windows" || ev.Time.UTC().Truncate(24*time.Hour) != time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC) {
		t.Errorf("format %s, time %v", ev.Format, ev.Time)
	}
	got := map[string]any{}
	for name := range want {
		got[name] = ev.Fields[name]
		if n, ok := ev.Fields.Int(name); ok {
			got[name] = n
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestMessage reads the data of captured events from their messages alone, and holds
// that against the data itself.
func TestMessage(t *testing.T) {
	messages(t, 98, func(ev *event.Event, message string) string {
		record, err := json.Marshal(map[string]any{
			"LogName": ev.Fields["winlog.channel"], "ProviderName": ev.Fields["winlog.provider_name"], "Id": ev.Fields["winlog.event_id"], "RecordId": 1, "MachineName": "x", "TimeCreated": "2025-06-01T17:46:40Z",
			"Message": message,
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(record)
	})
}

// TestFlattened does so with messages that have lost their lines.
func TestFlattened(t *testing.T) {
	spaces := strings.NewReplacer("\r", " ", "\n", " ", "\t", " ")
	messages(t, 98, func(ev *event.Event, message string) string {
		message = strings.ReplaceAll(strings.ReplaceAll(message, "\r", ""), "\n", "\r\n") // as Windows has them
		return fmt.Sprintf("<13>Jun  1 17:46:40 x MSWinEventLog\t1\t%v\t7\tSun Jun 01 17:46:40 2025\t%v\t%v\tN/A\tN/A\tInformation\tx\tnone\t\t%s\t12",
			ev.Fields["winlog.channel"], ev.Fields["winlog.event_id"], ev.Fields["winlog.provider_name"], spaces.Replace(message))
	})
}

func messages(t *testing.T, percent int, carry func(ev *event.Event, message string) string) {
	t.Helper()
	type count struct{ same, other, missing int }
	counts := map[string]*count{}
	sample := map[string]string{}
	seen := map[string]int{}
	captured(t, func(_ string, ev *event.Event) {
		provider, code := ev.Fields.String("winlog.provider_name"), ev.Fields.String("event.code")
		message := ev.Fields.String("message")
		if seen[provider+code]++; seen[provider+code] > 60 || message == "" {
			return
		}
		record := carry(ev, message)
		list, _ := events(t, record)
		if len(list) != 1 {
			t.Fatalf("%s gave %d events", record, len(list))
		}
		for name, v := range ev.Fields {
			field, ok := strings.CutPrefix(name, "winlog.event_data.")
			want := spelled(fmt.Sprint(v))
			if !ok || v == nil || want == "" || want == "-" || collectors[field] {
				continue
			}
			c := counts[provider+" "+code+" "+field]
			if c == nil {
				c = &count{}
				counts[provider+" "+code+" "+field] = c
			}
			got, there := list[0].Fields[name]
			switch {
			case !there:
				c.missing++
			case spelled(fmt.Sprint(got)) == want:
				c.same++
			default:
				c.other++
				sample[provider+" "+code+" "+field] = fmt.Sprintf("%q want %q", got, v)
			}
		}
	})
	same, all := 0, 0
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		c, words := counts[name], strings.Fields(name)
		if words[0] == "Microsoft-Windows-Sysmon" && c.same < 20*c.other || asked[words[1]+" "+words[2]] && c.same < 20*(c.other+c.missing) {
			t.Errorf("%s: %d the same, %d other, %d missing; %s", name, c.same, c.other, c.missing, sample[name])
		}
		if words[0] == "Microsoft-Windows-Sysmon" || asked[words[1]+" "+words[2]] {
			same, all = same+c.same, all+c.same+c.other+c.missing
		}
	}
	if all < 13_000 || same < all*percent/100 {
		t.Errorf("of %d values, %d were read from messages", all, same)
	}
}

// collectors are fields that collectors add; they are not the event's own.
var collectors = map[string]bool{"AccountName": true, "AccountType": true, "Domain": true, "EventType": true, "EventTypeOrignal": true, "UserID": true, "Opcode": true, "ProcessID": true, "type": true}

// asked are fields of Security events that rules ask for.
var asked = func() map[string]bool {
	out := map[string]bool{}
	for _, list := range []string{
		"4624 SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId TargetUserSid TargetUserName TargetDomainName TargetLogonId LogonType LogonProcessName AuthenticationPackageName WorkstationName LmPackageName KeyLength ProcessName IpAddress IpPort ImpersonationLevel ElevatedToken TargetOutboundUserName LogonGuid",
		"4625 SubjectUserName TargetUserName TargetDomainName Status SubStatus LogonType LogonProcessName AuthenticationPackageName WorkstationName ProcessName IpAddress IpPort",
		"4634 TargetUserSid TargetUserName TargetLogonId LogonType",
		"4648 SubjectUserName TargetUserName TargetServerName ProcessName IpAddress LogonGuid",
		"4656 SubjectUserName ObjectServer ObjectType ObjectName AccessMask ProcessName HandleId",
		"4657 ObjectName ObjectValueName NewValue OperationType ProcessName",
		"4661 ObjectType ObjectName AccessMask ProcessName",
		"4662 SubjectUserName ObjectServer ObjectType ObjectName AccessMask Properties OperationType",
		"4663 SubjectUserName ObjectServer ObjectType ObjectName AccessMask ProcessName AccessList",
		"4672 SubjectUserSid SubjectUserName PrivilegeList",
		"4673 Service PrivilegeList ProcessName", "4674 ObjectName HandleId ProcessName PrivilegeList",
		"4688 SubjectUserSid SubjectUserName SubjectLogonId NewProcessId NewProcessName TokenElevationType ProcessId CommandLine TargetUserName ParentProcessName MandatoryLabel",
		"4689 ProcessName Status", "4697 ServiceName ServiceFileName ServiceType ServiceStartType ServiceAccount",
		"4698 TaskName TaskContent", "4702 TaskName TaskContentNew", "4703 EnabledPrivilegeList ProcessName", "4720 TargetUserName TargetSid SamAccountName SubjectUserName",
		"4798 TargetUserName CallerProcessName", "4799 TargetUserName TargetSid CallerProcessName",
		"5140 ShareName IpAddress AccessMask", "5145 ShareName RelativeTargetName IpAddress AccessMask AccessList SubjectUserName", "5156 Application Direction SourceAddress DestAddress DestPort Protocol",
		"7045 ServiceName ImagePath ServiceType StartType", "4104 ScriptBlockText ScriptBlockId Path", "4103 Payload ContextInfo",
	} {
		words := strings.Fields(list)
		for _, field := range words[1:] {
			out[words[0]+" "+field] = true
		}
	}
	return out
}()

// spelled writes numbers, GUIDs and white space in one way.
func spelled(s string) string {
	return strings.Trim(strings.Join(strings.Fields(strings.ToLower(html.UnescapeString(s))), " "), "{}")
}

// FuzzCarried: whatever a carrier writes, its event has names within the limits.
func FuzzCarried(f *testing.F) {
	f.Add(`{"Id":1,"RecordId":1,"ProviderName":"Microsoft-Windows-Sysmon","LogName":"x","Message":"` + told + `","Properties":[{"Value":1}]}`)
	f.Add(`{"channel":"c","event_id":{"id":1},"event_data":{"data":[{"a":"b"},[],1]},"provider":{"name":"p"}}`)
	f.Add(`{"channel":"c","event_id":1,"source":"s","eventRecordID":2,"event_data":"<Data Name='a'>b</Data>"}`)
	f.Add(`{"EventId":1,"Channel":"c","Provider":"p","Payload":"{\"EventData\":{\"Data\":\"x\"}}"}`)
	f.Add(`{"Id":4688,"RecordId":1,"ProviderName":"Microsoft-Windows-Security-Auditing","LogName":"Security","Message":"A.\n\nSubject:\n\tAccount Name:\t\tx\n\nPrivileges:\t\ta\n\t\t\tb"}`)
	f.Add("06/01/2025 05:46:40 PM\nLogName=Security\nEventCode=4688\nMessage=A.\n\nTask Content:\t<a>\n</a>\nOther Information:\n\tFQDN:\t0")
	f.Add("MSWinEventLog\t1\tSecurity\t7\tSun Jun 01 17:46:40 2025\t4624\tMicrosoft-Windows-Security-Auditing\tN/A\tN/A\tSuccess Audit\tx\tLogon\t\tA.    Subject:   Account Name:  x    Logon Type:   3")
	f.Add("WinEvtLog: Security: AUDIT_SUCCESS(4624): P: u: d: c: A.    Subject:   Account Name:  x")
	rec := recogniser()
	f.Fuzz(func(t *testing.T, record string) {
		s, err := rec.Stream("windows")
		if err != nil {
			t.Fatal(err)
		}
		ev, _, _ := s.Decode([]byte(record))
		if len(ev.Fields) > 3*format.MaxFields {
			t.Errorf("%d fields", len(ev.Fields))
		}
		for name := range ev.Fields {
			if len(name) > format.MaxName+len("winlog.event_data.") {
				t.Errorf("a name of %d bytes", len(name))
			}
		}
	})
}
