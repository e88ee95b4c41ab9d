package app

import (
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/vuln"
)

// RankVulnerabilities reads what is known of vulnerabilities, and a profile or an
// inventory, and returns what touches the assets, the most urgent first.
func RankVulnerabilities(ctx context.Context, known []string, assets string, progress func(read int)) ([]vuln.Row, indicator.LossReport, error) {
	gathered := pipeline.Vulnerabilities{}
	run, err := collect.Read(ctx, Parsers(), gathered, collect.Order{Source: "vulnerabilities", Paths: known, Progress: progress})
	if err != nil {
		return nil, run.Report, err
	}
	index, err := readAssets(assets)
	if err != nil {
		return nil, run.Report, err
	}
	in := index.Vulnerable()
	if !slices.ContainsFunc(in, func(a vuln.Asset) bool { return len(a.Products) > 0 }) {
		return nil, run.Report, errs.New(errs.Invalid, "no_products", "%s names no product of any asset: a column product, cpe or purl of a table, technologies of a profile.", assets)
	}
	var records []vuln.Record
	for _, cve := range slices.Sorted(maps.Keys(gathered)) {
		records = append(records, *gathered[cve])
	}
	return vuln.Rank(in, records), run.Report, nil
}

// maxAssets bounds a file of assets, in bytes.
const maxAssets = 64 << 20

func readAssets(path string) (*org.Index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errs.New(errs.Invalid, "usage", "%s cannot be read; is it there?", path).Because(err)
	}
	defer func() { _ = f.Close() }()
	body, err := io.ReadAll(io.LimitReader(f, maxAssets+1))
	if err != nil {
		return nil, err
	}
	if ext := strings.ToLower(filepath.Ext(path)); ext == ".yaml" || ext == ".yml" {
		p, err := org.Parse(body)
		return org.Compile(p), err
	}
	inv, err := org.ReadInventory(filepath.Base(path), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return org.Compile(org.Profile{Assets: inv.Assets, Technologies: inv.Technologies}), nil
}
