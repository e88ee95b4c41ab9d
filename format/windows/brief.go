package windows

import (
	"maps"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// derived are the fields that others are made of without a rule: of an event's own data,
// and of its header.
var (
	derived       = []string{"UtcTime", "Hashes", "Hash", "QueryResults", "ObjectName", "ObjectType", "ObjectValueName"}
	derivedHeader = []string{
		"channel", "event_id", "provider_name", "computer_name", "level_id", "severity", "keywords_mask", "keywords",
		"time_created", "time_local", "collector.timestamp", "collector.received",
	}
)

// briefSources returns the fields below "winlog." of which one is made that is wanted.
func briefSources(b *format.Brief) map[string]bool {
	tables := [][]format.Rule{exe("ProcessName", "process"), path("ObjectName", "file")}
	for _, s := range []*source{&sysmon, &security, &powershell, &other} {
		tables = append(append(tables, s.rules), slices.Collect(maps.Values(s.byID))...)
	}
	sources := b.Sources("windows", tables...)
	for _, name := range derived {
		sources[data+name] = true
	}
	for _, name := range derivedHeader {
		sources["winlog."+name] = true
	}
	for _, role := range []string{"Subject", "Account", "Target"} {
		for _, p := range persons {
			sources[data+role+p.from] = true
		}
	}
	return sources
}

// briefScanners read what is wanted. They come in pairs: without the message, where b
// does not ask for it, and with it.
type briefScanners struct {
	of          *format.Brief
	whole, flat [2]*format.Scanner
}

func newBriefScanners(b *format.Brief) *briefScanners {
	s := &briefScanners{of: b}
	sources := briefSources(b)
	wanted := func(name string) bool { return sources[name] || b.Wants("windows", name) }
	moved := map[string]bool{}
	for _, r := range header {
		moved[r.From] = moved[r.From] || wanted(r.To)
	}
	asked := b.Asks("windows", "message")
	for i := range 2 {
		message := asked || i == 1
		s.whole[i] = format.NewBriefScanner("", func(name string) bool {
			return (wanted(name) || name == "@timestamp") && (message || name != "message")
		})
		s.flat[i] = format.NewBriefScanner("winlog.event_data", func(name string) bool {
			return (wanted(name) || moved[name]) && (message || name != data+"Message")
		})
	}
	return s
}

// Brief is for Winlogbeat's documents and flat records.
func (d *decoder) Brief(record string, b *format.Brief) (event.Event, bool) {
	if record == "" || record[0] != '{' {
		return event.Event{}, false
	}
	if d.brief == nil || d.brief.of != b {
		d.brief = newBriefScanners(b)
	}
	t := telltalesOf(record)
	shape, scans := t.shape(), &d.brief.whole
	if shape == flat {
		scans = &d.brief.flat
	}
	if shape != beat && shape != flat || shape == flat && t.has(hasUnlike) {
		return event.Event{}, false
	}
	message := 1
	if strings.Contains(record, `Microsoft-Windows-Sysmon"`) || strings.Contains(record, `Microsoft-Windows-Security-Auditing"`) {
		message = 0 // it is rendered, most likely
	}
	f, err := scans[message].Object(record)
	if err != nil {
		return event.Event{}, false
	}
	if shape == beat {
		ev := fromBeat(f)
		return ev, message == 1 || format.Rendered(ev.Fields)
	}
	ev, ok, err := fromFlat(f)
	return ev, ok && err == nil && (message == 1 || format.Rendered(ev.Fields))
}
