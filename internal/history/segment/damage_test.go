package segment_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

var nopLog = slog.New(slog.DiscardHandler)

func testContext() context.Context { return context.Background() }

// fill appends batches of 10 records, each batch a frame of its own, and returns
// the offsets in the first log at which the frames end.
func fill(t *testing.T, dir string, batches int) []int64 {
	t.Helper()
	h := open(t, dir, segment.Limits{})
	var ends []int64
	for i := range batches {
		if _, err := h.Append(t.Context(), historytest.Records(uint64(i), 10)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(logs(t, dir)[0])
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, info.Size())
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return ends
}

func logs(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(dir + "/*.log")
	if err != nil || len(names) == 0 {
		t.Fatalf("no logs in %s: %v", dir, err)
	}
	return names
}

// TestTornTail cuts the log at every length: whatever is left whole is read, and
// appending goes on.
func TestTornTail(t *testing.T) {
	master := t.TempDir()
	ends := fill(t, master, 3)
	whole, err := os.ReadFile(logs(t, master)[0])
	if err != nil {
		t.Fatal(err)
	}
	for size := range int64(len(whole)) + 1 {
		if size > 60 && size%7 != 0 && size < int64(len(whole))-3 {
			continue
		}
		want := 0
		for _, e := range ends {
			if e <= size {
				want += 10
			}
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(logs(t, master)[0])), whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		h := open(t, dir, segment.Limits{})
		got, err := h.Read(t.Context(), 1, 100)
		if err != nil || len(got) != want {
			t.Fatalf("cut at %d: %d records (%v), want %d", size, len(got), err, want)
		}
		if first, err := h.Append(t.Context(), historytest.Records(9, 1)); err != nil || int(first) != want+1 {
			t.Fatalf("cut at %d: next record %d (%v), want %d", size, first, err, want+1)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTornGroup: garbage after the last acknowledged frame is cut and reported.
func TestTornGroup(t *testing.T) {
	dir := t.TempDir()
	ends := fill(t, dir, 2)
	appendBytes(t, logs(t, dir)[0], bytes.Repeat([]byte("VFRM\x00garbage"), 50))
	var log bytes.Buffer
	h, err := segment.Open(dir, segment.Limits{}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if want := fmt.Sprintf("offset=%d bytes=600", ends[1]); !strings.Contains(log.String(), want) {
		t.Errorf("the log says %q, want %q", log.String(), want)
	}
	if info, err := os.Stat(logs(t, dir)[0]); err != nil || info.Size() != ends[1] {
		t.Errorf("the log was not cut to %d", ends[1])
	}
}

func appendBytes(t *testing.T, path string, p []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func flip(t *testing.T, path string, off int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x55
	if _, err := f.WriteAt(b[:], off); err != nil {
		t.Fatal(err)
	}
}

// TestDamage damages the second of four frames: it is reported with file and
// offset, the others stay readable, and nothing that was acknowledged is cut.
func TestDamage(t *testing.T) {
	for _, at := range []int64{0, 5, 10, 44, 51, 60} { // marker, checksum, number, lengths, data
		dir := t.TempDir()
		ends := fill(t, dir, 4)
		flip(t, logs(t, dir)[0], ends[0]+at)
		for range 2 { // also when it is opened again
			h := open(t, dir, segment.Limits{})
			got, err := h.Read(t.Context(), 1, 100)
			if err != nil || len(got) != 10 {
				t.Fatalf("byte %d: %d records before the damage (%v), want 10", at, len(got), err)
			}
			_, err = h.Read(t.Context(), 11, 100)
			if want := fmt.Sprintf("%s is damaged at offset %d.", logs(t, dir)[0], ends[0]); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("byte %d: %v, want %s", at, err, want)
			}
			got, err = h.Read(t.Context(), 21, 100)
			if err != nil || len(got) < 20 || got[0].Seq != 21 {
				t.Errorf("byte %d: %d records after the damage (%v), want 20", at, len(got), err)
			}
			if _, err := h.Append(t.Context(), historytest.Records(9, 1)); err != nil {
				t.Error(err)
			}
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestSidecarDamage: a damaged sidecar is never believed; removed, it is made again.
func TestSidecarDamage(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, small)
	for i := range 30 {
		if _, err := h.Append(t.Context(), historytest.Records(uint64(i), 10)); err != nil {
			t.Fatal(err)
		}
	}
	noteAll(t, h)
	if h.Noted() != 200 {
		t.Fatalf("noted %d, want 200", h.Noted())
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	sidecars, _ := filepath.Glob(dir + "/*.idx")
	info, err := os.Stat(sidecars[0])
	if err != nil {
		t.Fatal(err)
	}
	flip(t, sidecars[0], 10)
	h = open(t, dir, small)
	if _, err := h.Find(t.Context(), 1, 10); err == nil || !strings.Contains(err.Error(), sidecars[0]) {
		t.Errorf("%v, want an error about %s", err, sidecars[0])
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	flip(t, sidecars[0], info.Size()-20)
	h = open(t, dir, small)
	defer h.Close()
	if h.Noted() != 0 {
		t.Errorf("noted %d though the first sidecar is unusable", h.Noted())
	}
	noteAll(t, h)
	found, err := h.Find(t.Context(), 1, 1000)
	if err != nil || found.Count != 300 || found.Seqs[0] != 300 || found.Seqs[299] != 1 {
		t.Errorf("found %d (%v), want 300, newest first", found.Count, err)
	}
}

func noteAll(t *testing.T, h *segment.History) {
	t.Helper()
	records, err := h.Read(t.Context(), h.Noted()+1, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := h.Note(t.Context(), r.Seq, historytest.Keys(1, telemetry.Key(r.Seq))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGone: records whose file was moved away are passed over.
func TestGone(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, small)
	for i := range 30 {
		if _, err := h.Append(t.Context(), historytest.Records(uint64(i), 10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(logs(t, dir)[1]); err != nil {
		t.Fatal(err)
	}
	h = open(t, dir, small)
	defer h.Close()
	noteAll(t, h)
	got, err := h.Read(t.Context(), 100, 2)
	if err != nil || len(got) != 2 || got[0].Seq != 100 || got[1].Seq != 201 {
		t.Errorf("read %v (%v), want 100 and 201", got, err)
	}
	if found, err := h.Find(t.Context(), 1, 0); err != nil || found.Count != 200 || len(found.Seqs) > 0 {
		t.Errorf("found %+v (%v), want a count of 200 only", found, err)
	}
	err = h.Note(t.Context(), 999, telemetry.Note{})
	if errs.KindOf(err) != errs.Conflict {
		t.Errorf("noting a record that is not there: %v", err)
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, small)
	_, err := segment.Open(dir, small, nopLog)
	if errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("opened twice: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir, small).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRetainByAge(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, segment.Limits{Age: time.Hour})
	defer h.Close()
	now := time.Now()
	for _, age := range []time.Duration{50 * time.Hour, 40 * time.Hour, 40 * time.Hour, 2 * time.Hour, 0} {
		if _, err := h.Append(t.Context(), []telemetry.Record{{Received: now.Add(-age), Raw: []byte("x")}}); err != nil {
			t.Fatal(err)
		}
	}
	noteAll(t, h)
	if n, err := h.Retain(t.Context(), 0, 24*time.Hour); n != 3 || err != nil {
		t.Errorf("removed %d (%v), want 3", n, err)
	}
	if found, err := h.Find(t.Context(), 1, 10); err != nil || found.Count != 2 {
		t.Errorf("found %+v (%v), want the 2 that are left", found, err)
	}
}
