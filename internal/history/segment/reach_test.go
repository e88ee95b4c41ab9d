package segment_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

// touchy makes values of every type out of few parts, so that many touch each other.
func touchy(rnd *rand.Rand) (indicator.Type, string) {
	n := rnd.IntN(4000)
	name := fmt.Sprintf("h%d.site%d.example", n%7, n%300)
	addr := fmt.Sprintf("10.%d.%d.%d", n%3, n%200, n%11)
	addr6 := fmt.Sprintf("2001:db8:%x::%x", n%40, n%90)
	if n%3 == 0 {
		name = fmt.Sprintf("Site%d.example", n%300)
	}
	host := []string{name, addr, "[" + addr6 + "]"}[n%3]
	switch rnd.IntN(12) {
	case 0, 1:
		return indicator.IPv4, addr
	case 2:
		return indicator.IPv6, addr6
	case 3, 4:
		return indicator.Domain, name
	case 5, 6, 7:
		return indicator.URL, []string{"http://", "https://", ""}[n%3] + host + []string{"", ":8080"}[n%2] + fmt.Sprintf("/a/%d/b?q=%d", n%5, n%9)
	case 8:
		return indicator.Email, fmt.Sprintf("u%d@%s", n%5, name)
	case 9:
		return []indicator.Type{indicator.DomainPort, indicator.IPv4Port, indicator.IPv6Port}[n%3], fmt.Sprintf("%s:%d", host, 440+n%5)
	case 10:
		return indicator.FileName, fmt.Sprintf(`c:\dir%d\file%d.exe`, n%5, n%500)
	}
	return indicator.SHA256, fmt.Sprintf("%064x", n)
}

// wanted makes indicators, some of which touch what touchy makes.
func wanted(rnd *rand.Rand, n int) *match.Index {
	var b match.Builder
	for i := range n {
		t, v := touchy(rnd)
		switch k := rnd.IntN(1000); rnd.IntN(7) {
		case 0:
			t, v = indicator.IPv4, fmt.Sprintf("10.%d.%d.0/24", k%4, k%250)
		case 1:
			t, v = indicator.IPv6, fmt.Sprintf("2001:db8:%x::/48", k%60)
		case 2:
			t, v = indicator.URL, fmt.Sprintf("/a/%d/b", k%9)
		case 3:
			t, v = indicator.URL, fmt.Sprintf("site%d.example/a/%d", k%400, k%9)
		case 4:
			t, v = indicator.Domain, fmt.Sprintf("site%d.example", k)
		}
		_ = b.Add(t, v, uint64(i)+1)
	}
	return b.Build()
}

func pickOf(x *match.Index) telemetry.Pick {
	var hits []match.Hit
	return telemetry.Pick{Type: x.Touches, Value: func(t indicator.Type, v string) bool {
		hits = x.Lookup(t, v, hits[:0])
		return len(hits) > 0
	}}
}

// sameInReach holds what is found by reach against what is found among all values.
func sameInReach(t *testing.T, h *segment.History, x *match.Index) (found, asked, all int) {
	t.Helper()
	parts, err := h.Parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	full, near := pickOf(x), pickOf(x)
	near.Reach = x.Reach(1_000_000)
	for _, p := range parts {
		want, err := h.Sift(t.Context(), p, full)
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.Sift(t.Context(), p, near)
		if err != nil {
			t.Fatal(err)
		}
		found, asked, all = found+len(want.Seqs), asked+got.Values, all+want.Values
		got.Values = want.Values
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("records from %d: all values -, reach +\n%s", p.First, diff)
		}
	}
	return found, asked, all
}

// TestReach: sets of one to some hundred indicators, of all types.
func TestReach(t *testing.T) {
	h := open(t, t.TempDir(), segment.Limits{Records: 20_000})
	defer h.Close()
	rnd := rand.New(rand.NewPCG(21, 1))
	seq := telemetry.Seq(0)
	for range 6 {
		records := historytest.Records(1, 9_000)
		if _, err := h.Append(t.Context(), records); err != nil {
			t.Fatal(err)
		}
		for i := range records {
			seq++
			n := telemetry.Note{Time: records[i].Received, Source: "test"}
			for range 3 {
				kind, v := touchy(rnd)
				n.Values = append(n.Values, telemetry.Value{Type: kind, Text: v, Key: telemetry.KeyOf(kind, v)})
			}
			if err := h.Note(t.Context(), seq, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	found, few, all := 0, 0, 0
	for i := range 60 {
		n := 1
		if i >= 30 {
			n = 1 + rnd.IntN(400)
		}
		f, asked, of := sameInReach(t, h, wanted(rnd, n))
		if found += f; n == 1 {
			few, all = few+asked, all+of
		}
	}
	t.Logf("%d found; for one indicator %d of %d values asked about", found, few, all)
	if found < 10_000 {
		t.Errorf("only %d records found: the test looks at nothing", found)
	}
}

// TestReachOfOldSidecar: one of version 2 knows no reach and is read whole; one of version 3
// has traces, but not which are lone.
func TestReachOfOldSidecar(t *testing.T) {
	for version := 2; version <= 3; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) { reachOfOldSidecar(t, version) })
	}
}

func reachOfOldSidecar(t *testing.T, version int) {
	dir := t.TempDir()
	oldSegment(t, dir, version)
	h := open(t, dir, segment.Limits{})
	defer h.Close()
	var b match.Builder
	if err := b.Add(indicator.Domain, "site8.example", 1); err != nil {
		t.Fatal(err)
	}
	found, _, _ := sameInReach(t, h, b.Build())
	if found == 0 || h.Noted() != 400 {
		t.Errorf("found %d, noted %d; want some, and 400", found, h.Noted())
	}
	v, err := segment.Verify(t.Context(), dir)
	if err != nil || len(v.Problems) > 0 {
		t.Errorf("verify: %v %v", err, v.Problems)
	}
}

// oldSegment lays a segment with a sidecar of an old version into dir: records 1 to 400.
func oldSegment(t *testing.T, dir string, version int) {
	t.Helper()
	for _, name := range []string{"old.log", fmt.Sprintf("version%d.idx", version)} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "00000000000000000001"+filepath.Ext(name)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
