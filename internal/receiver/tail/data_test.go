package tail_test

import (
	"compress/gzip"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/receiver/tail"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestZeek follows twelve real Zeek logs: each stored row, read alone, is the
// event that reading the file from its start gives.
func TestZeek(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h, err := segment.Open(t.TempDir(), segment.Limits{Records: 20_000}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		s := newSite(t, h)
		want := map[string][]event.Event{}
		for _, name := range unpack(t, s.dir) {
			s.worker.Files = append(s.worker.Files, tail.Follow{Path: name})
			want["tail/"+name] = parse(t, name)
		}
		s.worker.MaxEvent = 0
		s.start()
		rounds(2)
		s.end()
		compare(t, h, want)
	})
}

func unpack(t *testing.T, dir string) []string {
	t.Helper()
	files, _ := filepath.Glob(realdata.Path(t, "zeek-wrccdc2018", "zeek-default") + "/*.log.gz")
	if len(files) != 12 {
		t.Fatalf("%d logs, want 12", len(files))
	}
	var names []string
	for _, file := range files {
		in, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(in)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, strings.TrimSuffix(filepath.Base(file), ".gz"))
		out, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(out, z); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		_ = in.Close()
		names = append(names, name)
	}
	return names
}

func parse(t *testing.T, name string) []event.Event {
	t.Helper()
	in, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	r, err := format.NewReader(in, name, formats(), format.Options{NoObservables: true})
	if err != nil {
		t.Fatal(err)
	}
	var out []event.Event
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		ev.Origin = event.Origin{}
		out = append(out, ev)
	}
}

func compare(t *testing.T, h telemetry.History, want map[string][]event.Event) {
	t.Helper()
	rec, lines, events := formats(), 0, 0
	for {
		records, err := h.Read(t.Context(), telemetry.Seq(lines+1), 2000)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			break
		}
		lines += len(records)
		for _, r := range records {
			stream, err := rec.Resume(r.Format, r.Context)
			if err != nil {
				t.Fatal(err)
			}
			ev, ok, err := stream.Decode(r.Raw)
			if err != nil {
				t.Fatalf("record %d of %s: %v", r.Seq, r.Source, err)
			}
			if !ok {
				continue
			}
			events++
			if w := want[r.Source][0]; !reflect.DeepEqual(w, ev) {
				t.Fatalf("record %d of %s: -direct +stored\n%s", r.Seq, r.Source, cmp.Diff(w, ev))
			}
			want[r.Source] = want[r.Source][1:]
		}
	}
	if lines != 113867 || events != 113867-12*9 {
		t.Errorf("%d lines with %d events, want 113867 with %d", lines, events, 113867-12*9)
	}
}
