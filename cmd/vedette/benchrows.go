package main

import (
	"bufio"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
)

// printBench writes what was measured, a row a line and the summary last, and
// fails when the summary is not as wanted.
func printBench[Row any](w io.Writer, rows []Row, summary map[string]float64, want []string) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, row := range rows {
		if err := enc.Encode(row); err != nil {
			return err
		}
	}
	if err := enc.Encode(map[string]any{"summary": summary}); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	for _, s := range want {
		name, bound, ok := strings.Cut(s, ">=")
		least, err := strconv.ParseFloat(bound, 64)
		if !ok || err != nil {
			return wrong("-want: %q is not NAME>=NUMBER.", s)
		}
		got, ok := summary[name]
		if !ok {
			return wrong("-want: the summary has no %q.", name)
		}
		if got < least {
			return errs.New(errs.Unavailable, "expectation_failed", "Not as expected: %s is %.4f, below %s.", name, got, bound)
		}
	}
	return nil
}
