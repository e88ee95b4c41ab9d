package similar_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/similar"
)

func techniques(ids ...string) (out []similar.Item) {
	for _, id := range ids {
		out = append(out, similar.Item{Kind: similar.Technique, Value: id})
	}
	return out
}

func seen(values ...string) (out []similar.Item) {
	for _, v := range values {
		t, c, err := indicator.Detect(v)
		if i, ok := similar.Observable(t, c); ok && err == nil {
			out = append(out, i)
		}
	}
	return out
}

// TestNearest: what is shared, and how it counts.
func TestNearest(t *testing.T) {
	hash := "44d88612fea8a8f36de82e1278abb02f"
	l := similar.New()
	l.Put(similar.Case{ID: "file", Ordered: true, Steps: techniques("T1566.001"), Traces: seen(hash, "8.8.4.4")})
	l.Put(similar.Case{ID: "network", Ordered: true, Steps: techniques("T1059.003"), Traces: seen("203.0.113.77")})
	l.Put(similar.Case{ID: "nothing", Ordered: true, Steps: techniques("T1190"), Traces: seen("198.51.100.1")})
	l.Put(similar.Case{ID: "me", Ordered: true, Steps: techniques("T1059.001")})
	got := l.Nearest(similar.Case{ID: "me", Ordered: true, Steps: techniques("T1059.001"), Traces: seen(hash, "203.0.113.5", "10.1.1.1")}, 5)
	type row struct{ ID, Value, Other string }
	var rows []row
	for _, m := range got {
		for _, s := range m.Shared {
			rows = append(rows, row{m.ID, s.Value, s.Other})
		}
	}
	want := []row{{"file", hash, ""}, {"network", "T1059.001", "T1059.003"}, {"network", "203.0.113.5", "203.0.113.77"}}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}
}

// TestOrder: the same steps in another order are less alike, and are said to be.
func TestOrder(t *testing.T) {
	l := similar.New()
	l.Put(similar.Case{ID: "past", Ordered: true, Steps: techniques("T1190", "T1505", "T1003", "T1041")})
	l.Put(similar.Case{ID: "known", Steps: techniques("T1190", "T1505", "T1003", "T1041")})
	same, _ := l.Compare(similar.Case{Ordered: true, Steps: techniques("T1190", "T1505", "T1003", "T1041")}, similar.Case{Ordered: true, Steps: techniques("T1190", "T1505", "T1003", "T1041")})
	turned, _ := l.Compare(similar.Case{Ordered: true, Steps: techniques("T1041", "T1190", "T1505", "T1003")}, similar.Case{Ordered: true, Steps: techniques("T1190", "T1505", "T1003", "T1041")})
	if same.Score <= turned.Score {
		t.Errorf("in order %.3f, out of order %.3f", same.Score, turned.Score)
	}
	orders := map[string]similar.Order{}
	for _, s := range turned.Shared {
		orders[s.Value] = s.Order
	}
	want := map[string]similar.Order{"T1041": similar.OutOfOrder, "T1190": similar.InOrder, "T1505": similar.InOrder, "T1003": similar.InOrder}
	if d := cmp.Diff(want, orders); d != "" {
		t.Error(d)
	}
}

// random makes a case of common and rare things.
func random(r *rand.Rand, id string, from int) similar.Case {
	c := similar.Case{ID: id, Ordered: r.IntN(4) > 0}
	for range 2 + r.IntN(10) {
		c.Steps = append(c.Steps, techniques(fmt.Sprintf("T%d.00%d", 1000+int(math.Abs(r.NormFloat64())*60), r.IntN(3)))...)
	}
	for range 3 + r.IntN(8) {
		c.Traces = append(c.Traces, seen(fmt.Sprintf("203.%d.%d.%d", r.IntN(from), r.IntN(50), r.IntN(250)), fmt.Sprintf("a%d.evil%d.com", r.IntN(50), r.IntN(from)))...)
	}
	return c
}

