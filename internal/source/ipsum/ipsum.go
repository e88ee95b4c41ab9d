// Package ipsum reads the IPsum list: one address per line, a tab, and the number
// of public block lists that carry it. [Parser] implements collect.Parser.
package ipsum

import (
	"bytes"
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
)

// Parser reads IPsum. Options.MinLevel is the lowest number of lists to accept.
type Parser struct{}

// Kind returns "ipsum".
func (Parser) Kind() string { return "ipsum" }

// Recognise knows the list by its title, or by its two columns.
func (Parser) Recognise(_ string, head []byte) int {
	if bytes.Contains(head, []byte("IPsum Threat Intelligence Feed")) {
		return 100
	}
	if i := bytes.LastIndexByte(head, '\n'); i >= 0 {
		head = head[:i]
	}
	seen := 0
	for line := range strings.Lines(string(head)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		ip, n, ok := strings.Cut(line, "\t")
		if _, err := strconv.ParseUint(n, 10, 8); !ok || err != nil || strings.Count(ip, ".") != 3 {
			return 0
		}
		seen++
	}
	if seen < 2 {
		return 0
	}
	return 80
}

// Parse implements collect.Parser. Each list counts as an independent witness
// that is right three times in ten, see Confidence.
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	lines, err := in.Lines(ctx)
	if err != nil {
		return err
	}
	for lines.Next() {
		text := strings.TrimSpace(lines.Text())
		if f := lines.Fault(); f != "" {
			out.Drop(f, lines.Number(), text)
			continue
		}
		if text == "" || text[0] == '#' {
			continue
		}
		ip, count, ok := strings.Cut(text, "\t")
		n, err := strconv.Atoi(strings.TrimSpace(count))
		switch {
		case !ok || err != nil || n < 1 || strings.Count(ip, ".") != 3:
			out.Drop("malformed-line", lines.Number(), text)
			continue
		case n < in.Options.MinLevel:
			out.Drop("below-min-level", lines.Number(), text)
			continue
		}
		c := indicator.Claim{
			Type: indicator.IPv4, Raw: strings.TrimSpace(ip), Confidence: Confidence(n), Layer: indicator.IOC,
			Comment: "on " + strconv.Itoa(n) + " public block lists", Line: lines.Number(),
		}
		in.Fill(&c)
		if err := out.Claim(c); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Confidence returns the confidence in an address that n lists carry:
// 100·(1 − 0.7ⁿ), rounded, at most 95. So 1 list gives 30, 3 give 66, 8 give 94.
func Confidence(n int) int {
	return min(95, int(math.Round(100*(1-math.Pow(0.7, float64(max(n, 0)))))))
}
