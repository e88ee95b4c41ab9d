package tail_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/evtx"
	"github.com/vedette-soc/vedette/format/evtxtest"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver/tail"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

func formats() *format.Recogniser {
	events := windows.Format()
	events.Containers = []format.Container{evtx.Container()}
	return format.NewRecogniser(suricata.Format(), zeek.Format(), events)
}

// site is a directory of logs with a worker that follows them.
type site struct {
	t       *testing.T
	dir     string
	history telemetry.History
	intake  *telemetry.Intake
	worker  *tail.Worker
	stop    func() error
}

func newSite(t *testing.T, h telemetry.History, patterns ...string) *site {
	s := &site{t: t, dir: t.TempDir(), history: h, intake: telemetry.NewIntake(h, 0)}
	s.worker = &tail.Worker{
		State: filepath.Join(t.TempDir(), "tail.json"), Intake: s.intake, Formats: formats(), MaxEvent: 100,
		Log: slog.New(slog.DiscardHandler),
	}
	for _, p := range patterns {
		s.worker.Files = append(s.worker.Files, tail.Follow{Path: filepath.Join(s.dir, p)})
	}
	return s
}

func (s *site) start() {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	w := *s.worker
	go func() { done <- w.Run(ctx) }()
	s.stop = func() error { cancel(); return <-done }
}

func (s *site) end() {
	s.t.Helper()
	if err := s.stop(); err != nil {
		s.t.Errorf("the worker ended with %v", err)
	}
}

func (s *site) write(name, text string) {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) rename(from, to string) {
	s.t.Helper()
	if err := os.Rename(filepath.Join(s.dir, from), filepath.Join(s.dir, to)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) truncate(name string) {
	s.t.Helper()
	if err := os.Truncate(filepath.Join(s.dir, name), 0); err != nil {
		s.t.Fatal(err)
	}
}

// rounds lets the worker look n times.
func rounds(n int) {
	time.Sleep(time.Duration(n) * 500 * time.Millisecond)
	synctest.Wait()
}

// expect waits for a few rounds and compares everything that was stored so far.
func (s *site) expect(want ...string) {
	s.t.Helper()
	rounds(2)
	records, err := s.history.Read(s.t.Context(), 1, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	var got []string
	for _, r := range records {
		got = append(got, strings.TrimPrefix(r.Source, "tail/"+s.dir+"/")+": "+string(r.Raw))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("-want +got\n%s", diff)
	}
}

func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func TestFollow(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "*.log")
		s.write("a.log", "one\ntwo\r\n\nthr")
		s.start()
		s.expect("a.log: one", "a.log: two")
		s.write("a.log", "ee\n")
		s.write("b.log", "new file\n")
		s.write("b.log.gz", "packed\n")
		s.write("c.txt", "not asked for\n")
		s.expect("a.log: one", "a.log: two", "a.log: three", "b.log: new file")
		s.end()
		s.write("a.log", "four\n")
		s.start()
		s.expect("a.log: one", "a.log: two", "a.log: three", "b.log: new file", "a.log: four")
		s.end()
	})
}

// TestEnvelope: a line may be a list of records.
func TestEnvelope(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "a.log")
		broken := `{"records":[{"a":1},{"a":`
		s.write("a.log", `{"records":[{"a":1},{"a":2}]}`+"\n"+`{"took":1,"hits":{"hits":[{"a":3}]}}`+"\n"+broken+"\n"+`{"records":[]}`+"\n"+`{"a":4}`+"\n")
		s.start()
		s.expect(`a.log: {"a":1}`, `a.log: {"a":2}`, `a.log: {"a":3}`, "a.log: "+broken, `a.log: {"a":4}`)
		s.end()
	})
}

// TestXML: an event in XML may span lines, and come in parts.
func TestXML(t *testing.T) {
	const one, two, three = "<Event><System>\r\n<EventID>1</EventID></System></Event>", "<Event a='b'><System>2\n\n</System></Event>", "<Event><System>3</System></Event>"
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "*.xml")
		s.write("a.xml", "<13>no event\n"+one+"\r\n"+two+three+"\n"+two[:25])
		s.start()
		want := []string{"a.xml: <13>no event", "a.xml: " + one, "a.xml: " + two, "a.xml: " + three}
		s.expect(want...)
		s.end() // in the middle of an event: it is read from its beginning
		s.write("a.xml", two[25:40])
		s.start()
		s.expect(want...)
		s.write("a.xml", two[40:]+"\nline\n")
		want = append(want, "a.xml: "+two, "a.xml: line")
		s.expect(want...)
		s.write("b.xml", "<?xml version='1.0'?>\n<Events>\n"+one+three+"\n</Events>\n")
		want = append(want, "b.xml: "+one, "b.xml: "+three)
		s.expect(want...)
		s.end()
	})
}

