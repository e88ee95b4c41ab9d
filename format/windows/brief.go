package windows

import (
	"maps"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// derived are the fields that others are made of without a rule: of an event's own data,
// of its header, and of that if what kind of event it is matters.
var (
	derived     = []string{"UtcTime", "Hashes", "Hash", "QueryResults", "ObjectName", "ObjectType", "ObjectValueName"}
	headerOfAll = []string{"channel", "event_id", "provider_name", "time_created", "time_local", "collector.timestamp", "collector.received"}
	headerOfFew = []string{"computer_name", "level_id", "severity", "keywords_mask", "keywords"}
)

// briefly reads what a Brief wants.
type briefly struct {
	of       *format.Brief
	asked    format.Asked
	classify bool          // what kind of event it is matters
	header   []format.Rule // as far as it matters
	// Scanners come in pairs: without the message, where nobody asks for it, and with it.
	whole, flat [2]*format.Scanner
}

func newBriefly(b *format.Brief) *briefly {
	y := &briefly{of: b, asked: b.Of("windows", "")}
	y.classify = slices.ContainsFunc(classified, y.asked.Wants)
	sources := y.sources()
	wanted := func(name string) bool { return sources[name] || y.asked.Wants(name) }
	to, from := map[string]bool{}, map[string]bool{} // of header
	for _, r := range header {
		to[r.To] = to[r.To] || wanted(r.To) || wanted(r.From)
	}
	for _, r := range header {
		if to[r.To] {
			from[r.From], y.header = true, append(y.header, r)
		}
	}
	asked := y.asked.For("message") || y.asked.For(data+"Message")
	for i := range 2 {
		message := asked || i == 1
		y.whole[i] = format.NewBriefScanner("", func(name string) bool {
			return (wanted(name) || name == "@timestamp") && (message || name != "message")
		})
		y.flat[i] = format.NewBriefScanner("winlog.event_data", func(name string) bool {
			return (wanted(name) || from[name]) && (message || name != data+"Message")
		})
	}
	return y
}

// sources returns the fields below "winlog." of which something is made that is wanted.
func (y *briefly) sources() map[string]bool {
	tables := [][]format.Rule{actor, objectFile}
	for _, s := range sources {
		tables = append(append(tables, s.rules), slices.Collect(maps.Values(s.byID))...)
	}
	sources := y.asked.Sources(tables...)
	for _, name := range derived {
		sources[data+name] = true
	}
	of := headerOfAll
	if y.classify {
		of = slices.Concat(of, headerOfFew)
	}
	for _, name := range of {
		sources["winlog."+name] = true
	}
	for _, r := range slices.Concat(subject, target, effective, logon, session) {
		if y.asked.Wants(r.to) {
			sources[r.from] = true
		}
	}
	return sources
}

// Brief is for Winlogbeat's documents and flat records.
func (d *decoder) Brief(record string, b *format.Brief) (event.Event, bool) {
	if record == "" || record[0] != '{' {
		return event.Event{}, false
	}
	if d.brief == nil || d.brief.of != b {
		d.brief = newBriefly(b)
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
	ev, ok := d.brief.event(f, shape)
	return ev, ok && (message == 1 || format.Rendered(f))
}

// event is Event of the fields of a record of a shape, as far as it matters.
func (y *briefly) event(f event.Fields, shape shape) (event.Event, bool) {
	var stamp any
	if shape == beat {
		stamp = fromBeat(f)
	} else if fromFlat(f, y.header); f["winlog.event_id"] == nil {
		return event.Event{}, false
	}
	ev, id, table := begun(f)
	if y.classify {
		classify(f, id, table)
	}
	derive(f, id, table)
	return stamped(ev, stamp), true
}
