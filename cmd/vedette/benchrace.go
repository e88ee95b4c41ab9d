package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"runtime"
	"syscall"
	"time"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/fetch"
)

// turnBytes is how much each lane goes through before it is the next one's turn.
const turnBytes = 4 << 20

// lane is one way to go through records; it returns how many it would read.
type lane struct {
	name string
	pass func(records [][]byte) (int, error)
}

// laneRow is what a lane reached, in time of one processor.
type laneRow struct {
	Lane    string  `json:"lane"`
	MB      float64 `json:"mb_per_cpu_second"`
	Records float64 `json:"records_per_cpu_second"`
	Ratio   float64 `json:"ratio_to_encoding_json"`
	Wanted  int     `json:"wanted"` // records that it would go on to read
}

// runBenchMatch measures how fast raw records are held against indicators.
func runBenchMatch(ctx context.Context, e env, args []string) error {
	fs := flags(e, "bench")
	intel, kind := intelFlags(fs)
	r := raceFlags(e, fs)
	events, err := parseFlags(fs, args)
	if err != nil {
		return err
	}
	if len(*intel) == 0 {
		return wrong("Name the indicators with -intel PATH.")
	}
	known, err := readIntel(ctx, e, *intel, *kind)
	if err != nil {
		return err
	}
	wanted := known.Wanted()
	if wanted == nil {
		return wrong("The indicators are of a kind that only shows in events that were read: give others.")
	}
	return r.run(ctx, events, "match", wanted, map[string]float64{"indicators": float64(known.Len())})
}

// runBenchDetect measures how fast rules go past raw records.
func runBenchDetect(ctx context.Context, e env, args []string) error {
	fs := flags(e, "bench")
	var rules, pipelines paths
	fs.Var(&rules, "rules", "Sigma rules: a file, directory or archive `PATH`; may be repeated")
	fs.Var(&pipelines, "pipelines", "further pipelines: a YAML file or directory `PATH`; may be repeated")
	kinds := formatFlags(fs, "all events")
	r := raceFlags(e, fs)
	events, err := parseFlags(fs, args)
	if err == nil {
		err = kinds.read()
	}
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		return wrong("Name the rules with -rules PATH.")
	}
	set, err := app.ReadRules(rules, pipelines, "", kinds.rec)
	if err != nil {
		return err
	}
	wanted := set.Wanted(kinds.declared)
	recognising := func(records [][]byte, _ func(int) string, flags []bool) {
		kind := ""
		wanted(records, func(i int) string {
			kind = kinds.rec.RecogniseAfter(kind, records[i])
			return kind
		}, flags)
	}
	return r.run(ctx, events, "detect", recognising, map[string]float64{"rules": float64(set.Engine.Len())})
}

// race lets ways through the same records take turns on one core.
type race struct {
	env    env
	passes *int
	limit  *int64
	want   paths
}

func raceFlags(e env, fs *flag.FlagSet) *race {
	r := &race{env: e}
	r.passes = fs.Int("passes", 5, "how often all records are gone through; of each turn the fastest counts")
	r.limit = fs.Int64("bytes", 256<<20, "how many bytes of records are read into memory at most")
	fs.Var(&r.want, "want", "`NAME>=X` of the summary; exit 1 when it is not so; may be repeated")
	fs.Bool("json", true, "machine output (always)")
	return r
}

// run measures wanted beside decoding every record and beside only finding where
// the lines end.
func (r *race) run(ctx context.Context, events []string, name string, wanted format.Wanted, summary map[string]float64) error {
	records, size, err := linesOf(ctx, events, *r.limit)
	if err != nil {
		return err
	}
	if size == 0 {
		return wrong("Name files with events, one a line.")
	}
	runtime.GOMAXPROCS(1)
	lanes := []lane{{"lines", countLines}, {"encoding/json", decodeAll}, {name, func(records [][]byte) (n int, err error) {
		flags := make([]bool, len(records))
		wanted(records, nil, flags)
		for _, w := range flags {
			if w {
				n++
			}
		}
		return n, nil
	}}}
	rows, err := r.turns(ctx, lanes, records, size)
	if err != nil {
		return err
	}
	summary["records"], summary["bytes"] = float64(len(records)), float64(size)
	own := rows[len(rows)-1]
	summary["mb_per_cpu_second"], summary["records_per_cpu_second"], summary["ratio_to_encoding_json"] = own.MB, own.Records, own.Ratio
	return printBench(r.env.stdout, rows, summary, r.want)
}

func (r *race) turns(ctx context.Context, lanes []lane, records [][]byte, size int) ([]laneRow, error) {
	rows, best := make([]laneRow, len(lanes)), make([][]time.Duration, len(lanes))
	for pass := range *r.passes {
		turn := 0
		for from := 0; from < len(records); turn++ {
			to, n := from, 0
			for ; to < len(records) && n < turnBytes; to++ {
				n += len(records[to])
			}
			for i, l := range lanes {
				start := processorTime()
				read, err := l.pass(records[from:to])
				took := processorTime() - start
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					return nil, err
				}
				if pass == 0 {
					best[i] = append(best[i], took)
					rows[i].Wanted += read
				} else {
					best[i][turn] = min(best[i][turn], took)
				}
			}
			from = to
		}
	}
	sum := func(i int) (s float64) {
		for _, t := range best[i] {
			s += t.Seconds()
		}
		return max(s, 1e-6) // what the clock of the processor cannot see
	}
	for i, l := range lanes {
		rows[i].Lane, rows[i].MB, rows[i].Records, rows[i].Ratio = l.name, float64(size)/1e6/sum(i), float64(len(records))/sum(i), sum(1)/sum(i)
	}
	return rows, nil
}

// processorTime is what the process has used of processors so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// linesOf reads lines into memory, at most limit bytes.
func linesOf(ctx context.Context, paths []string, limit int64) (records [][]byte, size int, err error) {
	full := errors.New("enough")
	for _, path := range paths {
		err := fetch.Walk(path, fetch.Limits{Links: true}, func(_ string, in io.Reader) error {
			lines := bufio.NewScanner(in)
			lines.Buffer(nil, format.DefaultMaxRecord)
			for lines.Scan() {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if line := bytes.TrimSpace(lines.Bytes()); len(line) > 0 {
					records = append(records, bytes.Clone(line))
					size += len(line)
				}
				if int64(size) >= limit {
					return full
				}
			}
			return lines.Err()
		})
		if errors.Is(err, full) {
			return records, size, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return records, size, nil
}

// countLines is the floor: every byte is looked at once.
func countLines(records [][]byte) (int, error) {
	n := 0
	for _, r := range records {
		if bytes.IndexByte(r, '\n') >= 0 {
			n++
		}
	}
	return n, nil
}

// decodeAll is what every product does that reads an event before it asks what is
// in it. Of what is no JSON nothing is read.
func decodeAll(records [][]byte) (int, error) {
	n := 0
	for _, r := range records {
		var m map[string]any
		if json.Unmarshal(r, &m) == nil {
			n++
		}
	}
	return n, nil
}
