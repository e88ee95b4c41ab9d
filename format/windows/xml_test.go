package windows_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/realdata"
)

const (
	xmlStart = `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='P' Guid='{5770385f-c22a-43e0-bf4c-06f5698ffbd9}'/><EventID Qualifiers='3'>7</EventID><Channel>C</Channel><Computer>ws5</Computer></System>`
	linux    = `<Event><System><Provider Name="Linux-Sysmon" Guid="{ff032593-a8d3-4f13-b0d6-01fc615a0f97}"/><EventID>1</EventID><Version>5</Version><Level>4</Level><TimeCreated SystemTime="2026-03-02T09:00:00.123456000Z"/><EventRecordID>12</EventRecordID><Channel>Linux-Sysmon/Operational</Channel><Computer>web1</Computer></System><EventData><Data Name="UtcTime">2026-03-02 09:00:00.123</Data><Data Name="ProcessId">42</Data><Data Name="Image">/usr/bin/curl</Data><Data Name="CommandLine">curl http://evil.example/x?a=1&amp;b=2</Data><Data Name="User">root</Data></EventData></Event>`
)

// events reads a text; the second result is the reasons of what could not be read.
func events(t testing.TB, in string) (list []event.Event, faults []string) {
	t.Helper()
	r, err := format.NewReader(strings.NewReader(in), "x", recogniser(), format.Options{NoObservables: true})
	if err != nil {
		t.Fatal(err)
	}
	for {
		ev, err := r.Next()
		var bad *format.RecordError
		switch {
		case err == io.EOF:
			return list, faults
		case errors.As(err, &bad):
			faults = append(faults, bad.Reason)
		case err != nil:
			t.Fatal(err)
		default:
			list = append(list, ev)
		}
	}
}

// rendered writes an event that was converted to JSON as Windows renders it.
func rendered(w *strings.Builder, name string, v any) {
	escape := func(v any) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(fmt.Sprint(v)))
		return b.String()
	}
	switch v := v.(type) {
	case nil:
		fmt.Fprintf(w, "<%s/>", name)
	case []any:
		for _, e := range v {
			rendered(w, name, e)
		}
	case map[string]any:
		w.WriteString("<" + name)
		attributes, _ := v["#attributes"].(map[string]any)
		for a, v := range attributes {
			fmt.Fprintf(w, " %s='%s'", a, escape(v))
		}
		w.WriteString(">")
		names := slices.Sorted(maps.Keys(v))
		slices.SortStableFunc(names, func(a, b string) int { // System stands first
			return strings.Compare(fmt.Sprint(a != "System"), fmt.Sprint(b != "System"))
		})
		for _, child := range names {
			v := v[child]
			switch {
			case child == "#attributes":
			case child == "#text":
				w.WriteString(escape(v))
			case name == "EventData" && child != "Data" && child != "Binary" && v != nil:
				fmt.Fprintf(w, "<Data Name='%s'>%s</Data>", escape(child), escape(v))
			default:
				rendered(w, child, v)
			}
		}
		fmt.Fprintf(w, "</%s>", name)
	default:
		fmt.Fprintf(w, "<%s>%s</%[1]s>", name, escape(v))
	}
}

