package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
)

// benchStore opens a store on disk for a benchmark.
func benchStore(b *testing.B) (*alert.Service, context.Context) {
	b.Helper()
	st, err := store.Open(b.Context(), storetest.SQLite(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	return alert.New(st.Alerts()), ref.WithActor(b.Context(), ref.SystemActor)
}

// load is n detections of 40 rules on 500 hosts within an hour, as a busy house has
// them: most are of kinds that were there before.
func load(n, from int) []alert.Detection {
	ds := make([]alert.Detection, n)
	for i := range ds {
		k := from + i
		host, rule := (k*7919)%500, (k*104729)%40
		ds[i] = fired(k, time.Duration(k)*time.Millisecond/5, fmt.Sprint("host", host), fmt.Sprint("rule ", rule%(1+host%9)), []string{"low", "medium", "high"}[rule%3])
	}
	return ds
}

// BenchmarkTake is context, grouping, ranking and the store, in batches as the
// pipeline makes them.
func BenchmarkTake(b *testing.B) {
	const batch = 2000
	for _, churn := range []string{"steady", "first", "flood"} {
		b.Run(churn, func(b *testing.B) {
			s, ctx := benchStore(b)
			n := 0
			load := load
			if churn == "flood" { // of one rule on 20 hosts, beyond what is kept of each
				load = func(n, from int) []alert.Detection {
					ds := make([]alert.Detection, n)
					for i := range ds {
						ds[i] = fired(from+i, time.Duration(from+i)*time.Millisecond/20, fmt.Sprint("host", i%20), "scan", "medium")
					}
					return ds
				}
			}
			if churn != "first" {
				for ; n < 60_000; n += batch {
					if _, err := s.Take(ctx, load(batch, n), nil); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportAllocs()
			taken := 0
			for b.Loop() {
				got, err := s.Take(ctx, load(batch, n), &alert.Mark{Consumer: "match", Seq: uint64(n + 1)})
				if err != nil || got.New != batch {
					b.Fatal(got, err)
				}
				n += batch
				taken += batch
			}
			b.ReportMetric(float64(taken)/b.Elapsed().Seconds(), "detections/s")
		})
	}
}

// BenchmarkBurst is a new rule that fires on a thousand hosts, after a busy hour: all
// of it is rare, and belongs together as far as an incident goes.
func BenchmarkBurst(b *testing.B) {
	s, ctx := benchStore(b)
	n := 0
	for ; n < 60_000; n += 2000 {
		if _, err := s.Take(ctx, load(2000, n), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	from := n
	for b.Loop() {
		if _, err := s.Take(ctx, burst(1000, n), nil); err != nil {
			b.Fatal(err)
		}
		n += 1000
	}
	b.ReportMetric(float64(n-from)/b.Elapsed().Seconds(), "detections/s")
}

func burst(n, from int) []alert.Detection {
	ds := make([]alert.Detection, n)
	for i := range ds {
		ds[i] = fired(from+i, 26*time.Hour+time.Duration(from+i)*50*time.Millisecond, fmt.Sprint("newhost", from+i), "brand new rule", "high")
	}
	return ds
}
