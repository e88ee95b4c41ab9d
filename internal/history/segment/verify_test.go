package segment_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// copied makes a copy of h in a new directory by way of Copy, calling during
// between two files.
func copied(t *testing.T, h *segment.History, during func()) string {
	t.Helper()
	dir := t.TempDir()
	err := h.Copy(t.Context(), func(name string, size int64, r io.Reader) error {
		during()
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		n, err := io.Copy(f, r)
		if n != size {
			t.Errorf("%s: %d bytes, announced %d", name, n, size)
		}
		return errors.Join(err, f.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCopyHoldsWhatWasAcknowledged(t *testing.T) {
	h := open(t, t.TempDir(), small)
	next := uint64(0)
	more := func() {
		if _, err := h.Append(t.Context(), historytest.Records(next, 70)); err != nil {
			t.Fatal(err)
		}
		next++
	}
	for range 5 {
		more()
	}
	dir := copied(t, h, func() {
		more()
		if n, err := h.Retain(t.Context(), 1, 0); err != nil || n > 0 {
			t.Errorf("retention removed %d records from under a copy: %v", n, err)
		}
	})
	v, err := segment.Verify(t.Context(), dir)
	if err != nil || len(v.Problems) > 0 || v.First != 1 || v.Last != 350 || v.Records != 350 || v.Next != 351 {
		t.Errorf("the copy: %+v, %v", v, err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, small)
	if seq, err := again.Append(t.Context(), historytest.Records(0, 1)); err != nil || seq != 351 {
		t.Errorf("the copy goes on with record %d: %v", seq, err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestVerifySeesEveryByte flips bytes all over a history of closed segments with
// and without notes: none may go unseen, and none may end the check.
func TestVerifySeesEveryByte(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, segment.Limits{Records: 50, Volume: 2})
	for i := range 5 {
		if _, err := h.Append(t.Context(), historytest.Records(uint64(i), 50)); err != nil {
			t.Fatal(err)
		}
	}
	for seq := range telemetry.Seq(151) {
		if err := h.Note(t.Context(), seq+1, historytest.Keys(telemetry.Key(seq%7))); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Bind(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !segment.InUse(dir) {
		t.Error("an open history is not in use")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if segment.InUse(dir) {
		t.Error("a closed history is in use")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := segment.Verify(t.Context(), dir); err != nil || len(v.Problems) > 0 || v.Records != 250 || v.Segments != 5 || v.Volumes != 1 {
		t.Fatalf("before the damage: %+v, %v", v, err)
	}
	checked := 0
	for _, path := range files {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, "201.log") { // the last one may end torn
			continue
		}
		checked++
		for at := 0; at < len(whole); at += 13 {
			bad := append([]byte(nil), whole...)
			bad[at] ^= 0x10
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if v, err := segment.Verify(t.Context(), dir); err != nil || len(v.Problems)+len(v.Stale) == 0 {
				t.Fatalf("%s: a flipped byte at %d of %d went unseen: %v", filepath.Base(path), at, len(whole), err)
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if checked != 8 { // four logs, the notes of three, and a volume of two
		t.Errorf("%d files were damaged: %v", checked, files)
	}
}
