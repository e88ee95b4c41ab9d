package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
	"github.com/vedette-soc/vedette/match/pattern"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
)

// warned turns the hits of warning lists into what a detection carries. A list
// that covers only a part of what the indicator names says nothing.
func warned(hits []misp.WarningHit) (ws []alert.Warning, suppressed bool) {
	for _, h := range hits {
		if h.Action == misp.Tag {
			continue
		}
		ws = append(ws, alert.Warning{List: h.List, Entry: h.Entry, Action: string(h.Action)})
		suppressed = suppressed || h.Action == misp.Suppress
	}
	return ws, suppressed
}

// detector turns events into detections. It belongs to one goroutine.
type detector struct {
	matcher  *Matcher
	org      *org.Service
	warnings func() *misp.WarningSet
	hits     []match.Hit
	sights   []pattern.Sight
}

// about is an event and whose it is.
type about struct {
	ev  *event.Event
	id  ref.Ref
	org *org.Service
	set *setting // nil until base was asked for
}

// base is what detections of an event share.
func (a *about) base() alert.Detection {
	if a.set == nil {
		s := settle(a.ev, a.org.Index())
		a.set = &s
	}
	return alert.Detection{
		Time: a.ev.Time, Event: a.id, Entity: a.set.entity, Peer: a.set.peer, Dataset: a.ev.Fields.String("event.dataset"),
		Account: a.set.account, Blocked: blocked(a.ev), Techniques: a.ev.Fields.Strings("threat.technique.id"),
	}
}

// touches says whether an observable of an event touches what the index holds.
func (w *detector) touches(ev *event.Event) bool {
	for _, o := range ev.Observables {
		if w.hits = w.matcher.live.Lookup(o.Type, o.Value, w.hits[:0]); len(w.hits) > 0 {
			return true
		}
	}
	return false
}

// indicators returns one detection per live indicator that an event touches.
func (w *detector) indicators(ctx context.Context, a *about) ([]alert.Detection, error) {
	var out []alert.Detection
	var done map[string]bool
	for _, o := range a.ev.Observables {
		var met []Met
		var err error
		if w.hits, met, err = w.matcher.Lookup(ctx, o.Type, o.Value, w.hits); err != nil {
			return nil, err
		}
		for _, m := range met {
			if done[m.Row.ID] {
				continue
			}
			if done == nil {
				done = map[string]bool{}
			}
			done[m.Row.ID] = true
			d := a.base()
			byIndicator(&d, o, m, a.set)
			d.Supplier = supplierOf(m.Row.Type, m.Row.Value, w.org.Index())
			d.Warnings, d.Suppressed = warned(w.warnings().Match(m.Row.Type, m.Row.Value))
			out = append(out, d)
		}
	}
	return out, nil
}

// product returns the detection of an event that is itself an alert another
// product raised.
func product(a *about) []alert.Detection {
	if a.ev.Fields.String("event.kind") != "alert" {
		return nil
	}
	d := a.base()
	byProduct(&d, a.ev, a.set)
	return []alert.Detection{d}
}

// byRules returns the detections of rules that matched an event.
func byRules(a *about, matches []ruleMatch) []alert.Detection {
	var out []alert.Detection
	for _, m := range matches {
		d := a.base()
		byRule(&d, m, a.id)
		out = append(out, d)
	}
	return out
}

// readKept reads kept events from one on.
type readKept func(ctx context.Context, from telemetry.Seq, limit int) ([]telemetry.Stored, error)

// byAlarms is byRules for matches with correlations among them. One that is judged
// when its window is over is told by a later event, of another host maybe: its
// detection is that of its own last event, as long as that is kept.
func byAlarms(ctx context.Context, read readKept, dec *Decoder, a *about, matches []ruleMatch) []alert.Detection {
	var out []alert.Detection
	for _, m := range matches {
		of := a
		if m.alarm != nil && !slices.Contains(m.alarm.Events, a.id.ID) {
			if own, ok := eventOf(ctx, read, dec, m.alarm.Events[len(m.alarm.Events)-1]); ok {
				own.org, of = a.org, &own
			}
		}
		out = append(out, byRules(of, []ruleMatch{m})...)
	}
	return out
}

