package clickhouse_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/history/clickhouse"
	"github.com/vedette-soc/vedette/internal/history/clickhousetest"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match"
)

// values are what events hold, some of it near to each other.
func values(i int) []telemetry.Value {
	var out []telemetry.Value
	for t, text := range map[indicator.Type]string{
		indicator.IPv4: fmt.Sprintf("10.%d.%d.7", i%9, i%250), indicator.IPv6: fmt.Sprintf("fe80::%x", i),
		indicator.Domain: fmt.Sprintf("w%d.host-%d.example.com", i%5, i%400), indicator.URL: fmt.Sprintf("http://host-%d.example.org/a/%d/'\\x.php?q=%d", i%300, i%7, i),
		indicator.Email: fmt.Sprintf("o'neil-%d@mail-%d.example.net", i, i%20), indicator.SHA256: fmt.Sprintf("%064x", i%700),
	} {
		out = append(out, telemetry.Value{Key: telemetry.KeyOf(t, text), Type: t, Text: text})
	}
	return out
}

// TestReach: what is found among the values in reach is what is found among all.
func TestReach(t *testing.T) {
	s := clickhousetest.Serve(t)
	h := open(t, s, t.TempDir())
	if _, err := h.Append(t.Context(), historytest.Records(1, 1000)); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		if err := h.Note(t.Context(), telemetry.Seq(i+1), telemetry.Note{Source: "test", Values: values(i)}); err != nil {
			t.Fatal(err)
		}
	}
	var nets, many []match.Wanted
	for i := range 60 {
		nets = append(nets, match.Wanted{Type: indicator.IPv4, Value: fmt.Sprintf("10.%d.%d.0/24", i%9, i)})
	}
	for i := range 5000 { // more than go into a question
		many = append(many, match.Wanted{Type: indicator.Domain, Value: fmt.Sprintf("host-%d.example.com", 395+i)})
	}
	for _, c := range []struct {
		name   string
		wanted []match.Wanted
	}{
		{"a name above", []match.Wanted{{Type: indicator.Domain, Value: "host-7.example.com"}}},
		{"a host of URLs", []match.Wanted{{Type: indicator.Domain, Value: "host-12.example.org"}, {Type: indicator.Domain, Value: "mail-3.example.net"}}},
		{"a path", []match.Wanted{{Type: indicator.URL, Value: "host-8.example.org/a"}}},
		{"networks", []match.Wanted{{Type: indicator.IPv4, Value: "10.3.0.0/17"}, {Type: indicator.IPv6, Value: "fe80::100/120"}}},
		{"many networks", nets},
		{"hashes", []match.Wanted{{Type: indicator.SHA256, Value: fmt.Sprintf("%064x", 5)}}},
		{"many", many},
		{"nothing that is there", []match.Wanted{{Type: indicator.Domain, Value: "elsewhere.example"}}},
	} {
		var b match.Builder
		for i, w := range c.wanted {
			if err := b.Add(w.Type, w.Value, uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
		x := b.Build()
		all, asked := siftAll(t, h, x, nil)
		near, few := siftAll(t, h, x, x.Reach(1<<20))
		if diff := cmp.Diff(all, near); diff != "" {
			t.Errorf("%s: -all +in reach\n%s", c.name, diff)
		}
		if len(all) == 0 != (c.name == "nothing that is there") || few >= asked {
			t.Errorf("%s: %d found, %d of %d values asked about", c.name, len(all), few, asked)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

func siftAll(t *testing.T, h *clickhouse.History, x *match.Index, r *match.Reach) (found []telemetry.Seq, asked int) {
	t.Helper()
	parts, err := h.Parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		s, err := h.Sift(t.Context(), p, telemetry.Pick{Type: x.Touches, Reach: r, Value: func(typ indicator.Type, v string) bool {
			return len(x.Lookup(typ, v, nil)) > 0
		}})
		if err != nil {
			t.Fatal(err)
		}
		found, asked = append(found, s.Seqs...), asked+s.Values
	}
	return found, asked
}