// TestXMLOfSamples: the events of the Sigma regression samples are the same in XML.
// Only their own data, in XML, are all texts.
func TestXMLOfSamples(t *testing.T) {
	var all strings.Builder
	var want []event.Event
	err := filepath.WalkDir(realdata.Path(t, "sigma-regression"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		list, _ := events(t, string(content))
		want = append(want, list...)
		for in := json.NewDecoder(strings.NewReader(string(content))); in.More(); {
			var v map[string]any
			in.UseNumber()
			if err := in.Decode(&v); err != nil {
				return err
			}
			rendered(&all, "Event", v["Event"])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// As a capture of lines, on one line, and as Event Viewer saves it.
	for name, in := range map[string]string{
		"lines":  strings.ReplaceAll(all.String(), "</Event>", "</Event>\r\n"),
		"line":   all.String(),
		"viewer": "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<Events>" + all.String() + "</Events>\n",
	} {
		got, faults := events(t, in)
		if len(got) != len(want) || len(want) < 124 || len(faults) > 0 {
			t.Fatalf("%s: %d events, want %d; faults %v", name, len(got), len(want), faults)
		}
		for i := range got {
			a, b := texts(want[i].Fields), texts(got[i].Fields)
			if diff := cmp.Diff(a, b); diff != "" || !got[i].Time.Equal(want[i].Time) || got[i].Format != "windows" {
				t.Fatalf("%s: event %d: -json +xml\n%s", name, i, diff)
			}
		}
	}
}

// texts makes the event's own data texts, without those that are empty.
func texts(f event.Fields) event.Fields {
	out := maps.Clone(f)
	for name, v := range f {
		if v == nil || v == "" {
			delete(out, name)
		} else if strings.HasPrefix(name, "winlog.event_data.") || strings.HasPrefix(name, "winlog.user_data.") {
			out[name] = fmt.Sprint(v)
		}
	}
	return out
}

// TestXML reads what events hold beside their named data.
func TestXML(t *testing.T) {
	for _, c := range []struct {
		rest string
		want event.Fields
	}{
		{`<EventData><Data>a</Data><Data/><Data>c &lt;&#x41;&amp;</Data><Binary>0102</Binary></EventData></Event>`, event.Fields{
			"winlog.event_data.param1": "a", "winlog.event_data.param3": "c <A&", "winlog.event_data.Binary": "0102",
		}},
		{`<EventData Name='kind'><Data Name='A#text'>x</Data><Data Name='Empty'></Data><Data Name='Twice'>1</Data><Data Type='t' Name='Twice'>2</Data></EventData></Event>`, event.Fields{
			"winlog.event_data.A#text": "x", "winlog.event_data.Twice": []string{"1", "2"}, "winlog.event_data.Twice.Type": "t", "winlog.xml.EventData.Name": "kind",
		}},
		{`<UserData><LogFileCleared xmlns='n'><User>kim</User><Item>1</Item><Item>2</Item></LogFileCleared></UserData></Event>`, event.Fields{
			"winlog.user_data.LogFileCleared.xmlns": "n", "winlog.user_data.LogFileCleared.User": "kim", "winlog.user_data.LogFileCleared.Item": []string{"1", "2"},
		}},
		{"<EventData>\n  <Data Name='List'>SeA\n\t\tSeB</Data>\n</EventData><RenderingInfo Culture='en-US'><Message>It is\ndone.</Message><Level>Error</Level><Keywords><Keyword>Audit Failure</Keyword><Keyword>x</Keyword></Keywords></RenderingInfo></Event>", event.Fields{
			"winlog.event_data.List": "SeA\n\t\tSeB",
			"message":                "It is\ndone.", "winlog.severity": "Error", "log.level": "error", "event.outcome": "failure",
			"winlog.keywords": []string{"Audit Failure", "x"}, "winlog.xml.RenderingInfo.Culture": "en-US",
		}},
		{"<EventData><Data Name='" + strings.Repeat("n", 513) + "'>a</Data></EventData></Event>", event.Fields{"winlog.event_data.param1": "a"}},
		// What XML must not hold does not hide an event.
		{"<EventData><Data Name='CommandLine'>a\x01b\xffc&#1;d&#x41;&#xd800;&#99999999;e</Data></EventData></Event>", event.Fields{
			"winlog.event_data.CommandLine": "a\ufffdb\ufffdc\ufffddA\ufffd\ufffde",
		}},
	} {
		want := event.Fields{
			"event.code": "7", "event.dataset": "windows.c", "event.kind": "event", "event.module": "windows", "event.provider": "P", "host.name": "ws5",
			"winlog.channel": "C", "winlog.event_id": int64(7), "winlog.qualifiers": int64(3), "winlog.provider_name": "P", "winlog.computer_name": "ws5",
			"winlog.provider_guid": "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}", "winlog.xml.xmlns": "http://schemas.microsoft.com/win/2004/08/events/event",
		}
		maps.Copy(want, c.want)
		list, faults := events(t, xmlStart+c.rest)
		if len(list) != 1 || len(faults) > 0 {
			t.Fatalf("%s: %d events, faults %v", c.rest, len(list), faults)
		}
		if diff := cmp.Diff(want, list[0].Fields); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.rest, diff)
		}
	}
}

// TestXMLInSyslog reads Sysmon for Linux, as it writes to syslog.
func TestXMLInSyslog(t *testing.T) {
	for _, head := range []string{
		"", "<14>Mar  2 09:00:00 web1 sysmon[123]: ", "Mar  2 09:00:00 web1 sysmon: ", "2026-03-02T09:00:00.123456+00:00 web1 sysmon: ",
		"<14>1 2026-03-02T09:00:00Z web1 sysmon 123 - - ", "<14>1 2026-03-02T09:00:00Z web1 sysmon 123 - - \ufeff", "Mar  2 09:00:00 web1 -: ",
		"<14>Mar  2 09:00:00 other Linux-Sysmon: <?xml version='1.0'?>",
	} {
		list, faults := events(t, head+linux+"\n")
		if len(list) != 1 || len(faults) > 0 {
			t.Fatalf("%q: %d events, faults %v", head, len(list), faults)
		}
		f := list[0].Fields
		got := []string{
			list[0].Format, list[0].Time.Format("15:04:05.000"), f.String("host.name"), f.String("host.os.type"), f.String("event.action"),
			f.String("process.executable"), f.String("process.command_line"), f.String("user.name"), f.String("winlog.channel"), fmt.Sprint(f["process.pid"]),
		}
		want := []string{
			"windows", "09:00:00.123", "web1", "linux", "process-created", "/usr/bin/curl", "curl http://evil.example/x?a=1&b=2", "root", "Linux-Sysmon/Operational", "42",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got\n%s", head, diff)
		}
	}
}

// TestXMLFaults: what is no event is told, and what follows is read.
func TestXMLFaults(t *testing.T) {
	long := strings.Repeat("x", 2<<20)
	var many strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&many, " a%d='1'", i)
	}
	for name, c := range map[string]struct {
		in     string
		events int
		faults []string
	}{
		"cut off":            {xmlStart + "<EventData><Data Name='a'>x", 0, []string{"bad-xml"}},
		"cut off, then more": {xmlStart + "<EventData>\n" + linux + "\n", 1, []string{"bad-xml"}},
		"cut off, then text": {xmlStart + "<EventData>\nhello\n{\"a\":1}\n", 2, []string{"bad-xml"}},
		"too long":           {xmlStart + "<EventData><Data>" + long + "</Data></EventData></Event>\n" + linux, 1, []string{"too-long"}},
		"endless":            {xmlStart + "\nhello\n" + long + "\n" + linux, 2, []string{"too-long", "too-long"}},
		"crossed":            {xmlStart + "<EventData><a></b></a></EventData></Event>", 0, []string{"bad-xml"}},
		"deep":               {xmlStart + strings.Repeat("<a>", 17) + strings.Repeat("</a>", 17) + "</Event>", 0, []string{"bad-xml"}},
		"unknown entity":     {xmlStart + "<EventData><Data>&lol;</Data></EventData></Event>", 0, []string{"bad-xml"}},
		"document type":      {`<?xml version="1.0"?>` + xmlStart + `<!DOCTYPE x [<!ENTITY a "b">]></Event>`, 0, []string{"bad-xml"}},
		"long name":          {xmlStart + "<UserData><" + long[:600] + "/></UserData></Event>", 0, []string{"bad-xml"}},
		"many attributes":    {xmlStart + "<EventData><Data Name='a'" + many.String() + "/></EventData></Event>", 0, []string{"bad-xml"}},
		"two in syslog":      {"Mar  2 09:00:00 web1 sysmon: " + linux + linux, 1, nil}, // a message
		"encoding":           {xmlStart + "<?xml version='1.0' encoding='ebcdic'?></Event>", 0, []string{"bad-xml"}},
		"no number":          {"<Event><System></System></Event>", 0, []string{"not-windows"}},
		"two, and text":      {linux + linux + " trailing\n", 3, nil},
		"other XML":          {"<?xml version='1.0'?>\n<Events>\n<Event>no</Event>\n</Events>\n", 4, nil},
	} {
		list, faults := events(t, c.in)
		if len(list) != c.events || !slices.Equal(faults, c.faults) {
			t.Errorf("%s: %d events, faults %v; want %d and %v", name, len(list), faults, c.events, c.faults)
		}
	}
}

// FuzzXML: no panic, an end, and no event without a number.
func FuzzXML(f *testing.F) {
	f.Add(linux)
	f.Add("<?xml version='1.0'?><Events>" + xmlStart + "<EventData><Data>a</Data><Data Name='b'>&#1;</Data></EventData></Event>" + linux + "</Events>")
	f.Add(xmlStart + "<UserData><a xmlns:b='c'><![CDATA[x]]></a></UserData>\n</Event>")
	f.Add(xmlStart + "\n" + xmlStart + "</Event>\n<")
	f.Fuzz(func(t *testing.T, in string) {
		list, _ := events(t, in)
		for i := range list {
			if list[i].Format == "windows" && list[i].Fields["winlog.event_id"] == nil {
				t.Errorf("an event without a number: %v", list[i].Fields)
			}
		}
	})
}