// TestTable: rows are read by the header of their file, wherever reading begins.
func TestTable(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "a.csv")
		const header = "\xef\xbb\xbf\"TimeCreated\",\"User\",\"Action\"\r\n"
		s.write("a.csv", header) // which may stand alone for long
		s.start()
		rounds(60)
		s.write("a.csv", "\"1\",\"bob\",\"del")
		s.expect()
		s.write("a.csv", "ete\r\nall\"\r\n")
		want := []string{`a.csv: {"TimeCreated":"1","User":"bob","Action":"delete\nall"}`}
		s.expect(want...)
		s.end()
		s.write("a.csv", "2,eve,read\n") // while away
		s.start()
		want = append(want, `a.csv: {"TimeCreated":"2","User":"eve","Action":"read"}`)
		s.expect(want...)
		s.rename("a.csv", "a.csv.1")
		s.write("a.csv", "time,host,what\n3,ws,x\n") // another table
		s.write("a.csv.1", "4,eve,write\n")
		want = append(want, `a.csv: {"TimeCreated":"4","User":"eve","Action":"write"}`, `a.csv: {"time":"3","host":"ws","what":"x"}`)
		s.expect(want...)
		s.truncate("a.csv")
		s.write("a.csv", "5,ws,y\n") // who writes does not know of it
		want = append(want, `a.csv: {"time":"5","host":"ws","what":"y"}`)
		s.expect(want...)
		s.end()
		s.truncate("a.csv")
		s.write("a.csv", "a log from now on\n")
		s.start()
		want = append(want, "a.csv: a log from now on")
		s.expect(want...)
		s.end()
		if got := s.intake.Sources()[0].Refused; len(got) > 0 {
			t.Errorf("refused %v", got)
		}
	})
}

// TestBlocks: an event of Splunk's ends where the next begins, or when nothing more comes.
func TestBlocks(t *testing.T) {
	const one, two = "04/25/2023 07:01:02 PM\nLogName=Security\nMessage=one\n\nSubject:", "04/25/2023 07:01:03 PM\nLogName=System\nMessage=two"
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "a.log")
		s.write("a.log", one+"\n\n"+two+"\n")
		s.start()
		s.expect("a.log: " + one)
		rounds(25)
		s.expect("a.log: "+one, "a.log: "+two)
		s.end()
	})
}

// TestObjects: objects and lists of them may span lines.
func TestObjects(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "a.json")
		s.write("a.json", "[\n  {\n    \"a\": 1\n")
		s.start()
		s.expect()
		s.write("a.json", "  },\n  {\"b\": 2}\n]\n{\"value\":\n[1]}\n{\"Records\": [\n{\"c\": 3},\n{}]}\n")
		s.expect("a.json: {\n    \"a\": 1\n  }", `a.json: {"b": 2}`, "a.json: {\"value\":\n[1]}", `a.json: {"c": 3}`, "a.json: {}")
		s.end()
	})
}

// TestBrokenXML: an event that does not end keeps no line from being read.
func TestBrokenXML(t *testing.T) {
	const cut, whole = "<Event><System>\n<EventID>1</EventID>\n", "<Event><System>\n2</System></Event>"
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "*.xml")
		s.start()
		s.write("a.xml", cut+whole+"\n") // before the next begins
		want := []string{"a.xml: <Event><System>", "a.xml: <EventID>1</EventID>", "a.xml: " + whole}
		s.expect(want...)
		s.write("a.xml", cut+"a line\n") // for long
		s.expect(want...)
		rounds(20)
		want = append(want, "a.xml: <Event><System>", "a.xml: <EventID>1</EventID>", "a.xml: a line")
		s.expect(want...)
		s.write("a.xml", cut+strings.Repeat("x", 90)+"\n") // within what an event may have
		want = append(want, "a.xml: <Event><System>", "a.xml: <EventID>1</EventID>", "a.xml: "+strings.Repeat("x", 90))
		s.expect(want...)
		s.write("a.xml", cut+strings.Repeat("x", 80)+"</System></Event>\n"+whole+"\n") // it ends, but too late
		want = append(want, "a.xml: <Event><System>", "a.xml: <EventID>1</EventID>", "a.xml: "+strings.Repeat("x", 80)+"</System></Event>", "a.xml: "+whole)
		s.expect(want...)
		s.write("a.xml", cut)
		s.rename("a.xml", "gone") // at the end of a file that gets nothing more
		rounds(200)
		want = append(want, "a.xml: <Event><System>", "a.xml: <EventID>1</EventID>")
		s.expect(want...)
		s.end()
		if got := s.intake.Sources()[0].Refused; len(got) > 0 {
			t.Errorf("refused %v", got)
		}
	})
}

