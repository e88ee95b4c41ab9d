package stix

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

// sightings is what the sightings of a document say of an indicator.
type sightings struct {
	met, refuted int
	last         time.Time
}

// sighting notes that an indicator was met, or, as OpenCTI writes it, that it was a
// false alarm. The object is kept as well.
func (b *bundle) sighting(o stix.Object) {
	var s struct {
		Of       string `json:"sighting_of_ref"`
		Last     string `json:"last_seen"`
		Count    *int   `json:"count"`
		Negative bool   `json:"x_opencti_negative"`
	}
	if json.Unmarshal(o.Raw, &s) != nil || s.Of == "" || o.Revoked {
		return
	}
	n := 1
	if s.Count != nil {
		n = min(max(*s.Count, 0), 1_000_000)
	}
	about := b.seen[s.Of]
	if s.Negative {
		about.refuted++
	} else if n > 0 {
		about.met += n
		if at := moment(s.Last); at.After(about.last) {
			about.last = at
		}
	}
	b.grow(len(s.Of))
	b.seen[s.Of] = about
}

func (s sightings) bring(c *indicator.Claim) {
	if s.last.After(c.LastSeen) {
		c.LastSeen = s.last
	}
	c.Confidence = indicator.Refuted(c.Confidence, s.refuted)
	if s.met > 0 {
		c.Tags = append(c.Tags[:len(c.Tags):len(c.Tags)], fmt.Sprintf("sighting:seen=%d", s.met))
	}
	if s.refuted > 0 {
		c.Tags = append(c.Tags[:len(c.Tags):len(c.Tags)], fmt.Sprintf("sighting:false-positive=%d", s.refuted))
	}
}
