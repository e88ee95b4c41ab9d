package format_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

func TestCarry(t *testing.T) {
	for _, tt := range []struct {
		record string
		want   format.Carried
	}{
		{"<34>1 2003-10-11T22:14:15.003Z host su 77 ID47 - 'su root' failed", format.Carried{Priority: 34, Stamp: "2003-10-11T22:14:15.003Z", Host: "host", Program: "su", PID: "77", MsgID: "ID47", Line: "'su root' failed", Body: "'su root' failed"}},
		{`<165>1 2003-10-11T22:14:15Z host app - ID [x@1 a="b \"]"][y@2] text`, format.Carried{Priority: 165, Stamp: "2003-10-11T22:14:15Z", Host: "host", Program: "app", MsgID: "ID", Data: `[x@1 a="b \"]"][y@2]`, Line: "text", Body: "text"}},
		{"<34>Oct 11 22:14:15 mymachine su: 'su root' failed", format.Carried{Priority: 34, Stamp: "Oct 11 22:14:15", Host: "mymachine", Program: "su", Line: "su: 'su root' failed", Body: "'su root' failed"}},
		{"Feb  5 17:32:18 10.0.0.99 sshd[12]: hello", format.Carried{Priority: -1, Stamp: "Feb  5 17:32:18", Host: "10.0.0.99", Program: "sshd", PID: "12", Line: "sshd[12]: hello", Body: "hello"}},
		{"2026-03-02T10:00:00.123456+01:00 web7 sudo: x", format.Carried{Priority: -1, Stamp: "2026-03-02T10:00:00.123456+01:00", Host: "web7", Program: "sudo", Line: "sudo: x", Body: "x"}},
		{"<134>date=2026-03-02 devid=1", format.Carried{Priority: 134, Line: "date=2026-03-02 devid=1", Body: "date=2026-03-02 devid=1"}},
		{"<166>Mar 02 2026 10:00:00 fw : %ASA-6-1: Built", format.Carried{Priority: 166, Stamp: "Mar 02 2026 10:00:00", Host: "fw", Program: "%ASA-6-1", Line: "%ASA-6-1: Built", Body: "Built"}},
		{"<34> Oct 11 22:14:15 mymachine su: x", format.Carried{Priority: 34, Stamp: "Oct 11 22:14:15", Host: "mymachine", Program: "su", Line: "su: x", Body: "x"}},
		{"97 <34>1 2003-10-11T22:14:15.003Z host su 77 ID47 - x", format.Carried{Priority: 34, Stamp: "2003-10-11T22:14:15.003Z", Host: "host", Program: "su", PID: "77", MsgID: "ID47", Line: "x", Body: "x"}},
		{"\ufeff<34>Oct 11 22:14:15 h su: x", format.Carried{Priority: 34, Stamp: "Oct 11 22:14:15", Host: "h", Program: "su", Line: "su: x", Body: "x"}},
		{"<34>1 2003-10-11T22:14:15Z h CEF:0|A|B|1|2|c d|5|", format.Carried{Priority: 34, Stamp: "2003-10-11T22:14:15Z", Host: "h", Line: "CEF:0|A|B|1|2|c d|5|", Body: "CEF:0|A|B|1|2|c d|5|"}},
		{"<34>1 2003-10-11T22:14:15Z h app: some words here", format.Carried{Priority: 34, Stamp: "2003-10-11T22:14:15Z", Host: "h", Program: "app", Line: "app: some words here", Body: "some words here"}},
		{"<34>1 2003-10-11T22:14:15Z h app: - - - some words", format.Carried{Priority: 34, Stamp: "2003-10-11T22:14:15Z", Host: "h", Program: "app", Line: "some words", Body: "some words"}},
		{"<34>2026-03-02 10:00:00,123 h app[7]: x", format.Carried{Priority: 34, Stamp: "2026-03-02 10:00:00,123", Host: "h", Program: "app", PID: "7", Line: "app[7]: x", Body: "x"}},
		{"<34>2026-03-02 10:00:00.123 +0100  h app: x", format.Carried{Priority: 34, Stamp: "2026-03-02 10:00:00.123 +0100", Host: "h", Program: "app", Line: "app: x", Body: "x"}},
		{"<34>2026-03-02T10:00:00Z h PKTLOG - - - x y", format.Carried{Priority: 34, Stamp: "2026-03-02T10:00:00Z", Host: "h", Program: "PKTLOG", Line: "x y", Body: "x y"}},
		{"<34>20: r1: 0001: *Mar  2 10:00:00.123 DST: %SYS-5-X: Built", format.Carried{Priority: 34, Stamp: "Mar  2 10:00:00.123", Host: "r1", Program: "%SYS-5-X", Line: "%SYS-5-X: Built", Body: "Built"}},
		{"<34>r1: 2026 Mar  2 10:00:00 CET: %SYS-5-X: Built", format.Carried{Priority: 34, Stamp: "2026 Mar  2 10:00:00 CET", Host: "r1", Program: "%SYS-5-X", Line: "%SYS-5-X: Built", Body: "Built"}},
		{"<34>r1: 00:01:01: %SYS-5-X: Built", format.Carried{Priority: 34, Host: "r1", Program: "%SYS-5-X", Line: "%SYS-5-X: Built", Body: "Built"}},
		{"<34>Mar  2 10:00:00 r1: CEF:0|A", format.Carried{Priority: 34, Stamp: "Mar  2 10:00:00", Host: "r1", Line: "CEF:0|A", Body: "CEF:0|A"}},
		{"<34>1 2026-03-02 10:00:00 gw CheckPoint 7 - [a:b]", format.Carried{Priority: 34, Stamp: "2026-03-02 10:00:00", Host: "gw", Program: "CheckPoint", PID: "7", Line: "[a:b]", Body: "[a:b]"}},
		{"Mar  2 10:00:00 relay 1 2026-03-02T09:59:59Z gw CheckPoint 7 - [a:b]", format.Carried{Priority: -1, Stamp: "2026-03-02T09:59:59Z", Host: "gw", Program: "CheckPoint", PID: "7", Line: "[a:b]", Body: "[a:b]"}},
		{"Mar  2 10:00:00 h 1 2026-03-02T09:59:59Z other sshd: 7 - x", format.Carried{Priority: -1, Stamp: "Mar  2 10:00:00", Host: "h", Line: "1 2026-03-02T09:59:59Z other sshd: 7 - x", Body: "1 2026-03-02T09:59:59Z other sshd: 7 - x"}},
		{"Mar  2 10:00:00 relay Mar  2 09:59:59 h CISE_Alarm x", format.Carried{Priority: -1, Stamp: "Mar  2 09:59:59", Host: "h", Line: "CISE_Alarm x", Body: "CISE_Alarm x"}},
		{"Mar  2 10:00:00 relay 2026-03-02T09:59:59Z h : %ASA-6-1: x", format.Carried{Priority: -1, Stamp: "2026-03-02T09:59:59Z", Host: "h", Program: "%ASA-6-1", Line: "%ASA-6-1: x", Body: "x"}},
		{"Mar  2 10:00:00 web1 Mar  2 09:59:59 dc1 su: x", format.Carried{Priority: -1, Stamp: "Mar  2 10:00:00", Host: "web1", Line: "Mar  2 09:59:59 dc1 su: x", Body: "Mar  2 09:59:59 dc1 su: x"}},
		{"Mar  2 10:00:00 h app: Mar  2 09:59:59 other su: x", format.Carried{Priority: -1, Stamp: "Mar  2 10:00:00", Host: "h", Program: "app", Line: "app: Mar  2 09:59:59 other su: x", Body: "Mar  2 09:59:59 other su: x"}},
		{"Mar  2 10:00:00 h notice sshd[7]: x", format.Carried{Priority: -1, Stamp: "Mar  2 10:00:00", Host: "h", Program: "sshd", PID: "7", Line: "sshd[7]: x", Body: "x"}},
		{"Mar  2 10:00:00 h vectra_cef -: CEF:0|A", format.Carried{Priority: -1, Stamp: "Mar  2 10:00:00", Host: "h", Program: "vectra_cef", Line: "vectra_cef -: CEF:0|A", Body: "CEF:0|A"}},
		{`Mar  2 10:00:00 h darktrace {"a":1}`, format.Carried{Priority: -1, Stamp: "Mar  2 10:00:00", Host: "h", Program: "darktrace", Line: `darktrace {"a":1}`, Body: `{"a":1}`}},
		{"Mar  2 10:00:00 h 00179 mgr:  SME SSH", format.Carried{Priority: -1, Stamp: "Mar  2 10:00:00", Host: "h", Program: "mgr", Line: "mgr:  SME SSH", Body: "SME SSH"}},
		{"<34>1 2003-10-11T22:14:15Z h app[77] - - -  info: x", format.Carried{Priority: 34, Stamp: "2003-10-11T22:14:15Z", Host: "h", Program: "app", PID: "77", Line: "info: x", Body: "info: x"}},
		{"<34>Mar  2 10:00:00 fw1: %ASA-6-1: Built", format.Carried{Priority: 34, Stamp: "Mar  2 10:00:00", Host: "fw1", Program: "%ASA-6-1", Line: "%ASA-6-1: Built", Body: "Built"}},
		{"Mar  2 10:00:00 h auth.info sshd[7]: x", format.Carried{Priority: -1, Stamp: "Mar  2 10:00:00", Host: "h", Program: "sshd", PID: "7", Line: "sshd[7]: x", Body: "x"}},
		{"<34>2026-03-02T10:00Z h", format.Carried{Priority: 34, Line: "2026-03-02T10:00Z h", Body: "2026-03-02T10:00Z h"}},
		{"<34>2026-03-02 10:00:00 INFO main: x", format.Carried{Priority: 34, Line: "2026-03-02 10:00:00 INFO main: x", Body: "2026-03-02 10:00:00 INFO main: x"}},
		{"Aug 18 07:30:25 h sshd[7]: [ID 800047 auth.notice] x", format.Carried{Priority: -1, Stamp: "Aug 18 07:30:25", Host: "h", Program: "sshd", PID: "7", Line: "sshd[7]: [ID 800047 auth.notice] x", Body: "x"}},
	} {
		got, ok := format.Carry(tt.record)
		if !ok {
			t.Errorf("%s: no header found", tt.record)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.record, diff)
		}
	}
	for _, record := range []string{"", "<", "<999>x", "<1", "<ab>x", "March of the ants", "2026-03-02 10:00:00 something", "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z INFO main: started", "1 2 3", `{"a":1}`, "Jan 99 00:00:00 x y: z", "12 <3> apples", "2026 Mar  2 10:00:00 WinEvtLog: Security: x", `2026-03-02T10:00:00Z stdout {"a":1}`, "12 <34>apples"} {
		if c, ok := format.Carry(record); ok {
			t.Errorf("%q: a header was found: %+v", record, c)
		}
	}
}

