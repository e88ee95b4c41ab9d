package windows

import (
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// fromBeat takes a Winlogbeat document: the names are right already. It returns the time
// that Winlogbeat gives.
func fromBeat(f event.Fields) (stamp any) {
	stamp = f["@timestamp"]
	for name := range f {
		if name == "@timestamp" || name == "vedette" || strings.HasPrefix(name, "vedette.") || strings.HasPrefix(name, "@metadata.") {
			delete(f, name)
		}
	}
	for _, name := range [...]string{"event.category", "event.type"} {
		if s, ok := f[name].(string); ok {
			f[name] = []string{s}
		}
	}
	return stamp
}

// stamped is an event at the time that a collector gives, if it does.
func stamped(ev event.Event, stamp any) event.Event {
	if t, ok := format.TimeOf(stamp); ok {
		ev.Time = t
	}
	return ev
}

// header are the header fields of flat records. They are moved, not copied:
// they are not data of the event. The first that has a value wins.
var header = []format.Rule{
	{From: data + "Channel", To: "winlog.channel"},
	{From: data + "EventID", To: "winlog.event_id"},
	{From: data + "SourceName", To: "winlog.provider_name"},
	{From: data + "Provider_Name", To: "winlog.provider_name"},
	{From: data + "EventSourceName", To: "winlog.provider_name"},
	{From: data + "ProviderName", To: "winlog.provider_name"},
	{From: data + "ProviderGuid", To: "winlog.provider_guid"},
	{From: data + "Provider_Guid", To: "winlog.provider_guid"},
	{From: data + "Hostname", To: "winlog.computer_name"},
	{From: data + "Computer", To: "winlog.computer_name"},
	{From: data + "ComputerName", To: "winlog.computer_name"},
	{From: data + "RecordNumber", To: "winlog.record_id"},
	{From: data + "EventRecordID", To: "winlog.record_id"},
	{From: data + "Keywords", To: "winlog.keywords_mask"},
	{From: data + "Task", To: "winlog.task_id"},
	{From: data + "Category", To: "winlog.task"},
	{From: data + "OpcodeValue", To: "winlog.opcode_id"},
	{From: data + "Level", To: "winlog.level_id"},
	{From: data + "Version", To: "winlog.version"},
	{From: data + "ThreadID", To: "winlog.process.thread.id"},
	{From: data + "ExecutionProcessID", To: "winlog.process.pid"},
	{From: data + "ActivityID", To: "winlog.activity_id"},
	{From: data + "Message", To: "message"},
	{From: data + "EventTime", To: "winlog.time_local"},
	{From: data + "TimeCreated", To: "winlog.time_created"},
	{From: data + "TimeGenerated", To: "winlog.time_created"},
	{From: data + "@timestamp", To: "winlog.collector.timestamp"},
	{From: data + "@version", To: "winlog.collector.version"},
	{From: data + "EventReceivedTime", To: "winlog.collector.received"},
	{From: data + "SourceModuleName", To: "winlog.collector.module"},
	{From: data + "SourceModuleType", To: "winlog.collector.module_type"},
	{From: data + "tags", To: "tags"},
	{From: data + "host", To: "winlog.collector.host"},
	{From: data + "host.name", To: "winlog.collector.host"},
	{From: data + "port", To: "winlog.collector.port"},
	{From: data + "Severity", To: "winlog.severity"},
	{From: data + "SeverityValue", To: "winlog.severity_id"},
}

// fromFlat takes a flat record, of which all names were put under "winlog.event_data.".
func fromFlat(f event.Fields, header []format.Rule) {
	for i := range header {
		r := &header[i]
		v, ok := f[r.From]
		if !ok {
			continue
		}
		_, taken := f[r.To]
		switch {
		case v == nil:
			delete(f, r.From)
			if !taken {
				f[r.To] = nil
			}
		case f[r.To] == nil:
			delete(f, r.From)
			f.SetNew(r.To, v)
		}
	}
	complete(f)
}

// system are the members of System in EVTX. Converters write attributes under
// "#attributes", "@attributes" or with '@' before the name; fromXML removes
// these marks first.
var system = map[string]string{
	"Channel":                "winlog.channel",
	"Computer":               "winlog.computer_name",
	"EventID":                "winlog.event_id",
	"EventID.text":           "winlog.event_id",
	"EventID.Value":          "winlog.event_id",
	"EventID.Qualifiers":     "winlog.qualifiers",
	"EventRecordID":          "winlog.record_id",
	"Keywords":               "winlog.keywords_mask",
	"Level":                  "winlog.level_id",
	"Opcode":                 "winlog.opcode_id",
	"Task":                   "winlog.task_id",
	"Version":                "winlog.version",
	"Provider.Name":          "winlog.provider_name",
	"Provider.Guid":          "winlog.provider_guid",
	"TimeCreated.SystemTime": "winlog.time_created",
	"Execution.ProcessID":    "winlog.process.pid",
	"Execution.ThreadID":     "winlog.process.thread.id",
	"Correlation.ActivityID": "winlog.activity_id",
	"Security.UserID":        "winlog.user.identifier",

	"Correlation.RelatedActivityID": "winlog.related_activity_id",
}

// rendering are the members of RenderingInfo: what a publisher's texts make of
// the event, added where events are forwarded.
var rendering = map[string]string{
	"Message":          "message",
	"Level":            "winlog.severity",
	"Task":             "winlog.task",
	"Opcode":           "winlog.opcode",
	"Keywords.Keyword": "winlog.keywords",
}

// maxNames bounds the names that a decoder remembers.
const maxNames = 8192

var marks = strings.NewReplacer("#attributes.", "", "@attributes.", "", "_attributes.", "", "#text", "text", "@", "")

type member struct {
	name  string
	value any
}

// fromXML gives the members of System, EventData and UserData their places.
func (d *decoder) fromXML(f event.Fields) {
	for name, v := range f {
		d.members = append(d.members, member{name, v})
	}
	clear(f)
	for _, m := range d.members {
		to, ok := d.names[m.name]
		if !ok {
			to = xmlName(m.name)
			if len(d.names) < maxNames {
				d.names[m.name] = to
			}
		}
		if to == data+"Data" {
			namedData(f, m.value)
			continue
		}
		if m.value == nil && f[to] != nil {
			continue // it is there by another name
		}
		f[to] = m.value
	}
	clear(d.members)
	d.members = d.members[:0]
}

func attribute(name string) bool {
	for _, mark := range [...]string{"#attributes.", "@attributes.", "_attributes.", "@"} {
		if strings.HasPrefix(name, mark) {
			return true
		}
	}
	return false
}

func xmlName(raw string) string {
	raw = strings.TrimPrefix(raw, "Event.")
	name := marks.Replace(raw)
	if rest, ok := strings.CutPrefix(raw, "EventData."); ok && attribute(rest) {
		return "winlog.xml." + name // not the event's Data of that name
	}
	if rest, ok := strings.CutPrefix(name, "EventData."); ok {
		return data + strings.TrimSuffix(rest, ".text")
	}
	if rest, ok := strings.CutPrefix(name, "UserData."); ok {
		return "winlog.user_data." + rest
	}
	if rest, ok := strings.CutPrefix(name, "System."); ok {
		if to, ok := system[rest]; ok {
			return to
		}
		return "winlog.system." + rest
	}
	if rest, ok := strings.CutPrefix(name, "RenderingInfo."); ok {
		if to, ok := rendering[strings.TrimSuffix(rest, ".text")]; ok {
			return to
		}
	}
	return "winlog.xml." + name
}

// namedData reads EventData's Data elements: objects with a name and a text, or of
// one member that is both, or values alone, which get Winlogbeat's names param1,
// param2 …
func namedData(f event.Fields, v any) {
	list := []any{v}
	switch v := v.(type) {
	case []any:
		list = v
	case []string:
		list = nil
		for _, s := range v {
			list = append(list, s)
		}
	}
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			if e != nil {
				f[data+"param"+itoa(i+1)] = e
			}
			continue
		}
		name, text := "", any(nil)
		for k, v := range m {
			switch strings.TrimLeft(k, "@#_") {
			case "Name", "name":
				name, _ = v.(string)
			case "attributes":
				if a, ok := v.(map[string]any); ok {
					name, _ = a["Name"].(string)
				}
			case "text", "value", "Value":
				text = v
			default:
				if len(m) == 1 {
					name, text = k, v
				}
			}
		}
		if name == "" {
			name = "param" + itoa(i+1)
		}
		if text != nil && len(name) <= format.MaxName {
			f[data+name] = text
		}
	}
}
