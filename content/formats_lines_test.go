package content_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/realdata"
)

// families are the files of Wazuh's samples and the formats that their lines may
// have; the files left out are of programs that no format is for.
var families = map[string][]string{
	"SonicWall.ini": {"sonicwall"}, "apache.ini": {"apache-error"}, "apparmor.ini": {"apparmor"}, "checkpoint_smart1.ini": {"checkpoint"},
	"cisco_asa.ini": {"cisco-asa"}, "cisco_ios.ini": {"cisco-ios"}, "doas.ini": {"sudo"}, "dovecot.ini": {"dovecot"}, "exim.ini": {"exim"},
	"junos.ini": {"junos"}, "macos-sshd.ini": {"sshd"}, "modsecurity.ini": {"apache-error"}, "named.ini": {"bind", "syslog"},
	"netscreen.ini": {"netscreen"}, "nextcloud.ini": {"nextcloud"}, "nginx.ini": {"nginx-error"}, "opensmtpd.ini": {"sendmail"}, "owlh.ini": {"zeek"},
	"paloalto.ini": {"panos"}, "pam.ini": {"pam"}, "panda_paps.ini": {"leef"}, "postfix.ini": {"postfix"}, "proftpd.ini": {"ftp"}, "rsh.ini": {"samba", "syslog"},
	"samba.ini": {"samba"}, "squid_rules.ini": {"squid"}, "sshd.ini": {"sshd", "pam"}, "su.ini": {"su", "pam"}, "sudo.ini": {"sudo"},
	"vsftpd.ini": {"ftp"}, "web_appsec.ini": {"web-access"}, "web_rules.ini": {"iis-lines", "web-access"},
}

var wazuhLine = regexp.MustCompile(`^log \d+ (?:pass|fail) *= ?(.+)$`)

// TestWazuhLines reads the lines that Wazuh tests its decoders with.
func TestWazuhLines(t *testing.T) {
	rec := recogniser(t)
	files, _ := filepath.Glob(realdata.Path(t, "wazuh-logs") + "/*.ini")
	lines, ours := 0, 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		want := families[filepath.Base(name)]
		in := bufio.NewScanner(f)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			m := wazuhLine.FindStringSubmatch(in.Text())
			if m == nil {
				continue
			}
			lines++
			ev := one(t, rec, m[1])
			if string(ev.Raw) != m[1] {
				t.Errorf("%s: the record was changed", name)
			}
			if want == nil {
				continue
			}
			if !slices.Contains(want, ev.Format) {
				t.Logf("%s: read as %s: %.160s", filepath.Base(name), ev.Format, m[1])
				continue
			}
			ours++
			plain(t, &ev, m[1])
		}
		_ = f.Close()
	}
	if lines < 770 || ours < 330 {
		t.Errorf("%d lines, %d of them in a format of their own, want 770 and 330", lines, ours)
	}
	t.Logf("%d of %d lines are of a format of their own", ours, lines)
}

func one(t *testing.T, rec *format.Recogniser, line string) event.Event {
	t.Helper()
	stream, err := rec.Stream("")
	if err != nil {
		t.Fatal(err)
	}
	stream.Arrival = arrival
	ev, ok, err := stream.Decode([]byte(line))
	if err != nil || !ok {
		t.Fatalf("%v %t: %s", err, ok, line)
	}
	return ev
}

