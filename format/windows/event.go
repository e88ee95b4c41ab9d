package windows

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

const data = "winlog.event_data."

func itoa(n int) string { return strconv.Itoa(n) }

// Event makes an event of fields under "winlog.": channel, event_id,
// provider_name, computer_name, record_id, time_created (a time in any spelling
// that format.TimeOf reads) and event_data.*. Fields with ECS names that are
// there already stay as they are.
func Event(f event.Fields) event.Event {
	ev, id, table := begun(f)
	classify(f, id, table)
	derive(f, id, table)
	return ev
}

// begun is the event of fields, with its id and how those of its provider are mapped.
func begun(f event.Fields) (event.Event, int64, *source) {
	id, _ := f.Int("winlog.event_id")
	table := sourceOf(f.String("winlog.provider_name"), f.String("winlog.channel"))
	kind := "event"
	if slices.Contains(table.alerts, id) {
		kind = "alert"
	}
	f.SetNew("event.kind", kind)
	return event.Event{Fields: f, Time: when(f)}, id, table
}

// classified are the fields that classify makes; nothing else is made of them.
var classified = []string{
	"winlog.provider_guid", "winlog.activity_id", "winlog.related_activity_id", "winlog.event_id", "event.code", "event.module", "event.dataset",
	"event.provider", "host.name", "log.level", "host.os.type", "event.category", "event.type", "event.action", "event.outcome",
}

// classify says what kind of event it is.
func classify(f event.Fields, id int64, table *source) {
	headerGUIDs(f)
	f["winlog.event_id"] = id
	f.SetNew("event.code", strconv.FormatInt(id, 10))
	f.SetNew("event.module", cmp.Or(table.module, "windows"))
	f.SetNew("event.dataset", "windows."+dataset(f.String("winlog.channel")))
	f.SetNew("event.provider", f.String("winlog.provider_name"))
	f.SetNew("host.name", f.String("winlog.computer_name"))
	f.SetNew("log.level", level(f))
	if f.String("winlog.provider_name") == linuxSysmon {
		f.SetNew("host.os.type", "linux")
	}
	if c, ok := table.classes[id]; ok {
		f.SetNew("event.category", c.categories)
		f.SetNew("event.type", c.types)
		f.SetNew("event.action", c.action)
	}
	f.SetNew("event.outcome", outcome(f, id))
}

// derive gives what the event's own data says its places.
func derive(f event.Fields, id int64, table *source) {
	apply(f, table.rules)
	apply(f, table.byID[id])
	switch table {
	case &sysmon:
		deriveSysmon(f, id)
	case &security:
		deriveSecurity(f, id)
	case &dnsServer:
		f.SetNew("network.protocol", "dns")
	case &dnsClient:
		queryResults(f)
	}
}

// apply is format.Apply for values that Windows writes as "-" when there is
// none.
func apply(f event.Fields, rules []format.Rule) {
	for i := range rules {
		r := &rules[i]
		v := f[r.From]
		if v == nil || v == "-" || v == "" {
			continue
		}
		if r.Convert != nil {
			v = r.Convert(v)
		}
		f.SetNew(r.To, v)
	}
}

// when prefers times that are UTC by definition. A collector's own stamp comes
// before a local time without zone.
func when(f event.Fields) time.Time {
	for _, name := range [...]string{data + "UtcTime", "winlog.time_created", "winlog.time_local"} {
		s, ok := format.First(f[name]).(string)
		if ok && (name == data+"UtcTime" || format.Zoned(s)) {
			if t, ok := format.ParseTime(s); ok {
				return t
			}
		}
	}
	for _, name := range [...]string{"winlog.collector.timestamp", "winlog.time_created", "winlog.time_local", "winlog.collector.received"} {
		if t, ok := format.TimeOf(f[name]); ok {
			return t
		}
	}
	return time.Time{}
}

// dataset names a channel as Elastic does: "sysmon_operational", "security",
// "powershell_operational".
func dataset(channel string) string {
	if channel == "" {
		return "unknown"
	}
	name := strings.TrimPrefix(strings.ToLower(channel), "microsoft-windows-")
	if name == "windows powershell" {
		return "powershell"
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}

// level names the level of an event as Event Viewer shows it.
func level(f event.Fields) string {
	n, ok := f.Int("winlog.level_id")
	if !ok {
		return strings.ToLower(f.String("winlog.severity"))
	}
	names := [...]string{"information", "critical", "error", "warning", "information", "verbose"}
	if n < 0 || int(n) >= len(names) {
		return ""
	}
	return names[n]
}

// The audit bits of an event's keywords (winmeta.xml).
const (
	auditFailure = 1 << 52
	auditSuccess = 1 << 53
)

func outcome(f event.Fields, id int64) string {
	bits, ok := f["winlog.keywords_mask"].(int64)
	if s, text := f["winlog.keywords_mask"].(string); text {
		n, err := strconv.ParseUint(s, 0, 64)
		bits, ok = int64(n), err == nil
	}
	switch {
	case ok && bits&auditFailure != 0:
		return "failure"
	case ok && bits&auditSuccess != 0:
		return "success"
	}
	for _, word := range f.Strings("winlog.keywords") {
		switch word {
		case "Audit Failure":
			return "failure"
		case "Audit Success":
			return "success"
		}
	}
	switch id {
	case 4625, 4771:
		if sourceOf(f.String("winlog.provider_name"), f.String("winlog.channel")) == &security {
			return "failure"
		}
	}
	return ""
}
