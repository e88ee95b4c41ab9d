package format_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
)

func everyFormat() *format.Recogniser {
	return format.NewRecogniser(suricata.Format(), zeek.Format(), windows.Format(), ecs.Format())
}

// readAll returns what a reader says of each record that it returns, keeping only
// the events of which keep is true, and its counts.
func readAll(t testing.TB, in, declared string, wanted format.Wanted, keep func(raw string) bool) ([]string, format.Stats) {
	t.Helper()
	r, err := format.NewReader(strings.NewReader(in), "f", everyFormat(), format.Options{Format: declared, Wanted: wanted})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for {
		ev, err := r.Next()
		var bad *format.RecordError
		switch {
		case errors.Is(err, io.EOF):
			s := r.Stats()
			s.Passed = 0
			return out, s
		case errors.As(err, &bad):
			out = append(out, fmt.Sprint(bad.Line, bad.Reason))
		case err != nil:
			t.Fatal(err)
		case keep(string(ev.Raw)):
			out = append(out, fmt.Sprint(ev.Origin.Line, ev.Format, string(ev.AppendJSON(nil, true)), ev.Observables))
		}
	}
}

// records are the kinds of lines that streams have, whole and broken.
var records = []string{
	`{"timestamp":"2024-05-01T10:00:00.1+0000","flow_id":1,"event_type":"dns","src_ip":"10.0.0.1","dns":{"rrname":"evil.com"}}`,
	`{"timestamp":"2024-05-01T10:00:00.1+0000","flow_id":1,"event_type":null,"src_ip":"10.0.0.1"}`,
	`{"timestamp":"2024-05-01T10:00:00.1+0000","flow_id":1,"event_type":"","event_type":"x"}`,
	`{"timestamp":"x","flow_id":1,"a":{"event_type":"dns"}}`,
	`{"@timestamp":"2024-05-01T10:00:00Z","agent":{"type":"filebeat"},"message":"{\"timestamp\":\"x\",\"flow_id\":1,\"event_type\":\"dns\"}"}`,
	`{"@timestamp":"2024-05-01T10:00:00Z","agent":{"type":"filebeat"},"event":{"action":"a"},"message":"{\"flow_id\":1,\"event_type\":\"dns\"}"}`,
	`{"log":"{\"timestamp\":\"x\",\"flow_id\":1,\"event_type\":\"dns\"}\n","stream":"stdout"}`, `{"log":{"a":1},"message":"x","b":"c"}`,
	`{"timestamp":"x","flow_id":1,"event_type":"flow"} {"timestamp":"x","flow_id":1,"event_type":"flow"}`,
	`{"timestamp":"x","flow_id":1,"event_type":"flow"}{"a":1}`,
	`{"_path":"conn","ts":1521911721.255387,"uid":"C1","id.orig_h":"10.0.0.5"}`,
	`{"_path":"conn","ts":null,"uid":"C1"}`, `{ "ts": 1.5, "uid": "a", "id.orig_h": "10.0.0.5" }`,
	`{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Image":"C:\\a\\b.exe"}`,
	`{"EventID":"","Channel":"x"}`, `{"winlog":{"event_id":1,"channel":"x"},"@timestamp":"2024-01-01T00:00:00Z"}`,
	`{"Event":{"System":{"Provider":{"Name":"x"},"EventID":4},"EventData":{}}}`,
	`{"@timestamp":"2024-01-01T00:00:00Z","event":{"module":"x"},"source":{"ip":"1.2.3.4"}}`,
	`{"a":1,"b":[{"c":1},{"c":2}],"d":{"e":[1,"x",null,true]}}`, `{"a":1`, `{"a":01}`, `{"a":1e5}`, `{"a":.5}`, `{"a":tru}`, `{"a":"x}`, `{"a":"\`, `{"\u0061":1}`, `{}`,
	`plain text 1.2.3.4`, "  indented", "#separator \\x09", "#set_separator\t,", "#fields\tts\tuid\tid.orig_h", "#types\ttime\tstring\taddr", "1.5\tC1\t10.0.0.1", "1.5\tC1", "",
	"[", `{"a":1},`, "]", `{"a":`, `1}`, "{\"a\":\"\xff\",\"\xff\":1}",
}

// TestWantedChangesNothing: what a reader says of the records that are wanted, and
// of those that cannot be read, and all that it counts, is the same whether it
// goes past the others or not.
func TestWantedChangesNothing(t *testing.T) {
	passed := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 5))
		var b strings.Builder
		for range 1 + r.IntN(60) {
			b.WriteString(records[r.IntN(len(records))] + "\n")
		}
		declared := []string{"", "", "", "suricata", "zeek", "json", "text"}[r.IntN(7)]
		want := func(raw string) bool { return len(raw)%3 == int(seed%3) }
		wanted := func(records [][]byte, of func(int) string, wanted []bool) {
			for i, r := range records {
				wanted[i] = want(string(r))
				if seed%2 == 0 && len(r)%2 == 0 {
					of(i)
				}
			}
		}
		all, stats := readAll(t, b.String(), declared, nil, want)
		some, statsSome := readAll(t, b.String(), declared, wanted, want)
		if d := cmp.Diff(all, some); d != "" {
			t.Fatalf("seed %d, format %q (-all +some):\n%s", seed, declared, d)
		}
		if d := cmp.Diff(stats, statsSome); d != "" {
			t.Fatalf("seed %d, format %q (-all +some):\n%s", seed, declared, d)
		}
		reader, err := format.NewReader(strings.NewReader(b.String()), "f", everyFormat(), format.Options{Format: declared, Wanted: wanted})
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := reader.Next(); errors.Is(err, io.EOF) {
				break
			}
		}
		passed += reader.Stats().Passed
	}
	if passed < 1000 {
		t.Errorf("only %d records were passed: the test has lost its bite", passed)
	}
}

// TestWantedDoesNotWait: what is there is read before more is waited for.
func TestWantedDoesNotWait(t *testing.T) {
	in, out := io.Pipe()
	r, err := format.NewReader(in, "f", everyFormat(), format.Options{Wanted: func(_ [][]byte, _ func(int) string, wanted []bool) {
		for i := range wanted {
			wanted[i] = true
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		go func() { _, _ = fmt.Fprintf(out, "line %d\n", i) }() // Next takes it from the pipe
		if ev, err := r.Next(); err != nil || ev.Fields.String("message") != fmt.Sprintf("line %d", i) {
			t.Fatal(ev.Fields, err)
		}
	}
}

// TestSkimOwn makes records of what shells have and of what they have not, and holds
// what is told of them unread against what is found in their events.
func TestSkimOwn(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	names := []string{
		"message", "log", "MESSAGE", "agent", "host", "@timestamp", "event", "event.module", "vedette", "vedette.x", "@metadata", "kubernetes", "tags",
		"a", "", "source", "address", "ip", "json", "kind", "module", "dataset", "labels.b", "service", "name",
	}
	var value func(depth int) string
	object := func(depth int) string {
		var b strings.Builder
		for i := range rnd.IntN(5) {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q:%s", names[rnd.IntN(len(names))], value(depth))
		}
		return "{" + b.String() + "}"
	}
	value = func(depth int) string {
		switch n := rnd.IntN(12); {
		case n == 0 && depth < 4:
			return "[" + value(depth+1) + "," + value(depth+1) + "]"
		case n < 4 && depth < 4:
			return object(depth + 1)
		}
		return []string{`"x"`, `"a line of text"`, `""`, `1`, `-1`, `null`, `true`, `[]`, `{}`, `["y"]`}[rnd.IntN(10)]
	}
	carry := map[string]func(*event.Event) string{"ecs": format.Shipped(""), "json": format.Shipped("json.")}
	rec := everyFormat()
	own, carried := 0, 0
	for range 200_000 {
		record := object(1)
		sure := format.SkimOwn(record)
		if sure {
			own++
		}
		for name, carries := range carry {
			stream, err := rec.Stream(name)
			if err != nil {
				t.Fatal(err)
			}
			ev, ok, err := stream.Decode([]byte(record))
			if err != nil || !ok {
				continue
			}
			if carries(&ev) == "" {
				continue
			}
			carried++
			if sure {
				t.Errorf("as %s: %s is said to carry nothing", name, record)
			}
		}
	}
	if own < 10_000 || carried < 1000 {
		t.Errorf("%d records surely carry nothing, %d events carry something: the test looks at too little", own, carried)
	}
}

func FuzzSkim(f *testing.F) {
	for _, r := range records {
		f.Add(r)
	}
	everything := everyFormat()
	f.Fuzz(func(t *testing.T, record string) {
		if format.Skim(record, "") {
			if _, err := format.NewScanner("prefix").Object(record); err != nil {
				t.Fatalf("%q: %v", record, err)
			}
		}
		if format.Skim(record, "a") {
			fields, err := format.NewScanner("").Object(record)
			if err != nil || fields.String("a") == "" {
				t.Fatalf("%q: %v, %v", record, fields, err)
			}
		}
		if name, sure := everything.Whole([]byte(record), ""); sure {
			stream, _ := everything.Stream("")
			if ev, ok, err := stream.Decode([]byte(record)); err != nil || !ok || ev.Format != name {
				t.Fatalf("%q is surely %s, but read as %s: %v, %v", record, name, ev.Format, ok, err)
			}
		}
	})
}

// BenchmarkEscapes recognises a record whose one string is full of escapes, as
// scripts and messages in JSON are: each byte is looked at once.
func BenchmarkEscapes(b *testing.B) {
	rec := recogniser()
	for _, size := range []int{1 << 12, 1 << 16, 1 << 20} {
		record := []byte(`{"a":"` + strings.Repeat(`\n`, size/2) + `","b":1}`)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(record)))
			for b.Loop() {
				rec.Whole(record, "")
			}
		})
	}
}

// TestWantedOfTinyRecords: how many records are held at once is bounded, however short
// they are.
func TestWantedOfTinyRecords(t *testing.T) {
	const most = 16 << 10
	var n atomic.Int64
	wanted := func(records [][]byte, _ func(int) string, flags []bool) {
		if n.Add(int64(len(records))); len(records) > most {
			t.Errorf("%d records at once", len(records))
		}
		for i := range flags {
			flags[i] = true
		}
	}
	r, err := format.NewReader(strings.NewReader(strings.Repeat("aa\n", 8*most)), "f", everyFormat(), format.Options{NoObservables: true, Wanted: wanted})
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, io.EOF) || n.Load() != 8*most {
		t.Errorf("%v after %d records", err, n.Load())
	}
}