// tellings are phrases after which a line plainly says an address or a name, by
// format.
var tellings = []struct {
	formats []string
	phrase  *regexp.Regexp
	field   string
}{
	{[]string{"sshd"}, regexp.MustCompile(`\b(?:from|Disconnected from user \S+|by) (\d+\.\d+\.\d+\.\d+)(?: |$|:)`), "source.ip"},
	{[]string{"sshd"}, regexp.MustCompile(`(?:Failed|Accepted) \S+ for (?:invalid user |illegal user )?(\S+) from`), "user.name"},
	{[]string{"sshd", "pam"}, regexp.MustCompile(`rhost=(\d+\.\d+\.\d+\.\d+)`), "source.ip"},
	{[]string{"pam"}, regexp.MustCompile(`\buser=(\S+)`), "user.name"},
	{[]string{"sudo"}, regexp.MustCompile(`sudo: +(\S+) :`), "user.name"},
	{[]string{"sudo"}, regexp.MustCompile(`COMMAND=(.+)$`), "process.command_line"},
	{[]string{"cisco-asa"}, regexp.MustCompile(`(?:denied|Deny inbound UDP|Teardown \w+ connection \d+ for \w+:|Login denied|Login permitted) ?(?:from )?(?:\w+:)?(\d+\.\d+\.\d+\.\d+)/`), "source.ip"},
	{[]string{"cisco-asa"}, regexp.MustCompile(`(?:from|src) (?:[\w-]+:)?\d[\d.]+/\d+ (?:to|dst) (?:[\w-]+:)?(\d+\.\d+\.\d+\.\d+)/`), "destination.ip"},
	{[]string{"cisco-ios"}, regexp.MustCompile(`(?:tcp |\[)(\d+\.\d+\.\d+\.\d+)[:(]`), "source.ip"},
	{[]string{"cisco-ios"}, regexp.MustCompile(`-> (\d+\.\d+\.\d+\.\d+)[:(]`), "destination.ip"},
	{[]string{"junos"}, regexp.MustCompile(`source-address="([^"]+)"`), "source.ip"},
	{[]string{"junos"}, regexp.MustCompile(`destination-address="([^"]+)"`), "destination.ip"},
	{[]string{"sonicwall"}, regexp.MustCompile(` src=(\d+\.\d+\.\d+\.\d+)`), "source.ip"},
	{[]string{"sonicwall"}, regexp.MustCompile(` dst=(\d+\.\d+\.\d+\.\d+)`), "destination.ip"},
	{[]string{"checkpoint"}, regexp.MustCompile(`; src:"([0-9.]+)"`), "source.ip"},
	{[]string{"checkpoint"}, regexp.MustCompile(`; dst:"([0-9.]+)"`), "destination.ip"},
	{[]string{"netscreen"}, regexp.MustCompile(`[Ff]rom (?:host )?(\d+\.\d+\.\d+\.\d+)`), "source.ip"},
	{[]string{"leef"}, regexp.MustCompile("\tsrc=(\\S+)"), "source.ip"},
	{[]string{"web-access"}, regexp.MustCompile(`^(\d+\.\d+\.\d+\.\d+) `), "source.ip"},
	{[]string{"web-access"}, regexp.MustCompile(`" (\d{3}) \d+`), "http.response.status_code"},
	{[]string{"apache-error", "nginx-error"}, regexp.MustCompile(`\[client (\d+\.\d+\.\d+\.\d+)`), "source.ip"},
	{[]string{"squid"}, regexp.MustCompile(`^\S+ +\d+ (\S+)`), "source.ip"},
	{[]string{"dovecot"}, regexp.MustCompile(`rip=(\d+\.\d+\.\d+\.\d+)`), "source.ip"},
	{[]string{"dovecot"}, regexp.MustCompile(`user=<([^>]+)>`), "user.name"},
	{[]string{"exim", "postfix"}, regexp.MustCompile(`(?:from|for) (?:\S+ )?\[(\d+\.\d+\.\d+\.\d+)\]`), "source.ip"},
	{[]string{"bind"}, regexp.MustCompile(`client (\d+\.\d+\.\d+\.\d+)#`), "source.ip"},
}

// blocks are words of firewalls for traffic that did not pass.
var blocks = regexp.MustCompile(`^%ASA-\d-\d+: (?:Deny|Inbound TCP connection denied|TCP access denied|Dropped)|action:"(?:Drop|Reject|Block)"|denied tcp|TCP connection dropped|,TRAFFIC,(?:drop|deny),|TCP_DENIED|RT_FLOW_SESSION_DENY|action="drop"`)

// plain holds an event against what its line plainly says.
func plain(t *testing.T, ev *event.Event, line string) {
	t.Helper()
	for _, p := range tellings {
		m := p.phrase.FindStringSubmatch(line)
		if !slices.Contains(p.formats, ev.Format) || m == nil {
			continue
		}
		if strings.Contains(line, "Original IP payload") {
			continue // of another packet
		}
		if _, err := netip.ParseAddr(m[1]); strings.HasSuffix(p.field, ".ip") && err != nil {
			continue // crossed out
		}
		if got := ev.Fields.String(p.field); got != m[1] {
			t.Errorf("%s: %s is %q, the line says %q: %.220s", ev.Format, p.field, got, m[1], line)
		}
	}
	if got := ev.Fields.String("event.action"); blocks.MatchString(line) && got != "blocked" {
		t.Errorf("%s: event.action is %q: %.220s", ev.Format, got, line)
	}
}

