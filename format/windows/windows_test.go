package windows_test

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/internal/realdata"
)

func recogniser() *format.Recogniser {
	return format.NewRecogniser(suricata.Format(), zeek.Format(), windows.Format(), ecs.Format())
}

// each calls visit for every event of a stream; a record that cannot be read
// fails the test.
func each(t *testing.T, in io.Reader, name string, visit func(*event.Event)) {
	t.Helper()
	r, err := format.NewReader(in, name, recogniser(), format.Options{NoObservables: true})
	if err != nil {
		t.Fatal(err)
	}
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return
		}
		var bad *format.RecordError
		if errors.As(err, &bad) {
			t.Error(err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		visit(&ev)
	}
}

// mapped are ECS fields that an event must have when its own field has a value.
var mapped = map[string]string{
	"Image":               "process.executable",
	"ParentImage":         "process.parent.executable",
	"ProcessGuid":         "process.entity_id",
	"TargetFilename":      "file.path",
	"TargetObject":        "registry.path",
	"ImageLoaded":         "dll.path",
	"SourceIp":            "source.ip",
	"DestinationIp":       "destination.ip",
	"DestinationPort":     "destination.port",
	"DestinationHostname": "destination.domain",
	"QueryName":           "dns.question.name",
	"User":                "user.name",
	"NewProcessName":      "process.executable",
	"SourceAddress":       "source.ip",
	"DestAddress":         "destination.ip",
	"IpAddress":           "source.ip",
	"ScriptBlockText":     "powershell.file.script_block_text",
}

func check(t *testing.T, ev *event.Event) {
	t.Helper()
	f := ev.Fields
	if ev.Format != "windows" || ev.Time.IsZero() || f.String("host.name") == "" || f.String("event.code") == "" {
		t.Errorf("%s record %d: format %s, time %v, host %v, code %v", ev.Origin.File, ev.Origin.Line, ev.Format, ev.Time, f["host.name"], f["event.code"])
	}
	dataset := f.String("event.dataset")
	if dataset != "windows.sysmon_operational" && dataset != "windows.security" {
		return
	}
	if f.String("event.action") == "" && dataset == "windows.sysmon_operational" {
		t.Errorf("%s record %d: no event.action", ev.Origin.File, ev.Origin.Line)
	}
	for own, name := range mapped {
		if v := f.String("winlog.event_data." + own); v != "" && v != "-" && f.String(name) == "" {
			t.Errorf("%s record %d: %s = %q but no %s", ev.Origin.File, ev.Origin.Line, own, v, name)
		}
	}
}

