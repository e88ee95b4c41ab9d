package format_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/indicator"
)

// told returns what event and bad say of each result.
func told(t *testing.T, r *format.Reader, event func(event.Event) string, bad func(*format.RecordError) string) []string {
	t.Helper()
	var out []string
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return out
		}
		if b, ok := errors.AsType[*format.RecordError](err); ok {
			out = append(out, bad(b))
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, event(ev))
	}
}

// read returns one line for each result: "FORMAT RECORD value" for an event,
// "LINE reason" for a record that could not be read.
func read(t *testing.T, in io.Reader, opt format.Options) ([]string, format.Stats) {
	t.Helper()
	r, err := format.NewReader(in, "in.log", recogniser(), opt)
	if err != nil {
		t.Fatal(err)
	}
	out := told(t, r, func(ev event.Event) string {
		value := ev.Fields.String("message")
		if ev.Format == "json" {
			value = ev.Fields.String("json.a")
		}
		return fmt.Sprintf("%s %d %s", ev.Format, ev.Origin.Line, value)
	}, func(bad *format.RecordError) string { return fmt.Sprintf("line %d %s", bad.Line, bad.Reason) })
	return out, r.Stats()
}

func TestFraming(t *testing.T) {
	long := strings.Repeat("x", 300)
	tests := map[string]struct {
		in   string
		want []string
	}{
		"Lines":          {"{\"a\":1}\n{\"a\":2}\n", []string{"json 1 1", "json 2 2"}},
		"NoLastLineEnd":  {"{\"a\":1}\n{\"a\":2}", []string{"json 1 1", "json 2 2"}},
		"CRLF":           {"{\"a\":1}\r\nplain text\r\n", []string{"json 1 1", "text 2 plain text"}},
		"ByteOrderMark":  {"\xef\xbb\xbf{\"a\":1}\n", []string{"json 1 1"}},
		"MarkThenArray":  {"\xef\xbb\xbf[{\"a\":1}]", []string{"json 1 1"}},
		"Blank":          {"\n\n  \n{\"a\":1}\n\n", []string{"json 1 1"}},
		"Array":          {`[{"a":1},{"a":[2,"]"]} , {"a":3}]`, []string{"json 1 1", "json 2 2", "json 3 3"}},
		"EmptyArray":     {"[]\n", nil},
		"ArrayLines":     {"[\n{\"a\":1},\n{\"a\":2}\n]\n{\"a\":3}\n", []string{"json 1 1", "json 2 2", "json 3 3"}},
		"ArrayThenText":  {"[{\"a\":1}]\nhello\n", []string{"json 1 1", "text 2 hello"}},
		"ArrayCut":       {`[{"a":1},{"a":2`, []string{"json 1 1", "line 1 bad-json"}},
		"Records":        {`{"Records":[{"a":1},{"a":2}],"x":{"y":"}"}}` + "\nhello", []string{"json 1 1", "json 2 2", "text 3 hello"}},
		"RecordsTwice":   {`{"Records":[{"a":1},{"a":2}]}` + "\n" + `{"a":3}` + "\n" + `{ "Records" : [{"a":4}],"n":1}` + "\n", []string{"json 1 1", "json 2 2", "json 3 3", "json 4 4"}},
		"RecordsAzure":   {`{"records":[{"a":1},{"a":2}]}` + "\r\n" + `{"records": [ {"a":3}]}`, []string{"json 1 1", "json 2 2", "json 3 3"}},
		"RecordsElse":    {`{"a":0}` + "\n" + `{"records":1,"a":1}` + "\n" + `{"records":[1],"a":2}` + "\n" + `{"recordsX":[{}],"a":3}`, []string{"json 1 0", "json 2 1", "json 3 2", "json 4 3"}},
		"RecordsPretty":  {"{\n  \"Records\": [\n    {\n \"a\": 1\n },\n {\"a\":2} ]\n}\n", []string{"json 1 1", "json 2 2"}},
		"RecordsNone":    {`{"Records":[]}` + "\n" + `{"a":1}`, []string{"json 1 1"}},
		"Graph":          {`{"@odata.context":"https://x/$metadata#signIns","@odata.count":2,"@odata.nextLink":"https://x?$skiptoken=\"}","value":[{"a":1},{"a":2}]}` + "\n" + `{"a":3}`, []string{"json 1 1", "json 2 2", "json 3 3"}},
		"GraphTail":      {`{"@odata.context":"c","value":[{"a":1}],"@odata.nextLink":"x"}` + "\n" + `{"@odata.context":"c","value":[]}` + "\n" + `{"a":2}`, []string{"json 1 1", "json 2 2"}},
		"GraphOne":       {`{"@odata.context":"c","a":1,"value":["x"]}` + "\n" + `{"@odata.etag":"x","a":2}`, []string{"json 1 1", "json 2 2"}},
		"Search":         {`{"_scroll_id":"x]","took":1,"timed_out":false,"_shards":{"total":5},"hits":{"total":{"value":2},"max_score":null,"hits":[{"a":1},{"a":2}]},"aggregations":{"x":{"hits":[{}]}}}` + "\n" + `{"a":3}`, []string{"json 1 1", "json 2 2", "json 3 3"}},
		"SearchPretty":   {"{\n  \"took\" : 1,\n  \"hits\" : {\n    \"total\" : 1,\n    \"hits\" : [\n      {\n        \"a\" : 1\n      }\n    ]\n  }\n}\n{\"a\":2}", []string{"json 1 1", "json 2 2"}},
		"SearchNone":     {`{"took":1,"hits":{"total":0,"hits":[]}}`, nil},
		"SearchCut":      {`{"took":1,"hits":{"hits":[{"a":1},{"a":2`, []string{"json 1 1", "line 1 bad-json"}},
		"SearchElse":     {`{"took":1,"hits":5,"a":1}` + "\n" + `{"took":2,"hits":{"hits":3},"a":2}` + "\n" + `{"tookX":[{}],"a":3}` + "\n" + `{"took":3,"a":4`, []string{"json 1 1", "json 2 2", "json 3 3", "line 4 bad-json"}},
		"Results":        {`{"preview":false,"init_offset":0,"fields":[{"name":"a"}],"results":[{"a":1},{"a":2}],"highlighted":{}}`, []string{"json 1 1", "json 2 2"}},
		"Sheet":          {"\ufefftime,a,\"b c\"\r\n2026-03-02T09:00:00Z,1,\"x \"\"y\"\",\r\n\r\nz\"\r\n\r\n,2,,extra\n", []string{"json 1 1", "json 2 2"}},
		"SheetOpen":      {"time,a,b\nt,1,\"x\nt,2,x\nt,3,y", []string{"line 2 bad-csv", "json 2 2", "json 3 3"}},
		"SheetNot":       {"time,a\n1,2\n", []string{"text 1 time,a", "text 2 1,2"}},
		"SheetUntimed":   {"a,b,c\nx,y,z\n", []string{"text 1 a,b,c", "text 2 x,y,z"}},
		"SheetKnown":     {"Receive time,a,b\n" + `{"a":1}`, []string{"text 1 Receive time,a,b", "json 2 1"}},
		"Pretty":         {"{\n  \"a\": {\n    \"b\": 1\n  }\n}\n{\n \"a\": 2\n}\n", []string{"json 1 ", "json 2 2"}},
		"PrettyTogether": {"{\n\"a\": 1\n}{\n\"a\": 2\n}", []string{"json 1 1", "json 2 2"}},
		"SideBySide":     {`{"a":1}{"a":2} {"a":3}` + "\n", []string{"json 1 1", "json 2 2", "json 3 3"}},
		"SideBySideCut":  {`{"a":1}{"a":2`, []string{"json 1 1", "line 1 bad-json"}},
		"CutInString":    {"{\"a\":\"x\n{\"a\":2}\n", []string{"line 1 bad-json", "json 2 2"}},
		"CutAfterComma":  {"{\"a\":1,\n{\"a\":2}\n{\"a\":3}\n", []string{"line 1 bad-json", "json 2 2", "json 3 3"}},
		"CutAtEnd":       {"{\"a\":\n", []string{"line 1 bad-json"}},
		"CutThenText":    {"{\"a\":1,\nhello\nworld", []string{"line 1 bad-json", "text 2 hello", "text 3 world"}},
		"Bad":            {"{\"a\":1}\n{\"a\":bad}\n{\"a\":3}\n", []string{"json 1 1", "line 2 bad-json", "json 3 3"}},
		"TooLong":        {"{\"a\":1}\n" + long + "\n{\"a\":3}\n", []string{"json 1 1", "line 2 too-long", "json 3 3"}},
		"TooLongAtEnd":   {long, []string{"line 1 too-long"}},
		"TooLongElement": {`[{"a":1},{"a":"` + long + `"},{"a":3}]`, []string{"json 1 1", "line 1 too-long", "json 3 3"}},
		"TooLongPretty":  {"{\n\"a\": 1,\n\"b\":\n\"" + long[:150] + "\",\n\"c\":\"" + long[:150] + "\"\n}\n{\"a\":2}\n", []string{"line 1 too-long", "json 2 2"}},
		"BracketText":    {"[2024-01-01 10:00:00] started\n[warn] x\n", []string{"text 1 [2024-01-01 10:00:00] started", "text 2 [warn] x"}},
		"ArrayOfNumbers": {"[1,2]\n", []string{"text 1 [1,2]"}},
		"Deep":           {strings.Repeat("[", 80) + "\n" + strings.Repeat(`{"a":`, 40) + "\n{\"a\":1}", []string{"text 1 " + strings.Repeat("[", 80), "line 2 bad-json", "json 3 1"}},
	}
	for name, tt := range tests {
		for _, piece := range []string{"whole", "bytewise"} {
			t.Run(name+"/"+piece, func(t *testing.T) {
				var in io.Reader = strings.NewReader(tt.in)
				if piece == "bytewise" {
					in = iotest.OneByteReader(in)
				}
				got, stats := read(t, in, format.Options{MaxRecord: 256})
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				failed := 0
				for _, n := range stats.Failed {
					failed += n
				}
				if stats.Records != stats.Events+stats.Headers+failed || stats.Events+failed != len(got) {
					t.Errorf("counts do not add up: %+v", stats)
				}
			})
		}
	}
}