// TestScore: it is the sum of the points shown, between 0 and 1, the same when asked
// again, whatever was put in and taken out before; nothing is more alike than itself.
func TestScore(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var cases []similar.Case
	l, again := similar.New(), similar.New()
	for i := range 600 {
		c := random(r, fmt.Sprint(i), 250)
		cases = append(cases, c)
		again.Put(random(r, fmt.Sprint(i), 250)) // to be replaced
	}
	again.Put(random(r, "gone", 250))
	again.Remove("gone")
	for i, c := range cases {
		l.Put(c)
		again.Put(cases[len(cases)-1-i])
	}
	for _, c := range cases[:100] {
		got := l.Nearest(c, 10)
		if d := cmp.Diff(got, again.Nearest(c, 10)); d != "" {
			t.Fatalf("another way to the same library: %s", d)
		}
		self, _ := l.Compare(c, c)
		for _, m := range got {
			sum := 0.0
			for _, s := range m.Shared {
				if s.Points <= 0 {
					t.Fatalf("%s: %+v", c.ID, s)
				}
				sum += s.Points
			}
			if math.Abs(sum-m.Score) > 1e-9 || m.Score <= 0 || m.Score >= 1 || m.Score > self.Score || m.ID == c.ID {
				t.Fatalf("%s against %s: score %v of points %v, self %v", c.ID, m.ID, m.Score, sum, self.Score)
			}
		}
	}
}

// TestIndex: the inverted index finds what comparing with every case finds first.
func TestIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	l := similar.New()
	var cases []similar.Case
	for i := range 1500 {
		c := random(r, fmt.Sprint(i), 250)
		cases = append(cases, c)
		l.Put(c)
	}
	missed := 0
	for _, q := range cases[:50] {
		best := 0.0
		for _, c := range cases {
			if m, ok := l.Compare(q, c); ok && c.ID != q.ID {
				best = max(best, m.Score)
			}
		}
		if got := l.Nearest(q, 1); len(got) == 0 || got[0].Score < best-1e-9 {
			missed++
		}
	}
	if missed > 1 {
		t.Errorf("of 50, the most alike was missed %d times", missed)
	}
}

// BenchmarkNearest asks 10,000 incidents, and one of 100 for the ratio.
func BenchmarkNearest(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(5, 6))
			l := similar.New()
			for i := range n {
				l.Put(random(r, fmt.Sprint(i), 250))
			}
			q := random(r, "q", 250)
			b.ReportAllocs()
			for b.Loop() {
				l.Nearest(q, 10)
			}
		})
	}
}

// FuzzCompare: whatever stands in two cases, the score keeps its promises.
func FuzzCompare(f *testing.F) {
	f.Add("T1190 T1059.001", "203.0.113.5 evil.com", "T1059 T1190", "203.0.113.9 a.evil.com", true)
	f.Add("", "::1 fe80::1%eth0 [::]", ". .. T", "2001:db8::1 com co.uk .", false)
	f.Fuzz(func(t *testing.T, steps, traces, steps2, traces2 string, ordered bool) {
		c := func(id, s, tr string) similar.Case {
			out := similar.Case{ID: id, Ordered: ordered}
			for _, v := range split(s) {
				out.Steps = append(out.Steps, similar.Item{Kind: similar.Technique, Value: v}, similar.Item{Kind: similar.Rule, Value: v})
			}
			for _, v := range split(tr) {
				for _, k := range []similar.Kind{similar.Address, similar.Domain, similar.Name, similar.Other, similar.File} {
					out.Traces = append(out.Traces, similar.Item{Kind: k, Value: v})
				}
			}
			return out
		}
		l := similar.New()
		l.Put(c("b", steps2, traces2))
		sum := 0.0
		for _, m := range l.Nearest(c("a", steps, traces), 3) {
			for _, s := range m.Shared {
				sum += s.Points
			}
			if math.Abs(sum-m.Score) > 1e-9 || m.Score <= 0 || m.Score >= 1 {
				t.Fatalf("score %v of points %v", m.Score, sum)
			}
		}
		l.Remove("b")
		if l.Len() != 0 || len(l.Nearest(c("a", steps, traces), 3)) != 0 {
			t.Fatal("something is left")
		}
	})
}