// eventOf reads an event that is kept.
func eventOf(ctx context.Context, read readKept, dec *Decoder, id string) (about, bool) {
	seq, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return about{}, false
	}
	records, err := read(ctx, telemetry.Seq(seq), 1)
	if err != nil || len(records) == 0 || records[0].Seq != telemetry.Seq(seq) {
		return about{}, false
	}
	ev, ok := dec.read(records[0])
	if ev.Time.Sub(records[0].Received) > telemetry.Ahead {
		ev.Time = records[0].Received
	}
	return about{ev: &ev, id: EventRef(records[0].Seq)}, ok
}

// supplierOf is the supplier of ours whom an indicator's name belongs to, "" for
// most.
func supplierOf(t indicator.Type, value string, x *org.Index) string {
	if host, name, ok := indicator.HostOf(t, value); ok && host == indicator.Domain {
		if s, ok := x.Supplier(name); ok {
			return s.Name
		}
	}
	return ""
}

// blocked tells whether a sensor says that it stopped what it saw.
func blocked(ev *event.Event) bool {
	action := strings.ToLower(ev.Fields.String("event.action"))
	switch action {
	case "blocked", "block", "denied", "deny", "dropped", "drop", "reject", "rejected":
		return true
	}
	if ev.Fields.String("event.kind") == "alert" && averted(action, slices.Contains(ev.Fields.Strings("event.category"), "malware")) {
		return true
	}
	return slices.Contains(ev.Fields.Strings("event.type"), "denied")
}

// averted tells whether an action, in lower case, is what products do about what they
// find, and was done. Files are deleted and cleaned by others, too: that means something
// of malware only. Nor is every word that begins so one: DeleteTrail is what was found.
func averted(action string, malware bool) bool {
	if strings.Contains(action, "fail") {
		return false
	}
	words := strings.FieldsFunc(action, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return slices.Contains([]string{"not", "unable", "pending", "partially"}, w) }) {
		return false
	}
	switch words[0] {
	case "quarantine", "quarantined", "prevent", "prevented", "remediate", "remediated", "mitigate", "mitigated":
		return true
	case "clean", "cleaned", "delete", "deleted":
		return malware
	}
	return false
}

// byIndicator fills d for an observable that touched a live indicator.
func byIndicator(d *alert.Detection, o event.Observable, m Met, who *setting) {
	row := m.Row
	d.ID = alert.DetectionID(d.Event, row.ID, o.Field)
	d.Sensor = "intelligence"
	d.Observable = alert.Observable{Type: o.Type, Value: o.Value, Field: o.Field}
	d.Reason = alert.Reason{
		Kind: alert.ByIndicator, Key: row.ID, Type: row.Type, Value: row.Value, Title: indicator.Defang(row.Value), Confidence: row.Confidence,
		Names: row.Names, KillChain: row.KillChain, Layer: row.Layer, LastSeen: row.LastSeen,
	}
	for _, a := range row.Sources {
		if !a.Withdrawn {
			if d.Known.IsZero() || a.FirstAdded.Before(d.Known) {
				d.Known = a.FirstAdded
			}
			d.Reason.Sources = append(d.Reason.Sources, a.Source)
		}
	}
	d.Tactic = cmp.Or(tacticOf(row.KillChain), stageOf(o, who.direction))
	d.Summary = sentence(d, o, m)
}

// sentence says what happened in one line.
func sentence(d *alert.Detection, o event.Observable, m Met) string {
	who := cmp.Or(d.Entity.Name, "somebody")
	what := indicator.Defang(o.Value)
	verb := "met"
	side, _, _ := strings.Cut(o.Field, ".")
	switch {
	case side == "dns" && (o.Type == indicator.IPv4 || o.Type == indicator.IPv6):
		verb = "was led by a name to"
	case side == "dns":
		verb = "looked up"
	case side == "url" || o.Type == indicator.URL || side == "http":
		verb = "requested"
	case side == "tls" || side == "destination" || side == "server":
		verb = "connected to"
	case side == "source" || side == "client":
		verb = "was contacted by"
	case side == "file" || side == "process" || strings.HasPrefix(string(o.Type), "file:"):
		verb = "handled the file"
	case side == "email" || o.Type == indicator.Email:
		verb = "exchanged mail with"
	}
	s := fmt.Sprintf("%s %s %s", who, verb, what)
	if len(m.Row.Names) > 0 {
		s += ", known as " + m.Row.Names[0]
	} else {
		s += ", known as malicious"
	}
	if m.Kind != match.Exact || m.Row.Type == indicator.Pattern {
		s += fmt.Sprintf(" (through %s)", indicator.Defang(m.Row.Value))
	}
	return s
}

