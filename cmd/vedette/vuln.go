package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/vedette-soc/vedette/internal/app"
)

// runVuln orders the vulnerabilities of assets by urgency.
func runVuln(ctx context.Context, e env, args []string) error {
	if len(args) == 0 || args[0] != "rank" {
		return wrong("Say what to do: vedette vuln rank -cve PATH... -kev FILE -assets FILE.")
	}
	fs := flags(e, "vuln")
	var known paths
	fs.Var(&known, "cve", "`PATH` of CVE records of version 5 (CISA's vulnrichment); may be repeated")
	fs.Var(&known, "kev", "`FILE` with CISA's catalogue of known exploited vulnerabilities (JSON or CSV)")
	fs.Var(&known, "epss", "`FILE` with the EPSS scores of FIRST")
	assets := fs.String("assets", "", "`FILE` with what is in use: a profile (YAML), or an inventory (CSV, nmap XML, CycloneDX, SPDX)")
	text := fs.Bool("text", false, "a table for people, not JSON")
	limit := fs.Int("n", 0, "at most so many rows; 0 = all")
	rest, err := parseFlags(fs, args[1:])
	if err != nil {
		return err
	}
	if len(known) == 0 || *assets == "" {
		return wrong("vuln rank needs -assets, and -cve, -kev or both.")
	}
	rows, _, err := app.RankVulnerabilities(ctx, append(known, rest...), *assets, nil)
	if err != nil {
		return err
	}
	if *limit > 0 {
		rows = rows[:min(len(rows), *limit)]
	}
	if !*text {
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		for _, r := range rows {
			if err := enc.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RANK\tCVE\tASSET\tAFFECTED\tDEADLINE\tWHY")
	for _, r := range rows {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", r.Rank, r.CVE, r.Asset, r.Affected, r.Deadline, strings.Join(r.Reasons, "; "))
	}
	return w.Flush()
}
