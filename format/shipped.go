package format

import (
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// maxShells bounds how often what a record carries may carry another.
const maxShells = 2

// bare are the names that shippers give to what they add to a line: Beats, Elastic
// Agent, Logstash, Fluent Bit, Vector. A record that has others is more than a
// shell: it means what it says itself.
var bare = map[string]bool{
	"@timestamp": true, "@version": true, "timestamp": true, "date": true, "time": true, "observed_timestamp": true,
	"message": true, "MESSAGE": true, "log": true, "tags": true, "tag": true, "type": true, "stream": true, "logtag": true, "offset": true, "path": true,
	"host": true, "hostname": true, "source": true, "source_type": true, "file": true, "filename": true, "port": true, "time_iso8601": true,
	"facility": true, "severity": true, "appname": true, "procid": true, "msgid": true, "service": true, "event.kind": true,
	"event.module": true, "event.dataset": true, "event.original": true, "event.ingested": true, "event.created": true, "_p": true,
}

// bareUnder are the same with more names below.
var bareUnder = []string{
	"agent.", "beat.", "host.", "log.", "input.", "ecs.", "cloud.", "container.", "docker.", "kubernetes.", "fields.", "data_stream.",
	"elastic_agent.", "prospector.", "source.address", "service.", "orchestrator.", "labels.", "@metadata.", "metadata.",
}

// lines are the names under which the line itself stands, the first that is there.
var lines = [...]string{"message", "log", "MESSAGE"}

func isLine(name string) bool { return slices.Contains(lines[:], name) }

// Shipped returns a Format.Carries for records in which a shipper has put the line
// that it read. prefix is what stands before all names.
func Shipped(prefix string) func(ev *event.Event) string {
	return func(ev *event.Event) string {
		line := ""
		for _, name := range lines {
			if s, ok := ev.Fields[prefix+name].(string); ok && len(s) > 2 {
				line = s
				break
			}
		}
		if line == "" {
			return ""
		}
		for name, v := range ev.Fields {
			name, own := strings.CutPrefix(name, prefix) // the others are ours
			if own && v != nil && !shell(name) {
				return ""
			}
		}
		return strings.TrimRight(line, "\r\n")
	}
}

func shell[T string | []byte](name T) bool {
	if bare[string(name)] {
		return true
	}
	for _, p := range bareUnder {
		if len(name) >= len(p) && string(name[:len(p)]) == p {
			return true
		}
	}
	return false
}

// open reads what the event's record carries, when that is of a format of its own.
// The event then is that of the record inside, and what was around it stays where
// the record inside says nothing.
func (s *Stream) open(ev *event.Event, format int, shells int) {
	carries := s.rec.formats[format].Carries
	if carries == nil || shells >= maxShells {
		return
	}
	record := carries(ev)
	if record == "" {
		return
	}
	var c Carried
	i, part := s.rec.find(record, -1, &c)
	if i == s.rec.text || i == format {
		return
	}
	outer := s.carried
	s.carried = c
	inner, ok, err := s.decode(s.rec.formats[i].New(), record, part)
	s.carried = outer
	if err != nil || !ok {
		return
	}
	inner.Format, inner.Raw = s.rec.formats[i].Name, ev.Raw
	s.open(&inner, i, shells+1)
	if inner.Time.IsZero() {
		inner.Time = ev.Time
	}
	for name, v := range ev.Fields {
		if inner.Fields[name] == nil {
			inner.Fields[name] = v
		}
	}
	*ev = inner
}
