package web

import (
	"fmt"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/similar"
)

// sharedItem is what people call what two incidents share.
func sharedItem(s similar.Shared) string {
	switch {
	case s.Kind == similar.Technique:
		return strings.TrimSpace(s.Value + " " + s.Label)
	case s.Label == "":
		return indicator.Defang(short(120, s.Value))
	}
	return indicator.Defang(short(120, s.Label))
}

// sharedHow says in which way they share it.
func sharedHow(s similar.Shared) string {
	how := "the same"
	if s.Other != "" {
		switch s.Kind {
		case similar.Technique:
			how = "the other: " + s.Other + ", of the same technique"
		case similar.Address:
			how = "the other: " + indicator.Defang(s.Other) + ", in the same network"
		default:
			how = "the other: " + indicator.Defang(short(120, s.Other)) + ", under the same name"
		}
	}
	switch s.Order {
	case similar.InOrder:
		how += ", in the same order"
	case similar.OutOfOrder:
		how += ", in another order: counts half"
	}
	return how
}

// points are what an item adds to the score, of 100.
func points(p float64) string { return fmt.Sprintf("%.1f", 100*p) }
