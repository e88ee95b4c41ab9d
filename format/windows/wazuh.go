package windows

import (
	"maps"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// Wazuh's agents put the event into data.win, the names of its data with a small first
// letter, backslashes twice; around it stands what Wazuh's own rules say, which makes it
// an alert.
const (
	wazuhSystem = "data.win.system."
	wazuhData   = "data.win.eventdata."
)

// wazuhSigns are those of alerts.json and archives.json.
var wazuhSigns = []format.Sign{{Score: 96, Keys: []string{"data.win.system.eventID", "agent"}}}

var wazuhHeader = map[string]string{
	"channel": "winlog.channel", "eventID": "winlog.event_id", "providerName": "winlog.provider_name", "providerGuid": "winlog.provider_guid",
	"computer": "winlog.computer_name", "eventRecordID": "winlog.record_id", "systemTime": "winlog.time_created", "message": "message",
	"level": "winlog.level_id", "task": "winlog.task_id", "opcode": "winlog.opcode_id", "keywords": "winlog.keywords_mask", "version": "winlog.version",
	"processID": "winlog.process.pid", "threadID": "winlog.process.thread.id", "severityValue": "winlog.severity",
}

// wazuhRules give what Wazuh says of the event its place.
var wazuhRules = []format.Rule{
	{From: "wazuh.agent.name", To: "host.name"},
	{From: "wazuh.agent.id", To: "host.id"},
	{From: "wazuh.agent.ip", To: "host.ip"},
	{From: "wazuh.id", To: "event.id"},
	{From: "wazuh.rule.id", To: "rule.id"},
	{From: "wazuh.rule.description", To: "rule.name"},
	{From: "wazuh.rule.groups", To: "rule.category"},
	{From: "wazuh.rule.level", To: "event.severity"},
	{From: "wazuh.rule.mitre.id", To: "threat.technique.id"},
	{From: "wazuh.rule.mitre.technique", To: "threat.technique.name"},
	{From: "wazuh.rule.mitre.tactic", To: "threat.tactic.name"},
	{From: "wazuh.timestamp", To: "winlog.collector.timestamp"},
}

// isWazuh says whether the fields are those of such a record.
func isWazuh(f event.Fields) bool { return f[wazuhSystem+"eventID"] != nil }

// fromWazuh gives the fields of such a record, as they stand in it, their places.
func (d *decoder) fromWazuh(f event.Fields) {
	raw := maps.Clone(f)
	clear(f)
	told := false // its data, so that the message need not be read
	for name, v := range raw {
		if rest, ok := strings.CutPrefix(name, wazuhSystem); ok && wazuhHeader[rest] != "" {
			f[wazuhHeader[rest]] = v
		} else if rest, ok := strings.CutPrefix(name, wazuhData); ok {
			f[data+wazuhName(rest)], told = format.Undoubled(v), true
		} else if name = "wazuh." + name; len(name) <= format.MaxName {
			f[name] = v
		}
	}
	message := strings.Trim(f.String("message"), `"`)
	if message != "" {
		f["message"] = message
	}
	if complete(f); !told {
		d.namedIn(f, event.Fields{}, message)
	}
	f.SetNew("observer.vendor", "Wazuh")
	if f["wazuh.rule.id"] != nil {
		f.SetNew("event.kind", "alert")
		f.SetNew("event.module", "wazuh") // who raised it
		f.SetNew("message", f.String("wazuh.rule.description"))
	}
	apply(f, wazuhRules)
}

// wazuhName is the name that Windows gives to what Wazuh calls name; param1 and its like
// are written small there, too.
func wazuhName(name string) string {
	if name == "" || strings.HasPrefix(name, "param") {
		return name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