func TestParseStamp(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct{ stamp, arrival, want string }{
		{"Mar 2 10:00:00", "2026-03-02T10:00:05Z", "2026-03-02T10:00:00Z"},
		{"Mar  2 10:00:00", "2026-03-02T10:00:05Z", "2026-03-02T10:00:00Z"},
		{"Dec 31 23:59:59", "2026-01-01T00:00:01Z", "2025-12-31T23:59:59Z"},
		{"Jan  1 00:00:10", "2025-12-31T23:59:50Z", "2026-01-01T00:00:10Z"},
		{"Mar  4 10:00:00", "2026-03-02T10:00:00Z", "2025-03-04T10:00:00Z"},
		{"Feb 29 10:00:00", "2026-03-02T10:00:00Z", "2024-02-29T10:00:00Z"},
		{"Mar  2 2019 10:00:00", "2026-03-02T10:00:00Z", "2019-03-02T10:00:00Z"},
		{"Mar 02 10:00:00.5 UTC", "2026-03-02T10:00:05Z", "2026-03-02T10:00:00.5Z"},
		{"Mar  2 10:00:00 CET", "2026-03-02T10:00:05Z", "2026-03-02T09:00:00Z"},
		{"2019 Mar  2 10:00:00 EDT", "2026-03-02T10:00:00Z", "2019-03-02T14:00:00Z"},
		{"Mar  2 2026 04:33:34 PM.043 UTC", "2026-03-02T20:00:00Z", "2026-03-02T16:33:34.043Z"},
		{"Mar  2 2026 12:03:34 AM", "2026-03-02T20:00:00Z", "2026-03-02T00:03:34Z"},
		{"Mar  2 2019 10:00:00 EDT", "2026-03-02T10:00:00Z", "2019-03-02T14:00:00Z"},
	} {
		got, ok := format.ParseStamp(tt.stamp, at(tt.arrival))
		if !ok || got.Format(time.RFC3339Nano) != tt.want {
			t.Errorf("%s at %s: %v %t, want %s", tt.stamp, tt.arrival, got, ok, tt.want)
		}
	}
	for _, bad := range []string{"", "Feb 30 10:00:00", "Mar  2 25:00:00", "Mar  2 10:00:00 and more", "Mar  2 10:00:00 CST", "Mrz  2 10:00:00"} {
		if got, ok := format.ParseStamp(bad, at("2026-03-02T10:00:00Z")); ok {
			t.Errorf("%q: read as %v", bad, got)
		}
	}
}

