package windows

import (
	_ "embed"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"sync"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// carriers are the signs of records in which programs carry Windows events each in
// a shape of its own. What they call the header's fields is in carried; the data of
// the event lies below EventData or event_data, as members, as XML or as a list, as
// JSON in a text, as insertion strings without names, or only in the message.
var carriers = []format.Sign{
	{Score: 95, Keys: []string{"LogName", "ProviderName", "Id", "RecordId"}},       // Get-WinEvent | ConvertTo-Json
	{Score: 95, Keys: []string{"EventId", "Channel", "Provider", "Payload"}},       // EvtxECmd
	{Score: 95, Keys: []string{"EventLog", "Source", "EventID", "EventLevelName"}}, // table Event of Azure Monitor
	{Score: 95, Keys: []string{"EventID", "TimeGenerated", "Computer"}, Any: [][]string{{"Account", "SubjectUserName", "TargetUserName", "TargetAccount"}}, Never: []string{"EventLog", "winlog", "System", "Event"}}, // table SecurityEvent
	{Score: 95, Keys: []string{"channel", "event_id.id", "provider.name"}},                                            // OpenTelemetry's receiver windowseventlog
	{Score: 95, Keys: []string{"channel", "event_id", "eventRecordID", "source"}},                                     // Promtail, Grafana Alloy
	{Score: 95, Keys: []string{"columns.eventid", "columns.provider_name", "columns.source", "columns.data"}},         // osquery's windows_events
	{Score: 95, Keys: []string{"log_name", "source_name", "event_id", "event_data"}},                                  // Winlogbeat before 7, HarfangLab's agents
	{Score: 95, Keys: []string{"properties.RawXml", "properties.EventId"}},                                            // Azure's diagnostics extension
	{Score: 95, Keys: []string{"Date and Time", "Event ID", "Source", "Task Category"}},                               // Event Viewer's table
	{Score: 95, First: "0123456789", Contains: []string{"\nLogName=", "\nEventCode=", "\nMessage="}, Match: isSplunk}, // Splunk's WinEventLog as text
}

// unlike are members of flat records whose event data lies elsewhere.
var unlike = [...]string{"EventData", "StringInserts"}

// carried are the header fields of these records. The first that has a value wins.
var carried = []format.Rule{
	{From: "Channel", To: "winlog.channel"},
	{From: "channel", To: "winlog.channel"},
	{From: "LogName", To: "winlog.channel"},
	{From: "EventLog", To: "winlog.channel"},
	{From: "columns.source", To: "winlog.channel"},
	{From: "log_name", To: "winlog.channel"},
	{From: "EventID", To: "winlog.event_id"},
	{From: "EventId", To: "winlog.event_id"},
	{From: "EventCode", To: "winlog.event_id"},
	{From: "event_id.id", To: "winlog.event_id"},
	{From: "event_id", To: "winlog.event_id"},
	{From: "Event ID", To: "winlog.event_id"},
	{From: "Id", To: "winlog.event_id"},
	{From: "columns.eventid", To: "winlog.event_id"},
	{From: "ProviderName", To: "winlog.provider_name"},
	{From: "Provider", To: "winlog.provider_name"},
	{From: "provider.name", To: "winlog.provider_name"},
	{From: "SourceName", To: "winlog.provider_name"},
	{From: "Source", To: "winlog.provider_name"},
	{From: "source", To: "winlog.provider_name"},
	{From: "columns.provider_name", To: "winlog.provider_name"},
	{From: "source_name", To: "winlog.provider_name"},
	{From: "ProviderGuid", To: "winlog.provider_guid"},
	{From: "ProviderId", To: "winlog.provider_guid"},
	{From: "provider.guid", To: "winlog.provider_guid"},
	{From: "columns.provider_guid", To: "winlog.provider_guid"},
	{From: "provider_guid", To: "winlog.provider_guid"},
	{From: "Computer", To: "winlog.computer_name"},
	{From: "ComputerName", To: "winlog.computer_name"},
	{From: "MachineName", To: "winlog.computer_name"},
	{From: "computer", To: "winlog.computer_name"},
	{From: "columns.computer_name", To: "winlog.computer_name"},
	{From: "computer_name", To: "winlog.computer_name"},
	{From: "EventRecordID", To: "winlog.record_id"},
	{From: "EventRecordId", To: "winlog.record_id"},
	{From: "RecordId", To: "winlog.record_id"},
	{From: "eventRecordID", To: "winlog.record_id"},
	{From: "record_id", To: "winlog.record_id"},
	{From: "RecordNumber", To: "winlog.record_id"},
	{From: "record_number", To: "winlog.record_id"},
	{From: "columns.keywords", To: "winlog.keywords_mask"},
	{From: "EventLevel", To: "winlog.level_id"},
	{From: "columns.level", To: "winlog.level_id"},
	{From: "levelText", To: "winlog.severity"},
	{From: "LevelDisplayName", To: "winlog.severity"},
	{From: "EventLevelName", To: "winlog.severity"},
	{From: "TaskDisplayName", To: "winlog.task"},
	{From: "TaskCategory", To: "winlog.task"},
	{From: "Task Category", To: "winlog.task"},
	{From: "taskText", To: "winlog.task"},
	{From: "columns.task", To: "winlog.task_id"},
	{From: "OpcodeDisplayName", To: "winlog.opcode"},
	{From: "opCodeText", To: "winlog.opcode"},
	{From: "OpCode", To: "winlog.opcode"},
	{From: "Version", To: "winlog.version"},
	{From: "version", To: "winlog.version"},
	{From: "ProcessId", To: "winlog.process.pid"},
	{From: "ProcessID", To: "winlog.process.pid"},
	{From: "execution.processId", To: "winlog.process.pid"},
	{From: "execution.process_id", To: "winlog.process.pid"},
	{From: "process_id", To: "winlog.process.pid"},
	{From: "ThreadId", To: "winlog.process.thread.id"},
	{From: "ThreadID", To: "winlog.process.thread.id"},
	{From: "execution.threadId", To: "winlog.process.thread.id"},
	{From: "execution.thread_id", To: "winlog.process.thread.id"},
	{From: "thread_id", To: "winlog.process.thread.id"},
	{From: "ActivityId", To: "winlog.activity_id"},
	{From: "ActivityID", To: "winlog.activity_id"},
	{From: "RelatedActivityId", To: "winlog.related_activity_id"},
	{From: "RelatedActivityID", To: "winlog.related_activity_id"},
	{From: "UserSID", To: "winlog.user.identifier"},
	{From: "UserId.Value", To: "winlog.user.identifier"},
	{From: "UserId", To: "winlog.user.identifier"},
	{From: "UserID", To: "winlog.user.identifier"},
	{From: "Sid", To: "winlog.user.identifier"},
	{From: "security.userId", To: "winlog.user.identifier"},
	{From: "security.user_id", To: "winlog.user.identifier"},
	{From: "user.identifier", To: "winlog.user.identifier"},
	{From: "user.name", To: "winlog.user.name"},
	{From: "user.domain", To: "winlog.user.domain"},
	{From: "Message", To: "message"},
	{From: "message", To: "message"},
	{From: "RenderedDescription", To: "message"},
	{From: "TimeCreated", To: "winlog.time_created"},
	{From: "timeCreated", To: "winlog.time_created"},
	{From: "system_time", To: "winlog.time_created"},
	{From: "EventTime", To: "winlog.time_created"},
	{From: "TimeGenerated", To: "winlog.time_created"},
	{From: "TimeGenerated [UTC]", To: "winlog.time_created"},
	{From: "Date and Time", To: "winlog.time_local"},
	{From: "columns.datetime", To: "winlog.time_created"},
	{From: "event_date", To: "winlog.time_created"},
	{From: "@event_create_date", To: "winlog.time_created"},
	{From: "@timestamp", To: "winlog.time_created"},
}

// either are header fields of which some carriers write the number and some the
// text that is shown for it.
var either = []struct{ from, number, text string }{
	{"Level", "winlog.level_id", "winlog.severity"},
	{"level", "winlog.level_id", "winlog.severity"},
	{"Task", "winlog.task_id", "winlog.task"},
	{"task", "winlog.task_id", "winlog.task"},
	{"Opcode", "winlog.opcode_id", "winlog.opcode"},
	{"opcode", "winlog.opcode_id", "winlog.opcode"},
	{"Keywords", "winlog.keywords_mask", "winlog.keywords"},
	{"keywords", "winlog.keywords_mask", "winlog.keywords"},
}

// channels are those of providers that write to one, for what leaves it out.
var channels = map[string]string{
	"Microsoft-Windows-Sysmon": "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Security-Auditing": "Security",
	"Microsoft-Windows-PowerShell": "Microsoft-Windows-PowerShell/Operational", "PowerShell": "Windows PowerShell", "Service Control Manager": "System",
	"Microsoft-Windows-Windows Defender": "Microsoft-Windows-Windows Defender/Operational",
}

// displayed are names under which providers are shown.
var displayed = map[string]string{"Microsoft Windows security auditing.": "Microsoft-Windows-Security-Auditing"}

// complete adds the channel that a record leaves out: that of its provider, or of the
// table SecurityEvent, which names neither.
func complete(f event.Fields) {
	if f.String("winlog.channel") != "" {
		return
	}
	if f.String("winlog.provider_name") == "" {
		f["winlog.provider_name"] = "Microsoft-Windows-Security-Auditing"
	}
	f.SetNew("winlog.channel", channels[f.String("winlog.provider_name")])
}

// fromRaw reads an event that a record has whole, as XML, beside what was made of it.
func (d *decoder) fromRaw(f event.Fields) bool {
	s, ok := f["properties.RawXml"].(string)
	if !ok || !isXML(s) {
		return false
	}
	if d.inside == nil {
		d.inside = newDecoder()
	}
	in, err := d.inside.decodeXML(s)
	if err != nil {
		return false
	}
	if message, ok := f["properties.Description"].(string); ok {
		in.SetNew("message", message)
	}
	clear(f)
	maps.Copy(f, in)
	return true
}

// fromCarrier gives the fields of such a record, as they stand in it, their places.
func (d *decoder) fromCarrier(f event.Fields) {
	raw := maps.Clone(f)
	clear(f)
	for i := range carried {
		r := &carried[i]
		if v := raw[r.From]; v != nil && v != "" {
			if _, taken := f[r.To]; !taken {
				f[r.To] = v
				delete(raw, r.From)
			}
		}
	}
	for _, e := range either {
		v := raw[e.from]
		if v == nil {
			continue
		}
		if list, is := v.([]string); is && len(list) == 1 {
			v = list[0]
		}
		to := e.text
		if s, text := v.(string); !text && format.Number(v) != nil || text && (s == "" || s[0] >= '0' && s[0] <= '9') {
			to = e.number
		}
		if _, taken := f[to]; !taken {
			f[to] = v
			delete(raw, e.from)
		}
	}
	if n, ok := strings.CutPrefix(f.String("winlog.time_created"), "/Date("); ok { // PowerShell before 6
		f["winlog.time_created"] = format.Number(strings.TrimSuffix(n, ")/"))
	}
	message, _ := f["message"].(string)
	d.namedIn(f, raw, message)
	for name, v := range raw {
		if name = "winlog.collector." + name; len(name) <= format.MaxName {
			f[name] = v
		}
	}
}

// namedIn takes the data of the event out of where the carrier has put it.
func (d *decoder) namedIn(f, raw event.Fields, message string) {
	if provider := displayed[f.String("winlog.provider_name")]; provider != "" {
		f["winlog.provider_name"] = provider
	}
	complete(f)
	found := false
	for name, v := range raw {
		rest := strings.TrimPrefix(name, "Payload.")
		user, isUser := strings.CutPrefix(rest, "UserData.")
		rest, ok := strings.CutPrefix(rest, "EventData.")
		if !ok {
			rest, ok = strings.CutPrefix(name, "event_data.")
		}
		switch {
		case ok && (rest == "Data" || rest == "data"):
			namedData(f, v)
		case ok && rest != "binary":
			f[data+strings.TrimSuffix(rest, ".#text")] = v
		case isUser:
			f["winlog.user_data."+user] = v
		default:
			continue
		}
		delete(raw, name)
		found = true
	}
	for _, name := range [...]string{"EventData", "event_data", "UserData", "user_data"} {
		if s, ok := raw[name].(string); ok && strings.Contains(s, "<") && d.dataXML(f, s) {
			delete(raw, name)
			found = true
		}
	}
	for _, name := range [...]string{"Payload", "columns.data"} {
		if s, ok := raw[name].(string); ok && strings.HasPrefix(s, "{") && d.dataJSON(f, s) {
			delete(raw, name)
			found = true
		}
	}
	if found {
		return
	}
	fromMessage(f, message)
	for _, name := range [...]string{"StringInserts", "Properties"} {
		if v, ok := raw[name]; ok && inserts(f, v) {
			delete(raw, name)
		}
	}
}

// dataXML reads EventData or UserData in XML, with or without these elements
// themselves, and whatever stands around them. False when it is no such XML.
func (d *decoder) dataXML(f event.Fields, s string) bool {
	inner := s
	for _, tag := range [...]string{"EventData", "UserData"} {
		from, to := strings.Index(s, "<"+tag), strings.LastIndex(s, "</"+tag+">")
		if from >= 0 && to > from {
			inner = s[from : to+len(tag)+3]
		}
	}
	if inner == s {
		inner = "<EventData>" + s + "</EventData>"
	}
	return d.lent(f, func(inside *decoder) (event.Fields, error) { return inside.decodeXML("<Event>" + inner + "</Event>") })
}

// dataJSON reads {"EventData":{…}} or {"UserData":{…}} in a text.
func (d *decoder) dataJSON(f event.Fields, s string) bool {
	return d.lent(f, func(inside *decoder) (event.Fields, error) {
		in, err := inside.whole.Object(s)
		if err == nil {
			inside.fromXML(in)
		}
		return in, err
	})
}

// lent reads with a second decoder, because the first is in the middle of a record,
// and takes over the event's own data.
func (d *decoder) lent(f event.Fields, read func(*decoder) (event.Fields, error)) bool {
	if d.inside == nil {
		d.inside = newDecoder()
	}
	in, err := read(d.inside)
	if err != nil {
		return false
	}
	for name, v := range in {
		if strings.HasPrefix(name, data) || strings.HasPrefix(name, "winlog.user_data.") {
			f[name] = v
		}
	}
	return true
}

//go:embed inserts.txt
var insertNames string

// insertKey is an event and how many insertion strings it has.
type insertKey struct {
	provider string
	id       int64
	n        int
}

var insertTable = sync.OnceValue(func() map[insertKey][]string {
	table := map[insertKey][]string{}
	provider := ""
	for line := range strings.Lines(insertNames) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if line[0] < '0' || line[0] > '9' {
			provider = line
			continue
		}
		words := strings.Fields(line)
		id, _ := strconv.ParseInt(words[0], 10, 64)
		table[insertKey{provider, id, len(words) - 1}] = words[1:]
	}
	return table
})

// inserts names the insertion strings of an event, values alone or objects with a
// Value. They say exactly what a message only shows, in any language; what they
// give as a number the message, if it was read, has as Windows writes it.
func inserts(f event.Fields, v any) bool {
	var values []any
	switch v := v.(type) {
	case []any:
		values = v
	case []string:
		for _, s := range v {
			values = append(values, s)
		}
	}
	id, _ := f.Int("winlog.event_id")
	names := insertTable()[insertKey{f.String("winlog.provider_name"), id, len(values)}]
	if names == nil {
		return false
	}
	for i, name := range names {
		value := values[i]
		if m, ok := value.(map[string]any); ok {
			value = m["Value"]
		}
		switch value := value.(type) {
		case string:
			f[data+name] = value
		case int64, float64, json.Number:
			f.SetNew(data+name, value)
		}
	}
	return true
}
