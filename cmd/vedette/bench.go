package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/risk/triage"
	"github.com/vedette-soc/vedette/risk/triage/bench"
)

func runBench(ctx context.Context, e env, args []string) error {
	if len(args) > 0 {
		switch what := args[0]; what {
		case "triage":
			return runBenchTriage(ctx, e, args[1:])
		case "extract":
			return runBenchExtract(ctx, e, args[1:])
		case "match":
			return runBenchMatch(ctx, e, args[1:])
		case "detect":
			return runBenchDetect(ctx, e, args[1:])
		case "intake":
			return runBenchIntake(ctx, e, args[1:])
		case "import":
			return runBenchImport(ctx, e, args[1:])
		}
	}
	return wrong("Say what to measure: triage, extract, match, detect, intake or import.")
}

func runBenchTriage(ctx context.Context, e env, args []string) error {
	fs := flags(e, "bench")
	var want paths
	fs.Var(&want, "want", "`NAME>=X` or NAME<=X of the summary; exit 1 when it is not so; may be repeated")
	perDay := fs.Int("per-day", 20, "verdicts a day in the mode online")
	table := fs.Bool("table", false, "a table for people instead of JSON")
	fs.Bool("json", true, "machine output (default)")
	files, err := parseFlags(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return wrong("Name labelled CSV files, one company each; - is standard input.")
	}
	companies, err := readCompanies(ctx, files)
	if err != nil {
		return err
	}
	p := newProgress(e, "companies")
	p.total = len(companies)
	rep, err := bench.Run(companies, bench.Options{Settings: triage.Defaults(), PerDay: *perDay, Progress: p.at})
	p.done()
	if err != nil {
		return wrong("%s.", err)
	}
	show := printRows
	if *table {
		show = printTable
	}
	if err := show(e.stdout, rep); err != nil {
		return err
	}
	return expectations(rep, want)
}

// expectations fails when the summary is not as wanted.
func expectations(rep bench.Report, want []string) error {
	err := rep.Check(want)
	var failed *bench.Failed
	switch {
	case errors.As(err, &failed):
		return errs.New(errs.Unavailable, "expectation_failed", "Not as expected: %s.", failed)
	case err != nil:
		return wrong("-want: %s.", err)
	}
	return nil
}

// readCompanies reads the named files, and of directories those that are CSV.
func readCompanies(ctx context.Context, paths []string) ([]*bench.Company, error) {
	var out []*bench.Company
	for _, path := range paths {
		info, err := os.Stat(path)
		all := path == "-" || err == nil && !info.IsDir()
		err = fetch.Walk(path, fetch.Limits{Links: true}, func(name string, r io.Reader) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !all && !strings.Contains(filepath.Base(name), ".csv") {
				return nil
			}
			c, err := readCompany(name, r)
			if err == nil {
				out = append(out, c)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, wrong("There is no CSV file in %s.", strings.Join(paths, ", "))
	}
	names := map[string]bool{}
	for _, c := range out {
		if names[c.Name] {
			return nil, wrong("Two files are of the company %q; each is to be judged without its own labels.", c.Name)
		}
		names[c.Name] = true
	}
	return out, nil
}

func readCompany(name string, r io.Reader) (*bench.Company, error) {
	company := filepath.Base(name)
	for _, suffix := range []string{".gz", ".zst", ".csv", "_alerts"} {
		company = strings.TrimSuffix(company, suffix)
	}
	phases, err := readPhases(filepath.Join(filepath.Dir(name), "attack_phases.json"))
	if err != nil {
		return nil, err
	}
	c, err := bench.Read(company, r, phases[company])
	if err != nil {
		return nil, wrong("%s: %s.", name, err)
	}
	return c, nil
}

// readPhases reads the phases published beside a file; none when there are none.
func readPhases(path string) (map[string][]bench.Phase, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer func() { _ = f.Close() }()
	phases, err := bench.ReadPhases(f)
	if err != nil {
		return nil, wrong("%s: %s.", path, err)
	}
	return phases, nil
}

func printRows(w io.Writer, rep bench.Report) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	for _, r := range rep.Rows {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	summary := map[string]any{"peers": rep.Peers}
	for k, v := range rep.Summary {
		summary[k] = v
	}
	if err := enc.Encode(map[string]any{"summary": summary}); err != nil {
		return err
	}
	return out.Flush()
}

func printTable(w io.Writer, rep bench.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "company\tby\tAP\tp@10\tp@25\tsteps@25\tincidents\treduction\tincident AP\tphases in 20\tfirst step\tskill\tECE")
	for _, r := range rep.Rows {
		s := r.Sessions
		fmt.Fprintf(t, "%s\t%s\t%.3f\t%.2f\t%.2f\t%.2f\t%d\t%.2f %%\t%.3f\t%.2f\t%.0f min\t%+.2f\t%.4f\n", r.Company, r.Mode, s.AveragePrecision, s.PrecisionAt10, s.PrecisionAt25,
			s.StepsAt25, r.IncidentsN, 100*r.Reduction, r.Incidents.AveragePrecision, r.Found.InTop20, r.FirstStep, r.Probability.Skill, r.Probability.ECE)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, k := range slices.Sorted(maps.Keys(rep.Summary)) {
		fmt.Fprintf(t, "%s\t%.4f\n", k, rep.Summary[k])
	}
	return t.Flush()
}