// signed is a format that is told by its signs alone.
func signed(name string, signs ...format.Sign) format.Format {
	return format.Format{Name: name, Signs: signs, New: func() format.Decoder { return echo{} }}
}

type echo struct{ format.Stateless }

func (echo) Decode(record string) (event.Event, bool, error) {
	return event.Event{Fields: event.Fields{"message": record}}, true, nil
}

func TestSigns(t *testing.T) {
	rec := format.NewRecogniser(
		signed("pair", format.Sign{Score: 50, Keys: []string{"a", "b.c"}}),
		signed("list", format.Sign{Score: 60, Keys: []string{"events.name"}, Never: []string{"b"}}),
		signed("value", format.Sign{Score: 70, Keys: []string{"a"}, Values: []format.Value{{Key: "kind", Texts: []string{"x*", "*y"}}}}),
		signed("any", format.Sign{Score: 40, Keys: []string{"k"}, Any: [][]string{{"p", "q"}, {"r"}}}),
		signed("daemon", format.Sign{Score: 80, Programs: []string{"daemon", "mail/*"}}),
		signed("start", format.Sign{Score: 90, Starts: []string{"BEGIN|"}, Contains: []string{"end"}}),
	)
	for record, want := range map[string]string{
		`{"a":1,"b":{"c":[2]}}`:                                          "pair",
		`{"a":null,"b":{"c":2}}`:                                         "json",
		`{"x":{"y":"}"},"events":[{"name":"n"},3]}`:                      "list",
		`{"events":[{"name":"n"}],"b":0}`:                                "json",
		`{"kind":"xyz","a":1,"b":{"c":1}}`:                               "value",
		`{"kind":"aby","a":1}`:                                           "value",
		`{"kind":"ab","a":1}`:                                            "json",
		`{"k":1,"q":"\"","r":{}}`:                                        "any",
		`{"k":1,"q":1}`:                                                  "json",
		`{"a":1,"b":{"c":2`:                                              "pair",
		"Mar  2 10:00:00 h daemon[1]: x":                                 "daemon",
		"Mar  2 10:00:00 h mail/smtp: x":                                 "daemon",
		"Mar  2 10:00:00 h other: x":                                     "syslog",
		"BEGIN|x|end":                                                    "start",
		"Mar  2 10:00:00 h BEGIN|x|end":                                  "start",
		"<13>Mar  2 10:00:00 h app: BEGIN|x|end":                         "start",
		`<13>Mar  2 10:00:00 h app: {"a":1,"b":{"c":2}}`:                 "pair",
		"2026-03-02T10:00:00.413656027Z stdout F BEGIN|x|end":            "start",
		`2026-03-02T10:00:00.413656027+01:00 stderr P {"k":1,"q":1}`:     "json",
		"2026-03-02T10:00:00.413656027Z stdout F something else: BEGIN|": "text",
		"BEGIN|x": "text",
		"":        "text",
	} {
		if got := rec.Recognise([]byte(record)); got != want {
			t.Errorf("%s: %s, want %s", record, got, want)
		}
	}
}

