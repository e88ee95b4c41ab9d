package format_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
)

// feed cuts what comes in parts, each read with what was not used before it, by a
// cutter that is made anew for each, as after a restart.
func feed(limit int, ending format.Ending, parts ...string) (got []string) {
	var state format.CutState
	rest := ""
	for i, part := range parts {
		rest += part
		end := format.Growing
		if i == len(parts)-1 {
			end = ending
		}
		c := format.NewCutter(everyFormat(), limit, state)
		used, long, _ := c.Cut([]byte(rest), end, func(r []byte) { got = append(got, string(r)) })
		for range long {
			got = append(got, "!too-long")
		}
		rest, state = rest[used:], c.State()
	}
	if rest != "" {
		got = append(got, "rest: "+rest)
	}
	return got
}

const blockOne = "04/25/2023 07:01:02 PM\nLogName=Security\nEventCode=4624\nMessage=An account was logged on.\n\nSubject:\n\tAccount Name:\t\tbob"

func TestCutter(t *testing.T) {
	const header = "time,user,action\n"
	blockTwo := strings.ReplaceAll(blockOne, "bob", "eve")
	for name, c := range map[string]struct {
		ending format.Ending
		parts  []string
		want   []string
	}{
		"lines":              {format.Growing, []string{"a\r\n\n b\nc", "d\ne"}, []string{"a", " b", "cd", "rest: e"}},
		"the last":           {format.Ended, []string{"a\nb"}, []string{"a", "b"}},
		"late":               {format.Late, []string{"{\n\"a\":\nb"}, []string{"{", `"a":`, "rest: b"}},
		"objects":            {format.Growing, []string{"{\n \"a\": 1\n", "}\nx\n{\"a\":1}{\"b\":2}\n"}, []string{"{\n \"a\": 1\n}", "x", `{"a":1}`, `{"b":2}`}},
		"entries":            {format.Growing, []string{entryOne[:5], entryOne[5:70], entryOne[70:] + "A\n\x04\x00\x00", "\x00\x00\x00\x00\x00\n\nb", "c\n\n" + "x\n" + entryOne}, []string{entryJSON[:len(entryJSON)-1] + `,"A":"\n\nbc"}`, "x", "rest: " + entryOne}},
		"the last entry":     {format.Ended, []string{entryOne + "\n", entryOne}, []string{entryJSON, entryJSON}},
		"an entry too long":  {format.Late, []string{entryOne + "A\n\x00\x00\x00\x20\x00\x00\x00\x00b\ncde\nf\n"}, []string{entryJSON, "A", "\x00\x00\x00 \x00\x00\x00\x00b", "cde", "f"}},
		"broken entry":       {format.Late, []string{entryOne + "A\n\x04\x00\x00\x00\x00\x00\x00\x00b\ncde\nf\n" + entryOne + "\n"}, []string{entryJSON, "A", "\x04\x00\x00\x00\x00\x00\x00\x00b", "cde", "f", entryJSON}},
		"lists":              {format.Growing, []string{"[{\"a\":1},\n {\"b\":2}]\n[\n{\"c\":3},\n{\"d\":4}\n]\n{\"Records\": [\n{\"e\":5},{}]}\n"}, []string{`{"a":1}`, `{"b":2}`, `{"c":3}`, `{"d":4}`, `{"e":5}`, "{}"}},
		"broken objects":     {format.Growing, []string{"{a\n{b\n{c\n{\"d\":1}\n{e\n"}, []string{"{a", "{b", "{c", `{"d":1}`, "rest: {e\n"}},
		"broken list":        {format.Growing, []string{"[{\"a\":1},\n{\"b\":\n{\"c\":1}\n]]\nx\n"}, []string{`{"a":1}`, "{\"b\":\n{\"c\":1}\n]", "x"}},
		"table":              {format.Growing, []string{header, "1,bob,a\n1,\"b", "\no\"\"b\",c\n1,eve"}, []string{`{"time":"1","user":"bob","action":"a"}`, `{"time":"1","user":"b\no\"b","action":"c"}`, "rest: 1,eve"}},
		"no table":           {format.Growing, []string{header, "{\"a\":1}\n1,2,3\n"}, []string{strings.TrimSpace(header), `{"a":1}`, "1,2,3"}},
		"table with a quote": {format.Late, []string{header + "1,bob,a\n1,\"b,c\n1,eve,a\n"}, []string{`{"time":"1","user":"bob","action":"a"}`, `1,"b,c`, `{"time":"1","user":"eve","action":"a"}`}},
		"blocks":             {format.Growing, []string{blockOne[:30], blockOne[30:] + "\n\n", blockTwo + "\n" + blockOne[:23], blockOne[23:]}, []string{blockOne, blockTwo, "rest: " + blockOne}},
		"the last block":     {format.Late, []string{"a\n" + blockOne + "\n" + blockTwo + "\n"}, []string{"a", blockOne, blockTwo}},
		"no block":           {format.Growing, []string{"04/25/2023 07:01:02 PM\nlog\n04/25/2023 07:01:02 started\n"}, []string{"04/25/2023 07:01:02 PM", "log", "04/25/2023 07:01:02 started"}},
		"events in syslog":   {format.Growing, []string{"<13>Jun  1 10:00:00 h a: <Event><System>\n<EventID>1", "</EventID></System></Event> x\r\n<13>b\n<14>c: <Event><System></System></Event>\n"}, []string{"<13>Jun  1 10:00:00 h a: <Event><System>\n<EventID>1</EventID></System></Event> x", "<13>b", "<14>c: <Event><System></System></Event>"}},
		"broken in syslog":   {format.Growing, []string{"<13>a: <Event><System>\n1\n<13>b\n<14>c: <Event><System>\n</System></Event>\n"}, []string{"<13>a: <Event><System>", "1", "<13>b", "<14>c: <Event><System>\n</System></Event>"}},
		"ePO events":         {format.Growing, []string{"<?xml version=\"1.0\"?>\n<EPOevent>\n<MachineInfo>a</MachineInfo>\n<Event>", "1</Event>\n</EPOevent>\nx\n<UpdateEvents><MachineInfo/>\n</UpdateEvents>"}, []string{"<EPOevent>\n<MachineInfo>a</MachineInfo>\n<Event>1</Event>\n</EPOevent>", "x", "<UpdateEvents><MachineInfo/>\n</UpdateEvents>"}},
		"ePO in syslog":      {format.Growing, []string{"<29>1 - h EPOEvents - EventFwd [a@1 b=\"c\"] <?xml version=\"1.0\"?>\n", " <EPOevent><MachineInfo>\n</MachineInfo>\n</EPOevent>\n<13>b\n<29>1 - h EPOEvents - - - <EPOEvent><MachineInfo/>\n</EPOEvent>\n"}, []string{"<29>1 - h EPOEvents - EventFwd [a@1 b=\"c\"] <?xml version=\"1.0\"?>\n <EPOevent><MachineInfo>\n</MachineInfo>\n</EPOevent>", "<13>b", "<29>1 - h EPOEvents - - - <EPOEvent><MachineInfo/>\n</EPOEvent>"}},
		"broken ePO":         {format.Growing, []string{"<29>a: <EPOevent><MachineInfo>\n1\n<13>b\n<29>c: <EPOevent><MachineInfo>\n</EPOevent>\n<29>d: <?xml?>\nx\n"}, []string{"<29>a: <EPOevent><MachineInfo>", "1", "<13>b", "<29>c: <EPOevent><MachineInfo>\n</EPOevent>", "<29>d: <?xml?>", "x"}},
		"blocks in syslog":   {format.Growing, []string{"<13> " + blockOne + "\n<13>a\n<13>" + blockTwo + "\n<13>b\n"}, []string{"<13> " + blockOne, "<13>a", "<13>" + blockTwo, "<13>b"}},
		"long":               {format.Growing, []string{"a\n" + strings.Repeat("x", 1001), "y\nb\n" + strings.Repeat("x", 1002) + "\nc\n"}, []string{"a", "b", "c", "!too-long", "!too-long"}},
		"long object":        {format.Growing, []string{"{\n\"a\":\n" + strings.Repeat("x\n", 500) + "{\n}\n"}, append(append([]string{"{", `"a":`}, strings.Split(strings.Repeat("x", 500), "")...), "{\n}")},
		"long block":         {format.Late, []string{blockOne + "\n" + strings.Repeat(strings.Repeat("x", 400)+"\n", 3)}, []string{blockOne + "\n" + strings.Repeat("x", 400) + "\n" + strings.Repeat("x", 400), strings.Repeat("x", 400)}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, feed(1000, c.ending, c.parts...)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestCutterWaits: who waits for more than one line may lose patience, not who waits
// for the rest of a line or the first row of a table.
func TestCutterWaits(t *testing.T) {
	for in, want := range map[string]bool{
		"": false, "a": false, "a\n": false, "{\"a\":": false, "{\"a\":\n": true, "a\n\n": false, "time,user,action\n": false,
		"time,user,action\n1,2,\"\n": true, "<Event><System>": false, "<Event><System>\n": true, blockOne[:60]: true,
	} {
		_, _, waits := format.NewCutter(everyFormat(), 1000, format.CutState{}).Cut([]byte(in), format.Growing, func([]byte) {})
		if waits != want {
			t.Errorf("%q: waits %v, want %v", in, waits, want)
		}
	}
}

// FuzzCutter: however a stream comes, the records are the same, and each of its lines
// is in one or counted.
func FuzzCutter(f *testing.F) {
	for _, s := range []string{
		"a\nb", "{\n\"a\":\n1}\n{", "[{\"a\":1},\n{}]\n", "time,a,b\n1,\"2\n\",3\n", "<Events><Event><System></Event>\n<Event><System>\na\n<Event></Events>\n",
		blockOne + "\n" + blockOne, "{\"Records\":[{\n}]}\n", strings.Repeat("{\"a\":\n", 70),
		"<13>a: <Event><System>\n1\n</Event> x\n<14>c: <Event><System>\n", "<13> " + blockOne + "\n<13>a\n",
		entryOne + binaryField("A", "\nb\n") + "\n" + entryOne, entryOne + binaryField("A", "\nb\n")[:12] + "\n\nc\n",
	} {
		f.Add(s, uint16(5), uint16(20))
	}
	f.Fuzz(func(t *testing.T, in string, a, b uint16) {
		at, to := min(int(a), len(in)), min(int(a)+int(b), len(in))
		want := feed(1000, format.Ended, in)
		got := feed(1000, format.Ended, in[:at], in[at:to], in[to:])
		if diff := cmp.Diff(want, got); diff != "" && len(in) < 1000 && strings.Count(in, "<Event") < 2 { // of broken ones, others are parts
			t.Errorf("%q in parts: -whole +parts\n%s", in, diff)
		}
		for _, r := range got {
			if len(r) > 1000 || strings.HasPrefix(r, "rest: ") {
				t.Errorf("%q of %q", r, in)
			}
		}
	})
}

// TestCutterHostile: what never ends does not keep what follows, nor looks at it for
// each of its lines.
func TestCutterHostile(t *testing.T) {
	for name, line := range map[string]string{
		"objects": "{\"a\":\n", "open": "{a\n", "lists": "[{\n", "events": "<Event><System>\n", "messages": "<13>a: <Event><System>\n", "rows": "\"a\",\"b\n", "quotes": "\"\"\"x\n", "blocks": "04/25/2023 07:01:02 PM\nLogName=\n", "entries": "__CURSOR=\n", "values": "__CURSOR=\nA\n",
	} {
		for _, start := range []string{"", "time,user,action\n1,2,3\n"} {
			in := start + strings.Repeat(line, 200_000/len(line))
			records := 0
			var state format.CutState
			for rest := in; rest != ""; {
				part := rest[:min(len(rest), 100_000)]
				ending := format.Growing
				if len(part) == len(rest) {
					ending = format.Ended
				}
				c := format.NewCutter(everyFormat(), 50_000, state)
				used, _, _ := c.Cut([]byte(part), ending, func([]byte) { records++ })
				if used == 0 {
					t.Fatalf("%s: nothing of %d bytes is used", name, len(part))
				}
				rest, state = rest[used:], c.State()
			}
			if records == 0 {
				t.Errorf("%s: no record", name)
			}
		}
	}
}