// levelOf is how bad a product finds what it raises, in the words of rules' levels.
// Formats write event.severity as CEF has it, from 0 to the worst, 10; others also of a
// hundred. What counts otherwise keeps its own numbers. Of products that do not say,
// malware is high; a honeypot is touched from outside all day, and from within only by
// who looks around; of others it is "".
func levelOf(f event.Fields, dir direction) string {
	n, ok := f.Int("event.severity")
	switch {
	case ok && n >= 0:
	case honeypot(f) && (dir == internal || dir == outbound):
		return "critical"
	case honeypot(f):
		return "low"
	case slices.Contains(f.Strings("event.category"), "malware"):
		return "high"
	default:
		return ""
	}
	critical, high, medium := int64(9), int64(7), int64(4)
	switch f.String("event.module") {
	case "suricata", "snort": // priorities from 1, which is called high
		n = []int64{7, 7, 4, 0}[min(n, 3)]
	case "wazuh", "ossec": // levels, as Wazuh names them
		critical, high, medium = 15, 12, 7
	default:
		if n > 10 {
			n /= 10
		}
	}
	switch {
	case n >= critical:
		return "critical"
	case n >= high:
		return "high"
	case n >= medium:
		return "medium"
	}
	return "low"
}

// productFields are the fields of a product's alert that say most of what it found; of those
// in a group the first that is there.
var productFields = [][]string{
	{"process.command_line", "process.executable", "process.name"},
	{"file.path", "file.name"},
	{"file.hash.sha256", "process.hash.sha256", "file.hash.sha1", "process.hash.sha1", "file.hash.md5", "process.hash.md5"},
	{"url.full", "url.original", "dns.question.name", "url.domain", "tls.client.server_name", "destination.domain"},
	{"email.subject", "email.from.address"},
	{"user.name", "user.email"},
	{"source.ip"},
	{"destination.ip"},
}

// maxSaid bounds what is kept of one value, in bytes.
const maxSaid = 1000

// saidOf is what the event of a product's alert says of what it found, as field=value.
func saidOf(f event.Fields) []string {
	var out []string
	for _, group := range productFields {
		for _, field := range group {
			if v := f.String(field); v != "" {
				out = append(out, field+"="+v[:min(len(v), maxSaid)])
				break
			}
		}
	}
	return out
}

// byProduct fills d for an event that is another product's alert.
func byProduct(d *alert.Detection, ev *event.Event, who *setting) {
	f := ev.Fields
	product := cmp.Or(f.String("event.module"), ev.Format)
	action := cmp.Or(f.String("event.action"), f.String("event.dataset"))
	rule := cmp.Or(f.String("rule.name"), f.String("message"), action, "an alert without a name")
	// A message tells of one event, so it is no name for all of its kind.
	key := product + "/" + cmp.Or(f.String("rule.id"), f.String("rule.name"), action)
	d.ID = alert.DetectionID(d.Event, key, "")
	d.Sensor = product
	d.Reason = alert.Reason{Kind: alert.ByProduct, Key: key, Title: rule, Level: levelOf(f, who.direction), Names: f.Strings("threat.software.name")}
	d.Reason.Evidence = saidOf(f)
	d.CVEs = f.Strings("vulnerability.id")
	d.Tactic = stageSaid(f, who.direction)
	d.Summary = fmt.Sprintf("%s: %s", cmp.Or(who.entity.Name, product), rule)
	if d.Blocked {
		d.Summary += " (blocked)"
	}
}