// TestStructuredData: what RFC 5424's parameters are called says what they mean, too.
func TestStructuredData(t *testing.T) {
	rec := format.NewRecogniser()
	for data, want := range map[string]any{
		`[audit@1 user="mia" client_ip="203.0.113.4" status="failed"]`:  "203.0.113.4",
		`[audit@1 user="x\" client_ip=\"203.0.113.4" action="blocked"]`: nil,
	} {
		stream, err := rec.Stream("")
		if err != nil {
			t.Fatal(err)
		}
		ev, _, err := stream.Decode([]byte("<13>1 2026-03-02T10:00:00Z h app - - " + data + " some text"))
		if err != nil || ev.Fields["source.ip"] != want || ev.Fields["message"] != "some text" || ev.Time.Hour() != 10 {
			t.Errorf("%s: %v %v at %s, want %v", data, ev.Fields, err, ev.Time, want)
		}
	}
}

// TestResumeCarried reads a kept record alone: it must give what it gave first.
// TestBrokenCarried: what a header carries that cannot be read is text; host, program,
// time and what the text says are not lost with it.
func TestBrokenCarried(t *testing.T) {
	for _, tt := range []struct {
		record, format, host, program, message string
	}{
		{`<13>Mar  2 10:00:00 h app[7]: {"a":"1","b`, "syslog", "h", "app", `{"a":"1","b`},
		{`<13>1 2026-03-02T10:00:00Z h app 7 - - {"timestamp":"2026-03-02T10:00:00.1+0000","event_type":"alert","flow_id":1,"src_ip":"203.0.113.9","x`, "syslog", "h", "app", `{"timestamp":"2026-03-02T10:00:00.1+0000","event_type":"alert","flow_id":1,"src_ip":"203.0.113.9","x`},
		{`Mar  2 10:00:00 h app: {"a":"1"}{"a":"2"}`, "syslog", "h", "app", `{"a":"1"}{"a":"2"}`},
		{`2026-03-02T10:00:00.4Z stdout P {"a":"1","b`, "text", "", "", `{"a":"1","b`},
	} {
		r, err := format.NewReader(strings.NewReader(tt.record+"\n"), "in.log", recogniser(), format.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ev, err := r.Next()
		if err != nil {
			t.Errorf("%s: %v", tt.record, err)
			continue
		}
		got := []string{ev.Format, ev.Fields.String("host.name"), ev.Fields.String("log.syslog.appname"), ev.Fields.String("message")}
		if diff := cmp.Diff([]string{tt.format, tt.host, tt.program, tt.message}, got); diff != "" || ev.Time.IsZero() {
			t.Errorf("%s: at %v: -want +got\n%s", tt.record, ev.Time, diff)
		}
		if s := r.Stats(); s.Records != 1 || s.Events != 1 || len(s.Failed) > 0 {
			t.Errorf("%s: counted as %+v", tt.record, s)
		}
		s, err := recogniser().Resume(ev.Format, r.Context())
		if err != nil {
			t.Fatal(err)
		}
		if again, ok, err := s.Decode(ev.Raw); !ok || err != nil || again.Fields.String("message") != tt.message {
			t.Errorf("%s: read again: %v %t %v", tt.record, again.Fields, ok, err)
		}
	}
	for record, declared := range map[string]string{`{"a":"1","b`: "", `<13>Mar  2 10:00:00 h app: {"a":"1","b`: "json"} {
		s, err := recogniser().Stream(declared)
		if err != nil {
			t.Fatal(err)
		}
		if ev, _, err := s.Decode([]byte(record)); err == nil {
			t.Errorf("%s, declared %q: read as %v", record, declared, ev.Fields)
		}
	}
}

func TestResumeCarried(t *testing.T) {
	rec := format.NewRecogniser(signed("daemon", format.Sign{Score: 80, Programs: []string{"daemon"}}))
	for _, record := range []string{"<13>Mar  2 10:00:00 h daemon[1]: x y", "Mar  2 10:00:00 h other: x", `<13>Mar  2 10:00:00 h app: {"a":1}`, "2026-03-02T10:00:00.4Z stdout F plain", "plain"} {
		first, err := rec.Stream("")
		if err != nil {
			t.Fatal(err)
		}
		first.Arrival = time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
		want, ok, err := first.Decode([]byte(record))
		if err != nil || !ok {
			t.Fatal(err)
		}
		again, err := rec.Resume(first.Format(), first.Context())
		if err != nil {
			t.Fatal(err)
		}
		again.Arrival = first.Arrival
		got, _, err := again.Decode([]byte(record))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v: -first +again\n%s", record, err, diff)
		}
	}
}

func FuzzCarry(f *testing.F) {
	f.Add("<34>1 2003-10-11T22:14:15.003Z host su 77 ID47 [a@1 b=\"c\"] x")
	f.Add("<34>Oct 11 22:14:15 mymachine su(pam_unix)[1]: 'su root' failed")
	f.Add("2026-03-02T10:00:00.123456+01:00 web7 sudo: x")
	f.Add(`{"a":{"b":[{"c":"d\""}]}}`)
	rec := format.NewRecogniser(signed("a", format.Sign{Score: 50, Keys: []string{"a", "a.b.c"}}), signed("d", format.Sign{Score: 80, Programs: []string{"su"}}))
	f.Fuzz(func(t *testing.T, record string) {
		c, ok := format.Carry(record)
		if ok && !strings.HasSuffix(record, c.Body) && !strings.Contains(record, "\ufeff") {
			t.Errorf("%q is not the end of %q", c.Body, record)
		}
		stream, err := rec.Stream("")
		if err != nil {
			t.Fatal(err)
		}
		stream.Arrival = time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
		ev, ok, err := stream.Decode([]byte(record))
		if err == nil && ok && string(ev.Raw) != record {
			t.Errorf("the record was changed: %q", record)
		}
	})
}
