// Command bench holds Vedette's rule engine against two others in Go, on the same
// records, in turns, on one core, in processor time. It is a module of its own, so
// that what it compares with is no dependency of the product.
//
//	go run . -rules RULES EVENTS…
//
// RULES is a directory or archive of Sigma rules for Windows, EVENTS are files or
// archives of Windows events as JSON, one a line. A row says how many events a second
// a way got through, and how many times as fast Vedette is.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// row is what one way reached on one sample.
type row struct {
	Sample  string  `json:"sample"` // process creations, or a mixture of all events
	Lane    string  `json:"lane"`
	Rules   int     `json:"rules"`
	Records int     `json:"records"`
	PerSec  float64 `json:"records_per_cpu_second"`
	Matches int     `json:"matches"`
	Errors  int     `json:"errors"`
	Ratio   float64 `json:"vedette_is_times_as_fast"`
}

// lane is a way to look at one record; it returns how many rules match.
type lane struct {
	name  string
	rules int
	most  int // records at most, for ways that take long; 0 = all
	look  func(record []byte) (matches int, err error)
}

func main() {
	rules := flag.String("rules", "", "Sigma rules: a directory or archive `PATH`")
	passes := flag.Int("passes", 5, "how often a sample is gone through; the median counts")
	most := flag.Int("records", 5000, "records of a sample at most")
	slow := flag.Int("slow", 300, "records of a sample at most for the other engines")
	flag.Parse()
	if err := run(context.Background(), *rules, flag.Args(), *passes, *most, *slow); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rules string, events []string, passes, most, slow int) error {
	if rules == "" || len(events) == 0 {
		return errors.New("name the rules with -rules and files with events")
	}
	runtime.GOMAXPROCS(1)
	dir, err := os.MkdirTemp("", "bench-rules-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	texts, err := unpackRules(rules, dir)
	if err != nil {
		return err
	}
	samples, err := readSamples(events, most)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for _, s := range samples {
		lanes, err := lanesFor(s, texts, dir, slow)
		if err != nil {
			return err
		}
		rows := race(ctx, s, lanes, passes)
		for i := range rows {
			rows[i].Ratio = rows[1].PerSec / rows[i].PerSec // 1 is Vedette, 0 encoding/json
			if err := out.Encode(rows[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// race lets the lanes take turns over the sample; of each the median pass counts.
func race(ctx context.Context, s sample, lanes []lane, passes int) []row {
	rows, took := make([]row, len(lanes)), make([][]float64, len(lanes))
	for pass := range passes {
		for i, l := range lanes {
			records := s.records
			if l.most > 0 {
				records = records[:min(l.most, len(records))]
			}
			if ctx.Err() != nil {
				return rows
			}
			runtime.GC()
			start := processorTime()
			matches, failed := 0, 0
			for _, r := range records {
				n, err := l.look(r)
				if matches += n; err != nil {
					failed++
				}
			}
			took[i] = append(took[i], (processorTime()-start).Seconds()/float64(max(len(records), 1)))
			if pass == 0 {
				rows[i] = row{Sample: s.name, Lane: l.name, Rules: l.rules, Records: len(records), Matches: matches, Errors: failed}
			}
		}
	}
	for i := range rows {
		rows[i].PerSec = 1 / max(median(took[i]), 1e-9)
	}
	return rows
}

// processorTime is what the process has used of processors so far, garbage included.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
