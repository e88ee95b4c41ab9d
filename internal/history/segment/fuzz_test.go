package segment_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

func FuzzParseBlock(f *testing.F) {
	f.Add([]byte("\x01\x01s\x01f\x00\x02\x00\x03raw"), uint32(1))
	f.Add([]byte("\x00"), uint32(0))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), uint32(9))
	f.Fuzz(func(t *testing.T, p []byte, count uint32) {
		count %= 5000
		got, err := segment.ParseBlock(p, 7, count)
		if err == nil && len(got) != int(count) {
			t.Errorf("%d records, want %d", len(got), count)
		}
	})
}

func FuzzFindInPage(f *testing.F) {
	f.Add([]byte("\x05\x06\x01\x03\x02\x02\x01\x00\x02\x07\x02\x01\x01\x02\x02\x01\x00"), uint64(7), uint32(10))
	f.Add([]byte("\x05\x06\xff\xff\xff\xff\x0f\x02"), uint64(5), uint32(10))
	f.Fuzz(func(t *testing.T, p []byte, key uint64, count uint32) {
		got, ok := segment.FindInPage(p, telemetry.Key(key), count%10_000)
		if ok && len(got.Seqs) > got.Count {
			t.Errorf("%d of %d records", len(got.Seqs), got.Count)
		}
	})
}

// FuzzScan gives any bytes after a good log: what was good stays.
func FuzzScan(f *testing.F) {
	dir := f.TempDir()
	h := open(f, dir, segment.Limits{})
	if _, err := h.Append(f.Context(), historytest.Records(1, 5)); err != nil {
		f.Fatal(err)
	}
	if err := h.Close(); err != nil {
		f.Fatal(err)
	}
	names, _ := filepath.Glob(dir + "/*.log")
	good, err := os.ReadFile(names[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("VFRM"))
	f.Add(good[20:])
	f.Fuzz(func(t *testing.T, tail []byte) {
		log := append(good[:len(good):len(good)], tail...)
		records, end := segment.Scan(log)
		if records < 5 || end < int64(len(good)) || end > int64(len(log)) {
			t.Errorf("%d records up to %d of %d", records, end, len(log))
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add([]byte("\x03abc\x00\x01d"), uint32(3))
	f.Add([]byte("\xff\xff\xff\xff\x7f"), uint32(1))
	f.Fuzz(func(t *testing.T, p []byte, count uint32) {
		if segment.Words(p, count) && int(count) > len(p) {
			t.Errorf("%d values in %d bytes", count, len(p))
		}
	})
}

// FuzzMeet: of the traces of a page, written as sealing does, those wanted are met; any
// other bytes only end it.
func FuzzMeet(f *testing.F) {
	f.Add([]byte("\x05\x03\x80\x80\x01\xff\xff\xff\x7f"), uint64(8), uint64(1<<20))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), uint64(0), uint64(1))
	f.Fuzz(func(t *testing.T, page []byte, a, b uint64) {
		wanted := []uint64{min(a, b), max(a, b)}
		met, end := segment.Meet(page, wanted)
		if end < 0 || end > len(wanted) || len(met) > end {
			t.Errorf("%d met up to %d", len(met), end)
		}
		var has []uint64
		at := uint64(0)
		for rest := page; len(rest) > 0; {
			step, n := binary.Uvarint(rest)
			if n <= 0 || at+step < at || (at+step)>>match.TraceBits != 0 {
				return // no page that sealing wrote
			}
			at, rest = at+step, rest[n:]
			has = append(has, at)
		}
		for i, w := range wanted {
			if slices.Contains(has, w) != slices.Contains(met, i) {
				t.Errorf("%d in %v: met %v", w, has, met)
			}
		}
	})
}