func TestRename(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "a.log")
		s.write("a.log", "1\n")
		s.start()
		s.expect("a.log: 1")
		s.write("a.log", "2\n")
		s.rename("a.log", "a.log.1")
		s.write("a.log", "4\n")
		s.expect("a.log: 1", "a.log: 2", "a.log: 4")
		s.write("a.log.1", "3, written late\nlast, without its end")
		s.expect("a.log: 1", "a.log: 2", "a.log: 4", "a.log: 3, written late")
		rounds(200)
		s.expect("a.log: 1", "a.log: 2", "a.log: 4", "a.log: 3, written late", "a.log: last, without its end")
		s.write("a.log.1", "much too late\n")
		s.expect("a.log: 1", "a.log: 2", "a.log: 4", "a.log: 3, written late", "a.log: last, without its end")
		s.end()
	})
}

// TestRenameWhileAway: rotation while nobody looked loses and doubles nothing.
func TestRenameWhileAway(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "a.log")
		s.write("a.log", "1\n")
		s.start()
		s.expect("a.log: 1")
		s.end()
		s.write("a.log", "2\n")
		s.rename("a.log", "a.log.1")
		s.write("a.log", "3\n")
		s.start()
		s.expect("a.log: 1", "a.log: 2", "a.log: 3")
		s.end()
		s.start()
		s.expect("a.log: 1", "a.log: 2", "a.log: 3")
		s.end()
	})
}

// TestRenameWithinPattern: the new name of a known file is no new file.
func TestRenameWithinPattern(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "a.log*")
		s.write("a.log", "1\n")
		s.start()
		s.expect("a.log: 1")
		s.rename("a.log", "a.log.1")
		s.write("a.log", "2\n")
		s.expect("a.log: 1", "a.log: 2")
		s.end()
	})
}

func TestCopyTruncate(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "a.log")
		s.write("a.log", "first line\n")
		s.start()
		s.expect("a.log: first line")
		s.truncate("a.log")
		s.write("a.log", "2\n") // shorter
		s.expect("a.log: first line", "a.log: 2")
		s.truncate("a.log")
		s.write("a.log", "longer than the one before\n")
		s.expect("a.log: first line", "a.log: 2", "a.log: longer than the one before")
		s.end()
		s.truncate("a.log")
		s.write("a.log", "while away, and longer than what was there\n")
		s.start()
		s.expect("a.log: first line", "a.log: 2", "a.log: longer than the one before", "a.log: while away, and longer than what was there")
		s.end()
	})
}

func TestLongLine(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "a.log")
		s.write("a.log", "1\n"+strings.Repeat("x", 101)+"\n"+strings.Repeat("y", 100)+"\n")
		s.write("a.log", strings.Repeat("z", 1_000_000))
		s.start()
		want := []string{"a.log: 1", "a.log: " + strings.Repeat("y", 100)}
		s.expect(want...)
		s.end()
		s.write("a.log", "still the long line\n2\n")
		s.start()
		s.expect(append(want, "a.log: 2")...)
		s.end()
		if got := s.intake.Sources()[0].Refused; !cmp.Equal(got, map[string]int64{"too-long": 2}) {
			t.Errorf("refused %v, want too-long twice", got)
		}
	})
}