// captured calls visit for every event of the OTRF captures.
func captured(t *testing.T, visit func(capture string, ev *event.Event)) {
	t.Helper()
	err := filepath.WalkDir(realdata.Path(t, "otrf"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".zip") {
			return err
		}
		z, err := zip.OpenReader(path)
		if err != nil {
			return err
		}
		defer z.Close()
		for _, member := range z.File {
			if !strings.HasSuffix(member.Name, ".json") || strings.HasPrefix(member.Name, "__MACOSX/") {
				continue
			}
			in, err := member.Open()
			if err != nil {
				return err
			}
			each(t, in, path, func(ev *event.Event) { visit(path, ev) })
			in.Close()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCaptures decodes every event of the OTRF captures.
func TestCaptures(t *testing.T) {
	events, captures := 0, map[string]bool{}
	captured(t, func(path string, ev *event.Event) {
		events++
		captures[path] = true
		check(t, ev)
	})
	// 242,331 lines, two of them blank.
	if events != 242329 {
		t.Errorf("%d events, want 242329 (from %d zips)", events, len(captures))
	}
}

// TestRegression decodes the pretty-printed EVTX conversions of the Sigma
// regression samples.
func TestRegression(t *testing.T) {
	files, events := 0, 0
	err := filepath.WalkDir(realdata.Path(t, "sigma-regression"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		before := events
		each(t, f, path, func(ev *event.Event) {
			events++
			check(t, ev)
		})
		if events == before {
			t.Errorf("%s: no event", path)
		}
		files++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files != 124 {
		t.Errorf("%d files, want 124", files)
	}
	t.Logf("%d events in %d files", events, files)
}

// TestShapes reads one process start in each shape; all give the same fields.
func TestShapes(t *testing.T) {
	const sysmon = "Microsoft-Windows-Sysmon/Operational"
	records := map[string]string{
		"beat": `{"@timestamp":"2025-11-26T05:11:27.908Z","host":{"name":"ws5"},"winlog":{"channel":"` + sysmon + `","provider_name":"Microsoft-Windows-Sysmon","event_id":1,"computer_name":"ws5","record_id":7,"event_data":{"UtcTime":"2025-11-26 05:11:27.908","Image":"C:\\Windows\\a.exe","CommandLine":"a.exe http://evil.example/x","ProcessId":"42","User":"LAB\\kim","Hashes":"MD5=88DF27B6E794E3FD5F93F28B1CA1D3D0"}}}`,
		"flat": `{"Channel":"` + sysmon + `","SourceName":"Microsoft-Windows-Sysmon","EventID":1,"Hostname":"ws5","RecordNumber":7,"UtcTime":"2025-11-26 05:11:27.908","Image":"C:\\Windows\\a.exe","CommandLine":"a.exe http://evil.example/x","ProcessId":"42","User":"LAB\\kim","Hashes":"MD5=88DF27B6E794E3FD5F93F28B1CA1D3D0"}`,
		"evtx": `{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon"}},"EventID":1,"EventRecordID":7,"Channel":"` + sysmon + `","Computer":"ws5"},"EventData":{"UtcTime":"2025-11-26 05:11:27.908","Image":"C:\\Windows\\a.exe","CommandLine":"a.exe http://evil.example/x","ProcessId":"42","User":"LAB\\kim","Hashes":"MD5=88DF27B6E794E3FD5F93F28B1CA1D3D0"}}}`,
		"data": `{"Event":{"System":{"Provider":{"@Name":"Microsoft-Windows-Sysmon"},"EventID":{"#text":1},"EventRecordID":7,"Channel":"` + sysmon + `","Computer":"ws5"},"EventData":{"Data":[{"@Name":"UtcTime","#text":"2025-11-26 05:11:27.908"},{"@Name":"Image","#text":"C:\\Windows\\a.exe"},{"@Name":"CommandLine","#text":"a.exe http://evil.example/x"},{"@Name":"ProcessId","#text":"42"},{"@Name":"User","#text":"LAB\\kim"},{"@Name":"Hashes","#text":"MD5=88DF27B6E794E3FD5F93F28B1CA1D3D0"}]}}}`,
	}
	want := event.Fields{
		"event.kind": "event", "event.module": "windows", "event.dataset": "windows.sysmon_operational", "event.code": "1",
		"event.provider": "Microsoft-Windows-Sysmon", "event.action": "process-created",
		"event.category": []string{"process"}, "event.type": []string{"start"},
		"host.name": "ws5", "user.name": "kim", "user.domain": "LAB",
		"process.executable": `C:\Windows\a.exe`, "process.name": "a.exe", "process.pid": int64(42),
		"process.command_line": "a.exe http://evil.example/x", "process.hash.md5": "88df27b6e794e3fd5f93f28b1ca1d3d0",
		"winlog.channel": sysmon, "winlog.provider_name": "Microsoft-Windows-Sysmon", "winlog.event_id": int64(1),
		"winlog.computer_name": "ws5", "winlog.record_id": int64(7),
		"winlog.event_data.UtcTime": "2025-11-26 05:11:27.908", "winlog.event_data.Image": `C:\Windows\a.exe`,
		"winlog.event_data.CommandLine": "a.exe http://evil.example/x", "winlog.event_data.ProcessId": "42",
		"winlog.event_data.User": `LAB\kim`, "winlog.event_data.Hashes": "MD5=88DF27B6E794E3FD5F93F28B1CA1D3D0",
	}
	for name, record := range records {
		t.Run(name, func(t *testing.T) {
			each(t, strings.NewReader(record), name, func(ev *event.Event) {
				if diff := cmp.Diff(want, ev.Fields); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				if got := ev.Time.Format("2006-01-02T15:04:05.000Z"); got != "2025-11-26T05:11:27.908Z" {
					t.Errorf("time %s", got)
				}
				found := map[string]string{}
				for _, o := range format.Observables(ev, nil) {
					found[o.Field+" "+string(o.Type)] = o.Value
				}
				if found["process.command_line url"] != "http://evil.example/x" || found["process.command_line domain-name"] != "evil.example" ||
					found["process.hash.md5 file:md5"] != "88df27b6e794e3fd5f93f28b1ca1d3d0" {
					t.Errorf("observables %v", found)
				}
			})
		})
	}
}

// TestNested reads what an event converted from XML may hold beside its named
// data.
func TestNested(t *testing.T) {
	const head = `{"Event":{"System":{"Provider":{"#attributes":{"Name":"P","Guid":"5770385f-c22a-43e0-bf4c-06f5698ffbd9"}},"EventID":7,"Channel":"C"`
	for _, c := range []struct {
		rest string
		want event.Fields
	}{
		{`},"EventData":{"Data":5}}}`, event.Fields{"winlog.event_data.param1": int64(5)}},
		{`},"EventData":{"Data":[null,"b",true]}}}`, event.Fields{"winlog.event_data.param2": "b", "winlog.event_data.param3": true}},
		{`},"EventData":{"Data":["a","b"],"Binary":"0102"}}}`, event.Fields{
			"winlog.event_data.param1": "a", "winlog.event_data.param2": "b", "winlog.event_data.Binary": "0102",
		}},
		{`},"EventData":{"#attributes":{"Name":"kind"},"Name":"value"}}}`, event.Fields{
			"winlog.event_data.Name": "value", "winlog.xml.EventData.Name": "kind",
		}},
		{`},"EventData":{"@Name":"kind","Name":"value"}}}`, event.Fields{
			"winlog.event_data.Name": "value", "winlog.xml.EventData.Name": "kind",
		}},
		{`},"UserData":{"Log":{"#attributes":{"xmlns":"n"},"User":"kim","Item":[1,2]}}}}`, event.Fields{
			"winlog.user_data.Log.xmlns": "n", "winlog.user_data.Log.User": "kim", "winlog.user_data.Log.Item": []any{int64(1), int64(2)},
		}},
		{`},"RenderingInfo":{"#attributes":{"Culture":"en-US"},"Message":"It is done.","Level":"Error","Keywords":{"Keyword":["Audit Failure","x"]}}}}`, event.Fields{
			"message": "It is done.", "winlog.severity": "Error", "log.level": "error", "event.outcome": "failure",
			"winlog.keywords": []string{"Audit Failure", "x"}, "winlog.xml.RenderingInfo.Culture": "en-US",
		}},
		{`,"Correlation":{"#attributes":{"ActivityID":"{00000000-0000-0000-0000-0000000000ab}","RelatedActivityID":"x"}}}}}`, event.Fields{
			"winlog.activity_id": "{00000000-0000-0000-0000-0000000000AB}", "winlog.related_activity_id": "x",
		}},
	} {
		want := event.Fields{
			"event.code": "7", "event.dataset": "windows.c", "event.kind": "event", "event.module": "windows", "event.provider": "P",
			"winlog.channel": "C", "winlog.event_id": int64(7), "winlog.provider_name": "P", "winlog.provider_guid": "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
		}
		maps.Copy(want, c.want)
		each(t, strings.NewReader(head+c.rest), "nested", func(ev *event.Event) {
			if diff := cmp.Diff(want, ev.Fields); diff != "" {
				t.Errorf("%s: -want +got\n%s", c.rest, diff)
			}
		})
	}
}

// TestDNS reads what Microsoft's DNS server traces and its resolver logs.
func TestDNS(t *testing.T) {
	const server = `{"EventTime":"2026-03-02 09:15:27","Hostname":"dc1","SourceName":"Microsoft-Windows-DNSServer","Channel":"Microsoft-Windows-DNSServer/Analytical","QNAME":"bad.example.","QTYPE":"1","Port":"53112",`
	for record, want := range map[string]map[string]string{
		server + `"EventID":256,"Source":"10.0.0.5"}`:         {"event.action": "dns-query", "source.ip": "10.0.0.5", "source.port": "53112", "destination.ip": ""},
		server + `"EventID":257,"Destination":"10.0.0.5"}`:    {"event.action": "dns-answer", "source.ip": "10.0.0.5", "source.port": "53112", "destination.ip": ""},
		server + `"EventID":260,"Destination":"192.0.2.53"}`:  {"event.action": "dns-forward", "source.ip": "", "destination.ip": "192.0.2.53"},
		server + `"EventID":261,"Source":"::ffff:192.0.2.9"}`: {"event.action": "dns-answer", "source.ip": "", "destination.ip": "192.0.2.9"},
		`{"EventTime":"2026-03-02 09:15:27","Hostname":"pc7","EventID":3008,"SourceName":"Microsoft-Windows-DNS-Client","Channel":"Microsoft-Windows-DNS-Client/Operational","QueryName":"bad.example","QueryResults":"::ffff:192.0.2.1;"}`: {
			"event.action": "dns-answer", "dns.answers.data": "192.0.2.1", "dns.resolved_ip": "192.0.2.1",
		},
	} {
		each(t, strings.NewReader(record), "f", func(ev *event.Event) {
			want["dns.question.name"], want["network.protocol"] = "bad.example", "dns"
			for name, text := range want {
				got, _ := format.First(format.Text(ev.Fields[name])).(string)
				if got != text {
					t.Errorf("%s is %q, want %q: %s", name, got, text, record)
				}
			}
		})
	}
}
