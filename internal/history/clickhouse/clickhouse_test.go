package clickhouse_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/clickhousetest"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

func TestMain(m *testing.M) { clickhousetest.Main(m) }

// database names a database after a directory, so that each test has its own.
func database(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return "t" + hex.EncodeToString(sum[:8])
}

func open(t testing.TB, s *clickhousetest.Server, dir string) *clickhouse.History {
	t.Helper()
	h, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: s.URL + "/" + database(dir), Stretch: 400})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestConformance(t *testing.T) {
	s := clickhousetest.Serve(t)
	historytest.Run(t, func(t testing.TB, dir string) telemetry.History { return open(t, s, dir) })
}

// TestLostAnswer: an insert whose answer was lost counts once.
func TestLostAnswer(t *testing.T) {
	s := clickhousetest.Serve(t)
	dir := t.TempDir()
	h := open(t, s, dir)
	var lost atomic.Int64
	s.After(func(query string) error {
		if strings.HasPrefix(query, "INSERT") && lost.Add(1)%2 == 1 {
			return errors.New("lost")
		}
		return nil
	})
	for i := range 10 {
		first, err := h.Append(t.Context(), historytest.Records(uint64(i), 30))
		if err != nil {
			t.Fatal(err)
		}
		for k := range 30 {
			if err := h.Note(t.Context(), first+telemetry.Seq(k), historytest.Keys(7)); err != nil {
				t.Fatal(err)
			}
		}
	}
	counted(t, h, 300)
	s.After(nil)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if h = open(t, s, dir); h.Noted() != 300 || lost.Load() < 20 {
		t.Errorf("noted %d, %d inserts", h.Noted(), lost.Load())
	}
	counted(t, h, 300)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

// counted holds the history against n records, each with the value 7.
func counted(t *testing.T, h *clickhouse.History, n int) {
	t.Helper()
	stats, err := h.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found, err := h.Find(t.Context(), 7, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := h.Seen(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	read, next := 0, telemetry.Seq(1)
	for {
		records, err := h.Read(t.Context(), next, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			if r.Seq != next {
				t.Fatalf("record %d where %d should be", r.Seq, next)
			}
			next++
		}
		read += len(records)
	}
	if diff := cmp.Diff([]int{n, n, n, n}, []int{stats.Records, found.Count, seen.Count, read}); diff != "" {
		t.Errorf("stats, found, seen, read: -want +got\n%s", diff)
	}
}

// TestOutage: while the server does not answer, nothing is acknowledged; what was is
// there afterwards, once.
func TestOutage(t *testing.T) {
	s := clickhousetest.Serve(t)
	dir := t.TempDir()
	h := open(t, s, dir)
	first, err := h.Append(t.Context(), historytest.Records(1, 10))
	if err != nil || first != 1 {
		t.Fatal(first, err)
	}
	down := errors.New("down")
	s.Before(func(string) error { return down })
	for range 2 {
		if _, err := h.Append(t.Context(), historytest.Records(2, 10)); errs.KindOf(err) != errs.Unavailable || !strings.Contains(errs.Public(err), "history.clickhouse") {
			t.Errorf("a server that is down: %v", err)
		}
	}
	if _, err := h.Read(t.Context(), 1, 5); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("read: %v", err)
	}
	if _, err := h.Find(t.Context(), 1, 5); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("find: %v", err)
	}
	s.Before(nil)
	// What was sent first is kept before what comes now, though nobody was told.
	if first, err = h.Append(t.Context(), historytest.Records(3, 10)); err != nil || first != 21 {
		t.Errorf("after the outage the next record is %d (%v), want 21", first, err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h = open(t, s, dir)
	if stats, err := h.Stats(t.Context()); err != nil || stats.Records != 30 || stats.Last != 30 {
		t.Errorf("%+v (%v), want 30 records", stats, err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFetch: records that lie apart come at once, in order, without those that are gone.
func TestFetch(t *testing.T) {
	s := clickhousetest.Serve(t)
	h := open(t, s, t.TempDir())
	if _, err := h.Append(t.Context(), historytest.Records(1, 900)); err != nil {
		t.Fatal(err)
	}
	if err := h.AppendAt(t.Context(), 950, historytest.Records(2, 10)); err != nil {
		t.Fatal(err)
	}
	if err := h.AppendAt(t.Context(), 7, historytest.Records(2, 1)); errs.KindOf(err) != errs.Conflict {
		t.Errorf("a number that is taken: %v", err)
	}
	records, err := h.Fetch(t.Context(), []telemetry.Seq{1, 3, 400, 401, 900, 920, 955, 2000})
	if err != nil {
		t.Fatal(err)
	}
	var got []telemetry.Seq
	for _, r := range records {
		got = append(got, r.Seq)
		if one, err := h.Read(t.Context(), r.Seq, 1); err != nil || !cmp.Equal(one[0], r) {
			t.Errorf("record %d differs: %v", r.Seq, err)
		}
	}
	if diff := cmp.Diff([]telemetry.Seq{1, 3, 400, 401, 900, 955}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	next, err := h.Read(t.Context(), 901, 5)
	if err != nil || len(next) != 5 || next[0].Seq != 950 {
		t.Errorf("behind a gap: %d records (%v)", len(next), err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}