// TestCloudTrail reads the log of an attack: nothing may be missing.
func TestCloudTrail(t *testing.T) {
	rec := recogniser(t)
	n := 0
	realdata.Tar(t, realdata.Path(t, "cloudtrail-invictus", "events.tar.gz"), func(name string, in io.Reader) {
		var file struct{ Records []json.RawMessage }
		if inner, ok := strings.CutSuffix(name, ".gz"); ok {
			z, err := gzip.NewReader(in)
			if err != nil {
				t.Fatal(err)
			}
			name, in = inner, z
		}
		if !strings.HasSuffix(name, ".json") || json.NewDecoder(in).Decode(&file) != nil {
			return
		}
		for _, raw := range file.Records {
			n++
			var r struct {
				EventName, EventSource, SourceIPAddress string
				UserIdentity                            struct{ UserName string }
			}
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatal(err)
			}
			ev := one(t, rec, string(raw))
			f := ev.Fields
			if ev.Format != "cloudtrail" || ev.Time.IsZero() || f.String("user.name") == "" || f.String("event.action") != r.EventName ||
				f.String("event.provider") != r.EventSource || f.String("source.address") != r.SourceIPAddress || f.String("event.outcome") == "" {
				t.Errorf("%s: %v of %.300s", ev.Format, f, raw)
			}
			if _, err := netip.ParseAddr(r.SourceIPAddress); (err == nil) != (f.String("source.ip") != "") {
				t.Errorf("source.ip is %q of %q", f.String("source.ip"), r.SourceIPAddress)
			}
			if u := r.UserIdentity.UserName; u != "" && f.String("user.name") != u {
				t.Errorf("user.name is %q, want %q", f.String("user.name"), u)
			}
		}
	})
	if n != 2900 {
		t.Errorf("%d events, want 2900", n)
	}
}

// TestNotebookLogs reads the logs that the notebooks of msticpy analyse.
func TestNotebookLogs(t *testing.T) {
	for _, tt := range []struct {
		file, format string
		events       int
		always       []string // fields that each event has
	}{
		{"auditd_log.txt.gz", "auditd", 1708, []string{"event.id", "event.action", "auditd.log.type"}},
		{"osquery/osqueryd.results.log.gz", "osquery", 266, []string{"host.name", "event.action", "user.name"}},
		{"az_net_flows.csv.gz", "azure-flow-table", 460, []string{"source.ip", "event.action"}},
		{"processes_on_host.csv.gz", "log-analytics-windows", 363, []string{"host.name", "process.executable", "user.name"}},
		{"sudo_data.csv", "log-analytics-syslog", 22, []string{"host.name", "process.name"}},
	} {
		events := readFile(t, realdata.Path(t, "msticpy", tt.file))
		n := 0
		for _, ev := range events {
			if ev.Format != tt.format {
				t.Errorf("%s: read as %s: %.200s", tt.file, ev.Format, ev.Raw)
				continue
			}
			n++
			if ev.Time.IsZero() {
				t.Errorf("%s: no time: %.200s", tt.file, ev.Raw)
			}
			for _, name := range tt.always {
				if ev.Fields.String(name) == "" {
					t.Errorf("%s: no %s: %.200s", tt.file, name, ev.Raw)
				}
			}
		}
		if n != tt.events {
			t.Errorf("%s: %d events of %s, want %d", tt.file, n, tt.format, tt.events)
		}
	}
}

// TestOthersStay reads Suricata's own samples among all formats: none of them may
// be taken for something else.
func TestOthersStay(t *testing.T) {
	rec := recogniser(t)
	n := 0
	realdata.Tar(t, realdata.Path(t, "suricata", "eve.tar.gz"), func(name string, in io.Reader) {
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, 4<<20)
		for lines.Scan() {
			if line := lines.Bytes(); len(line) > 0 && line[0] == '{' {
				n++
				if got := rec.Recognise(line); got != "suricata" {
					t.Errorf("%s is read as %s: %.200s", name, got, line)
				}
			}
		}
	})
	if n < 20_000 {
		t.Errorf("only %d records", n)
	}
}

// TestChosenTextStays: what somebody chose within a line of sshd's does not make it one of
// a device's.
func TestChosenTextStays(t *testing.T) {
	rec := recogniser(t)
	for _, chosen := range []string{"%%10SHELL/5/SHELL_LOGIN(l): x", "%%01SHELL/4/LOGIN(l):x"} {
		line := "Mar  2 10:00:00 h sshd[7]: Failed password for invalid user x " + chosen + " from 203.0.113.4 port 5 ssh2"
		if got := rec.Recognise([]byte(line)); got != "sshd" {
			t.Errorf("%s is read as %s", line, got)
		}
	}
}
