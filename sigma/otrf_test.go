package sigma_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/sigma"
)

// pipelines reads what ships with the product.
func pipelines(t testing.TB) []sigma.Pipeline {
	t.Helper()
	files, err := content.Pipelines()
	if err != nil {
		t.Fatal(err)
	}
	var out []sigma.Pipeline
	for name, data := range files {
		p, err := sigma.ParsePipeline(name, data)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p...)
	}
	return out
}

func compile(t testing.TB, c sigma.Collection, opt sigma.Options) *sigma.Engine {
	t.Helper()
	e, err := sigma.Compile(c, opt)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// captures calls visit for every record of the OTRF captures.
func captures(t testing.TB, visit func(capture string, line int, record []byte)) {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(realdata.Path(t, "otrf"), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".zip") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		z, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, member := range z.File {
			if !strings.HasSuffix(member.Name, ".json") || strings.HasPrefix(member.Name, "__MACOSX/") {
				continue
			}
			in, err := member.Open()
			if err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReaderSize(in, 1<<20)
			for n := 1; ; n++ {
				line, err := lines.ReadBytes('\n')
				if line = bytes.TrimSpace(line); len(line) > 0 {
					visit(filepath.Base(path)+"/"+member.Name, n, line)
				}
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			_ = in.Close()
		}
		_ = z.Close()
	}
}

// decoder returns a function that decodes records of Windows.
func decoder(t testing.TB) func(record []byte) (event.Event, error) {
	t.Helper()
	stream, err := format.NewRecogniser(windows.Format()).Stream("windows")
	if err != nil {
		t.Fatal(err)
	}
	return func(record []byte) (event.Event, error) {
		ev, _, err := stream.Decode(record)
		return ev, err
	}
}

func rulesOf(matches []sigma.Match) []int {
	var out []int
	for _, m := range matches {
		out = append(out, m.Rule)
	}
	return out
}

// TestCaptures holds the engine, fed in both ways, against the reference: on a
// sample of each capture, or with VEDETTE_LONG on every event that anything
// matches.
func TestCaptures(t *testing.T) {
	rules := sigma.Collection{Rules: readRules(t)}
	pipes := pipelines(t)
	engine := compile(t, rules, sigma.Options{Pipelines: pipes})
	byRecord, byEvent := engine.Matcher(), engine.Matcher()
	ref := &reference{Collection: rules, pipelines: pipes}
	decode := decoder(t)
	long := os.Getenv("VEDETTE_LONG") != ""
	seen := map[string]int{}
	events, checked, hits, fired := 0, 0, 0, map[int]bool{}
	captures(t, func(capture string, line int, record []byte) {
		events++
		got, err := byRecord.Record("windows", record)
		if err != nil {
			t.Errorf("%s:%d: %v", capture, line, err)
			return
		}
		hits += len(got)
		for _, m := range got {
			fired[m.Rule] = true
			if len(byRecord.Why(m)) == 0 {
				t.Errorf("%s:%d: no reason for %s", capture, line, engine.Rule(m.Rule).Title)
			}
		}
		ev, err := decode(record)
		if err != nil {
			t.Fatal(err)
		}
		got2 := rulesOf(byEvent.Event(&ev))
		if !slices.Equal(rulesOf(got), got2) {
			t.Errorf("%s:%d: the record matches %v, the event %v", capture, line, rulesOf(got), got2)
		}
		// The first of each kind in each capture, then ever fewer.
		kind := ev.Fields.String("winlog.channel") + ev.Fields.String("winlog.event_id")
		seen[capture+kind]++
		seen[kind]++
		n := seen[kind]
		if !(seen[capture+kind] == 1 && n < 12 || n&(n-1) == 0 && n < 600 || long && len(got) > 0) {
			return
		}
		checked++
		if want := ref.match(&ev); !slices.Equal(got2, want) {
			t.Errorf("%s:%d: engine %v, reference %v\n%s", capture, line, titles(engine, got2), titles(engine, want), record)
		}
	})
	t.Logf("%d events, %d held against the reference, %d matches of %d rules", events, checked, hits, len(fired))
	if events != 242329 || hits == 0 {
		t.Errorf("%d events, %d matches", events, hits)
	}
}

func titles(e *sigma.Engine, rules []int) []string {
	var out []string
	for _, r := range rules {
		out = append(out, e.Rule(r).Title)
	}
	return out
}