// TestLines holds the line that events name against the file, however its records lie
// in it.
func TestLines(t *testing.T) {
	const xml = `<Event xmlns="x"><System><EventID>1</EventID><Channel>c</Channel></System>`
	tests := map[string]struct{ in, want string }{
		"Lines":       {"{\"a\":1}\n{\"a\":2}\n", "1 2"},
		"Blank":       {"\n \n{\"a\":1}\n\n\nhello\n", "3/1 6/2"},
		"CRLF":        {"\r\n{\"a\":1}\r\n\r\nhello\r\n", "2/1 4/2"},
		"Mark":        {"\xef\xbb\xbf\n{\"a\":1}\n", "2/1"},
		"Array":       {`[{"a":1},{"a":2}]` + "\n" + `{"a":3}`, "1 1/2 2/3"},
		"ArrayPretty": {"[\n  {\n    \"a\": 1\n  },\n\n  {\"a\": 2}, {\"a\": 3}\n]\nhello\n", "2/1 6/2 6/3 8/4"},
		"Envelope":    {"{\n \"Records\": [\n  {\"a\":1},\n  {\n  \"a\":2}],\n \"n\":\n 1\n}\n{\"a\":3}\n", "3/1 4/2 9/3"},
		"Document":    {"{\n\"a\":1\n}\n{\n\"a\":2}\n{\"a\":3}\n", "1 4/2 6/3"},
		"SideBySide":  {"{\"a\":\n1}{\"a\":2}\n{\"a\":3}{\"a\":4}\n{\"a\":[{\n\"b\":1}]} {\"a\":\n5}\n{\"a\":6}\n", "1 2 3 3/4 4/5 5/6 7"},
		"Unended":     {"{\"a\":\n{\"a\":1}\n\n{\"a\":2}\n", "line1 2 4/3"},
		"TooLong":     {"hello\n" + strings.Repeat("x", 400) + "\n\nhello\n", "1 line2 4/3"},
		"XML":         {"<?xml version=\"1.0\"?>\n<Events>\n" + xml + "\n</Event>\n\n" + xml + "</Event>" + xml + "</Event>\n</Events>\nhello\n", "3/1 6/2 6/3 8/4"},
		"XMLHeaded":   {"hello\n<13>Mar  2 10:00:00 h p: " + xml + "\n</Event>\n<13>Mar  2 10:00:00 h p: x\n", "1 2 4/3"},
		"XMLUnended":  {xml + "\n\n" + xml + "</Event>\nhello\n", "line1 3/2 4/3"},
		"Sheet":       {"time,a,b\n\n2026-03-02T09:00:00Z,1,\"x\n\ny\"\n2026-03-02T09:00:00Z,2,z\n", "3/1 6/2"},
		"SheetOpen":   {"time,a,b\nt,1,x\nt,2,\"x\nt,3,y\n", "2/1 line3 4/3"},
		"Blocks":      {"\n03/02/2026 09:00:00 AM\nLogName=Security\nEventCode=1\nMessage=a\n\n03/02/2026 09:00:01 AM\nLogName=Security\nEventCode=2\n", "2/1 7/2"},
		"Zeek":        {"#separator \\x09\n#path\tdns\n#fields\tts\tquery\n#types\ttime\tstring\n1521911720.8\ta.example\n1521911720.9\tb.example\n#close\n", "5/1 6/2"},
	}
	for name, tt := range tests {
		for _, kind := range []string{"whole", "bytes", "ahead"} {
			var in io.Reader = strings.NewReader(tt.in)
			opt := format.Options{MaxRecord: 300}
			switch kind {
			case "bytes":
				in = iotest.OneByteReader(in)
			case "ahead":
				opt.Wanted = func(_ [][]byte, _ func(int) string, wanted []bool) {
					for i := range wanted {
						wanted[i] = true
					}
				}
			}
			r, err := format.NewReader(in, "in.log", recogniser(), opt)
			if err != nil {
				t.Fatal(err)
			}
			got := told(t, r, func(ev event.Event) string {
				if ev.Origin.FileLine > 0 {
					return fmt.Sprintf("%d/%d", ev.Origin.FileLine, ev.Origin.Line)
				}
				return fmt.Sprint(ev.Origin.Line)
			}, func(bad *format.RecordError) string { return fmt.Sprint("line", bad.Line) })
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("%s, %s: lines %s, want %s", name, kind, got, tt.want)
			}
		}
	}
}

