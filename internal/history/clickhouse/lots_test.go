package clickhouse_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/clickhousetest"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// openShared opens a database that several processes put lots into.
func openShared(t *testing.T, s *clickhousetest.Server, dir string, stretch uint64, blind bool) *clickhouse.History {
	t.Helper()
	h, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: s.URL + "/" + database(dir), Stretch: stretch, Shared: true, Blind: blind})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// lot is n records, each with the value 7.
func lot(number telemetry.LotNumber, n, tries int) telemetry.Noted {
	l := telemetry.Noted{Lot: &telemetry.Lot{Number: number, Records: historytest.Records(uint64(number), n), Tries: tries}}
	for i := range n {
		l.Notes = append(l.Notes, telemetry.Note{
			Time: time.Unix(1_700_000_000+int64(number)*60+int64(i), 0), Source: "proof",
			Values: []telemetry.Value{{Key: 7, Type: indicator.Domain, Text: "seven.example"}, {Key: 7, Type: indicator.Domain, Text: "seven.example"}},
		})
	}
	return l
}

// TestPutLots: lots that come again, from several processes at a time, when answers are
// lost, and across stretches count once. Who reads learns of them.
func TestPutLots(t *testing.T) {
	for name, stretch := range map[string]uint64{"in stretches": 1 << 20, "across stretches": 1500} {
		t.Run(name, func(t *testing.T) {
			s, dir := clickhousetest.Serve(t), t.TempDir()
			one, two, reader := openShared(t, s, dir, stretch, true), openShared(t, s, dir, stretch, true), openShared(t, s, dir, stretch, false)
			var lost atomic.Int64
			s.After(func(query string) error {
				if strings.HasPrefix(query, "INSERT") && lost.Add(1)%3 == 1 {
					return errors.New("lost")
				}
				return nil
			})
			put := func(h *clickhouse.History, lots ...telemetry.Noted) {
				for err := h.PutLots(t.Context(), lots); err != nil; err = h.PutLots(t.Context(), lots) {
					if errs.KindOf(err) != errs.Unavailable {
						t.Error(err)
						return
					}
					for _, l := range lots { // as who was unlucky each time does
						l.Tries++
					}
				}
			}
			put(one, lot(1, 1000, 1), lot(3, 5, 1))
			put(two, lot(2, 40, 1), lot(3, 5, 2), lot(1, 1000, 2))
			var all sync.WaitGroup
			for _, h := range []*clickhouse.History{one, two} { // one took the other for dead
				all.Go(func() { put(h, lot(4, 1000, 1)) })
			}
			all.Wait()
			s.After(nil)
			const n = 1000 + 40 + 5 + 1000
			shared(t, openShared(t, s, dir, stretch, false), n)
			if records, err := reader.Read(t.Context(), 1, 10); err != nil || len(records) != 0 {
				t.Errorf("what nobody told of is read: %d %v", len(records), err)
			}
			for _, number := range []telemetry.LotNumber{2, 1, 3, 4} {
				l := lot(number, map[telemetry.LotNumber]int{1: 1000, 2: 40, 3: 5, 4: 1000}[number], 1)
				reader.Learn([]telemetry.Extent{l.Extent()})
			}
			shared(t, reader, n)
			highest, err := reader.Highest(t.Context())
			if err != nil || highest != telemetry.LotNumber(4).First()+999 {
				t.Errorf("the highest number is %d %v", highest, err)
			}
			if _, err := reader.Append(t.Context(), historytest.Records(1, 1)); errs.CodeOf(err) != "history_shared" {
				t.Errorf("an append: %v", err)
			}
		})
	}
}

// shared holds a history of lots against n records with the value 7.
func shared(t *testing.T, h *clickhouse.History, n int) {
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
		records, err := h.Read(t.Context(), next, 300)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			if r.Seq < next {
				t.Fatalf("record %d after %d", r.Seq, next-1)
			}
			next = r.Seq + 1
		}
		read += len(records)
	}
	parts, err := h.Parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inParts, sifted, missed := 0, 0, 0
	for _, p := range parts {
		inParts += p.Records
		got, err := h.Sift(t.Context(), p, telemetry.Pick{Value: func(_ indicator.Type, text string) bool { return text == "seven.example" }})
		if err != nil {
			t.Fatal(err)
		}
		sifted, missed = sifted+len(got.Seqs), missed+got.Missed
	}
	if diff := cmp.Diff([]int{n, n, n, n, n, n, 0}, []int{stats.Records, found.Count, seen.Count, read, inParts, sifted, missed}); diff != "" {
		t.Errorf("stats, found, seen, read, in parts, sifted, missed: -want +got\n%s", diff)
	}
	if !telemetry.IsSparse(h) || telemetry.Missing(h, 1, 100) != 0 {
		t.Error("numbers that are left out count as missing")
	}
}
