package stdin_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/evtx"
	"github.com/vedette-soc/vedette/format/evtxtest"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/receiver/stdin"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

func worker(h telemetry.History, in io.Reader) (*stdin.Worker, *telemetry.Intake) {
	intake := telemetry.NewIntake(h, 0)
	return &stdin.Worker{
		In: in, Intake: intake, Formats: format.NewRecogniser(zeek.Format()), MaxEvent: 50,
		Log: slog.New(slog.DiscardHandler),
	}, intake
}

func stored(t *testing.T, h telemetry.History) []string {
	t.Helper()
	records, err := h.Read(t.Context(), 1, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range records {
		out = append(out, r.Format+"|"+string(r.Raw))
	}
	return out
}

func TestRead(t *testing.T) {
	h := new(historytest.Memory)
	w, intake := worker(h, strings.NewReader("text\n{\"a\":1}\n"+strings.Repeat("x", 99)+"\n#fields\tts\n1521911720.5\n{}\nend"))
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"|text", `|{"a":1}`, "zeek|#fields\tts", "zeek|1521911720.5", "|{}", "zeek|end"}
	if diff := cmp.Diff(want, stored(t, h)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := intake.Sources()[0].Refused; !cmp.Equal(got, map[string]int64{"too-long": 1}) {
		t.Errorf("refused %v", got)
	}
}

func TestEVTX(t *testing.T) {
	var file evtxtest.Writer
	file.Add(evtxtest.Element{Name: "Event"})
	h := new(historytest.Memory)
	w, _ := worker(h, bytes.NewReader(file.Bytes()))
	events := windows.Format()
	events.Containers = []format.Container{evtx.Container()}
	w.Formats = format.NewRecogniser(events)
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`windows|{"Event":null}`}, stored(t, h)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestMany(t *testing.T) {
	h := new(historytest.Memory)
	w, _ := worker(h, strings.NewReader(strings.Repeat("line\n", 12_345)))
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(stored(t, h)); n != 12_345 {
		t.Errorf("%d records, want 12345", n)
	}
}

// TestSlow: a single line does not wait for others.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out := io.Pipe()
		h := new(historytest.Memory)
		w, _ := worker(h, in)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		if _, err := io.WriteString(out, "one\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(150 * time.Millisecond)
		synctest.Wait()
		if diff := cmp.Diff([]string{"|one"}, stored(t, h)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with %v", err)
		}
		out.Close()
	})
}

// busy has no room at first.
type busy struct {
	historytest.Memory
	refuse int
}

func (b *busy) Append(ctx context.Context, records []telemetry.Record) (telemetry.Seq, error) {
	if b.refuse--; b.refuse >= 0 {
		return 0, errs.New(errs.Unavailable, "history_full", "full")
	}
	return b.Memory.Append(ctx, records)
}

func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &busy{refuse: 5}
		w, _ := worker(h, strings.NewReader("one\ntwo\n"))
		if err := w.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"|one", "|two"}, stored(t, h)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

type torn struct{}

func (torn) Read([]byte) (int, error) { return 0, errors.New("torn") }

func TestBroken(t *testing.T) {
	h := new(historytest.Memory)
	w, _ := worker(h, io.MultiReader(strings.NewReader("one\n"), torn{}))
	if err := w.Run(t.Context()); !errs.IsPermanent(err) {
		t.Errorf("%v, want a permanent error", err)
	}
	if diff := cmp.Diff([]string{"|one"}, stored(t, h)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
