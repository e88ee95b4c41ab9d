package ndjson_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestSuricataVerify sends 760 EVE files and holds what is in the history
// afterwards against the bytes that were sent and against the checks that
// Suricata's own project makes.
func TestSuricataVerify(t *testing.T) {
	dir := t.TempDir()
	h, err := segment.Open(dir, segment.Limits{Records: 5000}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(h, receiver.DoorConfig{MaxEvent: 8 << 20})
	counts := map[string]int{}
	var order []string
	var sent [][]byte
	realdata.Tar(t, realdata.Path(t, "suricata", "eve.tar.gz"), func(name string, r io.Reader) {
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(body) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				sent = append(sent, line)
			}
		}
		got := s.post(t, "/v1/events", "good", "gzip", bytes.NewReader(gz(t, body)))
		if got.Status != 200 || got.Refused != nil {
			t.Fatalf("%s: %+v", name, got)
		}
		counts[name] = got.Accepted
		order = append(order, name)
	})
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if h, err = segment.Open(dir, segment.Limits{}, quiet); err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	stored := readAll(t, h)
	if len(stored) != 22142 || len(sent) != len(stored) {
		t.Fatalf("%d records stored, %d sent, want 22142", len(stored), len(sent))
	}
	for i, r := range stored {
		if !bytes.Equal(sent[i], r.Raw) || int(r.Seq) != i+1 || r.Source != "http/sensor-1" {
			t.Fatalf("record %d of %s is %q, want %q", r.Seq, r.Source, r.Raw, sent[i])
		}
	}
	logSize(t, h, sent)
	files := map[string][]any{}
	for _, name := range order {
		for _, r := range stored[:counts[name]] {
			var v any
			if err := json.Unmarshal(r.Raw, &v); err != nil {
				t.Fatal(err)
			}
			files[name] = append(files[name], v)
		}
		stored = stored[counts[name]:]
	}
	realdata.CheckEVE(t, files)
}

var quiet = slog.New(slog.DiscardHandler)

func logSize(t *testing.T, h telemetry.History, sent [][]byte) {
	t.Helper()
	raw := 0
	for _, line := range sent {
		raw += len(line)
	}
	stats, err := h.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes sent in %d requests, %d on disk without notes", raw, 760, stats.Bytes)
}

func readAll(t *testing.T, h telemetry.History) []telemetry.Stored {
	t.Helper()
	var out []telemetry.Stored
	for {
		part, err := h.Read(t.Context(), telemetry.Seq(len(out)+1), 3000)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) == 0 {
			return out
		}
		out = append(out, part...)
	}
}

// TestZeekContext sends a Zeek log with its header: every row can be read alone.
func TestZeekContext(t *testing.T) {
	const log = "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\n#types\ttime\taddr\tstring\n" +
		"1521911720.865716\t10.47.1.100\tise.wrccdc.org\n#close\t2018\n"
	s := newSite(openSegment(t), receiver.DoorConfig{})
	if got := s.post(t, "/v1/events", "good", "", strings.NewReader(log)); got.Accepted != 6 {
		t.Fatalf("%+v", got)
	}
	r := readAll(t, s.history)[4]
	stream, err := formats().Resume(r.Format, r.Context)
	if err != nil {
		t.Fatal(err)
	}
	ev, ok, err := stream.Decode(r.Raw)
	if err != nil || !ok || ev.Fields.String("dns.question.name") != "ise.wrccdc.org" || ev.Fields.String("source.ip") != "10.47.1.100" {
		t.Errorf("read alone: %v %v %v", ev.Fields, ok, err)
	}
}

func openSegment(t *testing.T) *segment.History {
	t.Helper()
	h, err := segment.Open(t.TempDir(), segment.Limits{}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}
