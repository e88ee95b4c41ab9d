package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

// vedette runs a command and returns what it prints.
func vedette(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "vedette", args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, &complaints)
	}
	return out.Bytes()
}

// last decodes the last line of an output, under a name in it.
func last[T any](t *testing.T, out []byte, name string) T {
	t.Helper()
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var v map[string]T
	if err := json.Unmarshal(lines[len(lines)-1], &v); err != nil {
		t.Fatalf("%v in %s", err, lines[len(lines)-1])
	}
	return v[name]
}

// TestLookingBackOverRealData: what is found where indicators can reach is what asking
// about every value finds, for each kind of indicator alone and for all.
func TestLookingBackOverRealData(t *testing.T) {
	if testing.Short() {
		t.Skip("imports real data")
	}
	data := filepath.Join(t.TempDir(), "d")
	taken := last[importing](t, vedette(t, "history", "import", "-data", data, realdata.Path(t, "zeek-wrccdc2018", "zeek-json"), realdata.Path(t, "suricata", "eve.tar.gz")), "report")
	vedette(t, "history", "import", "-data", data, "-again", realdata.Path(t, "zeek-wrccdc2018", "zeek-json"))
	h, err := segment.Open(filepath.Join(data, "history"), segment.Limits{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	if h.Noted() == 0 || taken.In != taken.Stored {
		t.Fatalf("no segment is full: noted up to %d of %+v", h.Noted(), taken)
	}
	own := []string{
		"msn.com", "evil-nobody-saw.example", "10.47.0.0/16", "192.168.10.0/28", "fe80::/64", "204.79.197.200", "/index.php",
		"teamviewer.com:443", "maxcdn.bootstrapcdn.com/font-awesome", "http://detectportal.firefox.com/", "239.255.255.250:1900",
	}
	sets := [][]string{own}
	for _, v := range own {
		sets = append(sets, []string{v})
	}
	found := 0
	for _, set := range sets {
		full, asked, all := sifted(t, h, set, false)
		near, few, _ := sifted(t, h, set, true)
		if diff := cmp.Diff(full, near); diff != "" {
			t.Errorf("%v: -all values +in reach\n%s", set, diff)
		}
		t.Logf("%v: %d of %d events; %d values asked about, of %d", set, len(full), all, few, asked)
		found += len(full)
	}
	if found < 1000 {
		t.Errorf("only %d found: the test has lost its bite", found)
	}
}

// sifted returns which records of the noted parts hold what indicators touch, and how
// many values were asked about.
func sifted(t *testing.T, h *segment.History, values []string, reach bool) (found []telemetry.Seq, asked, records int) {
	t.Helper()
	var b match.Builder
	for i, v := range values {
		kind, value, err := indicator.Detect(v)
		if err == nil {
			err = b.Add(kind, value, uint64(i)+1)
		}
		if err != nil {
			t.Fatal(v, err)
		}
	}
	x := b.Build()
	var hits []match.Hit
	pick := telemetry.Pick{Type: x.Touches, Value: func(kind indicator.Type, v string) bool {
		hits = x.Lookup(kind, v, hits[:0])
		return len(hits) > 0
	}}
	if reach {
		pick.Reach = x.Reach(1000)
	}
	parts, err := h.Parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		s, err := h.Sift(t.Context(), p, pick)
		if err != nil {
			t.Fatal(err)
		}
		found, asked, records = append(found, s.Seqs...), asked+s.Values, records+p.Records
	}
	return found, asked, records
}

// duckScript asks the exported files what the history is asked beside it.
const duckScript = `
const { DuckDBInstance } = require('@duckdb/node-api')
async function main () {
  const c = await (await DuckDBInstance.create(':memory:')).connect()
  const files = "'" + process.env.FILES + "/events-*.parquet'"
  const rows = async (q) => (await c.runAndReadAll(q)).getRowObjectsJson()
  console.log(JSON.stringify({
    count: (await rows('select count(*) as n from ' + files))[0].n,
    top: (await rows('select "source.ip" as v, count(*) as n from ' + files + ' where "source.ip" is not null group by all order by n desc, v limit 5')).map(r => r.v + ' ' + r.n),
    holds: (await rows("select count(*) as n from " + files + " where list_contains(ip, '10.47.1.100')"))[0].n,
    raw: (await rows('select decode(raw) as raw from ' + files + ' where seq = ' + process.env.SEQ))[0].raw
  }))
}
main().catch((e) => { console.error(e); process.exit(1) })
`

// answers is what both say.
type answers struct {
	Count string   `json:"count"`
	Top   []string `json:"top"`
	Holds string   `json:"holds"`
	Raw   string   `json:"raw"`
}

// TestParquetReadByDuckDB: an engine that is not ours reads from the files what the
// history says itself.
func TestParquetReadByDuckDB(t *testing.T) {
	npm := filepath.Join(clients(t), "npm")
	if _, err := os.Stat(filepath.Join(npm, "node_modules", "@duckdb", "node-api")); err != nil {
		realdata.Absent(t, "no DuckDB in %s: remove it and run .ci/clients again", npm)
	}
	dir := t.TempDir()
	data, out := filepath.Join(dir, "d"), filepath.Join(dir, "out")
	vedette(t, "history", "import", "-data", data, realdata.Path(t, "zeek-wrccdc2018", "zeek-json"))
	left := last[leaving](t, vedette(t, "history", "export", "-data", data, "-o", out, "-json"), "report")

	var found struct {
		ID    string          `json:"id"`
		Event json.RawMessage `json:"event"`
	}
	if err := json.Unmarshal(bytes.SplitN(vedette(t, "hunt", "-data", data, "-json", "-limit", "1", "any:10.47.1.100"), []byte("\n"), 2)[0], &found); err != nil {
		t.Fatal(err)
	}
	want := answers{Count: fmt.Sprint(left.Records)}
	type row struct {
		Values []string `json:"values"`
		N      int      `json:"n"`
	}
	for _, line := range bytes.Split(vedette(t, "hunt", "-data", data, "-json", "| top 5 source.ip"), []byte("\n")) {
		var r row
		if json.Unmarshal(line, &r) == nil && len(r.Values) == 1 {
			want.Top = append(want.Top, fmt.Sprint(r.Values[0], " ", r.N))
		}
	}
	sum := last[struct{ Matched int }](t, vedette(t, "hunt", "-data", data, "-json", "-limit", "1", "any:10.47.1.100"), "summary")
	want.Holds = fmt.Sprint(sum.Matched)

	cmd := exec.CommandContext(t.Context(), "node", "-e", duckScript)
	cmd.Dir, cmd.Env = npm, append(os.Environ(), "FILES="+out, "SEQ="+found.ID)
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	var got answers
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.Raw, "{") || !strings.Contains(got.Raw, "10.47.1.100") {
		t.Errorf("the raw line of event %s is %q", found.ID, got.Raw)
	}
	got.Raw = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-history +DuckDB\n%s", diff)
	}
	if len(want.Top) != 5 || left.Records < 10_000 {
		t.Errorf("%d events and %v: the test has lost its bite", left.Records, want.Top)
	}
}
