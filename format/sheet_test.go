package format_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
)

// TestSheet reads tables as consoles export them: each row is what the same service
// gives as JSON.
func TestSheet(t *testing.T) {
	for name, c := range map[string]struct {
		in     string
		format string
		want   map[string]any
	}{
		"EvtxECmd": {
			"RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,Computer,Payload\n" +
				`1,4,2025-06-01 17:46:40.0000000,1,Info,Microsoft-Windows-Sysmon,Microsoft-Windows-Sysmon/Operational,ws5,"{""EventData"":{""Data"":[{""@Name"":""Image"",""#text"":""C:\\W\\cmd.exe""},{""@Name"":""CommandLine"",""#text"":""cmd /c a,b""}]}}"`,
			"windows",
			map[string]any{"process.executable": `C:\W\cmd.exe`, "process.command_line": "cmd /c a,b", "event.code": "1", "host.name": "ws5"},
		},
		"GetWinEvent": {
			`"Message","Id","Level","RecordId","ProviderName","LogName","MachineName","TimeCreated"` + "\r\n" +
				"\"Process Create:\r\nRuleName: -\r\nImage: C:\\W\\cmd.exe\r\nCommandLine: cmd /c \"\"a\"\"\",\"1\",\"4\",\"7\",\"Microsoft-Windows-Sysmon\",\"Microsoft-Windows-Sysmon/Operational\",\"ws5\",\"2025-06-01T17:46:40Z\"\r\n",
			"windows",
			map[string]any{"process.executable": `C:\W\cmd.exe`, "process.command_line": `cmd /c "a"`, "event.code": "1", "host.name": "ws5"},
		},
		"Semicolons": {"@timestamp;ecs.version;source.ip;event.module\n2025-06-01T17:46:40Z;8.0;10.1.1.1;m\n", "ecs", map[string]any{"source.ip": "10.1.1.1"}},
		"Kibana":     {"\"@timestamp\",\"ecs.version\",\"source.ip\"\n\"Jun 1, 2025 @ 17:46:40.000\",8.0,10.1.1.1\n", "ecs", map[string]any{"source.ip": "10.1.1.1"}},
		"Portal":     {"TimeGenerated [UTC],ecs.version,@timestamp\n\"6/1/2025, 5:46:40.123 PM\",8.0,\"13/1/2025, 5:46:40 AM\"\n", "ecs", map[string]any{"TimeGenerated [UTC]": "2025-06-01T17:46:40.123"}},
		"Numbered":   {",@timestamp,ecs.version,source.ip\n0,2025-06-01T10:00:00Z,8.0,10.1.1.1\n", "ecs", map[string]any{"source.ip": "10.1.1.1", "column 1": nil}},
		"Tabs":       {"timestamp\tUser\tAction\n2025-06-01T10:00:00Z\tbob\tdelete\n", "json", map[string]any{"json.User": "bob", "json.Action": "delete"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := format.NewReader(strings.NewReader(c.in), "f", everyFormat(), format.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ev, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]any{}
			for name := range c.want {
				got[name] = ev.Fields[name]
			}
			if diff := cmp.Diff(c.want, got); diff != "" || ev.Format != c.format || ev.Time.Year() != 2025 {
				t.Errorf("format %s, time %s: %s", ev.Format, ev.Time, diff)
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("after the last row: %v", err)
			}
		})
	}
}

// FuzzSheet: a table gives each of its rows once, or says why not.
func FuzzSheet(f *testing.F) {
	f.Add("1,2,\"a\n\"\"b\"\n3,4,\"")
	f.Add("\",\",\n\"a\"b,c,d\n,,,,,\n{},[1],x")
	f.Fuzz(func(t *testing.T, rows string) {
		r, err := format.NewReader(strings.NewReader("time,a,b\n1,2,3\n"+rows), "f", everyFormat(), format.Options{NoObservables: true, MaxRecord: 4096})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for {
			_, err := r.Next()
			var bad *format.RecordError
			if err == io.EOF {
				break
			}
			if err != nil && !errors.As(err, &bad) {
				t.Fatal(err)
			}
			n++
		}
		if lines := strings.Count(rows, "\n") + 2; n == 0 || n > lines {
			t.Errorf("%d records of %d lines", n, lines)
		}
	})
}
