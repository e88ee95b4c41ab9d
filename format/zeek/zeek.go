// Package zeek reads Zeek's logs, as JSON and as tab-separated values with
// their header; both give the same events. [Format] is what a recogniser takes.
// Every column stays under "zeek.PATH."; what ECS has a name for is there as
// well. Column meanings are those of Zeek's script reference; the log format is
// that of its ASCII writer.
package zeek

import (
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// Format returns the Zeek format, named "zeek".
func Format() format.Format {
	return format.Format{
		Name:      "zeek",
		Recognise: recognise,
		New:       func() format.Decoder { return newDecoder() },
		Whole:     func(record string) bool { return looksJSON(record) && format.Skim(record, "ts") },
		Resume: func(context []byte) (format.Decoder, error) {
			d := newDecoder()
			for line := range strings.Lines(string(context)) {
				if err := d.header.read(strings.TrimSuffix(line, "\n")); err != nil {
					return nil, err
				}
			}
			return d, nil
		},
	}
}

func recognise(head string) int {
	if strings.HasPrefix(head, "#separator ") || strings.HasPrefix(head, "#fields\t") {
		return 100
	}
	if len(head) == 0 || head[0] != '{' {
		return 0
	}
	if strings.Contains(head, `"_path"`) && strings.Contains(head, `"ts"`) {
		return 100
	}
	if strings.Contains(head, `"ts":`) && strings.Contains(head, `"uid":`) && strings.Contains(head, `"id.orig_h":`) {
		return 90
	}
	return 0
}

type decoder struct {
	header header
	scans  scans
	brief  scans // for of
	of     *format.Brief
}

// scans are the scanners of JSON records by path.
type scans map[string]*format.Scanner

func newDecoder() *decoder { return &decoder{scans: scans{}, brief: scans{}} }

// Context returns the header lines that decide how rows are read.
func (d *decoder) Context() []byte { return d.header.context }

func (d *decoder) Decode(record string) (event.Event, bool, error) {
	switch {
	case record == "":
		return event.Event{}, false, nil
	case record[0] == '#':
		return event.Event{}, false, d.header.read(record)
	case record[0] == '{' && d.header.context == nil || looksJSON(record):
		return d.scans.read(record, jsonPath(record), format.NewScanner)
	}
	fields, path, err := d.header.row(record)
	if err != nil {
		return event.Event{}, false, err
	}
	return finish(fields, path), true, nil
}

// looksJSON tells a JSON record from a row whose first column begins with '{'.
func looksJSON(record string) bool {
	return strings.HasPrefix(record, `{"`) && strings.HasSuffix(record, "}")
}

// maxPaths bounds the scanners of one stream; Zeek has about 80 logs.
const maxPaths = 256

// Brief is for JSON, and for what is no alert: of that all is needed.
func (d *decoder) Brief(record string, b *format.Brief) (event.Event, bool) {
	if !looksJSON(record) {
		return event.Event{}, false
	}
	path := jsonPath(record)
	if alerts(path) {
		return event.Event{}, false
	}
	if d.of != b {
		d.of, d.brief = b, scans{}
	}
	if d.brief[path] == nil && len(d.brief) >= maxPaths {
		return event.Event{}, false // it would be made for one record
	}
	ev, ok, err := d.brief.read(record, path, func(prefix string) *format.Scanner { return briefScanner(prefix, path, b) })
	return ev, ok && err == nil
}

// read reads a JSON record of the log of a path.
func (s scans) read(record, path string, scanner func(prefix string) *format.Scanner) (event.Event, bool, error) {
	scan := s[path]
	if scan == nil {
		scan = scanner("zeek." + path)
		if len(s) < maxPaths {
			s[path] = scan
		}
	}
	f, err := scan.Object(record)
	if err != nil {
		return event.Event{}, false, err
	}
	if f["zeek."+path+".ts"] == nil {
		return event.Event{}, false, format.Faultf("not-zeek", "the record has no ts; every Zeek log has one")
	}
	// The writer's own columns say nothing of the event, and TSV lacks them.
	delete(f, "zeek."+path+"._path")
	delete(f, "zeek."+path+"._write_ts")
	normalise(f, "zeek."+path+".")
	return finish(f, path), true, nil
}

// jsonPath reads the log's name from "_path", which Zeek writes when asked to.
// Without it the columns tell.
func jsonPath(record string) string {
	if i := strings.Index(record, `"_path"`); i >= 0 {
		rest := strings.TrimLeft(record[i+len(`"_path"`):], " :\t")
		if rest, ok := strings.CutPrefix(rest, `"`); ok {
			if end := strings.IndexByte(rest, '"'); end > 0 && plain(rest[:end]) {
				return rest[:end]
			}
		}
	}
	for _, s := range signs {
		if strings.Contains(record, s.column) {
			return s.path
		}
	}
	return "unknown"
}

func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return len(s) <= 64
}

// signs are columns that only one log has.
var signs = []struct{ column, path string }{
	{`"conn_state":`, "conn"},
	{`"qtype_name":`, "dns"},
	{`"trans_id":`, "dns"},
	{`"server_name":`, "ssl"},
	{`"cert_chain_fps":`, "ssl"},
	{`"resumed":`, "ssl"},
	{`"status_code":`, "http"},
	{`"user_agent":`, "http"},
	{`"seen_bytes":`, "files"},
	{`"certificate.serial":`, "x509"},
	{`"mailfrom":`, "smtp"},
	{`"helo":`, "smtp"},
	{`"note":`, "notice"},
	{`"auth_success":`, "ssh"},
	{`"host_key":`, "ssh"},
	{`"request_type":`, "kerberos"},
	{`"domainname":`, "ntlm"},
	{`"share_type":`, "smb_mapping"},
	{`"assigned_addr":`, "dhcp"},
	{`"security_protocol":`, "rdp"},
	{`"facility":`, "syslog"},
	{`"tunnel_type":`, "tunnel"},
	{`"seen.indicator":`, "intel"},
}
