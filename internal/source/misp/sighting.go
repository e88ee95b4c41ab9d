package misp

import (
	"fmt"

	"github.com/vedette-soc/vedette/indicator"
)

// sighting is what somebody reported of an attribute. Source: MISP core format.
type sighting struct {
	Type text `json:"type"`
	Date text `json:"date_sighting"` // seconds since 1970
}

// Types of sightings.
const (
	seen          = "0"
	falsePositive = "1"
	expiration    = "2"
)

// sighted brings what others reported into a claim: met by them, it was alive then; a
// false alarm with them, it is less sure; expired, it ends.
func sighted(c *indicator.Claim, list []sighting) {
	met, refuted := 0, 0
	for _, s := range list {
		at := moment(s.Date)
		switch s.Type {
		case seen, "":
			if met++; at.After(c.LastSeen) {
				c.LastSeen = at
			}
		case falsePositive:
			refuted++
		case expiration:
			if !at.IsZero() && (c.ValidUntil.IsZero() || at.Before(c.ValidUntil)) {
				c.ValidUntil = at
			}
		}
	}
	c.Confidence = indicator.Refuted(c.Confidence, refuted)
	if met > 0 {
		c.Tags = add(c.Tags, fmt.Sprintf("sighting:seen=%d", met))
	}
	if refuted > 0 {
		c.Tags = add(c.Tags, fmt.Sprintf("sighting:false-positive=%d", refuted))
	}
}