// TestHeader: the header in force is kept with each line, also when the worker
// was started anew below it.
func TestHeader(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "dns.log")
		s.write("dns.log", "#separator \\x09\n#path\tdns\n#fields\tts\tquery\n#types\ttime\tstring\n1521911720.5\ta.example\n")
		s.start()
		rounds(2)
		s.end()
		s.write("dns.log", "1521911721.5\tb.example\n")
		s.start()
		rounds(2)
		s.end()
		records, err := s.history.Read(t.Context(), 5, 10)
		if err != nil || len(records) != 2 {
			t.Fatalf("%d rows (%v), want 2", len(records), err)
		}
		for i, want := range []string{"a.example", "b.example"} {
			stream, err := formats().Resume(records[i].Format, records[i].Context)
			if err != nil {
				t.Fatal(err)
			}
			ev, ok, err := stream.Decode(records[i].Raw)
			if err != nil || !ok || ev.Fields.String("dns.question.name") != want {
				t.Errorf("row %d: %v, %v, %v", i, ev.Fields, ok, err)
			}
		}
	})
}

// failing takes nothing for a while.
type failing struct {
	historytest.Memory
	err error
}

func (f *failing) Append(ctx context.Context, records []telemetry.Record) (telemetry.Seq, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.Memory.Append(ctx, records)
}

// TestFailure: what was not durable is read again after the restart.
func TestFailure(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &failing{err: errors.New("disk gone")}
		s := newSite(t, h, "a.log")
		s.write("a.log", "1\n2\n")
		s.start()
		rounds(1)
		if err := s.stop(); !errors.Is(err, h.err) {
			t.Errorf("ended with %v, want %v", err, h.err)
		}
		h.err = nil
		s.start()
		s.expect("a.log: 1", "a.log: 2")
		s.end()
	})
}

func TestTrouble(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "*.log")
		if err := os.Mkdir(filepath.Join(s.dir, "directory.log"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("loop.log", filepath.Join(s.dir, "loop.log")); err != nil {
			t.Fatal(err)
		}
		s.write("z.log", "good\n")
		s.start()
		s.expect("z.log: good")
		rounds(5)
		s.end()
		want := map[string]int64{"unreadable": 1}
		if got := s.intake.Sources()[0]; got.Name != "tail/"+s.dir+"/loop.log" || !cmp.Equal(got.Refused, want) {
			t.Errorf("%+v, want %v", got, want)
		}
	})
	for _, f := range []tail.Follow{{Path: "["}, {Path: "x", Format: "nope"}} {
		w := tail.Worker{Files: []tail.Follow{f}, Formats: formats(), State: filepath.Join(t.TempDir(), "s")}
		if err := w.Run(t.Context()); !errs.IsPermanent(err) {
			t.Errorf("%+v: %v, want a permanent error", f, err)
		}
	}
	bad := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(bad, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := tail.Worker{State: bad, Formats: formats()}
	if err := w.Run(t.Context()); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("%v, want an error about %s", err, bad)
	}
}

// TestManyLines needs several buffers and one write per line end somewhere in them.
func TestManyLines(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newSite(t, new(historytest.Memory), "a.log")
		var text strings.Builder
		const n = 50_000
		for i := range n {
			fmt.Fprintf(&text, "line %d %s\n", i, strings.Repeat(".", i%60))
		}
		s.write("a.log", text.String())
		s.start()
		rounds(2)
		s.end()
		records, err := s.history.Read(t.Context(), 1, 2*n)
		if err != nil || len(records) != n {
			t.Fatalf("%d records (%v), want %d", len(records), err, n)
		}
		for i, r := range records {
			if want := fmt.Sprintf("line %d %s", i, strings.Repeat(".", i%60)); string(r.Raw) != want {
				t.Fatalf("record %d is %q, want %q", i, r.Raw, want)
			}
		}
	})
}

// TestBinary: a file of Windows events is refused once, not read as lines, also
// when it fills while it is followed.
func TestBinary(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var w evtxtest.Writer
		w.Add(evtxtest.Process(1, time.Now(), "a.exe", "a.exe\n"))
		s := newSite(t, new(historytest.Memory), "*")
		s.write("whole.evtx", string(w.Bytes()))
		s.write("later.evtx", "")
		s.start()
		defer s.end()
		s.write("a.log", "line\n")
		s.expect("a.log: line")
		s.write("later.evtx", string(w.Bytes()))
		rounds(4)
		s.expect("a.log: line")
		refused := 0
		for _, source := range s.intake.Sources() {
			refused += int(source.Refused["binary"])
		}
		if refused != 2 {
			t.Errorf("%d refused, want each file once: %+v", refused, s.intake.Sources())
		}
	})
}
