package collect

import (
	"slices"

	"github.com/vedette-soc/vedette/indicator"
)

// Fill adds to c, which a parser has just read, what the operator said about the
// feed. What the source states itself is kept.
func (in Input) Fill(c *indicator.Claim) {
	o := in.Options
	if o.Type != "" {
		c.Type = o.Type
	}
	c.Names = union(c.Names, o.Names)
	c.Tags = union(c.Tags, o.Tags)
	if c.Confidence == 0 {
		c.Confidence = o.Confidence
	}
	if c.TLP == indicator.TLPUnknown {
		c.TLP = o.TLP
	}
	c.File = in.Name
}

func union(have, add []string) []string {
	for i, s := range add {
		if !slices.Contains(have, s) {
			// Clipped, because parsers share one slice among the claims of a file.
			have = append(slices.Clip(have), add[i])
		}
	}
	return have
}

// Memory returns how many bytes a parser may hold for this input.
func (in Input) Memory() int64 {
	if in.MaxBytes > 0 {
		return in.MaxBytes
	}
	return 512 << 20
}