// endless is a line of n bytes without ever holding it.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	if e.n <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.n)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.n -= n
	return n, nil
}

// allocations returns how many bytes f allocates.
func allocations(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestHugeLine(t *testing.T) {
	in := io.MultiReader(&endless{1 << 30}, strings.NewReader("\n{\"a\":2}\n"))
	r, err := format.NewReader(in, "big.log", recogniser(), format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	allocated := allocations(func() { _, err = r.Next() })
	want := "read big.log line 1: the record has 1073741825 bytes, more than the limit of 1048576; raise the limit to read it"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if allocated > 8<<20 {
		t.Errorf("%d bytes allocated for a line that is passed over", allocated)
	}
	if ev, err := r.Next(); err != nil || ev.Fields.String("json.a") != "2" {
		t.Errorf("after it: %v, %v", ev.Fields, err)
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("disk on fire")
	in := io.MultiReader(strings.NewReader("{\"a\":1}\n"), iotest.ErrReader(broken))
	r, err := format.NewReader(in, "x", recogniser(), format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func TestRecognise(t *testing.T) {
	tests := map[string]string{
		alertLine:         "suricata",
		zeekLine:          "zeek",
		flatLine:          "windows",
		`#separator \x09`: "zeek",
		`{"a":1}`:         "json",
		"hello":           "text",
		`{"ts":1.5,"uid":"C","id.orig_h":"192.0.2.1","id.orig_p":1,"conn_state":"SF"}`:         "zeek",
		`{"@timestamp":"2024-01-01T00:00:00Z","event":{"kind":"event"},"ecs":{"version":"8"}}`: "ecs",
		`{"@timestamp":"2024-01-01T00:00:00Z","winlog":{"event_id":1}}`:                        "windows",
		`{"Channel":"Security","EventID":4688,"NewProcessName":"winlogon.exe"}`:                "windows",
		`{"message":"{\"event_type\":\"alert\",\"timestamp\":\"x\",\"flow_id\":1}"}`:           "json",
	}
	for line, want := range tests {
		if got := recogniser().Recognise([]byte(line)); got != want {
			t.Errorf("%.80s is %s, want %s", line, got, want)
		}
	}
}

// TestMixed reads one stream of several formats, among them rows that only
// their header explains.
func TestMixed(t *testing.T) {
	in := strings.Join([]string{
		alertLine, `#separator \x09`, "#path\tdns", "#fields\tts\tquery", "#types\ttime\tstring",
		"1521911720.865716\tevil.example", zeekLine, "1521911721.0\tother.example", "one column",
	}, "\n")
	got, stats := read(t, strings.NewReader(in), format.Options{})
	want := []string{"suricata 1 ET SCAN Potential SSH Scan", "zeek 2 ", "zeek 3 ", "zeek 4 ", "line 9 columns"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff(format.Stats{Records: 9, Events: 4, Headers: 4, Failed: map[string]int{"columns": 1}}, stats); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestDeclared(t *testing.T) {
	got, _ := read(t, strings.NewReader("{\"a\":1}\nhello\n"), format.Options{Format: "suricata"})
	if diff := cmp.Diff([]string{"line 1 not-suricata", "line 2 bad-json"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	_, err := format.NewReader(strings.NewReader(""), "x", recogniser(), format.Options{Format: "nope"})
	if err == nil || !strings.Contains(err.Error(), "suricata, zeek, windows, ecs, elasticsearch, syslog, json, text") {
		t.Errorf("error %v does not list the formats", err)
	}
}

func TestObservables(t *testing.T) {
	tests := map[string]struct {
		line string
		want []string
	}{
		"Suricata": {alertLine, []string{
			"ipv4-addr 198.51.100.7 source.ip", "ipv4-addr 10.47.8.150 destination.ip",
			"url http://www.example.com/index.html?a=b url.full", "domain-name www.example.com url.domain",
			"user-agent Mozilla/5.0 (X11; Linux x86_64) user_agent.original", "ipv4-addr:port 10.47.8.150:22 destination.ip",
		}},
		"JSON": {`{"x":{"who":"eve@Evil.example"},"l":["203.0.113.9",{"d":"see https://a.example/p?q=1."}],"n":5}`, []string{
			"ipv4-addr 203.0.113.9 json.l", "url https://a.example/p?q=1 json.l.d", "domain-name a.example json.l.d",
			"email-addr eve@evil.example json.x.who",
		}},
		"JSON, hosts in disguise": {`{"d":"see http://%65vil.example:80/%61 http://3232235777/ 3232235777 http://bob@[::ffff:1.2.3.4]:80/"}`, []string{
			"url http://evil.example/a json.d", "domain-name evil.example json.d", "url http://192.168.1.1/ json.d", "ipv4-addr 192.168.1.1 json.d",
			"url http://1.2.3.4/ json.d", "ipv4-addr 1.2.3.4 json.d",
		}},
		"Text": {`deny src=203.0.113.9 dst=[2001:db8::1] to evil.example, hash d41d8cd98f00b204e9800998ecf8427e CVE-less`, []string{
			"ipv4-addr 203.0.113.9 message", "ipv6-addr 2001:db8::1 message", "domain-name evil.example message",
			"file:md5 d41d8cd98f00b204e9800998ecf8427e message",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := format.NewReader(strings.NewReader(tt.line), "x", recogniser(), format.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ev, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range ev.Observables {
				got = append(got, fmt.Sprintf("%s %s %s", o.Type, o.Value, o.Field))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestSearch hands free text, and only that, to the caller's search.
func TestSearch(t *testing.T) {
	var asked []string
	search := func(line []byte, emit func(indicator.Type, string)) {
		asked = append(asked, string(line))
		emit(indicator.Domain, "found.example")
	}
	r, err := format.NewReader(strings.NewReader(flatLine+"\nhello\n"), "x", recogniser(), format.Options{Search: search})
	if err != nil {
		t.Fatal(err)
	}
	var last event.Event
	for {
		ev, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		last = ev
	}
	if diff := cmp.Diff([]string{"hello"}, asked); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]event.Observable{{Type: indicator.Domain, Value: "found.example", Field: "message"}}, last.Observables); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// FuzzReader feeds every format with anything: no panic, an end, counts that
// add up, and events that can be written.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		alertLine, zeekLine, flatLine, "[{},{}]", "{\"a\":1,\n{\"b\":2}", "hello\n",
		"#separator \\x09\n#set_separator\t,\n#path\tdns\n#fields\tts\tl\n#types\ttime\tset[count]\n1.5\t1,2\n-\t(empty)\n",
		`{"Event":{"System":{"Provider":{"@Name":"Microsoft-Windows-Sysmon"},"EventID":22},"EventData":{"Data":[{"@Name":"QueryResults","#text":"type:  5 x;::1;"}]}}}`,
		"<?xml version='1.0'?><Events><Event><System><EventID>1</EventID></System></Event><Event>\n<System></a></Event></Events>",
		`{"@timestamp":"2024-01-01T00:00:00Z","winlog":{"event_id":4624,"event_data":{"IpAddress":"-"}}}`,
		`{"timestamp":"2018-03-24T14:37:19.037299-0600","event_type":"dns","flow_id":1,"dns":{"queries":[{"rrname":"x.example"}],"grouped":{"A":["192.0.2.1"]}}}`,
	} {
		f.Add([]byte(s), uint8(0))
	}
	rec := recogniser()
	f.Fuzz(func(t *testing.T, in []byte, declared uint8) {
		opt := format.Options{MaxRecord: 1 << 12}
		if names := rec.Names(); int(declared) > 0 && int(declared) <= len(names) {
			opt.Format = names[declared-1]
		}
		r, err := format.NewReader(strings.NewReader(string(in)), "fuzz", rec, opt)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for {
			ev, err := r.Next()
			if err == io.EOF {
				break
			}
			if n++; n > len(in)+1 {
				t.Fatal("more records than bytes")
			}
			var bad *format.RecordError
			if err != nil && !errors.As(err, &bad) {
				t.Fatal(err)
			}
			if err == nil {
				writable(t, &ev)
			}
		}
		stats := r.Stats()
		total := stats.Events + stats.Headers
		for _, k := range stats.Failed {
			total += k
		}
		if total != stats.Records {
			t.Fatalf("counts do not add up: %+v", stats)
		}
	})
}

func writable(t *testing.T, ev *event.Event) {
	t.Helper()
	if _, err := format.NewScanner("").Object(string(ev.AppendJSON(nil, false))); err != nil && !strings.Contains(err.Error(), "deeper") {
		t.Fatalf("written and read again: %v", err)
	}
}

// A record whose format was never declared is recognised again when it is read
// back.
func TestResumeWithoutFormat(t *testing.T) {
	s, err := recogniser().Resume("", nil)
	if err != nil {
		t.Fatal(err)
	}
	ev, ok, err := s.Decode([]byte(`{"@timestamp":"2026-03-02T09:00:00Z","ecs":{"version":"8.11"},"source":{"ip":"10.0.0.1"}}`))
	if err != nil || !ok || ev.Format != "ecs" {
		t.Errorf("event %+v, ok %v, error %v", ev, ok, err)
	}
}
