package sigma_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/sigma"
)

// plainPipeline reads events of the format "json" by the names they have.
func plainPipeline(t testing.TB) []sigma.Pipeline {
	t.Helper()
	p, err := sigma.ParsePipeline("plain.yaml", []byte("name: plain\nformat: json\nproduct: windows\nfields: {'*': json.*}\nkeywords: [json.*]\nlayouts: [{rest: json.}]"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// decodeJSON reads a record as the format "json" does.
func decodeJSON(t testing.TB, record string) *event.Event {
	t.Helper()
	stream, err := format.NewRecogniser().Stream("json")
	if err != nil {
		t.Fatal(err)
	}
	ev, _, err := stream.Decode([]byte(record))
	if err != nil {
		t.Fatal(err)
	}
	return &ev
}

// TestMatch fixes what the specification says, value by value.
func TestMatch(t *testing.T) {
	tests := []struct{ items, record, want string }{ // want: "yes", "no"
		// Plain values: no letter case, whole, any element of a list.
		{`A: AbC`, `{"A":"aBc"}`, "yes"},
		{`A: abc`, `{"A":"abcd"}`, "no"},
		{`A: abc`, `{"a":"abc"}`, "no"},
		{`A: straße`, `{"A":"STRAßE"}`, "yes"},
		{`A: ΣΑΣ`, `{"A":"σας"}`, "yes"},
		{`A: kelvin`, `{"A":"\u212aelvin"}`, "yes"},
		{`A|cased: AbC`, `{"A":"aBc"}`, "no"},
		// A text that is not ASCII, in values that are, and that are by escapes only.
		{`A|contains: é`, `{"A":"cafe"}`, "no"},
		{`A|contains: é`, `{"A":"CAF\u00c9"}`, "yes"},
		{`A|contains: é`, `{"A":["cafe","CAFÉ"]}`, "yes"},
		{`A|endswith|cased: é`, `{"A":"caf\u00e9"}`, "yes"},
		{`A|re: "caf\\x{e9}"`, `{"A":"caf\u00e9"}`, "yes"},
		{`{A: '*', B|contains: [zebra, ―, —]}`, `{"A":"x","B":"a \u2014 b"}`, "yes"},
		{`{A: '*', B|contains: [zebra, ―, —]}`, `{"A":"x","B":"a - b"}`, "no"},
		{`{A: '*', B|contains: [zebra, ―, —]}`, `{"A":"x","B":"a zebra"}`, "yes"},
		{`A: x`, `{"A":["y","x"]}`, "yes"},
		{`A.b: x`, `{"A":[{"b":"y"},{"b":"x"}]}`, "yes"},
		{`A.b: x`, `{"A":{"b":"x"}}`, "yes"},
		{`A: [x, y]`, `{"A":"y"}`, "yes"},
		{`{A: x, B: y}`, `{"A":"x","B":"z"}`, "no"},
		{`[{A: x}, {B: y}]`, `{"A":"q","B":"y"}`, "yes"},
		// Numbers and booleans by their text.
		{`A: 4688`, `{"A":4688}`, "yes"},
		{`A: 4688`, `{"A":"4688"}`, "yes"},
		{`A: '4688'`, `{"A":4688}`, "yes"},
		{`A: 0x10`, `{"A":16}`, "yes"},
		{`A: true`, `{"A":true}`, "yes"},
		{`A: true`, `{"A":"True"}`, "yes"},
		{`A|gte: 10`, `{"A":"10"}`, "yes"},
		{`A|gt: 10`, `{"A":9}`, "no"},
		{`A|lt: 1.5`, `{"A":1.25}`, "yes"},
		{`A|gt: 9007199254740992`, `{"A":9007199254740993}`, "yes"},
		{`A|gt: 1`, `{"A":"0x10"}`, "no"},
		{`A: 1000000.0`, `{"A":"1000000"}`, "yes"},
		{`A: 1000000`, `{"A":1e6}`, "yes"},
		{`A: '1234567.5'`, `{"A":1234567.5}`, "yes"},
		{`A: 1234567.5`, `{"A":"1234567.5"}`, "yes"},
		{`A|startswith: '1700000000.'`, `{"A":1700000000.25}`, "yes"},
		// Nothing, and the empty text.
		{`A: null`, `{"B":1}`, "yes"},
		{`A: null`, `{"A":null}`, "yes"},
		{`A: null`, `{"A":""}`, "no"},
		{`A: ''`, `{"A":""}`, "yes"},
		{`A: ''`, `{"B":1}`, "no"},
		{`A: [null, '']`, `{"A":""}`, "yes"},
		{`A|exists: true`, `{"A":""}`, "yes"},
		{`A|exists: false`, `{"A":""}`, "no"},
		{`A|exists: false`, `{}`, "yes"},
		{`A|exists: true`, `{"A":null}`, "yes"},
		{`A|exists: true`, `{"A":{"b":1}}`, "yes"},
		{`A|exists: true`, `{"A":{"b":{"c":null}}}`, "yes"},
		{`A|exists: true`, `{"A.b":1}`, "yes"},
		{`A|exists: false`, `{"A":{"b":1}}`, "no"},
		{`A|exists: true`, `{"Ab":{"b":1},"c":{"A":{"b":1}}}`, "no"},
		{`A.b|exists: true`, `{"A":{"b":{"c":1}}}`, "yes"},
		{`A.b|exists: true`, `{"A":[{"b":{"c":1}},{"d":1}]}`, "yes"},
		{`A.b|exists: true`, `{"A":{"bc":{"c":1}}}`, "no"},
		{`{A: null, A|exists: true}`, `{"A":{"b":1}}`, "yes"},
		{`A|exists: false`, `{"A":null}`, "no"},
		{`A|exists: yes`, `{"A":"x"}`, "yes"},
		{`A|exists: No`, `{"A":"x"}`, "no"},
		{`{A: null, A|exists: true}`, `{"A":null}`, "yes"},
		{`{A: null, A|exists: true}`, `{"A":"x"}`, "no"},
		{`{A: null, A|exists: true}`, `{}`, "no"},
		{`{A: null, A|exists: true}`, `{"A":[]}`, "yes"},
		{`{A: null, A|exists: true}`, `{"A":[null]}`, "yes"},
		{`{A: null, A|exists: true}`, `{"A":["x",null]}`, "no"},
		{`{A.b: null, A.b|exists: true}`, `{"A":{"b":null}}`, "yes"},
		{`{A.b: null, A.b|exists: true}`, `{"A":[{"b":null},{"c":1}]}`, "yes"},
		{`A: '*'`, `{"A":null}`, "no"},
		{`A: '*'`, `{"A":""}`, "yes"},
		{`A|contains: ''`, `{"B":1}`, "no"},
		{`A|neq: x`, `{"A":"y"}`, "yes"},
		{`A|neq: x`, `{"A":"X"}`, "no"},
		// Wildcards and escapes.
		{`A: 'a*c?'`, `{"A":"abbc\n"}`, "yes"},
		{`A: 'a?c'`, `{"A":"aéc"}`, "yes"},
		{`A: 'a?c'`, `{"A":"ac"}`, "no"},
		{`A: 'a\*c'`, `{"A":"a*c"}`, "yes"},
		{`A: 'a\*c'`, `{"A":"abc"}`, "no"},
		{`A: 'a\\*c'`, `{"A":"a\\xxc"}`, "yes"},
		{`A: 'a\\\*c'`, `{"A":"a\\*c"}`, "yes"},
		{`A: 'a\b'`, `{"A":"a\\b"}`, "yes"},
		{`A: 'a\\b'`, `{"A":"a\\b"}`, "yes"},
		{`A: '\\\\srv\c$'`, `{"A":"\\\\srv\\c$"}`, "yes"},
		{`A: 'ab*ba'`, `{"A":"aba"}`, "no"},
		{`A: 'a*b*c*a*b*c*'`, `{"A":"` + strings.Repeat("ab", 3000) + `"}`, "no"},
		// Places.
		{`A|contains: ' -Enc'`, `{"A":"x -encoded"}`, "yes"},
		{`A|startswith: 'C:\'`, `{"A":"c:\\x"}`, "yes"},
		{`A|endswith: ['\a.exe', '\b.exe']`, `{"A":"C:\\B.EXE"}`, "yes"},
		{`A|contains|all: [a, b]`, `{"A":"cba"}`, "yes"},
		{`A|contains|all: [a, b]`, `{"A":"ca"}`, "no"},
		{`A|contains|all: [a, b]`, `{"A":["a","b"]}`, "yes"},
		{`A|windash|contains: ' -f'`, `{"A":"x /f"}`, "yes"},
		{`A|windash|contains: ' /f'`, `{"A":"x –f"}`, "yes"},
		{`A|windash|contains: ' -f -g'`, `{"A":"x ―f /g"}`, "yes"},
		{`A|windash|contains: ' ―f'`, `{"A":"x -f"}`, "yes"},
		{`A|windash|contains: 'a-f'`, `{"A":"a/f"}`, "no"},
		// Regular expressions see letter case, and '.' no line feed, unless told.
		{`A|re: 'a.c'`, `{"A":"xABC"}`, "no"},
		{`A|re|i: 'a.c'`, `{"A":"xABC"}`, "yes"},
		{`A|re: 'a.c'`, `{"A":"a\nc"}`, "no"},
		{`A|re|s: 'a.c'`, `{"A":"a\nc"}`, "yes"},
		{`A|re: '^b'`, `{"A":"a\nb"}`, "no"},
		{`A|re|m: '^b'`, `{"A":"a\nb"}`, "yes"},
		{`A|re: '(a+)+$'`, `{"A":"` + strings.Repeat("a", 5000) + `b"}`, "no"},
		// Encodings.
		{`A|base64: foo`, `{"A":"Zm9v"}`, "yes"},
		{`A|base64|contains: foo`, `{"A":"xxZm9vxx"}`, "yes"},
		{`A|base64offset|contains: 'http://'`, `{"A":"eCBodHRwOi8veA=="}`, "yes"},
		{`A|base64offset|contains: 'http://'`, `{"A":"eHggaHR0cDovL3g="}`, "yes"},
		{`A|base64offset: foo`, `{"A":"Zm9v"}`, "yes"},
		{`A|base64offset: foo`, `{"A":"xZm9v"}`, "no"},
		{`A|base64offset|startswith: foo`, `{"A":"Zm9vYmFy"}`, "yes"},
		{`A|base64offset|startswith: foo`, `{"A":"YmFyZm9v"}`, "no"},
		{`A|base64offset|endswith: foo`, `{"A":"YmFyZm9v"}`, "yes"},
		{`A|wide|base64offset|contains: ping`, `{"A":"cABpAG4AZwA="}`, "yes"},
		{`A|utf16be|base64offset|contains: ping`, `{"A":"AHAAaQBuAGc="}`, "yes"},
		{`A|utf16|base64: a`, `{"A":"//5hAA=="}`, "yes"},
		{`A|windash|base64: '-a /b'`, `{"A":"L2Eg4oCTYg=="}`, "yes"}, // "/a –b"
		{`A|windash|base64: '-a\?\?\?'`, `{"A":"LWE/Pz8="}`, "yes"},
		{`A|windash|base64: '-a\?\?\?'`, `{"A":"LWE-Pz8="}`, "no"}, // the slash is none of the text
		{`A|windash|wide|base64offset|contains: ' -enc'`, `{"A":"eAAgAC8AZQBuAGMA"}`, "yes"},
		// Addresses, other fields, times.
		{`A|cidr: 192.168.0.0/16`, `{"A":"192.168.7.7"}`, "yes"},
		{`A|cidr: 192.168.0.0/16`, `{"A":"::ffff:192.168.7.7"}`, "yes"},
		{`A|cidr: 'fe80::/10'`, `{"A":"fe80::1"}`, "yes"},
		{`A|cidr: 'fe80::/10'`, `{"A":"FE80::1%12"}`, "yes"},
		{`A|cidr: 'fe80::/10'`, `{"A":"fe80::1%"}`, "no"},
		{`A|cidr: 192.168.0.0/16`, `{"A":"192.168.7.7x"}`, "no"},
		{`A|fieldref: B`, `{"A":"x","B":"X"}`, "yes"},
		{`A|fieldref: B`, `{"A":"x"}`, "no"},
		{`A|fieldref|endswith: B`, `{"A":"abc","B":"BC"}`, "yes"},
		{`A|hour|gte: 22`, `{"A":"2024-01-01T23:10:00Z"}`, "yes"},
		{`A|week: 1`, `{"A":"2024-12-30T00:00:00Z"}`, "yes"},
		{`A|hour: 3`, `{"A":"2024-02-01T05:30:00+0200"}`, "yes"},
		{`A|hour: 22`, `{"A":"1700000000000000"}`, "yes"},
		{`A|re|ignorecase|dotall: 'a.c'`, `{"A":"A\nC"}`, "yes"},
		{`A|year: 2024`, `{"A":"2025-01-01T00:30:00+01:00"}`, "yes"},
		{`A|expand: '%who%'`, `{"A":"Administrator"}`, "yes"},
		{`A|expand: '\%who%'`, `{"A":"%who%"}`, "yes"},
		{`A|expand: '\%who%'`, `{"A":"administrator"}`, "no"},
		{`A|expand: '\%x%who%'`, `{"A":"%xadmin"}`, "yes"},
		{`A|expand: 'C:\\%who%'`, `{"A":"C:\\admin"}`, "yes"},
		{`A|expand: '\%none%'`, `{"A":"%none%"}`, "yes"},
		// Keywords: in any value, with and without a second look at the record.
		{`[foo, bar]`, `{"x":{"y":"a BAR b"}}`, "yes"},
		{`{'|all': [foo, bar]}`, `{"x":"foo","y":"bar"}`, "yes"},
		{`{'|all': [foo, bar]}`, `{"x":"foo"}`, "no"},
		{`lsadump::secrets`, `{"x":"LSADUMP::Secrets"}`, "yes"},
		{`lsadump::secrets`, `{"lsadump::secrets":"x"}`, "no"},
		{`lsadump::secrets`, `{"x":"lsadump::\u0073ecrets"}`, "yes"},
		{`lsadump::secrets`, `{"x":"lſadump::secretſ"}`, "yes"},
		{`'sekurlsa::krbtgt'`, `{"x":["q",{"z":"seKurlsa::Krbtgt"}]}`, "yes"},
		{`'1000000000000000000000'`, `{"x":1e21,"z":1000000000000000000000}`, "yes"},
		{`'C:\Windows\x.exe'`, `{"x":"c:\\windows\\X.EXE"}`, "yes"},
	}
	for _, tt := range tests {
		rule := parseOne(t, head+"detection:\n  s:\n    "+tt.items+"\n  condition: s\n")
		e := compile(t, sigma.Collection{Rules: []sigma.Rule{rule}}, sigma.Options{Pipelines: plainPipeline(t), Placeholders: map[string][]string{"who": {"admin*"}}})
		m := e.Matcher()
		if got := len(m.Event(decodeJSON(t, tt.record))) == 1; got != (tt.want == "yes") {
			t.Errorf("%s on %.200s: event %v, want %s", tt.items, tt.record, got, tt.want)
		}
		matches, err := m.Record("json", []byte(tt.record))
		if got := len(matches) == 1; err != nil || got != (tt.want == "yes") {
			t.Errorf("%s on %.200s: record %v, %v, want %s", tt.items, tt.record, got, err, tt.want)
		}
	}
}

// TestIrregular gives records that only decoding understands.
func TestIrregular(t *testing.T) {
	e := compile(t, sigma.Collection{Rules: []sigma.Rule{parseOne(t, head+"detection: {s: {A: x, B.c: y}, condition: s}")}}, sigma.Options{Pipelines: plainPipeline(t)})
	m := e.Matcher()
	for _, record := range []string{
		``, `x`, `[]`, `{`, `{"A"`, `{"A":`, `{"A":"x`, `{"A":"x"`, `{"A":"x"}}`, `{"A":"x",}x`, `{"A":tru}`, `{"A":-}`, `{"A":"x" "B":1}`,
		`{"A":"q","A":"x"}`, `{"B.c":"y","B":{"c":"z"}}`, `{"\u0041":"x"}`, "{\"\xff\":1}", `{"A":[["x"]]}`, `{"A":-0}`, `{"A":007}`, `{"A":0.12345678901234567890}`,
		`{"A" :"x"}`, strings.Repeat(`{"B":`, 40) + "1" + strings.Repeat("}", 40), `{"` + strings.Repeat("n", 600) + `":1}`,
	} {
		if _, err := m.Record("json", []byte(record)); err != sigma.ErrDecode {
			t.Errorf("%.60s: %v, want ErrDecode", record, err)
		}
	}
	if got, err := m.Record("json", []byte(`{"A":"x","B":{"c":"y"}}`)); err != nil || len(got) != 1 {
		t.Errorf("after them: %v, %v", got, err)
	}
	if got, err := m.Record("other", []byte(`{"A":"x"}`)); err != nil || got != nil {
		t.Errorf("a format without pipeline: %v, %v", got, err)
	}
}

// TestLayouts gives records of Windows whose members contend for names, in every
// shape, to both ways of feeding.
func TestLayouts(t *testing.T) {
	rules := sigma.Collection{}
	for i, items := range []string{
		"Provider_Name: P", "ProviderName: P", "Computer: C", "Image: I", "Data: D", "Channel: System", "EventID: 7", "Keywords: '0x1'", "Path: X", "User: U",
		"Hostname: C", "a.b: I", "Level: 4", "Security_UserID: S-1", "[keywordy]",
		"Computer|exists: true", "ComputerName|exists: true", "Provider_Name|exists: true", "Path|exists: true", "Message|exists: true", "Level|exists: true",
		"Hostname|exists: true", "a.b|exists: true",
	} {
		r := parseOne(t, head+"detection:\n  s:\n    "+items+"\n  condition: s\n")
		r.ID = fmt.Sprint(i)
		rules.Rules = append(rules.Rules, r)
	}
	e := compile(t, rules, sigma.Options{Pipelines: pipelines(t)})
	byRecord, byEvent := e.Matcher(), e.Matcher()
	stream, err := format.NewRecogniser(windows.Format()).Stream("windows")
	if err != nil {
		t.Fatal(err)
	}
	const tail = `"Image":"I"}`
	for _, record := range []string{
		`{"EventID":7,"Channel":"System","SourceName":"P","ProviderName":"Q",` + tail,
		`{"EventID":7,"Channel":"System","SourceName":"","ProviderName":"P",` + tail,
		`{"EventID":7,"Channel":"System","ProviderName":"P","Provider_Name":"P","SourceName":null,` + tail,
		`{"EventID":"7","Channel":"System","Hostname":"","Computer":"C","ComputerName":"D","Level":4,` + tail,
		`{"EventID":7,"Channel":"","SourceName":"P","Hostname":"H","Computer":"C","Message":"KEYWORDY",` + tail,
		`{"EventID":7,"Channel":"System","Keywords":"0x1","Path":null,"User":["U","V"],"a":{"b":"I"},"tags":["t"],` + tail,
		`{"EventID":7,"Channel":"System","Hostname":null,"Computer":"C","SourceName":"P","ProviderName":null,"Message":null,"a":{"b":null},` + tail,
		`{"EventID":7,"Channel":"System","Hostname":"C","Computer":null,"ProviderName":null,"Level":null,"a":[{"b":null}],` + tail,
		`{"EventID":7,"Channel":"System","ComputerName":null,"tags":null,"host":null,` + tail,
		`{"EventID":null,"Channel":"System",` + tail,
		`{"Event":{"System":{"Provider":{"@Name":"P"},"EventID":7,"Channel":"System","Computer":null,"Level":null},"EventData":{"Image":"I","Path":null}}}`,
		`{"Event":{"System":{"Provider":{"@Name":"P"},"EventID":7,"Channel":"System"},"EventData":{"Data":null,"Image":"I"},"UserData":{"Path":null}}}`,
		`{"winlog":{"channel":"System","event_id":7,"computer_name":null,"provider_name":null,"event_data":{"Image":"I","Path":null}},"message":null}`,
		`{"EventID":7,"Channel":"System","Data":"D","x":{"y":"some keywordy text"},` + tail,
		`{"EventID":"x","Channel":"System",` + tail,
		`{"EventID":7,"Channel":"System","System":{"Provider":1},` + tail,
		`{"Channel":"System","x":{"EventID":7},` + tail,
		`{"winlog":{"channel":"System","event_id":7,"provider_name":"P","computer_name":"C","event_data":{"Image":"I","a":{"b":"I"},"param1":"D"}},"message":"keywordy"}`,
		`{"winlog.channel":"System","winlog.event_id":"7","winlog.event_data.Image":"I","winlog":{"provider_name":"P"}}`,
		`{"winlog":{"channel":"System","event_id":7,"user_data":{"Image":"I"},"user":{"identifier":"S-1"}}}`,
		`{"Event":{"System":{"Provider":{"@Name":"P"},"EventID":7,"Channel":"System","Computer":"C","Keywords":"0x1","Security":{"@UserID":"S-1"}},"EventData":{"Image":"I","User":"U"}}}`,
		`{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#text":7},"Channel":"System"},"EventData":{"Image":"I"}}}`,
		`{"Event":{"System":{"Provider":{"@Name":"P"},"EventID":7,"Channel":"System","Level":4},"EventData":{"Data":["D","E"]}}}`,
		`{"System":{"Provider":{"Name":"P"},"EventID":7,"Channel":"System"},"EventData":{"Data":[{"@Name":"Image","#text":"I"}]},"UserData":{"X":{"Path":"keywordy"}}}`,
	} {
		ev, ok, err := stream.Decode([]byte(record))
		var want []int
		if err == nil && ok {
			want = rulesOf(byEvent.Event(&ev))
		}
		got, err2 := byRecord.Record("windows", []byte(record))
		if err2 == nil && (err != nil || !slices.Equal(rulesOf(got), want)) {
			t.Errorf("%s\nrecord %v, event %v (%v)", record, rulesOf(got), want, err)
		}
		t.Logf("%v %v %.60s", want, err2, record)
	}
}

func TestWhy(t *testing.T) {
	rule := parseOne(t, head+`detection:
  img: {Image|endswith: ['\a.exe', '\b.exe'], User: null}
  cli: {CommandLine|contains|all: [foo, bar]}
  other: {X: 1}
  not_this: {Image|contains: c}
  condition: img and 1 of cli* and not (other or not not_this) or other
`)
	e := compile(t, sigma.Collection{Rules: []sigma.Rule{rule}}, sigma.Options{Pipelines: plainPipeline(t)})
	m := e.Matcher()
	long := strings.Repeat("x", 1000) + "foo bar"
	record, _ := json.Marshal(map[string]string{"Image": `c:\A.EXE`, "CommandLine": long})
	got, err := m.Record("json", record)
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	want := []sigma.Reason{
		{Search: "img", Field: "Image", Value: `c:\A.EXE`},
		{Search: "cli", Field: "CommandLine", Value: long[1000-128:]},
		{Search: "cli", Field: "CommandLine", Value: long[1004-128:]},
	}
	if diff := cmp.Diff(want, m.Why(got[0])); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestCoverage(t *testing.T) {
	text := func(id, source, items string) string {
		return "---\ntitle: t" + id + "\nid: " + id + "\nlogsource: " + source + "\ndetection: {s: " + items + ", condition: s}\n"
	}
	c, err := sigma.Parse("t.yml", []byte(text("1", "{product: windows, category: process_creation}", "{Image: x}")+
		text("2", "{product: vms}", "{Image: x}")+
		text("3", "{product: windows}", "{User|expand: '%admins%'}")+
		text("4", "{product: windows, category: sysmon_x}", "{Image: x}")))
	if err != nil {
		t.Fatal(err)
	}
	p, err := sigma.ParsePipeline("p.yaml", []byte("name: n\nformat: f\nproduct: windows\nfields: {'*': w.*}\nsources: [{category: process_creation}, {category: sysmon_x, fields: {Image: null}}]"))
	if err != nil {
		t.Fatal(err)
	}
	e := compile(t, c, sigma.Options{Pipelines: p})
	var got []string
	for _, c := range e.Coverage() {
		got = append(got, fmt.Sprint(len(c.Sources), " ", c.Never))
	}
	want := []string{
		"1 ", "0 no pipeline has the log source vms/*/*: add one that names it",
		"3 the placeholder %admins% has no values: give it some", "1 the pipelines of windows/sysmon_x/* have no field for Image",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestAllocations looks at the same records again and again.
func TestAllocations(t *testing.T) {
	rules := readRules(t, "rules", "windows", "process_creation")
	m := compile(t, sigma.Collection{Rules: rules}, sigma.Options{Pipelines: pipelines(t)}).Matcher()
	record := []byte(`{"Channel":"Microsoft-Windows-Sysmon/Operational","SourceName":"Microsoft-Windows-Sysmon","EventID":1,"Image":"C:\\Windows\\System32\\svchost.exe","CommandLine":"C:\\Windows\\System32\\svchost.exe -k netsvcs – é","ParentImage":"C:\\Windows\\System32\\services.exe","User":"NT AUTHORITY\\SYSTEM","Message":"Process \"Create\""}`)
	look := func() {
		if _, err := m.Record("windows", record); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if n := testing.AllocsPerRun(100, look); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

// Searches whose names begin with '_' are counted by patterns that begin so only.
func TestHiddenSearches(t *testing.T) {
	for condition, want := range map[string]int{"1 of them": 0, "1 of *": 0, "1 of *den": 0, "1 of _*": 1, "1 of _hid*": 1, "_hidden": 1} {
		r := parseOne(t, head+"detection: {_hidden: {A: x}, seden: {A: y}, condition: "+condition+"}")
		e := compile(t, sigma.Collection{Rules: []sigma.Rule{r}}, sigma.Options{Pipelines: plainPipeline(t)})
		if got := len(e.Matcher().Event(decodeJSON(t, `{"A":"x"}`))); got != want {
			t.Errorf("%s: %d matches, want %d", condition, got, want)
		}
	}
}
