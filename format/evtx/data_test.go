package evtx_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/realdata"
)

var bracedGUID = regexp.MustCompile(`^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$`)

// asConverted spells the fields of an event as the converter did that made the
// JSON twins. It differs from Windows in three spellings, and in nothing else:
// it writes GUIDs without braces, cuts FILETIME, which counts 100 ns, to
// microseconds, and texts at their last space.
func asConverted(f event.Fields) event.Fields {
	out := make(event.Fields, len(f))
	for name, v := range f {
		s, text := v.(string)
		list, _ := v.([]string)
		switch {
		case name == "winlog.time_created":
			if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
				v = at.Truncate(time.Microsecond).Format("2006-01-02T15:04:05.000000Z")
			}
		case strings.HasPrefix(name, "winlog.event_data.") && strings.HasSuffix(strings.ToLower(name), "guid") && bracedGUID.MatchString(s):
			v = strings.Trim(s, "{}")
		case text:
			v = strings.TrimRight(s, " ")
		case len(list) == 1:
			v = []string{strings.TrimRight(list[0], " ")}
		}
		out[name] = v
	}
	return out
}

// TestTwins reads the Sigma project's regression samples as EVTX and as the JSON
// that was made of them: both give the same events.
func TestTwins(t *testing.T) {
	root := realdata.Path(t, "sigma-regression")
	cases, err := os.Open(filepath.Join(root, "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer cases.Close()
	files, events := 0, 0
	for in := bufio.NewScanner(cases); in.Scan(); {
		var c struct {
			Sample string `json:"sample"`
			Twin   string `json:"sample_json"`
		}
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		binary := readFile(t, filepath.Join(root, c.Sample))
		twins := readFile(t, filepath.Join(root, c.Twin))
		if len(binary) != len(twins) || len(twins) == 0 {
			t.Errorf("%s: %d events, its twin has %d", c.Sample, len(binary), len(twins))
			continue
		}
		for i := range twins {
			if diff := cmp.Diff(twins[i].Fields, asConverted(binary[i].Fields)); diff != "" {
				t.Errorf("%s event %d: -twin +evtx\n%s", c.Sample, i+1, diff)
			}
			if a, b := twins[i].Time, binary[i].Time; !a.Truncate(time.Microsecond).Equal(b.Truncate(time.Microsecond)) {
				t.Errorf("%s event %d: at %v, its twin at %v", c.Sample, i+1, b, a)
			}
			again(t, &binary[i])
		}
		files++
		events += len(twins)
	}
	if files != 124 || events != 150 {
		t.Errorf("%d files with %d events, want 124 with 150", files, events)
	}
}

func readFile(t *testing.T, path string) []event.Event {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	events, bad := read(t, f, path)
	for _, e := range bad {
		t.Error(e)
	}
	return events
}

// security is a Security log of a whole machine.
func security(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open(realdata.Path(t, "evtx-one", "security.evtx.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSecurityLog holds the events of a log against its records' headers, found
// by nothing but their sizes.
func TestSecurityLog(t *testing.T) {
	data := security(t)
	le := binary.LittleEndian
	var ids []int
	written := map[int]time.Time{}
	for chunk := 4096; chunk < len(data); chunk += 65536 {
		if string(data[chunk:chunk+8]) != "ElfChnk\x00" {
			continue
		}
		for pos, end := chunk+512, chunk+int(le.Uint32(data[chunk+48:])); pos < end; pos += int(le.Uint32(data[pos+4:])) {
			id := int(le.Uint64(data[pos+8:]))
			ids = append(ids, id)
			written[id] = time.Unix(0, (int64(le.Uint64(data[pos+16:]))-116444736000000000)*100).UTC()
		}
	}
	events, bad := read(t, bytes.NewReader(data), "security.evtx")
	for _, e := range bad {
		t.Error(e)
	}
	if len(events) != len(ids) || len(ids) != 2261 {
		t.Fatalf("%d events of %d records, want 2261", len(events), len(ids))
	}
	codes := map[string]int{}
	for i := range events {
		ev := &events[i]
		codes[ev.Fields.String("event.code")]++
		own, _ := ev.Fields.Int("winlog.record_id")
		if ev.Origin.Line != ids[i] || own != int64(ids[i]) {
			t.Errorf("event %d is of record %d, says %d, want %d", i, ev.Origin.Line, own, ids[i])
		}
		if d := written[ids[i]].Sub(ev.Time); d < 0 || d > time.Minute {
			t.Errorf("record %d: time %v, written %v", ids[i], ev.Time, written[ids[i]])
		}
		if f := ev.Fields; f.String("host.name") == "" || f.String("event.dataset") != "windows.security" || f.String("event.outcome") == "" && f.String("event.code") != "1100" {
			t.Errorf("record %d: host %q, dataset %q, outcome %q", ids[i], f["host.name"], f["event.dataset"], f["event.outcome"])
		}
		again(t, ev)
	}
	want := map[string]int{
		"1100": 36, "1101": 1, "4608": 40, "4616": 26, "4624": 583, "4634": 11, "4647": 36, "4648": 45, "4672": 459,
		"4720": 2, "4722": 2, "4723": 1, "4724": 1, "4728": 2, "4731": 7, "4732": 6, "4733": 1, "4735": 36, "4738": 10, "4739": 3, "4781": 14,
		"4902": 40, "4904": 31, "4905": 31, "4907": 620, "5024": 4, "5033": 4, "5056": 1, "5058": 102, "5061": 102, "5890": 4,
	}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("events by id: -want +got\n%s", diff)
	}
}
